"""The ordinal mixed model against R's `ordinal`, statsmodels and integration by brute force.

What R printed is that of R 4.2.2 and `ordinal` 2022.11-16, for the calls that stand beside it.
"""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import integrate, special

from explainable_recsys.errors import InputError
from explainable_recsys.study.ordinal import OrdinalFit, cumulative_logit

WINE = np.array(
    list("233444551213235423325544323232532343333332322454112223232223333412323244"), np.int64
)
"""Ratings of `ordinal::wine`: nine judges, of each eight bottles, cold and warm, with contact."""

JUDGE, BOTTLE = (place.ravel() for place in np.indices((9, 8)))
WARM_CONTACT = np.stack([BOTTLE // 4, BOTTLE // 2 % 2], axis=1)


def agrees(found: NDArray[np.float64], printed: list[float], within: float = 1e-3) -> bool:
    return bool(np.abs(found - printed).max() < within)


def test_wine_by_judges() -> None:
    """Of `clmm(rating ~ temp + contact + (1|judge), data = wine, nAGQ = 10)`."""
    fit = cumulative_logit(WINE, WARM_CONTACT, JUDGE)
    assert agrees(fit.coefficients, [3.06189099, 1.83343337], 1e-4)
    assert agrees(fit.errors, [0.59507633, 0.51217124], 1e-4)
    assert agrees(fit.thresholds, [-1.62348745, 1.51279604, 4.22705346, 6.08615228], 1e-4)
    assert agrees(fit.threshold_errors, [0.68338626, 0.60443735, 0.80897822, 0.97193983], 1e-4)
    assert agrees(fit.deviations, [1.13478330], 1e-4)
    assert agrees(fit.z, [5.14538, 3.57973], 1e-4)
    assert fit.log_likelihood == pytest.approx(-81.5324607117, abs=1e-6)
    # clmm(rating ~ 1 + (1|judge), data = wine, nAGQ = 10): -102.971545224
    assert fit.likelihood_ratio == pytest.approx(2 * (102.971545224 - 81.5324607117), abs=1e-6)
    assert fit.ratio_p == pytest.approx(np.exp(-fit.likelihood_ratio / 2))
    assert fit.converged
    assert (fit.n, fit.categories, fit.df) == (72, (1, 2, 3, 4, 5), 2)


def test_wine_by_judges_and_bottles() -> None:
    """Of `clmm(rating ~ temp + contact + (1|judge) + (1|bottle), data = wine)`."""
    fit = cumulative_logit(WINE, WARM_CONTACT, JUDGE, BOTTLE)
    assert agrees(fit.coefficients, [3.06300324, 1.83490270])
    assert agrees(fit.errors, [0.59539164, 0.51255871])
    assert agrees(fit.thresholds, [-1.62366543, 1.51336021, 4.22852711, 6.08877644])
    assert agrees(fit.deviations, [1.13114467, 0])
    assert fit.log_likelihood == pytest.approx(-81.565412777, abs=1e-6)


def test_items_that_differ() -> None:
    """Of a table by formula, `clmm(answer ~ kind + x + (1|person) + (1|item))`."""
    person, item = (place.ravel() for place in np.indices((12, 9)))
    kind, x = (person + item) % 3, item**2 % 7
    score = (3 * person**2 + 5 * person) % 11 / 2.5 + (2 * item**2 + item) % 7 / 3 + 0.6 * kind
    score += (7 * person + 11 * item + 3 * person * item) % 13 / 4
    answers = np.searchsorted(np.quantile(score, [0.1, 0.3, 0.55, 0.85]), score)
    assert np.bincount(answers).tolist() == [11, 22, 26, 32, 17]
    fit = cumulative_logit(answers, np.stack([kind == 1, kind == 2, x], axis=1), person, item)
    assert agrees(fit.coefficients, [1.5954939294, 2.0020987803, 0.7220272750], 1e-4)
    assert agrees(fit.errors, [0.5113430015, 0.5226518557, 0.2363050917], 1e-4)
    assert agrees(fit.thresholds, [-2.170642296, 0.3249380337, 2.7591354277, 6.2481575484], 1e-4)
    assert agrees(fit.deviations, [2.7370061075, 0.7471712176], 1e-4)
    assert fit.log_likelihood == pytest.approx(-123.5071442, abs=1e-6)
    assert fit.likelihood_ratio == pytest.approx(2 * (135.8854053 - 123.5071442), abs=1e-4)


def by_integration(
    fit: OrdinalFit,
    answers: NDArray[np.int64],
    design: NDArray[np.float64],
    person: NDArray[np.int64],
) -> float:
    """The log-likelihood of a fit's parameters, each person's integral by adaptive quadrature."""
    thresholds = np.concatenate([[-np.inf], fit.thresholds, [np.inf]])

    def likelihood(z: float, who: int) -> float:
        eta = design[person == who] @ fit.coefficients + fit.deviations[0] * z
        given = answers[person == who]
        chance = special.expit(thresholds[given + 1] - eta) - special.expit(thresholds[given] - eta)
        return float(chance.prod() * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))

    people = [integrate.quad(likelihood, -9, 9, (who,), epsabs=1e-14)[0] for who in range(4)]
    return float(np.log(people).sum())


def test_tiny_case_by_brute_force() -> None:
    rng = np.random.default_rng(1)
    person, design = np.repeat(np.arange(4), 5), rng.normal(size=(20, 1))
    felt = design[:, 0] + rng.normal(size=4)[person] * 1.5 + rng.logistic(size=20)
    answers = np.digitize(felt, [-1, 1])
    fit = cumulative_logit(answers, design, person)
    best = by_integration(fit, answers, design, person)
    assert fit.log_likelihood == pytest.approx(best, abs=1e-8)
    for name in ("thresholds", "coefficients", "deviations"):
        for step in (0.01, -0.01):
            moved = {**vars(fit), name: vars(fit)[name] + step}
            assert by_integration(OrdinalFit(**moved), answers, design, person) < best


def test_more_points_change_nothing() -> None:
    few, many = (cumulative_logit(WINE, WARM_CONTACT, JUDGE, n_points=n) for n in (15, 61))
    assert few.log_likelihood == pytest.approx(many.log_likelihood, abs=1e-7)
    assert few.coefficients == pytest.approx(many.coefficients, abs=1e-5)


def test_nobody_differs() -> None:
    """Everybody answers high and low alike, so that it is a model without random effects."""
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    rng = np.random.default_rng(2)
    design = rng.normal(size=(120, 2))
    answers = np.digitize(design @ [0.8, -0.3] + rng.logistic(size=120), [-1, 0, 1.5])
    person = np.empty(120, np.int64)
    person[np.argsort(answers)] = np.concatenate([np.arange(60), np.arange(60)[::-1]])
    theirs = OrderedModel(answers, design, distr="logit").fit(method="bfgs", disp=False, gtol=1e-9)
    for crossed in ((), (np.arange(120) % 7,)):
        fit = cumulative_logit(answers, design, person, *crossed)
        assert fit.deviations[0] == pytest.approx(0, abs=1e-4)
        assert fit.converged
    fit = cumulative_logit(answers, design, person)
    assert fit.coefficients == pytest.approx(theirs.params[:2], abs=1e-5)
    assert fit.errors == pytest.approx(theirs.bse[:2], abs=1e-4)
    assert fit.log_likelihood == pytest.approx(theirs.llf, abs=1e-8)


def test_neither_names_nor_order_nor_units_matter() -> None:
    rng = np.random.default_rng(3)
    order, fit = rng.permutation(72), cumulative_logit(WINE, WARM_CONTACT, JUDGE)
    names = np.array([f"judge {9 - number}" for number in JUDGE])
    other = cumulative_logit(10 * WINE[order], 5 + 100 * WARM_CONTACT[order], names[order])
    assert other.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert 100 * other.coefficients == pytest.approx(fit.coefficients, abs=1e-4)
    assert 100 * other.errors == pytest.approx(fit.errors, abs=1e-4)
    shift = 5 * other.coefficients.sum()
    assert other.thresholds - shift == pytest.approx(fit.thresholds, abs=1e-4)
    turned = cumulative_logit(-WINE, WARM_CONTACT, JUDGE)
    assert turned.coefficients == pytest.approx(-fit.coefficients, abs=1e-4)
    assert turned.thresholds == pytest.approx(-fit.thresholds[::-1], abs=1e-4)


def test_without_predictors_there_are_thresholds() -> None:
    fit = cumulative_logit(WINE, np.empty((72, 0)), JUDGE)
    assert fit.log_likelihood == pytest.approx(-102.971545224, abs=1e-6)
    assert (fit.df, fit.likelihood_ratio, fit.ratio_p, len(fit.coefficients)) == (0, 0, 1, 0)


@pytest.mark.filterwarnings("error")
def test_separated_answers_have_no_maximum() -> None:
    answers = np.tile([1, 1, 1, 5, 5, 5], 10)
    fit = cumulative_logit(answers, answers[:, None] > 3, np.repeat(np.arange(10), 6))
    assert not fit.converged
    assert np.isnan([*fit.errors, *fit.p, *fit.low, *fit.high, *fit.threshold_errors]).all()
    assert fit.likelihood_ratio > 50


@pytest.mark.parametrize(
    ("answers", "design", "person", "says"),
    [
        ([3, 3, 3, 3], [1, 0, 1, 0], [1, 1, 2, 2], "1 different answers"),
        ([1, 2, 3, 4], [1, 0, 1, 0], [1, 1, 1, 1], "of 1 participants"),
        ([1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 2, 2], "depend on each other"),
        ([1, 2, 3, 4], [[1, 2], [2, 4], [3, 6], [0, 0]], [1, 1, 2, 2], "depend on each other"),
        ([1, 2, 3, 4], [1, np.nan, 1, 0], [1, 1, 2, 2], "no numbers"),
        ([1, 2, 3, 4], [1, 0, 1, 0], [1, 1, 2], "4 answers, but codes for 3"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    answers: list[int], design: list[float], person: list[int], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        cumulative_logit(answers, np.array(design, np.float64), person)


def test_half_a_second_for_forty_people() -> None:
    rng = np.random.default_rng(4)
    person, kind = np.repeat(np.arange(40), 20), np.tile(np.arange(4), 200)
    felt = rng.normal(size=40)[person] + kind / 5 + rng.logistic(size=800)
    answers, design = np.digitize(felt, [-2, -1, 0, 1]), kind[:, None] == [1, 2, 3]
    took = []
    for _ in range(3):
        began = time.process_time()
        cumulative_logit(answers, design, person)
        took.append(time.process_time() - began)
    assert min(took) < 0.5
