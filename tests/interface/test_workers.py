"""Nodes in several processes: the same results, the same errors, nothing left behind."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kedro.framework.startup import bootstrap_project
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner

from explainable_recsys.datasets.files import JSONDataset
from explainable_recsys.errors import InputError
from explainable_recsys.interface import processes, workers
from explainable_recsys.interface.workers import WorkersRunner, in_order_of_urgency
from tests.conftest import PROJECT


@pytest.fixture(autouse=True)
def project() -> None:
    bootstrap_project(PROJECT)


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[..., DataCatalog]:
    def make(stored: list[str], in_memory: list[str], **values: Any) -> DataCatalog:
        files = {name: JSONDataset(filepath=str(tmp_path / f"{name}.json")) for name in stored}
        empty = {name: MemoryDataset(copy_mode="assign") for name in in_memory}
        given = {name: MemoryDataset(value) for name, value in values.items()}
        return DataCatalog({**files, **empty, **given})

    return make


def add(*numbers: int) -> int:
    return sum(numbers)


def whose_process(*_: Any) -> int:
    time.sleep(0.3)
    return os.getpid()


def table(number: int) -> pd.DataFrame:
    return pd.DataFrame({"number": [number]})


def total(numbers: pd.DataFrame, *more: int) -> int:
    return int(numbers["number"].sum()) + sum(more)


ADDING = Pipeline(
    [
        Node(add, ["one", "one"], "two", name="a.two"),
        Node(add, ["two", "one"], "three", name="b.three"),
        Node(table, "two", "in_memory", name="c.in_memory"),
        Node(total, ["in_memory", "three"], "five", name="d.five"),
        Node(total, ["in_memory", "five"], "seven", name="e.seven"),
    ]
)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_the_same_comes_out_as_one_after_the_other(
    method: str, catalog: Callable[..., DataCatalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "CONTEXT", multiprocessing.get_context(method))
    made = []
    for runner in (SequentialRunner(), WorkersRunner(n_workers=2)):
        found = catalog(["two", "three", "five", "seven"], ["in_memory"], one=1)
        runner.run(ADDING, found)
        made.append([found.load(name) for name in ("two", "three", "five", "seven")])
        assert not found["in_memory"].exists()  # nobody needs it any more
    assert made == [[2, 3, 5, 7]] * 2


def test_independent_nodes_run_in_processes_of_their_own(
    catalog: Callable[..., DataCatalog],
) -> None:
    both = Pipeline([Node(whose_process, "one", name, name=name) for name in ("p", "q")])
    found = catalog(["p", "q"], [], one=1)
    WorkersRunner(n_workers=2).run(both, found)
    assert len({found.load("p"), found.load("q"), os.getpid()}) == 3


def test_with_one_core_or_memory_for_one_node_all_run_here(
    catalog: Callable[..., DataCatalog],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    both = Pipeline([Node(whose_process, "one", name, name=name) for name in ("p", "q")])
    found = catalog(["p", "q"], [], one=1)
    WorkersRunner(n_workers=1).run(both, found)
    assert {found.load("p"), found.load("q")} == {os.getpid()}
    assert not caplog.records
    monkeypatch.setattr(workers, "free_memory", lambda: 1.9 * workers.UNKNOWN_NODE)
    with caplog.at_level(logging.INFO, logger="explainable_recsys"):
        WorkersRunner(n_workers=4).run(both, catalog(["p", "q"], [], one=1))
    assert "1 of 4 processes" in caplog.text


def test_a_node_waits_until_there_is_memory_for_it(
    catalog: Callable[..., DataCatalog], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two processes are there, but what is left of memory is for one node at a time."""
    both = Pipeline([Node(whose_process, "one", name, name=name) for name in ("p", "q")])
    free = iter([5 * workers.UNKNOWN_NODE])
    monkeypatch.setattr(workers, "free_memory", lambda: next(free, 0.0))
    found = catalog(["p", "q"], [], one=1)
    WorkersRunner(n_workers=2).run(both, found)
    assert found.load("p") == found.load("q")


def fail(number: int) -> int:
    time.sleep(0.2)
    try:
        raise KeyError("what it comes from")
    except KeyError as error:
        raise InputError(f"parameter x: {number} is wrong") from error


def slow(number: int) -> int:
    time.sleep(1)
    return number


def test_a_failing_node_lets_others_finish_and_raises_the_same_error(
    catalog: Callable[..., DataCatalog],
) -> None:
    nodes = [
        Node(fail, "one", "never", name="a"),
        Node(slow, "one", "kept", name="b"),
        Node(add, ["never"], "after", name="c"),
    ]
    found = catalog(["never", "kept", "after"], [], one=1)
    with pytest.raises(InputError, match="parameter x: 1 is wrong") as caught:
        WorkersRunner(n_workers=2).run(Pipeline(nodes), found)
    assert isinstance(caught.value.__cause__, KeyError)
    assert "in fail" in str(caught.value.__cause__.__cause__)  # where it happened
    assert found.load("kept") == 1
    assert not found.exists("never")


class OddError(Exception):
    """One that cannot be sent: it is made of two things, and remembers one."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"odd {first}")
        self.second = second


def fail_oddly(number: int) -> int:
    raise OddError(number, number)


def test_an_error_that_cannot_be_sent_is_told(catalog: Callable[..., DataCatalog]) -> None:
    nodes = Pipeline([Node(fail_oddly, "one", "never", name="a")])
    with pytest.raises(RuntimeError, match="OddError: odd 1"):
        WorkersRunner(n_workers=2).run(nodes, catalog(["never"], [], one=1))


def killed_once(folder: str) -> int:
    mark = Path(folder) / "was_here"
    if mark.exists():
        return 1
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def short_of_memory_once(folder: str) -> int:
    mark = Path(folder) / "was_here"
    if mark.exists():
        return 1
    mark.touch()
    raise MemoryError


def killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("run", [killed_once, short_of_memory_once])
def test_what_lacked_memory_beside_others_runs_again_alone(
    run: Callable[[str], int],
    catalog: Callable[..., DataCatalog],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    nodes = [
        Node(run, "folder", "late", name="a"),
        Node(slow, "one", "kept", name="b"),
        Node(add, ["late", "kept"], "both", name="c"),
    ]
    found = catalog(["late", "kept", "both"], [], one=1, folder=str(tmp_path))
    WorkersRunner(n_workers=2).run(Pipeline(nodes), found)
    assert found.load("both") == 2
    assert "it runs again, alone" in caplog.text


def test_what_is_killed_even_alone_fails(catalog: Callable[..., DataCatalog]) -> None:
    nodes = Pipeline([Node(killed, "one", "never", name="a"), Node(slow, "one", "b", name="b")])
    with pytest.raises(RuntimeError, match=r"the process that ran a ended \(exit code -9\)"):
        WorkersRunner(n_workers=2).run(nodes, catalog(["never", "b"], [], one=1))


def warn(number: int) -> int:
    logging.getLogger("explainable_recsys.test").warning("of %d", number)
    return number


def test_what_a_process_logs_is_logged_here(
    catalog: Callable[..., DataCatalog], caplog: pytest.LogCaptureFixture
) -> None:
    nodes = Pipeline([Node(warn, "one", "two", name="a")])
    WorkersRunner(n_workers=2).run(nodes, catalog(["two"], [], one=1))
    assert [record.getMessage() for record in caplog.records] == ["of 1"]


def test_the_longest_way_comes_first() -> None:
    nodes = [
        Node(add, ["one"], "short", name="short"),
        Node(add, ["one"], "long", name="long"),
        Node(add, ["one"], "way", name="way"),
        Node(add, ["way"], "end", name="end"),
    ]
    seconds = {"short": 1.0, "long": 5.0, "way": 2.0, "end": 4.0}
    order = in_order_of_urgency(Pipeline(nodes), seconds)
    assert [node.name for node in order] == ["way", "long", "end", "short"]


def test_what_people_see_first_comes_first() -> None:
    nodes = [
        Node(add, ["one"], "ease.model", name="long"),
        Node(add, ["one"], "als.model", name="fit"),
        Node(add, ["als.model"], "als.metrics", name="judge"),
        Node(add, ["one"], "svd.metrics", name="later"),
    ]
    order = in_order_of_urgency(Pipeline(nodes), {"long": 9, "fit": 1, "judge": 1, "later": 1})
    assert [node.name for node in order] == ["fit", "judge", "later", "long"]
