"""Where there is nothing, tests at .05 find something in about every twentieth study."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.conftest import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))
benchmark = importlib.import_module("study_size")
sys.path.remove(str(PROJECT / "benchmarks"))

PEOPLE_DIFFER, _, ABOUT_KINDS_TOO = benchmark.SCENARIOS


def sizes(tests: Callable[[Any], dict[str, float]], n: int, scenario: Any) -> dict[str, float]:
    """Share of `n` studies of 40 people in which each test finds something."""
    studies = [
        tests(benchmark.study(scenario, 40, np.random.default_rng([9, seed]))) for seed in range(n)
    ]
    return {name: float(np.mean([study[name] <= 0.05 for study in studies])) for name in studies[0]}


def test_of_means_and_ranks() -> None:
    for name, share in sizes(benchmark.of_means, 200, PEOPLE_DIFFER).items():
        assert 0.01 <= share <= 0.09, name  # three standard errors


@pytest.mark.slow
def test_of_means_and_ranks_over_a_thousand_studies() -> None:
    for scenario in (PEOPLE_DIFFER, ABOUT_KINDS_TOO):
        for name, share in sizes(benchmark.of_means, 1000, scenario).items():
            assert 0.03 <= share <= 0.07, name


@pytest.mark.slow
def test_of_ordinal_models() -> None:
    """That of participants alone finds too much where people differ about kinds."""

    def models(answers: Any) -> dict[str, float]:
        return benchmark.of_models(answers, items_crossed=False)

    found = sizes(models, 60, ABOUT_KINDS_TOO._replace(about_kinds=1.5))
    assert found["ordinal: likelihood ratio"] > 0.15
    assert found["ordinal by participant: likelihood ratio"] <= 0.12
    assert found["ordinal by participant: Wald, one pair"] <= 0.12
