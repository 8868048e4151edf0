"""What stands in the terminal while a run is under way."""

from __future__ import annotations

import io
import sys
from typing import Any

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline

from explainable_recsys.data import Data
from explainable_recsys.interface import live
from explainable_recsys.interface.live import LiveLine, finished, first_shown


class Terminal(io.StringIO):
    """Where a line can move."""

    def isatty(self) -> bool:
        return True


def node(name: str, namespace: str, output: str, reads: str = "ratings") -> Node:
    return Node(len, reads, output, name=name, namespace=namespace)


PIPELINE = Pipeline(
    [
        node("fit", "als", "als.model"),
        node("judge", "evaluation.als", "als.metrics", "als.model"),
        node("explain", "intrinsic_als", "intrinsic_als.sentences", "als.model"),
        node("fit", "svd", "svd.model"),
        node("explain", "posthoc_ar", "posthoc_ar.sentences", "svd.model"),
        node("judge", "evaluation.svd", "svd.metrics", "svd.model"),
    ]
)

FILES: dict[str, Any] = {
    "als.metrics": {"recall@5": 0.5, "ndcg@5": 0.25, "ndcg@5/low": 0.2},
    "popularity.metrics": {"ndcg@5": 0.1},
    "intrinsic_als.sentences": pd.DataFrame(
        {
            "user_id": [1, 2, 2],
            "item_id": [7, 8, 9],
            "sentence": ["of one", "second of two", "first of two \u2068Alien\u2069"],
        }
    ),
    "als.recommendations": pd.DataFrame(
        {"user_id": [1, 2, 2], "item_id": [7, 8, 9], "rank": [1, 2, 1]}
    ),
    "items": pd.DataFrame({"item_id": [9], "title": ["Heat"], "year": [1995]}),
    "data": Data.from_frames(
        pd.DataFrame({"user_id": [1, 2], "item_id": [9, 7], "rating": [4.0, 5.0]})
    ),
    "params:source": {"name": "x", "folder": "x", "ratings": {}, "example_user": 2},
}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> LiveLine:
    monkeypatch.setattr(live, "parse_source", lambda source: type("S", (), source))
    catalog = DataCatalog({name: MemoryDataset(value) for name, value in FILES.items()})
    line = LiveLine()
    line.before_pipeline_run(PIPELINE, catalog)
    return line


def test_what_is_wanted_most_is_shown_first() -> None:
    assert first_shown(PIPELINE) == [
        "als.metrics",
        "intrinsic_als.sentences",
        "svd.metrics",
        "posthoc_ar.sentences",
    ]


def test_a_line_moves_on_a_terminal(line: LiveLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    line.started("als.fit")
    line.started("svd.fit")
    line.show()
    line.ended("als.fit")
    line.show()
    line.clear()
    assert isinstance(sys.stderr, Terminal)
    *_, first, second, last = sys.stderr.getvalue().split("\r\x1b[2K")
    assert first.startswith("0 of 6 steps, about ")
    assert "als.fit, svd.fit" in first
    assert second.startswith("1 of 6 steps, about ")
    assert "als.fit" not in second
    assert last == ""
    assert max(map(len, (first, second))) < 60


def test_elsewhere_it_is_said_now_and_then(
    line: LiveLine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    line.started("als.fit")
    line.show()
    assert not capsys.readouterr().err
    monkeypatch.setattr(live, "SECONDS_BETWEEN_LINES", 0.0)
    line.show()
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("0 of 6 steps")
    assert "\x1b" not in said


def test_results_are_told_as_they_come(line: LiveLine, capsys: pytest.CaptureFixture[str]) -> None:
    line.saved("als.metrics")
    line.saved("popularity.metrics")  # what others stand beside is no news
    line.saved("items")
    (said,) = capsys.readouterr().err.splitlines()
    assert said.endswith("nDCG 0.250  ALS (als)")
    line.saved("intrinsic_als.sentences")
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("Why Heat (1995) for user 2? (intrinsic_als) first of two Alien")


def test_what_is_finished_and_what_is_not() -> None:
    done = {"als.fit", "evaluation.als.judge", "intrinsic_als.explain"}
    assert finished(PIPELINE, done) == (["intrinsic_als"], ["posthoc_ar"])
    # Nothing more is made of this recommender by an approach.
    done = {node.name for node in PIPELINE.nodes} - {"evaluation.svd.judge"}
    assert finished(PIPELINE, done) == (["intrinsic_als", "posthoc_ar"], ["recommenders"])


def test_an_interrupted_run_says_how_to_run_the_rest(
    line: LiveLine, capsys: pytest.CaptureFixture[str]
) -> None:
    line.stopped()
    assert not capsys.readouterr().err  # nothing is kept
    for name in ("als.fit", "evaluation.als.judge", "intrinsic_als.explain"):
        line.ended(name)
    line.on_pipeline_error()
    said = " ".join(capsys.readouterr().err.split())
    assert "kept: intrinsic_als." in said
    assert said.endswith("kedro run --pipelines posthoc_ar")
