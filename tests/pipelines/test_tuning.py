"""Real Kedro sessions of the search for hyper-parameters."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, DatasetError
from kedro.pipeline import Node, Pipeline

from explainable_recsys.data import RatingScale
from explainable_recsys.datasets.source import RatingsFormat, SourceParameters
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.pipelines import tuning
from explainable_recsys.pipelines.tuning import objective as objectives
from explainable_recsys.pipelines.tuning.folds import make_folds, shared_data
from explainable_recsys.pipelines.tuning.objective import changing_nodes, measured_by, objective
from explainable_recsys.pipelines.tuning.pipeline import TABLES
from explainable_recsys.pipelines.tuning.space import (
    check_ranges,
    chosen_recommender,
    known_parameters,
    read_search,
    training_part,
)
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.recommenders.lists import RecommendationParameters
from explainable_recsys.recommenders.popularity import Popularity
from tests.conftest import PROJECT, open_catalog, run_project

Kedro = Callable[..., subprocess.CompletedProcess[str]]

ENVIRONMENTS = sorted(path.name for path in (PROJECT / "conf").iterdir() if path.is_dir())
TUNABLE = ["als", "ar", "bias", "content", "ease", "emf", "emf_ratings", "fm", "fm_ratings"]
TUNABLE += ["item_knn", "meta_paths", "random_walk", "svd", "svd_ratings"]
GIVEN = {"train_ratings", "validation_ratings", "fold_in_ratings", *TABLES}
SCALE = RatingScale(minimum=0.5, maximum=5.0)
SOURCE = SourceParameters(
    name="small", folder=Path(), rating_scale=SCALE, ratings=RatingsFormat(file="ratings.csv")
)
SEED = 4
"""With which four trials find something better than the present parameters of item_knn."""


def tune(data_root: Path, recommender: str | None, **parameters: Any) -> None:
    settings = {"recommender": recommender, "seed": SEED, **parameters.pop("tuning", {})}
    run_project(data_root, ["tuning"], tuning=settings, **parameters)


def versions(data_root: Path, name: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted(data_root.glob(f"08_reporting/tuning/{name}/*/*"))]


@cache
def parameters_of(env: str) -> dict[str, Any]:
    """Of an environment, read once; not to be changed."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=env) as session:
        return dict(session.load_context().config_loader["parameters"])


@pytest.fixture(scope="session")
def tuned(make_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Results of a search for parameters of item_knn; not to be changed."""
    return make_once("tuned", lambda folder: tune(folder, "item_knn"))


def test_the_trials_are_a_table(tuned: Path) -> None:
    with open_catalog(tuned) as catalog:
        trials = catalog.load("tuning.trials")
    present = parameters_of("test")["item_knn"]["model"]
    measured = ["recommender", "metric", "trial", "state", "value", "fold_1", "fold_2"]
    names = ["k", "similarity", "shrinkage", "amplification"]
    assert list(trials.columns) == [*measured, *(f"model.{name}" for name in names), "message"]
    assert trials["trial"].tolist() == [0, 1, 2, 3]
    assert (trials["recommender"] == "item_knn").all()
    assert (trials["metric"] == "ndcg@10").all()
    assert set(trials["state"]) <= {"complete", "pruned", "failed"}
    complete = trials[trials["state"] == "complete"]
    np.testing.assert_allclose(complete["value"], complete[["fold_1", "fold_2"]].mean(axis=1))
    assert {name: trials[f"model.{name}"].iloc[0] for name in names} == present


def test_the_present_value_is_that_of_a_run_that_learns_from_the_training_part(
    catalog: DataCatalog, tuned: Path
) -> None:
    from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
    from explainable_recsys.metrics.ranking import ranking_per_user
    from explainable_recsys.recommenders.item_knn import ItemKNN
    from explainable_recsys.recommenders.lists import recommend

    train, validation = (catalog.load(f"{part}_ratings") for part in ("train", "validation"))
    with open_catalog(tuned) as of_search:
        trials = of_search.load("tuning.trials")
    interactions = Interactions.from_frame(train)
    model = ItemKNN.fit(interactions, ItemSimilarityParameters())
    lists = recommend(model, interactions, RecommendationParameters())
    expected = ranking_per_user(lists, validation, 10)["ndcg@10"].mean()
    assert trials["fold_1"].iloc[0] == pytest.approx(expected)


@pytest.mark.slow
def test_the_same_search_again_adds_nothing_and_another_is_another(
    tuned: Path, tmp_path: Path
) -> None:
    shutil.copytree(tuned, tmp_path, dirs_exist_ok=True)
    (journal,) = (tmp_path / "06_models" / "tuning").iterdir()
    assert journal.name.startswith("item_knn-")
    content = journal.read_bytes()
    tune(tmp_path, "item_knn")
    assert journal.read_bytes() == content
    for name in ("trials.parquet", "best_parameters.yml", "history.json", "parameters.json"):
        first, second = versions(tmp_path, name)
        assert first == second, name
    tune(tmp_path, "item_knn", tuning={"n_trials": 5})
    assert journal.read_bytes().startswith(content)
    first, _, third = (
        pd.read_parquet(path)
        for path in sorted(tmp_path.glob("08_reporting/tuning/trials.parquet/*/*"))
    )
    assert len(third) == 5
    pd.testing.assert_frame_equal(third.head(4), first)
    for change in ({"item_knn": {"model": {"k": 50}}}, {"evaluation": {"k": 5}}):
        tune(tmp_path, "item_knn", tuning={"n_trials": 1}, **change)
    assert len(list((tmp_path / "06_models" / "tuning").iterdir())) == 3


@pytest.mark.slow
def test_a_fresh_search_gives_identical_files(tuned: Path, tmp_path: Path) -> None:
    tune(tmp_path, "item_knn")
    for name in ("trials.parquet", "best_parameters.yml", "history.json", "parameters.json"):
        assert versions(tmp_path, name) == versions(tuned, name)


@pytest.mark.slow
def test_the_parameters_file_is_used_as_it_is(
    tuned: Path, project_copy: Path, kedro: Kedro
) -> None:
    (content,) = versions(tuned, "best_parameters.yml")
    best = yaml.safe_load(content)["item_knn"]["model"]
    with open_catalog(tuned) as catalog:
        trials = catalog.load("tuning.trials")
    row = trials.loc[trials["value"].idxmax()]
    assert row["trial"] > 0
    assert best == {name: row[f"model.{name}"] for name in best}
    (project_copy / "conf" / "test" / "parameters_item_knn.yml").write_bytes(content)
    done = kedro(project_copy, "run", "--env", "test", "--pipelines", "intrinsic_knn")
    assert done.returncode == 0, done.stderr
    with open_catalog(project_copy / "data" / "test") as catalog:
        model = catalog.load("item_knn.model")
    assert model.parameters.model_dump() == best


def test_the_test_ratings_are_never_read(
    catalog: DataCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searching = tuning.create_pipeline().only_nodes_with_namespaces(["tuning"])
    assert not {"test_ratings", "interactions", "ratings"} & searching.inputs()
    given: list[dict[str, Any]] = []

    def spy(part: Pipeline, inputs: dict[str, Any], *more: Any) -> dict[str, Any]:
        given.append(dict(inputs))
        return rerun(part, inputs, *more)

    rerun = objectives.rerun
    monkeypatch.setattr(objectives, "rerun", spy)
    tune(tmp_path, "svd_ratings", tuning={"n_trials": 1})
    test = catalog.load("test_ratings")[["user_id", "item_id"]]
    validation = catalog.load("validation_ratings")[["user_id", "item_id"]]
    assert given
    first, *to_fit = given
    for inputs in given:
        assert inputs.keys() >= GIVEN
        assert inputs["fold_in_ratings"].empty
        for name in ("train_ratings", "validation_ratings"):
            assert inputs[name].merge(test, on=["user_id", "item_id"]).empty
    learned_from = [inputs for inputs in to_fit if "interactions" in inputs]
    assert learned_from
    for inputs in learned_from:
        known = inputs["interactions"]
        assert inputs["data"].interactions is known
        assert inputs["data"].histories is known
        rows, columns = known.user_rows(test["user_id"]), known.item_columns(test["item_id"])
        both = (rows >= 0) & (columns >= 0)
        stored = known.ratings.astype(bool)[rows[both], columns[both]]
        assert not np.asarray(stored).any()
    # What a trial is measured on, its own choices do not see either.
    assert first["validation_ratings"].merge(validation, on=["user_id", "item_id"]).empty


@pytest.mark.parametrize(
    ("recommender", "message"),
    [
        (None, r"tuning\.recommender: which one\? accepted: als, .*, svd_ratings; for example"),
        ("item_knnn", r"no recommender 'item_knnn'; did you mean 'item_knn'\?"),
        ("posthoc_knn", "no recommender 'posthoc_knn'; .*accepted: als, ar"),
        ("random", r"brings no search; add a block random\.search"),
        ("evaluation", "no recommender 'evaluation'"),
    ],
)
def test_what_cannot_be_tuned(recommender: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        chosen_recommender(recommender, parameters_of("test"))


@pytest.mark.parametrize(
    ("recommender", "wrong", "message"),
    [
        (
            "als",
            {"als": {"search": {"metric": "rmse"}}},
            "rmse needs a model that predicts ratings",
        ),
        (
            "bias",
            {"bias": {"search": {"space": {"model": {"item_damping": {"low": 50}}}}}},
            r"space\.model\.item_damping: does not hold the present value 3",
        ),
        ("bias", {"split": {"validation": False}}, "no validation ratings to tune on"),
    ],
)
def test_what_a_search_cannot_work_with(
    recommender: str, wrong: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises((InputError, DatasetError), match=message):
        tune(tmp_path, recommender, **wrong)
    assert not list(tmp_path.glob("08_reporting/tuning/*"))


def test_validation_ratings_of_which_none_is_liked() -> None:
    rows = [(user, item, 2.0) for user in range(3) for item in range(4) if user != item]
    known = pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])
    held_out = pd.DataFrame({"user_id": [0, 1], "item_id": [0, 1], "rating": [2.0, 3.0]})
    interactions = Interactions.from_frame(known)
    model = Popularity.fit(interactions)
    for relevance, liked in (("liked", 4.0), ("any", 4.0), ("liked", 3.0)):
        source = SOURCE.model_copy(update={"liked": liked})
        evaluation = EvaluationParameters(relevance=relevance)
        measure = measured_by("ndcg", source, evaluation, RecommendationParameters(min_ratings=0))
        if (relevance, liked) == ("liked", 4.0):
            with pytest.raises(InputError, match=r"evaluation\.relevance: .*accepted: any"):
                measure(model, interactions, held_out)
        else:
            assert measure(model, interactions, held_out) == 1  # one item is left for each


def test_a_trial_that_the_recommender_refuses_fails_alone(tmp_path: Path) -> None:
    space = {"model": {"rank": None, "iterations": None, "kept_samples": {"low": 5, "high": 200}}}
    wide = {"search": {"space": space}}
    tune(tmp_path, "fm_ratings", fm_ratings=wide, tuning={"n_folds": 1})
    with open_catalog(tmp_path) as catalog:
        trials = catalog.load("tuning.trials")
    failed = trials[trials["model.kept_samples"] > 30]
    assert 0 < len(failed) < len(trials)
    assert (failed["state"] == "failed").all()
    assert failed["value"].isna().all()
    assert (
        failed["message"]
        .str.match(r"parameter fm_ratings\.model: kept_samples \d+ of 40 iterations")
        .all()
    )
    assert trials["message"].notna().sum() == len(failed)


def test_a_split_that_is_not_random_has_one_fold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune(tmp_path, "bias", split={"strategy": "latest_n"})
    with open_catalog(tmp_path) as catalog:
        trials = catalog.load("tuning.trials")
    assert [name for name in trials if name.startswith("fold_")] == ["fold_1"]
    assert (trials["state"] == "complete").all()
    printed = capsys.readouterr().out
    assert "Tuning\n  bias: rmse on validation ratings, lower is better" in printed


def test_the_summary_says_how_to_use_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    poor = {"k": 10, "similarity": "pearson", "shrinkage": 0.0, "amplification": 4.0}
    tune(tmp_path, "item_knn", item_knn={"model": poor})
    printed = capsys.readouterr().out
    assert "\nTuning\n  item_knn: ndcg@10 on validation ratings, higher is better\n" in printed
    (file,) = tmp_path.glob("08_reporting/tuning/best_parameters.yml/*/*")
    assert f"  use it     cp {file} conf/test/parameters_item_knn.yml\n" in printed


@pytest.mark.parametrize("env", ENVIRONMENTS)
def test_every_search_fits_the_parameters_of_every_environment(env: str) -> None:
    parameters = parameters_of(env)
    with pytest.raises(InputError, match=f"accepted: {', '.join(TUNABLE)};"):
        chosen_recommender(None, parameters)
    for name in TUNABLE:
        ranges = read_search(name, parameters[name]["search"]).space
        known = known_parameters(training_part(name, TABLES), parameters)
        found = check_ranges(name, ranges, known)
        assert found.keys() <= known.keys()
        assert list(found.values()) == list(ranges.values())
        assert all(full.endswith(path) for full, path in zip(found, ranges, strict=True))


def test_folds_are_cuts_of_the_same_ratings(catalog: DataCatalog) -> None:
    train, validation = (catalog.load(f"{part}_ratings") for part in ("train", "validation"))
    tables = {name: catalog.load(name) for name in TABLES}
    folds = make_folds(train, validation, SplitParameters(), 3, 0)
    assert folds[0].train is train
    assert folds[0].validation is validation
    key = ["user_id", "item_id"]
    whole = pd.concat([train, validation]).sort_values(key, ignore_index=True)
    for fold in folds[1:]:
        together = pd.concat(fold).sort_values(key, ignore_index=True)
        pd.testing.assert_frame_equal(together, whole)
        assert len(fold.validation) == pytest.approx(len(validation), rel=0.15)
        assert set(fold.validation["user_id"]) <= set(fold.train["user_id"])
    assert not folds[1].validation.equals(folds[2].validation)
    again = make_folds(train, validation, SplitParameters(), 3, 0)
    assert again[2].validation.equals(folds[2].validation)
    data = shared_data(folds[1].train, tables, 0.1, 0)
    inner = pd.concat([data["train_ratings"], data["validation_ratings"]])
    pd.testing.assert_frame_equal(
        inner.sort_values(key, ignore_index=True),
        folds[1].train.sort_values(key, ignore_index=True),
    )
    assert data.keys() == GIVEN


def test_a_parameter_can_be_added_to_a_space_and_taken_out(tmp_path: Path) -> None:
    space = {"model": {"similarity": None, "amplification": None, "shrinkage": None}}
    added = {"recommendation": {"n": {"type": "int", "low": 5, "high": 10}}}
    tune(tmp_path, "item_knn", item_knn={"search": {"space": space}}, tuning={"n_trials": 1})
    with open_catalog(tmp_path) as catalog:
        columns = list(catalog.load("tuning.trials"))
    assert [name for name in columns if name.startswith("model.")] == ["model.k"]
    with pytest.raises(InputError, match=r"space\.recommendation\.n: no parameter that the model"):
        tune(tmp_path, "item_knn", item_knn={"search": {"space": added}})


def test_what_does_not_depend_on_the_search_runs_once_per_fold(catalog: DataCatalog) -> None:
    from explainable_recsys.recommenders.bias import Bias, BiasParameters

    ran: list[str] = []

    def prepare(interactions: Interactions, width: int) -> int:
        ran.append("prepare")
        return width

    def fit(interactions: Interactions, prepared: int, damping: float) -> Bias:
        ran.append("fit")
        return Bias.fit(interactions, BiasParameters(item_damping=damping))

    part = Pipeline(
        [
            Node(prepare, ["interactions", "params:toy.width"], "prepared", name="prepare"),
            Node(fit, ["interactions", "prepared", "params:toy.model.damping"], "m", name="fit"),
        ]
    )
    for path, names in (("model", ["fit"]), ("width", ["prepare", "fit"]), ("mode", [])):
        assert [node.name for node in changing_nodes(part, {f"toy.{path}"}).nodes] == names
    train, validation = (catalog.load(f"{part}_ratings") for part in ("train", "validation"))
    tables = {name: catalog.load(name) for name in TABLES}
    folds = make_folds(train, validation, SplitParameters(), 2, 0)
    data = [
        {
            **shared_data(fold.train, tables, 0.1, 0),
            "interactions": Interactions.from_frame(fold.train),
        }
        for fold in folds
    ]
    parameters = {"toy": {"width": 3, "model": {"damping": 10.0}}}
    measure = measured_by("rmse", SOURCE, EvaluationParameters(), RecommendationParameters())
    path, held_out = "toy.model.damping", [fold.validation for fold in folds]
    evaluate = objective("m", part, parameters, {path}, data.__getitem__, held_out, measure)
    values = [list(evaluate({path: damping})) for damping in (10.0, 1.0, 10.0)]
    assert values[0] == values[2] != values[1]
    assert ran.count("prepare") == 2
    assert ran.count("fit") == 6


def test_tuning_is_no_part_of_everything(kedro: Kedro) -> None:
    from kedro.framework.project import pipelines

    bootstrap_project(PROJECT)
    assert "tuning" in pipelines
    assert not any(node.namespace == "tuning" for node in pipelines["__default__"].nodes)
