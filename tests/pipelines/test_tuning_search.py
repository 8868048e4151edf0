"""Search spaces and the search itself, on functions instead of approaches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from optuna.trial import FrozenTrial

from explainable_recsys.datasets.studies import open_study
from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.tuning.search import TuningParameters, search, trials_table
from explainable_recsys.pipelines.tuning.space import (
    Choices,
    DecimalRange,
    IntegerRange,
    check_ranges,
    read_search,
)

RANGES = {
    "model.size": IntegerRange(type="int", low=2, high=20, step=2),
    "model.rate": DecimalRange(type="float", low=0.001, high=10, log=True),
    "model.kind": Choices(type="categorical", choices=("a", None, 3)),
}
PRESENT = {"model.size": 7, "model.rate": 0.123456, "model.kind": None}


def evaluate(values: Mapping[str, Any]) -> Iterator[float]:
    if values["model.kind"] == 3:
        raise InputError("parameter kind: 3 diverges")
    distance = (values["model.size"] - 10) ** 2 + math.log(values["model.rate"]) ** 2
    for fold in range(3):
        yield distance + 0.1 * fold


def run(folder: Path, n_trials: int = 25, seed: int = 0, objective: Any = evaluate) -> pd.DataFrame:
    settings = TuningParameters(n_trials=n_trials, n_folds=3, n_startup_trials=5, seed=seed)
    with open_study(folder, "study") as storage:
        return tabled(search(storage, "study", RANGES, PRESENT, objective, settings, False))


def tabled(trials: list[FrozenTrial]) -> pd.DataFrame:
    """The table, with the parameters as the trials had them."""
    table = trials_table("als", "rmse", trials, 3)
    return table.assign(parameters=[trial.user_attrs["parameters"] for trial in trials])


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, bytes]:
    folder = tmp_path_factory.mktemp("study")
    return run(folder), (folder / "study.jsonl").read_bytes()


FOLDS = ["fold_1", "fold_2", "fold_3"]


def test_the_first_trial_is_the_present_parameters_as_they_are(uninterrupted: Any) -> None:
    first = uninterrupted[0].iloc[0]
    assert first["state"] == "complete"
    assert first["parameters"] == PRESENT
    assert first[FOLDS].tolist() == list(evaluate(PRESENT))
    assert first["value"] == pytest.approx(sum(evaluate(PRESENT)) / 3)


def test_proposals_are_in_the_space_and_read_well(uninterrupted: Any) -> None:
    for values in uninterrupted[0]["parameters"][1:]:
        assert values["model.size"] in range(2, 21, 2)
        rate = values["model.rate"]
        assert 0.001 <= rate <= 10
        assert rate == float(f"{rate:.3g}")
        assert values["model.kind"] in ("a", None, 3)


def test_the_table_has_the_parameters_in_columns_of_one_type(uninterrupted: Any) -> None:
    table, _ = uninterrupted
    assert table["model.size"].tolist() == [values["model.size"] for values in table["parameters"]]
    kinds = [values["model.kind"] for values in table["parameters"]]
    assert {None, "a", 3} <= set(kinds)
    shown = [None if pd.isna(kind) else kind for kind in table["model.kind"]]
    assert shown == [None if kind is None else str(kind) for kind in kinds]


def test_some_are_pruned_some_fail_and_the_best_is_better(uninterrupted: Any) -> None:
    table, _ = uninterrupted
    by_state = dict(tuple(table.groupby("state")))
    pruned, failed = by_state["pruned"], by_state["failed"]
    assert pruned["fold_1"].notna().all()
    assert pruned["fold_3"].isna().all()
    assert pruned["value"].isna().all()
    assert failed[["value", *FOLDS]].isna().all(axis=None)
    assert (failed["message"] == "parameter kind: 3 diverges").all()
    assert table["message"].notna().sum() == len(failed)
    assert "pruned" not in set(table["state"][:5])
    assert table["value"].min() < table["value"][0]
    complete = by_state["complete"]
    np.testing.assert_allclose(complete["value"], complete[FOLDS].mean(axis=1))


@pytest.mark.parametrize("stop_after", [0, 1, 4, 11, 15])
def test_interrupted_and_resumed_is_as_uninterrupted(
    stop_after: int, uninterrupted: Any, tmp_path: Path
) -> None:
    measured = 0

    def interrupted(values: Mapping[str, Any]) -> Iterator[float]:
        nonlocal measured
        for value in evaluate(values):
            if measured == stop_after:
                raise KeyboardInterrupt
            measured += 1
            yield value

    for _ in range(2):
        measured = 0
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path, objective=interrupted)
    assert_same(run(tmp_path), uninterrupted[0])


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


@pytest.mark.parametrize("share", [0.0, 0.003, 0.02, 0.1, 0.33, 0.5, 0.77, 0.9, 0.999])
def test_killed_anywhere_and_resumed_is_as_uninterrupted(
    share: float, uninterrupted: Any, tmp_path: Path
) -> None:
    table, journal = uninterrupted
    lines = journal.splitlines(keepends=True)
    at = int(share * len(lines))
    torn = lines[at][: len(lines[at]) // 2]
    for end in (b"", torn):
        (tmp_path / "study.jsonl").write_bytes(b"".join(lines[:at]) + end)
        assert_same(run(tmp_path), table)


def test_more_trials_continue_and_fewer_are_the_first_of_them(
    uninterrupted: Any, tmp_path: Path
) -> None:
    table, _ = uninterrupted
    run(tmp_path, n_trials=9)
    assert_same(run(tmp_path), table)
    stored = (tmp_path / "study.jsonl").read_bytes()

    def never(values: Mapping[str, Any]) -> Iterator[float]:
        raise AssertionError("nothing is left to measure")

    assert_same(run(tmp_path, objective=never), table)
    fewer = run(tmp_path, n_trials=9, objective=never)
    assert fewer["parameters"].tolist() == table["parameters"][:9].tolist()
    assert fewer[FOLDS].equals(table[FOLDS].head(9))
    assert (tmp_path / "study.jsonl").read_bytes() == stored


def test_another_seed_proposes_others(uninterrupted: Any, tmp_path: Path) -> None:
    assert run(tmp_path, seed=1)["parameters"][1:].tolist() != (
        uninterrupted[0]["parameters"][1:].tolist()
    )


def test_all_failing_is_one_error(tmp_path: Path) -> None:
    def failing(values: Mapping[str, Any]) -> Iterator[float]:
        raise InputError("training diverges")
        yield 0.0

    with pytest.raises(InputError, match="all 3 trials failed; the first: training diverges"):
        run(tmp_path, n_trials=3, objective=failing)


SIZE = {"type": "int", "low": 1, "high": 5}


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            {"metric": "auc", "space": {"size": SIZE}},
            r"als\.search\.metric: Input should be 'ndcg'",
        ),
        ({"space": {"size": SIZE}}, r"als\.search\.metric: Field required"),
        ({"metric": "ndcg", "space": {}}, r"als\.search\.space: Dictionary should have at least 1"),
        ({"metric": "ndcg", "space": {"a": {"b": None}}}, r"als\.search\.space: nothing to search"),
        ({"metric": "ndcg", "room": 1, "space": {"size": SIZE}}, r"als\.search\.room: Extra"),
        (
            {"metric": "ndcg", "space": {"model": {"size": {**SIZE, "low": 6}}}},
            r"als\.search\.space\.model\.size: .*low=6, high=5",
        ),
        (
            {"metric": "ndcg", "space": {"size": {**SIZE, "log": True, "step": 2}}},
            r"space\.size: .*step.*log",
        ),
        (
            {"metric": "ndcg", "space": {"r": {"type": "float", "low": 0, "high": 1, "log": True}}},
            r"space\.r: .*low > 0.*low=0",
        ),
        ({"metric": "ndcg", "space": {"size": {"type": "int", "low": 1}}}, r"size\.high: Field"),
        ({"metric": "ndcg", "space": {"size": {**SIZE, "low": "x"}}}, r"size\.low: .*found 'x'"),
        ({"metric": "ndcg", "space": {"size": {"type": "real"}}}, r"size: Input tag 'real'"),
        ({"metric": "ndcg", "space": {"size": 5}}, r"space\.size: .*found 5"),
        (
            {"metric": "ndcg", "space": {"k": {"type": "categorical", "choices": []}}},
            r"k\.choices: Tuple should have at least 1",
        ),
    ],
)
def test_what_is_wrong_with_a_space_is_named(block: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_search("als", block)


def test_all_problems_are_named_at_once() -> None:
    block = {"metric": "rmse", "space": {"a": {**SIZE, "low": 9}, "b": {**SIZE, "high": None}}}
    with pytest.raises(
        InputError, match=r"space\.a: .*low=9.*; parameter als\.search\.space\.b\.high"
    ):
        read_search("als", block)


def test_null_is_not_searched_and_paths_are_nested() -> None:
    space = {"model": {"size": SIZE, "rate": None}, "other": {"model": {"k": SIZE}}}
    wanted = read_search("als", {"metric": "rmse", "space": space})
    assert wanted.metric == "rmse"
    assert list(wanted.space) == ["model.size", "other.model.k"]


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"model.sizes": 3}, r"model\.size: no parameter .* did you mean 'model.sizes'\?"),
        ({"model.size": 9}, r"model\.size: does not hold the present value 9"),
        ({"model.size": None}, "does not hold the present value None"),
        ({"model.size": True}, "does not hold the present value True"),
    ],
)
def test_ranges_are_of_parameters_and_hold_them(known: dict[str, Any], message: str) -> None:
    ranges = read_search("als", {"metric": "rmse", "space": {"model": {"size": SIZE}}}).space
    with pytest.raises(InputError, match=message):
        check_ranges("als", ranges, known)
    found = check_ranges("als", ranges, {"als.model.size": 2, "x": 1})
    assert found == {"als.model.size": ranges["model.size"]}
