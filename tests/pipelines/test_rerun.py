"""Nodes run again in memory make what the real run made."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Node, Pipeline
from pydantic import BaseModel
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines import intrinsic_als, posthoc_ar, posthoc_fm_lime, posthoc_knn
from explainable_recsys.pipelines.approach import SHARED_DATA
from explainable_recsys.pipelines.parameters import plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part, rerun
from explainable_recsys.recommenders.als import ALSParameters
from tests.conftest import PROJECT, open_catalog


@pytest.fixture(scope="module")
def parameters() -> dict[str, Any]:
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env="test") as session:
        return dict(session.load_context().config_loader["parameters"])


def load_all(full_run: Path, names: set[str] | frozenset[str]) -> dict[str, Any]:
    with open_catalog(full_run) as catalog:
        return {name: catalog.load(name) for name in names}


def assert_same(found: Any, expected: Any) -> None:
    if isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)
    elif isinstance(expected, sparse.csr_array):
        assert (found != expected).nnz == 0
    elif dataclasses.is_dataclass(expected):
        for field in dataclasses.fields(expected):
            assert_same(getattr(found, field.name), getattr(expected, field.name))
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("pipeline", "approach"),
    [
        (intrinsic_als, "intrinsic_als"),
        (posthoc_ar, "posthoc_ar"),
        (posthoc_fm_lime, "fm"),
        (posthoc_knn, "posthoc_knn"),
    ],
)
def test_what_comes_out_is_what_the_run_stored(
    pipeline: Any, approach: str, full_run: Path, parameters: dict[str, Any]
) -> None:
    model = "intrinsic_als.model" if approach == "posthoc_knn" else f"{approach}.model"
    outputs = {model, *(f"{approach}.{t}" for t in ("recommendations", "explanations"))}
    data = load_all(full_run, SHARED_DATA)
    made = rerun(pipeline.create_pipeline(), data, parameters, outputs)
    assert made.keys() == outputs
    stored = load_all(full_run, outputs)
    for name in outputs:
        assert_same(made[name], stored[name])


def test_only_what_is_needed_runs_and_what_is_given_stays(
    full_run: Path, parameters: dict[str, Any]
) -> None:
    pipeline = intrinsic_als.create_pipeline()
    given = {"interactions", "histories", "data_version"}
    part = needed_part(pipeline, given, {"intrinsic_als.recommendations"})
    assert {node.name for node in part.nodes} == {"intrinsic_als.fit", "intrinsic_als.recommend"}
    data = load_all(full_run, {*given, "items", "intrinsic_als.recommendations"})
    few = data["intrinsic_als.recommendations"].query("rank == 1")
    data["intrinsic_als.recommendations"] = few
    outputs = {"intrinsic_als.explanations", "intrinsic_als.recommendations"}
    made = rerun(pipeline, data, parameters, outputs)
    assert made["intrinsic_als.recommendations"] is few
    explained = made["intrinsic_als.explanations"][["user_id", "item_id"]].drop_duplicates()
    assert_same(
        explained.reset_index(drop=True), few[["user_id", "item_id"]].reset_index(drop=True)
    )


def both(a: int) -> tuple[int, int]:
    return a + 1, a + 2


def add(left: int, right: int, offset: int) -> int:
    return left + right + offset


TOY = Pipeline(
    [
        Node(both, "a", ["b", "c"], name="both"),
        Node(add, ["b", "c", "params:toy.offset"], "d", name="add"),
    ]
)


def test_a_given_dataset_is_not_made_anew_beside_another() -> None:
    assert rerun(TOY, {"a": 1}, {"toy": {"offset": 0}}, {"d"}) == {"d": 5}
    given = {"a": 1, "b": 10}
    assert rerun(TOY, given, {"toy": {"offset": 100}}, {"d", "b"}) == {"d": 113, "b": 10}
    assert given == {"a": 1, "b": 10}


def test_what_nothing_makes_is_named() -> None:
    with pytest.raises(ValueError, match="nothing makes a,"):
        rerun(TOY, {}, {"toy": {"offset": 0}}, {"d"})
    with pytest.raises(
        InputError, match=r"parameters toy\.offset are missing.*parameters_toy\.yml"
    ):
        rerun(TOY, {"a": 1}, {}, {"d"})


class Inner(Parameters):
    size: int = 1


class Block(Parameters):
    inner: Inner = Inner()
    sizes: tuple[int, ...] = (1,)


def take(block: Block, size: int, everything: dict[str, Any]) -> tuple[Block, int, Any]:
    return block, size, everything


TYPED = Pipeline([Node(take, ["params:a.b", "params:a.b.inner.size", "parameters"], "d")])


def test_parameters_arrive_as_in_a_session() -> None:
    given = {"a": {"b": {"inner": {"size": 3}, "sizes": [1, 2]}, "c": 1}, "e": 2}
    block, size, everything = rerun(TYPED, {}, given, {"d"})["d"]
    assert block == Block(inner=Inner(size=3), sizes=(1, 2))
    assert size == 3
    assert everything == {"a": {"b": block, "c": 1}, "e": 2}
    assert rerun(TYPED, {}, everything, {"d"})["d"] == (block, size, everything)
    assert given["a"] == {"b": {"inner": {"size": 3}, "sizes": [1, 2]}, "c": 1}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"factors": 0}, r"^parameter intrinsic_als\.model\.factors: .*greater than or equal to 1"),
        ({"factor": 9}, r"^parameter intrinsic_als\.model\.factor: Extra inputs"),
    ],
)
def test_wrong_values_are_named(
    wrong: dict[str, Any], message: str, full_run: Path, parameters: dict[str, Any]
) -> None:
    data = load_all(full_run, {"interactions"})
    with pytest.raises(InputError, match=message):
        rerun(
            intrinsic_als.create_pipeline(),
            data,
            {**parameters, "intrinsic_als": {"model": wrong}},
            {"intrinsic_als.model"},
        )


def test_typed_parameters_survive_being_made_plain(parameters: dict[str, Any]) -> None:
    """The dataset `parameters` of a session holds models where nodes want them."""
    from kedro.framework.project import pipelines

    everything = pipelines["__default__"]
    typed = typed_parameters(everything, parameters)
    del typed["parameters"]
    assert sum(isinstance(value, BaseModel) for value in typed.values()) > 20
    assert isinstance(typed["params:intrinsic_als.model"], ALSParameters)
    models = {name.removeprefix("params:"): value for name, value in typed.items()}
    nested: dict[str, Any] = {}
    for path, value in models.items():
        *blocks, last = path.split(".")
        place = nested
        for name in blocks:
            place = place.setdefault(name, {})
        place[last] = value
    again = typed_parameters(everything, plain_parameters(nested))
    assert {name: again[name] for name in typed} == typed
