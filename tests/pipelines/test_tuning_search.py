"""Search spaces and the search itself, on functions instead of approaches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from explainable_recsys.datasets.studies import Studies
from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.tuning.objective import UnfitMetricError
from explainable_recsys.pipelines.tuning.search import (
    Outcome,
    TuningParameters,
    best_outcome,
    search,
)
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


def run(
    folder: Path, n_trials: int = 25, seed: int = 0, objective: Any = evaluate
) -> list[Outcome]:
    settings = TuningParameters(n_trials=n_trials, n_folds=3, n_startup_trials=5, seed=seed)
    with Studies(folder).open("study") as storage:
        return search(storage, "study", RANGES, PRESENT, objective, settings, maximize=False)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Outcome], bytes]:
    folder = tmp_path_factory.mktemp("study")
    return run(folder), (folder / "study.jsonl").read_bytes()


def test_the_first_trial_is_the_present_parameters_as_they_are(uninterrupted: Any) -> None:
    outcomes, _ = uninterrupted
    assert outcomes[0].state == "complete"
    assert outcomes[0].parameters == PRESENT
    assert outcomes[0].folds == list(evaluate(PRESENT))
    assert outcomes[0].value == pytest.approx(sum(evaluate(PRESENT)) / 3)


def test_proposals_are_in_the_space_and_read_well(uninterrupted: Any) -> None:
    for outcome in uninterrupted[0][1:]:
        assert outcome.parameters["model.size"] in range(2, 21, 2)
        rate = outcome.parameters["model.rate"]
        assert 0.001 <= rate <= 10
        assert rate == float(f"{rate:.3g}")
        assert outcome.parameters["model.kind"] in ("a", None, 3)


def test_some_are_pruned_some_fail_and_the_best_is_better(uninterrupted: Any) -> None:
    outcomes, _ = uninterrupted
    by_state = {state: [o for o in outcomes if o.state == state] for state in ("pruned", "failed")}
    assert by_state["pruned"]
    assert all(1 <= len(o.folds) < 3 and o.value is None for o in by_state["pruned"])
    assert by_state["failed"]
    assert all(o.message == "parameter kind: 3 diverges" for o in by_state["failed"])
    assert not any(o.state == "pruned" for o in outcomes[:5])
    best = best_outcome(outcomes, maximize=False)
    assert outcomes[best].value < outcomes[0].value
    assert outcomes[best].value == min(o.value for o in outcomes if o.value is not None)
    worst = best_outcome(outcomes, maximize=True)
    assert outcomes[worst].value == max(o.value for o in outcomes if o.value is not None)


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
    assert run(tmp_path) == uninterrupted[0]


@pytest.mark.parametrize("share", [0.0, 0.003, 0.02, 0.1, 0.33, 0.5, 0.77, 0.9, 0.999])
def test_killed_anywhere_and_resumed_is_as_uninterrupted(
    share: float, uninterrupted: Any, tmp_path: Path
) -> None:
    outcomes, journal = uninterrupted
    lines = journal.splitlines(keepends=True)
    at = int(share * len(lines))
    torn = lines[at][: len(lines[at]) // 2]
    for end in (b"", torn):
        (tmp_path / "study.jsonl").write_bytes(b"".join(lines[:at]) + end)
        assert run(tmp_path) == outcomes


def test_more_trials_continue_and_fewer_are_the_first_of_them(
    uninterrupted: Any, tmp_path: Path
) -> None:
    outcomes, _ = uninterrupted
    assert run(tmp_path, n_trials=9) == outcomes[:9]
    assert run(tmp_path) == outcomes
    stored = (tmp_path / "study.jsonl").read_bytes()

    def never(values: Mapping[str, Any]) -> Iterator[float]:
        raise AssertionError("nothing is left to measure")

    assert run(tmp_path, objective=never) == outcomes
    assert run(tmp_path, n_trials=9, objective=never) == outcomes[:9]
    assert stored in (tmp_path / "study.jsonl").read_bytes()


def test_another_seed_proposes_others(uninterrupted: Any, tmp_path: Path) -> None:
    assert run(tmp_path, seed=1)[1:] != uninterrupted[0][1:]


def test_all_failing_is_one_error(tmp_path: Path) -> None:
    def failing(values: Mapping[str, Any]) -> Iterator[float]:
        raise InputError("training diverges")
        yield 0.0

    outcomes = run(tmp_path, n_trials=3, objective=failing)
    with pytest.raises(InputError, match="all 3 trials failed; the first: training diverges"):
        best_outcome(outcomes, maximize=True)


def test_a_metric_that_does_not_fit_ends_the_search(tmp_path: Path) -> None:
    def unfit(values: Mapping[str, Any]) -> Iterator[float]:
        raise UnfitMetricError("rmse needs more")
        yield 0.0

    with pytest.raises(UnfitMetricError):
        run(tmp_path, objective=unfit)


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
            r"als\.search\.space\.model\.size: low 6 is above high 5",
        ),
        (
            {"metric": "ndcg", "space": {"size": {**SIZE, "log": True, "step": 2}}},
            "a logarithmic range has no step",
        ),
        (
            {"metric": "ndcg", "space": {"r": {"type": "float", "low": 0, "high": 1, "log": True}}},
            "starts above 0, not at 0",
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
        InputError, match=r"space\.a: low 9.*; parameter als\.search\.space\.b\.high"
    ):
        read_search("als", block)


def test_null_is_not_searched_and_paths_are_nested() -> None:
    space = {"model": {"size": SIZE, "rate": None}, "other": {"model": {"k": SIZE}}}
    metric, ranges = read_search("als", {"metric": "rmse", "space": space})
    assert metric == "rmse"
    assert list(ranges) == ["model.size", "other.model.k"]


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
    _, ranges = read_search("als", {"metric": "rmse", "space": {"model": {"size": SIZE}}})
    with pytest.raises(InputError, match=message):
        check_ranges("als", ranges, known)
    assert check_ranges("als", ranges, {"model.size": 2, "x": 1}) == {"model.size": 2}
