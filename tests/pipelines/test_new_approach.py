"""An approach is added by one folder, one module and one parameters file, as the README says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pandas as pd

MODULE = '''
"""The most recent additions to the catalogue first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Parameters, Recommender


class NewestParameters(Parameters):
    """How much newer items are preferred."""

    slope: float = 1.0


@dataclass(frozen=True, eq=False)
class Newest(Recommender):
    """Scores by item number."""

    numbers: NDArray[np.float32]

    @classmethod
    def fit(cls, interactions: Interactions, parameters: NewestParameters) -> Newest:
        numbers = parameters.slope * np.arange(interactions.n_items)
        return cls(numbers.astype(np.float32))

    @property
    def n_items(self) -> int:
        return len(self.numbers)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return np.tile(self.numbers, (histories.shape[0], 1))
'''

PIPELINE = '''
"""Newest items first."""

from typing import Any

from kedro.pipeline import Node, Pipeline

from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.approach import approach_pipeline
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.newest import Newest, NewestParameters


def fit(interactions: Interactions, parameters: NewestParameters) -> Recommender:
    return Newest.fit(interactions, parameters)


def create_pipeline(**_: Any) -> Pipeline:
    return approach_pipeline(
        "toy_newest", [Node(fit, ["interactions", "params:model"], "model", name="fit")]
    )
'''


def test_a_toy_approach_appears_everywhere(
    project_copy: Path, kedro: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    package = project_copy / "src" / "explainable_recsys"
    (package / "recommenders" / "newest.py").write_text(MODULE)
    (package / "pipelines" / "toy_newest").mkdir()
    (package / "pipelines" / "toy_newest" / "__init__.py").write_text(PIPELINE)
    (project_copy / "conf" / "base" / "parameters_toy_newest.yml").write_text(
        "toy_newest:\n  model:\n    slope: 2.0\n"
    )
    alone = kedro(project_copy, "run", "--env", "test", "--pipelines", "toy_newest")
    assert alone.returncode == 0, alone.stderr
    assert "toy_newest" in alone.stdout
    everything = kedro(project_copy, "run", "--env", "test")
    assert everything.returncode == 0, everything.stderr
    results = project_copy / "data" / "test"
    (comparison,) = results.glob("08_reporting/comparison.parquet/*/comparison.parquet")
    assert "toy_newest" in pd.read_parquet(comparison)["approach"].tolist()
    metrics = sorted(results.glob("08_reporting/toy_newest/metrics.json/*/metrics.json"))
    assert len(metrics) == 2
    assert json.loads(metrics[0].read_text()) == json.loads(metrics[1].read_text())
