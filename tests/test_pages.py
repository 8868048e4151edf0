"""README and docs/: every link, name, command, default and example is that of the code."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pandas as pd
import pytest
import yaml
from kedro.framework.project import find_pipelines
from kedro.io import DataCatalog

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES, pair_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.cli import cli
from explainable_recsys.datasets.source import parse_source
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.interface import stored as stored_module
from explainable_recsys.interface.messages import pipeline_folders
from explainable_recsys.interface.stored import open_catalog
from explainable_recsys.metrics.records import METRICS
from tests.conftest import PROJECT

PATHS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
PAGES = {str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8") for path in PATHS}
README, INDEX, GLOSSARY = (PAGES[p] for p in ("README.md", "docs/README.md", "docs/glossary.md"))
ALL = "\n".join(PAGES.values())

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
EXAMPLES = {"shop"}
"""Environments that the pages make up."""


def blocks(text: str, language: str) -> list[str]:
    """Fenced blocks of a language."""
    return [code for found, code in BLOCK.findall(text) if found == language]


def prose(text: str) -> str:
    """A page without blocks, quotes and comments."""
    return re.sub(r"<!--.*?-->|^> .*$", "", BLOCK.sub("", text), flags=re.MULTILINE)


def spans(text: str) -> list[str]:
    """Code in the lines of a page."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(text))]


def anchors(path: Path) -> list[str]:
    """What links can lead to in a page, as code hosts call it."""
    headings = re.findall(r"^#+ (.*)$", BLOCK.sub("", path.read_text(encoding="utf-8")), re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def each_page(test: Callable[..., None]) -> Any:
    """Run a test for each page."""
    return pytest.mark.parametrize("page", PAGES)(test)


# How they hang together.


def test_the_first_page_is_short() -> None:
    assert len(README.encode()) <= 9_000
    (shown,), (code,) = blocks(README, "text"), blocks(README, "python")
    assert len([line for line in shown.splitlines() if line != "…"]) <= 10
    lines = [line for line in code.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 10


@each_page
def test_links_lead_somewhere(page: str) -> None:
    folder = (PROJECT / page).parent
    for link in LINK.findall(BLOCK.sub("", PAGES[page])):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = (folder / file).resolve() if file else PROJECT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_one_click_from_the_first() -> None:
    assert "docs/README.md" in LINK.findall(README)
    pages = {Path(page).name for page in PAGES if page.startswith("docs/")}
    assert pages - {"README.md"} <= set(LINK.findall(INDEX))


@pytest.mark.parametrize("page", sorted(set(PAGES) - {"README.md", "docs/README.md"}))
def test_a_page_begins_with_its_contents_and_links_to_the_glossary(page: str) -> None:
    listed = re.findall(r"^\* \[.*?\]\(#(.*?)\)$", PAGES[page].partition("\n## ")[0], re.M)
    assert listed == anchors(PROJECT / page)[1:]
    assert page == "docs/glossary.md" or "glossary.md" in PAGES[page]


# Words.


def test_every_abbreviation_is_in_the_glossary() -> None:
    explained = "\n".join(re.findall(r"^\|([^|]+)\|", GLOSSARY, re.M))
    words = re.sub(r"`[^`]*`|\]\([^)]*\)", "", prose(ALL))
    used = set(re.findall(r"\b[a-z]?[A-Z]{2,}[a-z]?\b|R²", words))
    assert {"nDCG", "POS", "DEL", "RMSE", "MEP", "AUC"} <= used
    assert {word for word in used if not re.search(rf"(?<!\w){word}(?!\w)", explained)} == set()


@each_page
def test_times_are_given_as_about(page: str) -> None:
    if page != "docs/figures.md":
        times = re.finditer(r"\b[\d.]+ (?:s|seconds|minutes)\b", prose(PAGES[page]))
        assert not [found[0] for found in times]


# Names and values.


@pytest.fixture(scope="module")
def of_project() -> DataCatalog:
    """The catalog of the environment that runs by itself, with nothing stored."""
    return open_catalog(PROJECT)


@pytest.fixture(scope="module")
def names(of_project: DataCatalog) -> set[str]:
    """All datasets and parameters that there are, and the keys of `source`."""
    found = {name for pipeline in find_pipelines().values() for name in pipeline.datasets()}
    found |= set(of_project.keys())
    found = {name.removeprefix("params:") for name in found}
    keys = yaml.safe_load((PROJECT / "conf/base/globals.yml").read_text("utf-8"))["source"]
    return found | {f"source.{key}" for key in keys} | {f"{name}.metrics" for name in RECOMMENDERS}


@each_page
def test_dotted_names_are_datasets_parameters_files_or_modules(page: str, names: set[str]) -> None:
    files = {
        path.name
        for folder in ("conf", "data/01_raw", "studies")
        for path in (PROJECT / folder).rglob("*.*")
    }
    for span in spans(PAGES[page]):
        if not re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", span) or span.startswith("found."):
            continue
        if span.startswith("explainable_recsys."):
            module, _, last = span.rpartition(".")
            assert (
                importlib.util.find_spec(span)
                if last.islower()
                else hasattr(importlib.import_module(module), last)
            )
        else:
            assert span in names or span in files, span


def test_defaults_are_those_of_the_parameters(of_project: DataCatalog) -> None:
    text = " ".join(prose(ALL).split())
    told = re.findall(r"`([\w.]+)`(?:,| [^`]{0,40}\() ?default `([^`]+)`", text)
    told += re.findall(r"`([\w.]+)` \(default `([^`]+)`\)", text)
    assert len(set(told)) >= 12
    for name, value in told:
        assert of_project.load(f"params:{name}") == yaml.safe_load(value), name


def test_everybody_is_named_where_there_is_a_list_of_all() -> None:
    page = PAGES["docs/approaches.md"]
    first = re.findall(r"^\| `(.*?)` \|", page, re.M)
    assert set(APPROACHES) <= set(first)
    assert set(RECOMMENDERS) <= set(spans(page))
    assert set(EXPLAINERS) <= set(spans(PAGES["docs/explaining.md"]))
    known = set(re.findall(r"^\| `(\w+)` \|", PAGES["docs/running.md"], re.M))
    assert set(pipeline_folders()) <= known | set(APPROACHES)
    assert all(f"`{style}`" in PAGES["docs/extending.md"] for style in STYLES)
    for folder in (PROJECT / "conf").glob("ml-*"):
        assert f"`{folder.name}`" in PAGES["docs/data.md"]
    for notebook in (PROJECT / "notebooks").glob("*.ipynb"):
        assert f"`{notebook.stem}`" in PAGES["docs/notebooks.md"]


def test_metrics_are_those_of_the_records() -> None:
    told = [span for span in spans(PAGES["docs/comparing.md"]) if "@{" in span]
    assert len(told) >= 6
    assert set(told) <= {metric.name for metric in METRICS.values()}


def test_columns_are_those_of_the_tables(stored: Callable[[str], Any]) -> None:
    rows = re.findall(
        r"^\| `<(recommender|approach)>\.(\w+)` \| (.*) \|$", PAGES["docs/library.md"], re.M
    )
    whose = {"recommender": "als", "approach": "intrinsic_als"}
    checked = 0
    for kind, name, told in rows:
        table = stored(f"{whose[kind]}.{name}")
        columns = re.findall(r"`(\w+)`", told.partition(" (titles")[0])
        if hasattr(table, "columns"):
            assert set(columns) <= set(table.columns), name
            checked += 1
    assert checked == 4


# Commands and examples.


def commands() -> Iterator[tuple[str, str]]:
    """Every command, with its page."""
    for page, text in PAGES.items():
        for block in blocks(text, "sh"):
            for line in block.replace("\\\n", "").splitlines():
                if line := line.partition(" #")[0].strip():
                    yield page, line
        for span in spans(text):
            if re.match(r"(kedro|make|python|source|\.venv/bin/\w+) ", span):
                yield page, span.removeprefix(".venv/bin/")


COMMANDS = sorted(set(commands()))


def test_there_are_commands_of_every_kind() -> None:
    first = {command.split()[0] for _, command in COMMANDS}
    assert {"kedro", "make", "python"} <= first
    assert len(COMMANDS) > 50


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_is_one(page: str, command: str, names: set[str]) -> None:
    words = shlex.split(command)
    if words[0] == "kedro":
        check_kedro(words[1], words[2:], names)
    elif words[0] == "make":
        makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
        for word in words[1:]:
            name, is_variable, value = word.partition("=")
            assert re.search(rf"^{name} \?=" if is_variable else rf"^{name}:", makefile, re.M)
            if name in ("ENV", "PIPELINES"):
                check_names({name.lower(): value.split(",")})
    elif words[0] == "python":
        check_script(PROJECT / words[1], words[2:], names)
    else:
        assert command in ("source .venv/bin/activate",) or re.match(r"V=\d{4}-", command)


def check_kedro(name: str, arguments: list[str], names: set[str]) -> None:
    """Parse a command of ours as the command line does."""
    if name == "viz":
        return
    command = cli.commands[name]
    if not arguments:  # the command is named, not run
        return
    context = command.make_context(name, arguments)
    assert isinstance(context, click.Context)
    given = context.params
    check_names({key: given.get(key) for key in ("pipelines", "env")})
    if "--params" in arguments:
        check_parameters(arguments[arguments.index("--params") + 1], names)
    for version in given.get("load_versions") or {}:
        assert version in names, version
    if name == "explain":
        assert given["approach"] in {None, *APPROACHES}
        assert given["lists"] in {None, *RECOMMENDERS}
        if given["recommender"] and given["explainer"]:
            pair_of(given["recommender"], given["explainer"])


def check_names(given: dict[str, Any]) -> None:
    """Environments and pipelines exist."""
    environments = {folder.name for folder in (PROJECT / "conf").iterdir()} | EXAMPLES
    env = given.get("env")
    for name in [env] if isinstance(env, str) else env or []:
        assert name in environments, name
    for name in given.get("pipelines") or []:
        assert name in pipeline_folders(), name


def check_parameters(given: str, names: set[str]) -> None:
    for pair in re.split(r",(?=[a-z_.]+=)", given):
        assert pair.partition("=")[0] in names, pair


def check_script(script: Path, arguments: list[str], names: set[str]) -> None:
    """A script has the options that it is given."""
    code = script.read_text(encoding="utf-8")
    if script.parent.name == "benchmarks":
        code += (script.parent / "experiment.py").read_text(encoding="utf-8")
    for n, word in enumerate(arguments):
        if word.startswith("--"):
            assert f'"{word}"' in code, word
        elif n and arguments[n - 1] == "--params":
            check_parameters(word, names)
        elif re.fullmatch("[a-z_]+", word):
            assert word in {*RECOMMENDERS, *APPROACHES} or f'"{word}"' in code, word


def test_the_example_of_own_ratings_is_a_valid_source(names: set[str]) -> None:
    source, parameters = blocks(PAGES["docs/own-data.md"], "yaml")
    settings = yaml.safe_load(source)
    assert settings["data_root"] == "data/shop"
    assert parse_source(settings["source"]).ratings.ids == "text"

    def flat(values: dict[str, Any], before: str = "") -> Iterator[str]:
        for key, value in values.items():
            yield from flat(value, f"{before}{key}.") if isinstance(value, dict) else [before + key]

    assert set(flat(yaml.safe_load(parameters))) <= names


def test_the_example_from_files_prints_what_it_says() -> None:
    (example,) = [code for code in blocks(ALL, "python") if "read_csv" in code]
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=PROJECT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    *_, printed = example.strip().splitlines()
    assert printed == f"# {done.stdout.strip()}"
    assert sum(int(part) for part in re.findall(r"(\d+) %", printed)) == 100  # of two ratings


def test_the_example_of_anybodys_answers_prints_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = PAGES["docs/study.md"]
    (example,), (shown,) = blocks(page, "python"), blocks(page, "text")
    exec(compile(example, "example", "exec"), {})
    assert capsys.readouterr().out == shown
    assert "5.166" in shown  # F and p as the article's study published them
    assert "7.254" in shown


@pytest.mark.parametrize(
    "example", [code for code in blocks(ALL, "python") if "open_catalog" in code]
)
def test_an_example_runs_on_what_a_run_stored(
    example: str, monkeypatch: pytest.MonkeyPatch, catalog: DataCatalog
) -> None:
    monkeypatch.setattr(stored_module, "open_catalog", lambda: catalog)
    exec(compile(example, "example", "exec"), {})


SAID = ["You liked \u2068Alien\u2069.", "You liked nothing."]
OLD = """
<!-- output: kedro run -->
```text
  als  0.1
…
  ease 0.3
```
<!-- sentence: intrinsic_als 7 30 -->
> You liked something.
<!-- metrics -->
| approach | nDCG (`ndcg@10`) | `coverage` | `possible_drop@10,3` |
|---|---|---|---|
| `intrinsic_als` | .100 | 0.5 | 0.25 |
"""
NEW = """
<!-- output: kedro run -->
```text
  als  0.2
…
  ease 0.4
```
<!-- sentence: intrinsic_als 7 30 -->
> You liked *Alien*.
<!-- metrics -->
| approach | nDCG (`ndcg@10`) | `coverage` | `possible_drop@10,3` |
|---|---|---|---|
| `intrinsic_als` | 0.269 | 1.0 |  |
"""


def test_what_a_page_shows_is_brought_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(PROJECT / "scripts")
    pages = importlib.import_module("pages")
    said = pd.DataFrame({"user_id": [7, 8], "item_id": [30, 30], "sentence": SAID})
    stored = {
        "intrinsic_als.sentences": said,
        "als.metrics": {"ndcg@10": 0.26937},
        "intrinsic_als.metrics": {"coverage": 0.9597},
    }
    catalog = SimpleNamespace(load=stored.__getitem__)
    printed = {"kedro run": "  als  0.2\n  item 0.3\n  ease 0.4\n"}
    assert pages.refreshed(OLD, catalog, printed) == NEW
    assert pages.refreshed(NEW, catalog, printed) == NEW
    with pytest.raises(SystemExit, match="does not print a line like:   ease"):
        pages.refreshed(OLD, catalog, {"kedro run": "  als  0.2\n"})


@pytest.mark.slow
def test_the_pages_show_what_a_run_prints_and_stores(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for name in ("README.md", "docs", "scripts"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, project_copy / name)
    done = kedro(project_copy, "run", timeout=1800)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    (project_copy / "run.txt").write_text(done.stdout, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "scripts/pages.py", "--run", "run.txt", "--check"],
        cwd=project_copy,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, "PYTHONPATH": str(project_copy / "src")},
    )
    assert found.returncode == 0, found.stdout + found.stderr
