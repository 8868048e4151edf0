"""Tests of means and ranks against pingouin and scipy, on tables made by seeds."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from explainable_recsys.study.anova import interaction, repeated_measures
from explainable_recsys.study.contrasts import bonferroni, contrasts, holm
from explainable_recsys.study.ranks import friedman
from explainable_recsys.study.reliability import reliability

NEAR = {"rel": 1e-8, "abs": 1e-8}

pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # pingouin's


@pytest.fixture(scope="module")
def pingouin() -> ModuleType:
    """It takes seconds to import: by this module alone, when a test runs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pingouin

    return pingouin


@pytest.fixture(params=[(5, 2, 0), (6, 3, 1), (40, 3, 2), (25, 5, 3)], ids=str)
def values(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Means of five-point answers with ties, conditions that vary differently, and an effect."""
    n, k, seed = request.param
    rng = np.random.default_rng(seed)
    felt = rng.normal(3, 1, (n, 1, 1)) + rng.normal(0, 1 + np.arange(k), (n, k))[..., None] / 2
    answers = np.clip(np.round(felt + rng.normal(np.arange(k)[:, None] / 4, 1, (n, k, 4))), 1, 5)
    return np.asarray(answers.mean(axis=2))


def test_analysis_of_variance(pingouin: ModuleType, values: NDArray[np.float64]) -> None:
    ours = repeated_measures(values)
    table = pd.DataFrame(values)
    long = table.melt(ignore_index=False, var_name="kind").reset_index(names="person")
    theirs = pingouin.rm_anova(
        long, dv="value", within="kind", subject="person", correction=True, effsize="np2"
    ).iloc[0]
    assert (ours.df, ours.df_error) == (theirs["ddof1"], theirs["ddof2"])
    names = ["F", "p_unc", "np2", "eps"]
    found = [ours.f, ours.p, ours.eta2, ours.epsilon_gg]
    assert found == pytest.approx([theirs[name] for name in names], **NEAR)
    if values.shape[1] > 2:
        of_sphericity = pingouin.sphericity(table)
        assert [ours.w, ours.chi2, ours.sphericity_df, ours.sphericity_p] == pytest.approx(
            [of_sphericity.W, of_sphericity.chi2, of_sphericity.dof, of_sphericity.pval], **NEAR
        )
        assert ours.p_gg == pytest.approx(theirs["p_GG_corr"], **NEAR)
        assert ours.epsilon_hf == pytest.approx(pingouin.epsilon(table, correction="hf"), **NEAR)
    else:
        assert (ours.w, ours.sphericity_p, ours.epsilon_gg) == (1, 1, 1)
        assert ours.f == pytest.approx(contrasts(values)[0].t ** 2)


@pytest.mark.parametrize(("n", "a", "b"), [(5, 2, 2), (9, 3, 2), (25, 2, 4), (20, 3, 3)])
def test_interaction(pingouin: ModuleType, n: int, a: int, b: int) -> None:
    rng = np.random.default_rng(n)
    unequal = rng.normal(0, 1 + np.arange(a * b).reshape(a, b) / 3, (n, a, b))
    values = rng.normal(3, 1, (n, 1, 1)) + unequal + np.outer(range(a), range(b)) / 4
    keys = dict(zip(("person", "kind", "form"), map(np.ravel, np.indices((n, a, b))), strict=True))
    long = pd.DataFrame({**keys, "value": values.ravel()})
    theirs = pingouin.rm_anova(
        long, dv="value", within=["kind", "form"], subject="person", effsize="np2"
    ).iloc[2]
    ours = interaction(values)
    assert (ours.n, ours.df, ours.df_error) == (n, theirs["ddof1"], theirs["ddof2"])
    names = ["F", "p_unc", "np2", "eps", "p_GG_corr"]
    found = [ours.f, ours.p, ours.eta2, ours.epsilon_gg, ours.p_gg]
    assert found == pytest.approx([theirs[name] for name in names], **NEAR)


def test_ranks(pingouin: ModuleType, values: NDArray[np.float64]) -> None:
    ours = friedman(values)
    if values.shape[1] > 2:
        statistic, p = stats.friedmanchisquare(*values.T)
        assert (ours.chi2, ours.p) == pytest.approx((statistic, p), **NEAR)
        theirs = pingouin.friedman(pd.DataFrame(values)).iloc[0]
        assert ours.w == pytest.approx(theirs["W"], **NEAR)
        assert ours.chi2 == pytest.approx(theirs["Q"], **NEAR)


def test_contrasts(pingouin: ModuleType, values: NDArray[np.float64]) -> None:
    for ours in contrasts(values):
        first, second = values[:, ours.first], values[:, ours.second]
        theirs = stats.ttest_rel(first, second)
        interval = theirs.confidence_interval(0.95)
        assert [ours.t, ours.df, ours.p, ours.low, ours.high] == pytest.approx(
            [theirs.statistic, theirs.df, theirs.pvalue, interval.low, interval.high], **NEAR
        )
        d_av = pingouin.compute_effsize(first, second, paired=True, eftype="cohen")
        assert ours.d_av == pytest.approx(d_av, **NEAR)
        d_z = pingouin.compute_effsize(first - second, 0, eftype="cohen")
        assert ours.d_z == pytest.approx(d_z, **NEAR)


def test_corrections(pingouin: ModuleType) -> None:
    p = np.random.default_rng(0).random(12) ** 3
    p[3] = p[7]
    assert holm(p) == pytest.approx(pingouin.multicomp(p, method="holm")[1], **NEAR)
    assert bonferroni(p) == pytest.approx(pingouin.multicomp(p, method="bonf")[1], **NEAR)


def test_alpha(pingouin: ModuleType) -> None:
    rng = np.random.default_rng(1)
    answers = np.round(rng.normal(3, 1, (30, 1)) + rng.normal(0, 1, (30, 4)))
    answers[[2, 5], [0, 3]] = np.nan
    ours = reliability(answers)
    alpha, interval = pingouin.cronbach_alpha(pd.DataFrame(answers).dropna(), nan_policy="listwise")
    assert ours.alpha == pytest.approx(alpha, **NEAR)
    assert [ours.low, ours.high] == pytest.approx(interval, abs=0.0006)  # theirs is rounded
    assert (ours.n, ours.n_left_out) == (28, 2)
