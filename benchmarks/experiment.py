"""One split of a data set, and whatever the project makes of it, without a Kedro run.

Parameters are those of `conf/`, so that a default changed there is the one that is measured.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import implicit.cpu.als  # noqa: F401  loaded before anything is timed
import myfm  # noqa: F401  the same
import pandas as pd
import surprise  # noqa: F401  the same
from kedro.config import OmegaConfigLoader
from kedro.pipeline import Node, Pipeline

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.knowledge import provided
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.data import Data, Lists
from explainable_recsys.datasets.reading.tables import read_table
from explainable_recsys.datasets.source import TableName, parse_source
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.parameters import with_values
from explainable_recsys.pipelines.rerun import rerun
from explainable_recsys.pipelines.wiring import everything
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.settings import CONFIG_LOADER_ARGS

PROJECT = Path(__file__).parents[1]
K = 10
SEEDS = (0, 1, 2)
TABLES: tuple[TableName, ...] = (
    "ratings",
    "items",
    "users",
    "train",
    "test",
    "tags",
    "triples",
    "links",
    "linked_items",
)
PREPARED = (
    "items",
    "users",
    "links",
    "train_ratings",
    "validation_ratings",
    "test_ratings",
    "interactions",
    "data",
    "data_version",
)


class Trained(NamedTuple):
    """A recommender, the K items that it recommends to everybody, and the seconds of both."""

    model: Recommender
    lists: Lists
    seconds: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Experiment:
    """A split data set.

    Attributes:
        inputs: The raw tables and all that is made of them before any model, by dataset.
        parameters: Those of the project.
    """

    inputs: Mapping[str, Any]
    parameters: Mapping[str, Any]

    @classmethod
    def prepare(
        cls,
        env: str,
        folder: Path | None = None,
        seed: int = 0,
        parts: tuple[pd.DataFrame, pd.DataFrame] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> Experiment:
        """Read, clean and split.

        Args:
            env: Environment, a folder of conf/.
            folder: Where the files are, if not where conf/ says.
            seed: Of the split and of all else.
            parts: Training and test ratings, instead of a split by the parameters.
            changes: Other values of parameters, by path.
        """
        split = {} if parts is None else {"split.strategy": "predefined"}
        values = {**(changes or {}), **split}
        parameters = with_values(_with_seed(_parameters(env), seed), values)
        raw = {f"raw_{name}": raw_table(env, folder, name) for name in TABLES}
        raw |= {} if parts is None else dict(zip(("raw_train", "raw_test"), parts, strict=True))
        return cls(raw | rerun(everything(), raw, parameters, PREPARED), parameters)

    @property
    def data(self) -> Data:
        """What models learn from."""
        data: Data = self.inputs["data"]
        return data

    @property
    def train(self) -> Interactions:
        """The ratings of it."""
        return self.data.interactions

    @property
    def test(self) -> pd.DataFrame:
        """The ratings held out."""
        test: pd.DataFrame = self.inputs["test_ratings"]
        return test

    def changed(self, changes: Mapping[str, Any]) -> Experiment:
        """The same with other parameters, by path."""
        return replace(self, parameters=with_values(self.parameters, changes))

    def over_all_items(self) -> Experiment:
        """The same with columns for items that nobody rated."""
        data = self.data.with_items(self.inputs["items"])
        return replace(
            self, inputs={**self.inputs, "data": data, "interactions": data.interactions}
        )

    def make(
        self, names: Collection[str], given: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Make datasets of the project.

        Args:
            names: Which, such as `als.model`.
            given: Datasets that have been made before.
        """
        return rerun(everything(), {**self.inputs, **(given or {})}, self.parameters, names)

    @functools.cache  # noqa: B019  an experiment lives as long as the benchmark
    def trained(self, recommender: str) -> Trained:
        """Fit a recommender, with all that it learns from, and recommend."""
        start = time.perf_counter()
        model = self.make([f"{recommender}.model"])
        fitted = time.perf_counter()
        table = self.make([f"{recommender}.recommendations"], model)[
            f"{recommender}.recommendations"
        ]
        seconds = fitted - start, time.perf_counter() - fitted
        return Trained(model[f"{recommender}.model"], Lists.of(self.data.histories, table), seconds)

    def explain(
        self,
        explainer: str,
        model: Recommender,
        lists: Lists,
        knowledge: Mapping[str, Any] | None = None,
    ) -> Explained:
        """Explain lists as the approaches with this explainer do.

        Args:
            explainer: Its name.
            model: Who made the lists.
            lists: What is explained.
            knowledge: What has been prepared before, by dataset; the rest is now.
        """
        record = EXPLAINERS[explainer]
        approach = next(name for name, pair in APPROACHES.items() if pair.explainer == explainer)
        inputs = {"model": "model", "data": "data", "lists": "lists"}
        inputs |= {"parameters": f"params:{approach}.explanation", **provided(record.knowledge)}
        node = Node(record.explain, inputs, "explained", name="explain")
        given = {**self.inputs, **(knowledge or {}), "model": model, "lists": lists}
        made = rerun(everything() + Pipeline([node]), given, self.parameters, ["explained"])
        explained: Explained = made["explained"]
        return explained


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the options `--env` and `--folder`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--env", default="ml-100k", help="environment, a folder of conf/")
    parser.add_argument("--folder", type=Path, help="where the files are, if not where conf/ says")
    return parser


@functools.cache
def raw_table(env: str, folder: Path | None, name: TableName) -> pd.DataFrame:
    """A table as it stands in its file, without rows where the data set has none."""
    source = parse_source(_parameters(env)["source"])
    return read_table(source, name, folder or PROJECT / source.folder)


def official_split(
    env: str, folder: Path | None, name: str
) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """GroupLens' own split of ML-100K, training and test; None if the folder lacks its files."""
    folder = folder or PROJECT / parse_source(_parameters(env)["source"]).folder
    files = [folder / f"{name}.{part}" for part in ("base", "test")]
    if not all(file.exists() for file in files):
        return None
    names: Any = ["user_id", "item_id", "rating", "timestamp"]
    base, test = (pd.read_csv(file, sep="\t", names=names) for file in files)
    return base, test


@functools.cache
def _parameters(env: str) -> dict[str, Any]:
    settings: Any = CONFIG_LOADER_ARGS
    loader = OmegaConfigLoader(str(PROJECT / "conf"), env=env, **settings)
    parameters: dict[str, Any] = loader["parameters"]
    return parameters


def _with_seed(parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """The same with every seed in any block replaced."""
    return {
        name: _with_seed(value, seed)
        if isinstance(value, Mapping)
        else (seed if name == "seed" else value)
        for name, value in parameters.items()
    }
