"""Tables of outcomes by hand, and against their own functions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from explainable_recsys.errors import InputError
from explainable_recsys.study.anova import interaction, repeated_measures
from explainable_recsys.study.contrasts import holm
from explainable_recsys.study.outcomes import (
    answer_counts,
    contrasts,
    descriptives,
    interactions,
    omnibus,
)


def long_form(measures: dict[str, list[list[float]]], kinds: str = "abc") -> pd.DataFrame:
    """One answer per person (row) and kind (column)."""
    rows = [
        (who, kind, measure, value)
        for measure, values in measures.items()
        for who, answers in enumerate(values)
        for kind, value in zip(kinds, answers, strict=False)
    ]
    return pd.DataFrame(rows, columns=["participant", "condition", "measure", "value"])


TRUST = [[1.0, 2, 3], [2, 4, 3], [3, 3, 5], [2, 5, 4]]
INTEREST = [[3.0, 2, 3], [2, 1, 5], [3, 3, 3], [1, 5, 4]]
BOTH = long_form({"trust": TRUST, "interest": INTEREST})


def test_descriptives_by_hand() -> None:
    table = descriptives(BOTH)
    assert table["measure"].tolist() == ["interest"] * 3 + ["trust"] * 3
    trust = table[table["measure"] == "trust"]
    assert trust["mean"].tolist() == [2, 3.5, 3.75]
    assert trust["sd"].tolist() == pytest.approx(np.std(TRUST, axis=0, ddof=1).tolist())
    t = stats.t.ppf(0.975, 3)
    half = t * np.std(TRUST, axis=0, ddof=1) / 2
    assert (trust["high"] - trust["mean"]).tolist() == pytest.approx(half.tolist())
    # Morey (2008): the variance without people, times k / (k - 1).
    within = np.array(TRUST) - np.mean(TRUST, axis=1, keepdims=True)
    half = t * np.sqrt(within.var(axis=0, ddof=1) * 3 / 2 / 4)
    assert (trust["mean"] - trust["within_low"]).tolist() == pytest.approx(half.tolist())


def test_two_conditions_have_intervals_that_fit_to_their_difference() -> None:
    """With two, half the within interval is half that of the difference over the root of 2."""
    table = long_form({"trust": TRUST}, kinds="ab")
    [difference] = contrasts(table).itertuples()
    half = (difference.high - difference.low) / 2
    found = descriptives(table)
    assert (found["within_high"] - found["mean"]).tolist() == pytest.approx([half / 2**0.5] * 2)


def test_counts_of_answers() -> None:
    table = answer_counts(BOTH)
    assert table.columns.tolist() == ["measure", "condition", "value", "n", "share"]
    of_trust = table[(table["measure"] == "trust") & (table["condition"] == "b")]
    assert of_trust["value"].tolist() == [1, 2, 3, 4, 5]
    assert of_trust["n"].tolist() == [0, 1, 1, 1, 1]
    assert of_trust["share"].tolist() == [0, 0.25, 0.25, 0.25, 0.25]
    assert table.groupby(["measure", "condition"])["share"].sum().tolist() == [1] * 6


def test_omnibus_is_the_tests_of_every_measure() -> None:
    table = omnibus(BOTH).set_index("measure")
    for name, values in (("trust", TRUST), ("interest", INTEREST)):
        for field, expected in vars(repeated_measures(np.array(values))).items():
            assert table.loc[name, field] == expected
        statistic, p = stats.friedmanchisquare(*np.array(values).T)
        assert table.loc[name, ["friedman_chi2", "friedman_p"]].tolist() == pytest.approx(
            [statistic, p]
        )
    assert set(table["n_left_out"]) == {0}


def test_contrasts_are_corrected_over_everything() -> None:
    table = contrasts(BOTH)
    assert (table["measure"] + table["first"] + table["second"]).tolist() == [
        measure + pair for measure in ("interest", "trust") for pair in ("ab", "ac", "bc")
    ]
    assert table["p_holm"].tolist() == holm(table["p"]).tolist()
    assert table["p_bonferroni"].tolist() == np.minimum(3 * table["p"], 1).tolist()
    first = table.iloc[3]
    assert (first["difference"], first["n"]) == (-1.5, 4)
    assert first["p"] == pytest.approx(stats.ttest_rel([1, 2, 3, 2], [2, 4, 3, 5]).pvalue)


def test_several_answers_count_as_their_mean() -> None:
    more = pd.concat([BOTH.assign(value=BOTH["value"] + shift) for shift in (-0.5, 0, 0.5)])
    pd.testing.assert_frame_equal(omnibus(more), omnibus(BOTH))
    shuffled = more.sample(frac=1, random_state=0)
    pd.testing.assert_frame_equal(descriptives(shuffled), descriptives(more))


def test_a_measure_without_variance_is_named() -> None:
    table = long_form({"trust": TRUST, "interest": [[4, 4, 4]] * 4})
    with pytest.raises(InputError, match="measure interest: the conditions"):
        omnibus(table)


@pytest.mark.filterwarnings("error")
def test_three_people_are_enough_and_nothing_is_missing() -> None:
    table = long_form({"trust": TRUST[:3]})
    for found in (descriptives(table), answer_counts(table), omnibus(table), contrasts(table)):
        assert not found.isna().any(axis=None)
        assert np.isfinite(found.select_dtypes("number")).all(axis=None)


def test_interactions_are_of_people_with_every_condition_in_every_form() -> None:
    drawn = long_form({"trust": TRUST}, kinds="ab").assign(form="drawn")
    said = long_form({"trust": INTEREST}, kinds="ab").assign(form="sentence")
    table = pd.concat([drawn, said])
    [found] = interactions(table).itertuples()
    values = np.array([TRUST, INTEREST]).transpose(1, 2, 0)[:, :2]  # people, conditions, forms
    assert found.f == interaction(values).f
    assert (found.measure, found.n, found.n_left_out) == ("trust", 4, 0)
    [fewer] = interactions(table.iloc[1:]).itertuples()
    assert (fewer.n, fewer.n_left_out) == (3, 1)
    assert interactions(table.iloc[3:]).empty  # two people
    assert interactions(table[(table["form"] == "drawn") | (table["condition"] == "a")]).empty
    assert interactions(table.assign(value=1)).empty  # nothing varies
