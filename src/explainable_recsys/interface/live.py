"""What stands in the terminal while a run is under way: first results, and one line that moves."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from collections.abc import Collection
from typing import Any

import pandas as pd
from kedro.framework.hooks import hook_impl
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import CONTROLS, RECOMMENDERS
from explainable_recsys.datasets.source import parse_source
from explainable_recsys.interface.clock import expected_seconds, latest_manifest
from explainable_recsys.interface.summary import MISSION
from explainable_recsys.interface.terminal import spelled, title_of
from explainable_recsys.pipelines.judging import EVALUATION_TAG, whose
from explainable_recsys.reporting.people import example_user
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import number
from explainable_recsys.wording.phrases import later, phrase, plural

QUICK = ("intrinsic_als", "intrinsic_ar")
"""Approaches that are there after a few seconds, of which the first reasons are shown."""

SECONDS_BETWEEN_LINES = 10.0
"""How often it is said how far a run is where no line can move."""


WIDTH = 80
"""Columns of text at most."""


def first_shown(pipeline: Pipeline) -> list[str]:
    """What of a pipeline is shown while it runs, first what is to be there first."""
    made = pipeline.all_outputs()
    names = [
        name
        for approach in dict.fromkeys((*QUICK, *MISSION))
        for name in (f"{APPROACHES[approach].recommender}.metrics", f"{approach}.sentences")
    ]
    return [name for name in names if name in made]


def finished(pipeline: Pipeline, done: Collection[str]) -> tuple[list[str], list[str]]:
    """Approaches of a pipeline that are finished, and the pipelines that make all the rest.

    Args:
        pipeline: What was to be run.
        done: Names of the nodes that are done.
    """
    owners = {whose(node) for node in pipeline.nodes}
    to_do = {whose(node) for node in pipeline.nodes if node.name not in done}
    kept = [name for name in APPROACHES if name in owners - to_do]
    rest = [name for name in APPROACHES if name in to_do]
    made = {APPROACHES[name].recommender for name in rest}
    rest += ["recommenders"] if to_do & RECOMMENDERS.keys() - made - {*CONTROLS} else []
    folders = ("data_processing", EVALUATION_TAG)
    return kept, rest + [name for name in folders if name in to_do]


class LiveLine:
    """Says what runs, how much is done and how long the rest takes; and results as they come."""

    def __init__(self) -> None:
        """Start with no run."""
        self._pipeline, self._catalog = Pipeline([]), DataCatalog()
        self._expected: dict[str, float] = {}
        self._done: set[str] = set()
        self._running: dict[str, float] = {}
        self._started = self._said = 0.0

    @hook_impl
    def before_pipeline_run(self, pipeline: Pipeline, catalog: DataCatalog) -> None:
        """Start the clock."""
        self._pipeline, self._catalog = pipeline, catalog
        self._expected = expected_seconds(pipeline, latest_manifest(catalog))
        self._done, self._running = set(), {}
        self._started = self._said = time.perf_counter()

    @hook_impl
    def before_node_run(self, node: Node) -> None:
        """Show it."""
        self.started(node.name)
        self.show()

    @hook_impl
    def after_node_run(self, node: Node) -> None:
        """Count it."""
        self.ended(node.name)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Tell what has been found out."""
        self.saved(dataset_name)

    @hook_impl(tryfirst=True)
    def after_pipeline_run(self) -> None:
        """Make room for the summary."""
        self.clear()

    @hook_impl(tryfirst=True)
    def on_pipeline_error(self) -> None:
        """Make room for the error."""
        self.stopped()

    def started(self, node: str) -> None:
        """A node runs now."""
        self._running[node] = time.perf_counter()

    def ended(self, node: str) -> None:
        """A node is done."""
        self._running.pop(node, None)
        self._done.add(node)

    def saved(self, dataset: str) -> None:
        """Tell how good a recommender's lists are, and what quick approaches say."""
        name, _, table = dataset.rpartition(".")
        if table == "metrics" and name in RECOMMENDERS and name not in CONTROLS:
            self._say(self._lists_of(name))
        elif table == "sentences" and name in QUICK and (reason := self._reason_of(name)):
            self._say(reason)

    def show(self) -> None:
        """Show how far the run is: on a terminal at once, elsewhere now and then."""
        now = time.perf_counter()
        if sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            _write(f"\r\x1b[2K{self._line(now)[:width]}")
        elif now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            _write(f"{self._line(now)}\n")

    def clear(self) -> None:
        """Take the line away."""
        if sys.stderr.isatty():
            _write("\r\x1b[2K")

    def stopped(self) -> None:
        """Tell what is finished and kept, and how to run the rest alone."""
        self.clear()
        kept, rest = finished(self._pipeline, self._done)
        if kept and rest:
            text = later(
                "Finished and kept: {names}. Only the rest, with the options of this run: kedro "
                "run --pipelines {rest}"
            )
            self._tell("", phrase(text, names=", ".join(kept), rest=",".join(rest)))

    def _say(self, text: str) -> None:
        self.clear()
        seconds = phrase("{n} s", n=number(time.perf_counter() - self._started, "count"))
        self._tell(f"{seconds:>5}  ", text)

    def _tell(self, first: str, text: str) -> None:
        width = min(shutil.get_terminal_size().columns, WIDTH) - 1
        lines = textwrap.wrap(
            text,
            width,
            initial_indent=first,
            subsequent_indent=" " * len(first),
            break_long_words=False,
            break_on_hyphens=False,
        )
        _write("".join(f"{line}\n" for line in lines))

    def _lists_of(self, recommender: str) -> str:
        metrics: Any = self._catalog.load(f"{recommender}.metrics")
        metric = next(name for name in metrics if name.startswith("ndcg@"))
        title = phrase(RECOMMENDERS[recommender].title)
        return f"nDCG {number(metrics[metric])}  {title} ({recommender})"

    def _reason_of(self, approach: str) -> str | None:
        """Why the example user is recommended the first item for which there is a reason."""
        said: pd.DataFrame = self._catalog.load(f"{approach}.sentences")
        source, data = (self._catalog.load(name) for name in ("params:source", "data"))
        wanted = parse_source(source).example_user
        user = example_user(wanted, [said["user_id"]] if len(said) else [], data.histories)
        lists: Any = self._catalog.load(f"{APPROACHES[approach].recommender}.recommendations")
        items: Any = self._catalog.load("items")
        own = said[said["user_id"] == user]
        told = own.merge(lists, on=["user_id", "item_id"]).sort_values("rank")
        if not len(told):
            return None
        row = told.merge(items, on="item_id", how="left").iloc[0].to_dict()
        text = later("Why {title} for user {user}? ({id}) {sentence}")
        sentence = markup.plain(row["sentence"])
        return phrase(
            text, title=title_of(row), user=row["user_id"], id=approach, sentence=sentence
        )

    def _line(self, now: float) -> str:
        done = sum(self._expected.get(name, 0.0) for name in self._done)
        for name, started in self._running.items():
            done += min(self._expected.get(name, 0.0), now - started)
        to_do = sum(self._expected.values()) - done
        left = (now - self._started) * to_do / done if done else to_do
        steps = plural(
            len(self._expected), "{done} of {n} step", "{done} of {n} steps", done=len(self._done)
        )
        about = phrase("about {n} s left", n=number(left, "count"))
        names = sorted(self._running, key=lambda name: self._running[name])
        return f"{steps}, {about}: {', '.join(names)}"


def _write(text: str) -> None:
    sys.stderr.write(spelled(text, sys.stderr.encoding or "utf-8"))
    sys.stderr.flush()
