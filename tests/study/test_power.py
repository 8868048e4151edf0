"""Power against statsmodels, simulation, and what was computed for the dissertation's study."""

from __future__ import annotations

import numpy as np
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.contrasts import contrasts
from explainable_recsys.study.power import (
    contrast_power,
    difference_deviation,
    people_needed,
)
from explainable_recsys.study.published import STUDY


def test_contrasts_against_statsmodels() -> None:
    from statsmodels.stats.power import TTestPower

    theirs = TTestPower()
    for difference, deviation, n, m in [(0.3, 1, 40, 1), (0.5, 0.8, 12, 3), (0, 1, 30, 6)]:
        expected = theirs.power(difference / deviation, n, 0.05 / m)
        assert contrast_power(difference, deviation, n, m) == pytest.approx(expected, abs=1e-8)
    n = theirs.solve_power(0.3, power=0.8, alpha=0.05 / 3)
    assert people_needed(0.3, 1, n_contrasts=3) == np.ceil(n)


def test_as_many_are_needed_as_reach_the_power() -> None:
    for difference in (0.2, 0.7, 5, 100):
        n = people_needed(difference, 0.9, power=0.9, n_contrasts=2)
        assert contrast_power(difference, 0.9, n, 2) >= 0.9
        assert n == 2 or contrast_power(difference, 0.9, n - 1, 2) < 0.9


def test_power_is_how_often_tests_find_it() -> None:
    rng, means = np.random.default_rng(0), np.array([0, 0.3])
    studies = means + rng.normal(size=(600, 25, 1)) + rng.normal(0, 0.7, (600, 25, 2))
    deviation = 0.7 * np.sqrt(2)
    found = np.mean([contrasts(study)[0].p <= 0.05 / 3 for study in studies])
    assert found == pytest.approx(contrast_power(0.3, deviation, 25, 3), abs=0.06)


def test_power_of_nothing_is_the_level() -> None:
    assert contrast_power(0, 1, 30, 5) == pytest.approx(0.01)


def test_deviation_of_a_difference_of_means() -> None:
    rng = np.random.default_rng(1)
    level, about = rng.normal(size=(20_000, 1, 1)), rng.normal(0, 0.4, (20_000, 2, 1))
    answers = level + about + rng.normal(0, 1.1, (20_000, 2, 3))
    means = answers.mean(axis=2)
    found = (means[:, 0] - means[:, 1]).std()
    assert found == pytest.approx(difference_deviation(0.4, 1.1, 3), rel=0.02)


def test_people_for_three_tenths_of_a_point() -> None:
    """70 to 82 people at five items of each kind, 114 at three, as was found before.

    Of both, 114 fixes the variance of a difference at three items, 0.95. At five items it is 3/5
    of that (70 people) where all of it is chance about items, and 0.67 (82) where people also
    differ about kinds, by a deviation of .36. The published deviations of differences, 1.04 on
    average, are of people with fewer than five items of some kinds; 0.95 at three items is 1.08 at
    2.6. Taken as they are, they ask for 130 people.
    """
    for between, at_five in ((0.0, 70), (0.3626, 82)):
        within = float(np.sqrt(3 * (0.9506 / 2 - between**2)))
        deviations = [difference_deviation(between, within, n) for n in (3, 5)]
        assert [people_needed(0.3, x, n_contrasts=3) for x in deviations] == [114, at_five]
    published = [x for figures in STUDY.values() for x in figures.differences]
    mean_variance = float(np.mean(np.square(published)))
    assert mean_variance == pytest.approx(1.084, abs=0.001)
    assert difference_deviation(0.0, np.sqrt(3 * 0.9506 / 2), 2.63) ** 2 == pytest.approx(
        mean_variance, abs=0.001
    )
    assert people_needed(0.3, float(np.sqrt(mean_variance)), n_contrasts=3) == 130


def test_what_has_no_power_is_said() -> None:
    with pytest.raises(InputError, match="1 people"):
        contrast_power(1, 1, 1)
    with pytest.raises(InputError, match="deviation 0"):
        contrast_power(1, 0, 10)
    with pytest.raises(InputError, match="larger difference"):
        people_needed(0, 1)
