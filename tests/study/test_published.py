"""The dissertation's tests come out of answers that are made to its means and deviations."""

from __future__ import annotations

import numpy as np
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.study.outcomes import contrasts, descriptives, omnibus
from explainable_recsys.study.published import STUDY, published_answers, values_with


def test_its_means_and_deviations() -> None:
    table = descriptives(published_answers())
    assert table["mean"].round(2).tolist() == [3.59, 4.13, 3.64, 3.54, 4.15, 3.55]
    assert table["sd"].round(3).tolist() == [0.855, 0.913, 0.824, 0.834, 0.854, 0.827]
    assert set(table["n"]) == {32}
    assert table["condition"].tolist() == ["fixed", "rules", "influence"] * 2


def test_its_analysis_of_variance() -> None:
    table = omnibus(published_answers()).set_index("measure").T
    interest, trust = table["interest"], table["trust"]
    assert [interest["f"], trust["f"]] == pytest.approx([5.166, 7.254], abs=0.0005)
    assert (interest["df"], interest["df_error"]) == (2, 62)
    assert [round(interest["p"], 3), round(trust["p"], 3)] == [0.008, 0.001]
    assert [interest["chi2"], trust["chi2"]] == pytest.approx([2.746, 2.052], abs=0.012)
    sphericity = [interest["sphericity_p"], trust["sphericity_p"]]
    assert sphericity == pytest.approx([0.253, 0.358], abs=0.002)
    assert [round(interest["epsilon_gg"], 3), round(trust["epsilon_gg"], 3)] == [0.920, 0.938]
    assert [round(interest["eta2"], 3), round(trust["eta2"], 3)] == [0.143, 0.190]


def test_its_comparisons() -> None:
    table = contrasts(published_answers())
    pairs = table["first"] + "-" + table["second"]
    assert pairs.tolist() == ["fixed-rules", "fixed-influence", "rules-influence"] * 2
    corrected = table["p_bonferroni"].round(3).tolist()
    assert corrected == [0.031, 1, 0.061, 0.006, 1, 0.003]
    assert table["deviation"].round(3).tolist() == [
        x for figures in STUDY.values() for x in figures.differences
    ]


def test_values_have_what_was_asked_for_exactly() -> None:
    values = values_with([1, 2, 5], [1, 2, 0.5], [1.5, 1, 2.1], n=4, seed=3)
    assert values.mean(axis=0) == pytest.approx([1, 2, 5])
    assert values.std(axis=0, ddof=1) == pytest.approx([1, 2, 0.5])
    between = [values[:, a] - values[:, b] for a, b in ((0, 1), (0, 2), (1, 2))]
    assert np.std(between, axis=1, ddof=1) == pytest.approx([1.5, 1, 2.1])


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(InputError, match="differ by"):
        values_with([1, 2], [1, 1], [2.5], n=9)
    with pytest.raises(InputError, match="more rows"):
        values_with([1, 2], [1, 1], [1], n=2)
