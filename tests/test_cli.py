"""The command line: bad input gets one clear message and status 1 or 2, nothing half-written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

import explainable_recsys
from explainable_recsys.errors import InputError
from explainable_recsys.interface.messages import user_message
from explainable_recsys.pipelines.parameters import parameter_message
from tests.command_line import QUIET
from tests.conftest import PROJECT

Kedro = Callable[..., subprocess.CompletedProcess[str]]

GOOD_RATINGS = [
    "customer,product,stars,day",
    *(
        f"c{user},p{item},{1 + (user * item) % 5},2026-01-{1 + item:02d}"
        for user in range(1, 7)
        for item in range(1, 9)
        if (user + item) % 4
    ),
]
GOOD_ITEMS = ["product,name", *(f"p{item},Product {item}" for item in range(1, 9))]

SETTINGS = """
data_root: data/shop
source:
  name: shop
  folder: {folder}
  rating_scale: {{minimum: 1, maximum: 5}}
  ratings:
    file: ratings.csv
    ids: text
    time: iso
    columns: {{user_id: customer, item_id: product, rating: stars, timestamp: day}}
  items:
    file: items.csv
    columns: {{item_id: product, title: name}}
"""

PARAMETERS = """
recommendation: {n: 2}
evaluation: {k: 2, n_resamples: 10}
als: {model: {factors: 2, iterations: 5, regularization: 0.5}}
neighbours: {k: 2}
similar_items: {k: 2}
item_knn: {model: {k: 2}}
fm: {model: {rank: 2, iterations: 30, burn_in: 10, kept_samples: 4}}
posthoc_fm_lime: {stability: {n_samples: [50], n_users: 2, n_seeds: 2}}
split: {fraction: 0.2}
"""


@pytest.fixture
def shop(project_copy: Path) -> Path:
    """A project whose environment `shop` describes a user's own files."""
    folder = project_copy / "files"
    folder.mkdir()
    (project_copy / "conf" / "shop").mkdir()
    settings = SETTINGS.format(folder=folder)
    (project_copy / "conf" / "shop" / "globals.yml").write_text(settings)
    (project_copy / "conf" / "shop" / "parameters.yml").write_text(PARAMETERS)
    write(folder / "ratings.csv", GOOD_RATINGS)
    write(folder / "items.csv", GOOD_ITEMS)
    return project_copy


def write(path: Path, lines: Iterable[str], encoding: str = "utf-8") -> None:
    path.write_bytes("\n".join([*lines, ""]).encode(encoding))


def expect_error(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    """One message, with these parts in it, no traceback, status 1."""
    assert result.returncode == 1, result.stdout + result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    for part in parts:
        assert part in lines[0]


def nothing_stored(project: Path) -> bool:
    return not any(path.is_file() for path in (project / "data" / "shop").rglob("*"))


@pytest.mark.slow
def test_own_ratings_with_text_ids_run_to_the_summary(shop: Path, kedro: Kedro) -> None:
    result = kedro(shop, "run", "--env", "shop")
    assert result.returncode == 0, result.stderr
    assert re.search(r"Recommended because you liked Product \d ★[45] \(\d+ %\)", result.stdout)
    assert "make viz ENV=shop" in result.stdout
    again = kedro(shop, "summary", "-e", "shop")
    assert again.returncode == 0, again.stderr
    assert again.stdout.strip() == result.stdout.strip()
    everything = kedro(shop, "summary", "--env", "shop", "--all")
    assert len(everything.stdout) > 3 * len(again.stdout)
    explained = kedro(shop, "explain", "-e", "shop", "--user", "c1", "--format", "json")
    assert explained.returncode == 0, explained.stderr
    reply = json.loads(explained.stdout)
    assert reply["user_id"] == "c1"
    assert {row["item_id"] for row in reply["history"]} <= {f"p{item}" for item in range(1, 9)}
    assert len(reply["recommendations"]) == 2
    asked_with_other_ratings(shop, kedro, reply)
    script = (
        "from explainable_recsys.interface.stored import load_run\n"
        "print(load_run('intrinsic_als', env='shop').ask({'Product 1': 5, 'p2': 4}))"
    )
    environment = {**os.environ, **QUIET, "PYTHONPATH": str(shop / "src")}
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=shop, capture_output=True, text=True, env=environment
    )
    assert re.match(r"1\. Product \d\n   \w", told.stdout), told.stderr


def asked_with_other_ratings(shop: Path, kedro: Kedro, reply: dict[str, Any]) -> None:
    asked = ("explain", "-e", "shop", "--user", "c1")
    rated, listed = reply["history"][0], reply["recommendations"][0]
    changes = ("--without", rated["title"], "--rate", f"{listed['title']}=2")
    changed = kedro(shop, *asked, *changes, "--format", "json")
    assert changed.returncode == 0, changed.stderr
    found = json.loads(changed.stdout)
    assert found["recommendations"] == reply["recommendations"]
    assert [row["item_id"] for row in found["what_if"]["changes"]] == [
        rated["item_id"],
        listed["item_id"],
    ]
    assert len(found["what_if"]["history"]) == len(reply["history"])
    told = kedro(shop, *asked, "--smallest-change")
    assert told.returncode == 0, told.stderr
    for wrong, said in (
        (("--without", "p99"), "user c1 has not rated 'p99'; near: "),
        (("--rate", "p1"), "no rating at its end"),
        (("--rate", "p1=9"), "off the scale; accepted: 1 to 5"),
        ((*changes[:2], "--rate", f"{rated['item_id']}=2"), "is changed twice"),
    ):
        expect_error(kedro(shop, *asked, *wrong), said)


BAD_FILES = {
    "missing file": (None, ["ratings.csv", "source"]),
    "empty file": ([], ["ratings.csv", "empty"]),
    "header only": (GOOD_RATINGS[:1], ["ratings.csv", "no rows"]),
    "wrong separator": (
        [line.replace(",", ";") for line in GOOD_RATINGS],
        ["ratings.csv", "separator"],
    ),
    "missing column": (
        ["customer,product,score,day", *GOOD_RATINGS[1:]],
        ["source.ratings.columns.rating", "stars", "score"],
    ),
    "not a number": (
        [*GOOD_RATINGS[:5], "c1,p8,good,2026-01-01"],
        ["ratings.csv", "line 6", "stars", "good"],
    ),
    "off the scale": (
        [*GOOD_RATINGS, "c1,p8,6,2026-01-01"],
        [f"ratings.csv, line {len(GOOD_RATINGS) + 1}", "6", "1 to 5", "source.rating_scale"],
    ),
    "unknown item": (
        [*GOOD_RATINGS, "c1,p99,3,2026-01-01"],
        [f"ratings.csv, line {len(GOOD_RATINGS) + 1}", "p99", "cleaning.unknown_items"],
    ),
    "user with one rating": (
        [*GOOD_RATINGS, "c9,p1,3,2026-01-01"],
        ["split.too_short", "user c9", "cleaning.min_user_ratings", "2"],
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_ratings_file(case: str, shop: Path, kedro: Kedro) -> None:
    lines, parts = BAD_FILES[case]
    file = shop / "files" / "ratings.csv"
    if lines is None:
        file.unlink()
    else:
        write(file, lines)
    expect_error(kedro(shop, "run", "--env", "shop", "--pipelines", "data_processing"), *parts)
    assert not list((shop / "data").rglob("*.tmp"))


def test_wrong_encoding(shop: Path, kedro: Kedro) -> None:
    write(shop / "files" / "items.csv", [*GOOD_ITEMS, "p9,Café"], encoding="latin-1")
    result = kedro(shop, "run", "--env", "shop")
    expect_error(result, "items.csv, line 10", "utf-8")


def test_duplicate_pairs_keep_the_latest_or_stop_the_run(shop: Path, kedro: Kedro) -> None:
    write(shop / "files" / "ratings.csv", [*GOOD_RATINGS, GOOD_RATINGS[1]])
    run = ("run", "--env", "shop", "--pipelines", "data_processing")
    stopped = kedro(shop, *run, "--params", "cleaning.duplicates=error")
    line = f"ratings.csv, line {len(GOOD_RATINGS) + 1}"
    expect_error(stopped, line, "user c1 rates item p1 again", "cleaning.duplicates")
    kept = kedro(shop, *run)
    assert kept.returncode == 0, kept.stderr
    assert "dropped: 1 (rated again later)" in kept.stdout


def test_a_split_that_leaves_somebody_without_training_data(shop: Path, kedro: Kedro) -> None:
    parameters = "split.strategy=latest_n,split.n=3"
    result = kedro(shop, "run", "--env", "shop", "--params", parameters)
    expect_error(result, "split.too_short", "cleaning.min_user_ratings to 7")


@pytest.mark.parametrize(
    ("parameters", "parts"),
    [
        ("recommendation.n=9", ["recommendation.n", "9", "1 to 8"]),
        ("evaluation.k=3", ["evaluation.k", "3", "1 to 2"]),
        ("als.model.factorz=3", ["unknown parameter 'als.model.factorz'", "'als.model.factors'"]),
        ("unheard_of=3", ["unknown parameter 'unheard_of'"]),
        ("als.model.factors=0", ["parameter als.model.factors", "found 0"]),
        ("split.strategy=alphabetical", ["split.strategy", "random_fraction", "alphabetical"]),
        ("split.strategy=predefined", ["split.strategy", "source.splits"]),
        ("cleaning.k_core=50", ["cleaning", "not in the 50-core"]),
        ("evaluation.relevance_threshold=4", ["relevance_threshold", "evaluation.relevance"]),
        ("evaluation.relevance=4", ["parameter evaluation.relevance", "any", "liked"]),
        ("data_root=", ["data_root"]),
        ("bias=null", ["parameter bias", "block"]),
        ("als.model.regularization=500", ["500", "factors vanish", "try 50"]),
        ("als.model.relevance_threshold=7", ["relevance_threshold", "highest is 5"]),
        ("posthoc_ar.model.factors=3", ["posthoc_ar.model.factors has moved to svd.model.factor"]),
        ("stability.n_retrainings=3", ["parameter stability.n_retrainings is gone"]),
    ],
)
def test_a_bad_parameter(parameters: str, parts: list[str], shop: Path, kedro: Kedro) -> None:
    run = ("run", "--env", "shop", "--pipelines", "intrinsic_als", "--params", parameters)
    expect_error(kedro(shop, *run), *parts)


BAD_CONFIGURATION = {
    "unknown block": ("parameters.yml", "recommendations: {n: 3}", ["did you mean"]),
    "unknown key": ("parameters.yml", "bias: {modell: {}}", ["bias.modell", "bias.model'"]),
    "no block": ("parameters.yml", "bias: null", ["parameter bias", "block with model"]),
    "a list": ("parameters.yml", "[1, 2]", ["shop/parameters.yml", "list"]),
    "broken YAML": ("parameters.yml", "bias: {model", ["parameters.yml"]),
    "nothing to refer to": ("parameters.yml", "split: {seed: '${globals:nope}'}", ["nope"]),
    "unknown source": ("globals.yml", "data_root: x\nsources: {}", ["'sources'", "'source'"]),
    "no source": ("globals.yml", "data_root: x\nsource: null", ["source", "None"]),
    "no folder": ("globals.yml", "data_root: null", ["data_root None"]),
    "an old parameter": (
        "parameters.yml",
        "intrinsic_mf: {neighbourhood: {k: 5}}",
        ["shop/parameters.yml: parameter intrinsic_mf.neighbourhood.k has moved to neighbours.k"],
    ),
    "an old dataset": (
        "catalog.yml",
        "posthoc_ar.rules: {type: pandas.CSVDataset, filepath: rules.csv}",
        ["shop/catalog.yml: dataset posthoc_ar.rules has moved to rules.rules"],
    ),
}


@pytest.mark.parametrize("case", BAD_CONFIGURATION)
def test_a_bad_configuration(case: str, shop: Path, kedro: Kedro) -> None:
    file, content, parts = BAD_CONFIGURATION[case]
    (shop / "conf" / "shop" / file).write_text(content)
    expect_error(kedro(shop, "run", "--env", "shop"), *parts)
    assert nothing_stored(shop)


@pytest.mark.slow
def test_evaluating_what_is_stored(shop: Path, kedro: Kedro) -> None:
    """Whatever that is; what is not is named, and what is damaged."""
    evaluate = ("run", "--env", "shop", "--pipelines", "evaluation")
    expect_error(
        kedro(shop, *evaluate), "nothing is stored yet that could be compared; first kedro"
    )
    nothing = kedro(shop, "summary", "--env", "shop")
    expect_error(nothing, "data/shop: nothing is stored there yet; first kedro run")
    assert nothing_stored(shop)
    assert kedro(shop, "run", "--env", "shop", "--pipelines", "intrinsic_als").returncode == 0
    judged = kedro(shop, *evaluate)
    assert judged.returncode == 0, judged.stderr
    assert "intrinsic_als " in judged.stdout  # all that was compared is summed up
    assert "report.html" in judged.stdout
    assert "not stored, so not compared: ar, " in " ".join(judged.stderr.split())
    assert (shop / "data" / "shop" / "08_reporting" / "report.html").exists()
    for file in ("metrics.json", "recommendations.parquet"):
        (stored,) = (shop / "data" / "shop").glob(f"*/als/{file}/*/{file}")
        whole = stored.read_bytes()
        stored.write_bytes(whole[:100])
        expect_error(kedro(shop, *evaluate), str(stored), "damaged")
        stored.write_bytes(whole)


def test_a_bad_file_with_processes_in_parallel(shop: Path, kedro: Kedro) -> None:
    write(shop / "files" / "ratings.csv", [*GOOD_RATINGS, "c1,p8,good,2026-01-01"])
    result = kedro(shop, "run", "--env", "shop", "--runner", "ParallelRunner")
    expect_error(result, "ratings.csv", "good")


def test_results_below_a_folder_with_brackets(shop: Path, kedro: Kedro) -> None:
    root = shop / "a[b] *"
    run = ("run", "--env", "shop", "--pipelines", "intrinsic_als")
    result = kedro(shop, *run, "--params", f"data_root={root}")
    assert result.returncode == 0, result.stderr
    assert (root / "08_reporting").is_dir()


def test_unknown_names(shop: Path, kedro: Kedro) -> None:
    expect_error(kedro(shop, "run", "--env", "nope"), "unknown environment 'nope'", "ml-100k")
    expect_error(kedro(shop, "run", "--pipelines", "nope"), "unknown pipeline", "intrinsic_als")
    for name, maker in (
        ("baselines", "recommenders"),
        ("als", "intrinsic_als"),
        ("tunin", "'tuning'?"),
    ):
        unknown = kedro(shop, "run", "--pipelines", name)
        expect_error(unknown, f"unknown pipeline '{name}'", maker)
    expect_error(kedro(shop, "fetch-data", "nope"), "unknown environment 'nope'")
    expect_error(kedro(shop, "fetch-data", "shop"), "needs no download")
    expect_error(kedro(shop, "explain", "--user", "1", "-e", "nope"), "unknown environment 'nope'")
    expect_error(kedro(shop, "run", "--runner", "Nope"), "unknown runner", "ParallelRunner")
    expect_error(kedro(shop, "run", "--nodes", "nope"), "nope")
    assert kedro(shop, "run", "--nope").returncode == 2


@pytest.mark.slow
def test_missing_data_says_which_command_fetches_it(project_copy: Path, kedro: Kedro) -> None:
    for env in ("ml-100k", "ml-1m", "ml-latest", "ml-20m", "ml-25m", "ml-32m"):
        result = kedro(project_copy, "run", "--env", env, "--pipelines", "data_processing")
        expect_error(result, f"kedro fetch-data {env}", f"data/{env}/01_raw")
        assert not (project_copy / "data" / env).exists()


@pytest.mark.slow
def test_a_full_disk_leaves_what_was_there(shop: Path, kedro: Kedro) -> None:
    assert kedro(shop, "run", "--env", "shop").returncode == 0
    files = {file: file.read_bytes() for file in (shop / "data" / "shop").rglob("*.*/*/*.*")}

    def allow_only_small_files() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500))

    full = kedro(shop, "run", "--env", "shop", preexec_fn=allow_only_small_files)
    expect_error(full, "cannot write", "nothing was changed")
    assert not list((shop / "data").rglob("*.tmp"))
    assert all(file.read_bytes() == content for file, content in files.items())


def test_a_place_that_cannot_be_written_to(shop: Path, kedro: Kedro) -> None:
    place = shop / "a_file"
    place.write_text("kept")
    result = kedro(shop, "run", "--env", "shop", "--params", f"data_root={place}")
    expect_error(result, "cannot write", str(place))
    assert place.read_text() == "kept"


@pytest.mark.slow
def test_versions_that_do_not_exist_or_do_not_belong_together(shop: Path, kedro: Kedro) -> None:
    run = ("run", "--env", "shop")
    assert kedro(shop, *run).returncode == 0
    evaluate = (*run, "--pipelines", "evaluation")
    assert kedro(shop, *evaluate).returncode == 0
    missing = kedro(shop, *evaluate, "--load-versions", "random.metrics:2020-01-01T00.00.00.000Z")
    expect_error(missing, "2020-01-01T00.00.00.000Z/metrics.json: no such version")
    unknown = kedro(shop, *evaluate, "--load-versions", "random.metric:2020-01-01T00.00.00.000Z")
    expect_error(unknown, "random.metric")
    other = ("--pipelines", "data_processing", "--params", "split.seed=1")
    assert kedro(shop, *run, *other).returncode == 0
    expect_error(kedro(shop, *evaluate), "different runs", "kedro run --pipelines")


def test_lists_of_everything_are_mentioned(shop: Path, kedro: Kedro) -> None:
    run = ("run", "--env", "shop", "--pipelines", "intrinsic_als")
    result = kedro(shop, *run, "--params", "recommendation.n=4,evaluation.k=4")
    assert result.returncode == 0
    assert "choose a smaller evaluation.k" in result.stderr


def test_only_input_errors_are_reported_plainly() -> None:
    assert user_message(ZeroDivisionError("a bug")) is None
    wrapper = DatasetError("a wrapper")
    wrapper.__cause__ = InputError("the reason")
    assert user_message(wrapper) == "the reason"


def test_too_little_memory_is_said_in_a_line() -> None:
    message = user_message(MemoryError("Unable to allocate 224. GiB"))
    assert message is not None
    assert message.startswith("not enough memory (Unable to allocate 224. GiB); choose")


def test_parameter_message_names_key_reason_and_value() -> None:
    text = (
        "Parameter validation failed:\n"
        "- Parameter 'split': Failed to instantiate SplitParameters for parameter 'split': "
        "2 validation errors for SplitParameters\nfraction\n"
        "  Input should be less than 1 [type=less_than, input_value=2, input_type=int]\n"
        "    For further information visit https://errors.pydantic.dev/2/v/less_than\nfold\n"
        "  Extra inputs are not permitted [type=extra_forbidden, input_value=3, input_type=int]\n"
        "- Parameter 'cleaning': value is None but type is not Optional"
    )
    assert parameter_message(text) == (
        "parameter split.fraction: Input should be less than 1, found 2; "
        "parameter split.fold: Extra inputs are not permitted, found 3; "
        "parameter cleaning: value is None but type is not Optional"
    )


def test_the_project_itself_lists_its_commands(kedro: Kedro) -> None:
    assert "fetch-data" in kedro(PROJECT, "--help").stdout


def test_the_package_runs_as_kedro_does() -> None:
    command = [sys.executable, "-m", "explainable_recsys", "--env", "nothing"]
    path = {"PYTHONPATH": str(PROJECT / "src")}
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, env={**os.environ, **QUIET, **path}
    )
    assert done.returncode == 1
    assert done.stderr.startswith("Error: unknown environment 'nothing'; there are: base, ")


def test_the_package_lists_what_it_has() -> None:
    names = explainable_recsys.__all__
    assert set(names) <= set(dir(explainable_recsys))
    assert all(getattr(explainable_recsys, name).__name__ == name for name in names)
