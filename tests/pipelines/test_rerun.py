"""Nodes run again in memory make what the real run made."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.pipeline import Node, Pipeline
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.parameters import plain_parameters, typed_parameters
from explainable_recsys.pipelines.rerun import needed_part, rerun
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.recommenders.als import ALSParameters
from tests.in_memory import configured


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


@pytest.fixture(scope="module")
def given(stored: Callable[[str], Any], data: Data) -> dict[str, Any]:
    """What models of the run of everything were made of."""
    names = ("interactions", "data_version", "features.item", "features.user")
    return {"data": data} | {name: stored(name) for name in names}


@pytest.mark.parametrize("recommender", ["als", "fm"])
def test_what_comes_out_is_what_the_run_stored(
    recommender: str, given: dict[str, Any], stored: Callable[[str], Any]
) -> None:
    outputs = {f"{recommender}.{name}" for name in ("model", "recommendations")}
    made = rerun(everything(), given, configured(), outputs)
    assert made.keys() == outputs
    for name in outputs:
        assert_same(made[name], stored(name))


def test_only_what_is_needed_runs_and_what_is_given_stays(
    given: dict[str, Any], stored: Callable[[str], Any]
) -> None:
    part = needed_part(everything(), given, {"als.recommendations"})
    assert {node.name for node in part.nodes} == {"als.fit", "als.recommend"}
    few = stored("als.recommendations").query("rank == 1")
    changed = given | {"als.recommendations": few}
    outputs = {"intrinsic_als.explanations", "als.recommendations"}
    made = rerun(everything(), changed, configured(), outputs)
    assert made["als.recommendations"] is few
    pair = ["user_id", "item_id"]
    explained = made["intrinsic_als.explanations"][pair].drop_duplicates(ignore_index=True)
    assert set(explained.itertuples(index=False)) <= set(few[pair].itertuples(index=False))
    # Everybody's first recommendation, but where nothing that the person likes supports it.
    assert len(explained) > 0.9 * len(few)


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
    with pytest.raises(InputError, match=r"parameters toy\.offset are missing in conf/base"):
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
        ({"factors": 0}, r"^parameter als\.model\.factors: .*greater than or equal to 1"),
        ({"factor": 9}, r"^parameter als\.model\.factor: Extra inputs"),
    ],
)
def test_wrong_values_are_named(wrong: dict[str, Any], message: str, given: dict[str, Any]) -> None:
    parameters = configured() | {"als": {"model": wrong}}
    with pytest.raises(InputError, match=message):
        rerun(everything(), given, parameters, {"als.model"})


def test_typed_parameters_survive_being_made_plain() -> None:
    """The dataset `parameters` of a session holds models where nodes want them."""
    typed = typed_parameters(everything(), configured())
    models: dict[str, Any] = {}
    for path, value in typed.items():
        if any(path.startswith(f"{other}.") for other in typed):
            continue  # a field of a block that is there as a whole
        *blocks, last = path.removeprefix("params:").split(".")
        place = models
        for name in blocks:
            place = place.setdefault(name, {})
        place[last] = value
    assert isinstance(models["als"]["model"], ALSParameters)
    assert typed_parameters(everything(), plain_parameters(models)) == typed
