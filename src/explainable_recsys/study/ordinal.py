"""What moves answers on a scale, given that people differ? Cumulative logit mixed models.

The model is that of McCullagh (1980), with random intercepts: logit P(answer ≤ c) = θ_c - xβ - Σ
s_g z_g, z standard normal, one per member of each grouping; a positive β moves answers up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from explainable_recsys.errors import InputError
from explainable_recsys.study.cumulative import (
    Answers,
    Floats,
    Terms,
    gaps,
    sum_by_threshold,
    terms_at,
)
from explainable_recsys.study.laplace import laplace
from explainable_recsys.threads import one_blas_thread

LEVEL = 0.95
"""Of the intervals of coefficients."""

Likelihood = Callable[[Floats], tuple[float, Floats]]
"""Of parameters (thresholds, coefficients, deviations): minus log-likelihood, and its gradient."""

_ROUNDS = 20  # of moving the quadrature's points to where a person's intercept is
_STILL = 0.01  # such a move, in standard deviations, changes no integral
_FLAT = 1e-4  # less curvature than this in some direction, and there is no maximum
_FAR = 30.0  # logits, at a standard deviation of a column, beyond which no maximum is looked for
_STEEP = 1e-3  # a larger gradient, and the search did not get there
_STEP = 1e-4  # over which gradients are compared, to have the curvature


@dataclass(frozen=True)
class OrdinalFit:
    """A fitted model of `n` answers.

    `thresholds` (categories - 1,), from the lowest; `coefficients` (columns of the design,), with
    their `covariance` and standard errors from the observed information, Wald's z, p and interval;
    `deviations` of the random intercepts, in the order of the groupings. `likelihood_ratio`
    compares with the model without predictors, on `df` degrees of freedom. Not `converged`: the
    likelihood has no maximum that the search could find, often because a column separates the
    answers; errors and what follows from them are NaN then.
    """

    n: int
    categories: tuple[int, ...]
    thresholds: Floats
    threshold_errors: Floats
    coefficients: Floats
    covariance: Floats
    errors: Floats
    z: Floats
    p: Floats
    low: Floats
    high: Floats
    deviations: Floats
    log_likelihood: float
    likelihood_ratio: float
    df: int
    ratio_p: float
    converged: bool


@one_blas_thread()
def cumulative_logit(
    answers: ArrayLike,
    design: ArrayLike,
    participants: ArrayLike,
    *crossed: ArrayLike,
    n_points: int = 15,
) -> OrdinalFit:
    """Fit a cumulative logit model with a random intercept per participant.

    The intercepts are integrated out by Gauss-Hermite quadrature, its points moved to where each
    person's intercept is (Naylor & Smith 1982; Rabe-Hesketh, Skrondal & Pickles 2005). With further
    groupings, such as items, crossed with the participants, the integral has no such form and
    Laplace's approximation takes its place (as in `clmm` of R's package `ordinal`).

    Args:
        answers: (n,) codes of ordered categories; those that nobody uses have no threshold.
        design: (n, columns) numbers, without a constant; none for thresholds alone.
        participants: (n,) who answered.
        *crossed: (n,) codes of further groupings with an intercept for each member: items, or
            participants × conditions.
        n_points: Points of the quadrature per participant.

    Returns:
        The fit.

    Raises:
        InputError: For lengths that differ, a single category or participant, numbers that are not
            finite, and a design whose columns depend on each other.

    >>> rng = np.random.default_rng(0)
    >>> kind = np.tile(np.repeat([0, 1], 5), 40)
    >>> person = np.repeat(np.arange(40), 10)
    >>> felt = kind + rng.normal(size=40)[person] + rng.logistic(size=400)
    >>> fit = cumulative_logit(np.digitize(felt, [-1, 0, 1, 2]), kind[:, None], person)
    >>> print(f"{fit.coefficients[0]:.2f} ± {fit.errors[0]:.2f}; {fit.deviations[0]:.2f}")
    1.21 ± 0.19; 0.92
    """
    from scipy import special

    data, categories, centre, scale = _prepared(answers, design, (participants, *crossed))
    n_thresholds, df = data.n_categories - 1, data.design.shape[1]
    slopes = slice(n_thresholds, n_thresholds + df)
    free, likelihood = _fitted(data, n_points)
    value, covariance = likelihood(free)[0], _covariance(likelihood, free)
    without, of_none = _fitted(replace(data, design=data.design[:, :0]), n_points)
    # θ - (x - centre) / scale · β is (θ + centre / scale · β) - x (β / scale)
    back = np.eye(len(free))
    back[:n_thresholds, slopes] = centre / scale
    back[slopes, slopes] = np.diag(1 / scale)
    best = back @ _ordered(free, n_thresholds)
    back = back @ _slopes_of_ordered(free, n_thresholds)
    covariance = back @ covariance @ back.T
    errors = np.sqrt(np.diag(covariance))
    z, p, low, high = wald(best[slopes], errors[slopes])
    ratio = max(0.0, 2 * (of_none(without)[0] - value)) if df else 0.0
    return OrdinalFit(
        n=len(data.places),
        categories=categories,
        thresholds=best[:n_thresholds],
        threshold_errors=errors[:n_thresholds],
        coefficients=best[slopes],
        covariance=covariance[slopes, slopes],
        errors=errors[slopes],
        z=z,
        p=p,
        low=low,
        high=high,
        deviations=np.abs(best[slopes.stop :]),
        log_likelihood=-value,
        likelihood_ratio=ratio,
        df=df,
        ratio_p=float(special.chdtrc(df, ratio)) if df else 1.0,
        converged=bool(np.isfinite(covariance).all()),
    )


def wald(estimates: Floats, errors: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Wald's z, its two-sided p, and the ends of the interval of each estimate.

    >>> [round(numbers.item(), 3) for numbers in wald(np.array([1.0]), np.array([0.4]))]
    [2.5, 0.012, 0.216, 1.784]
    """
    from scipy import special

    z = estimates / errors
    half = float(special.ndtri(0.5 + LEVEL / 2)) * errors
    return z, 2 * special.ndtr(-np.abs(z)), estimates - half, estimates + half


def _prepared(
    answers: ArrayLike, design: ArrayLike, groupings: tuple[ArrayLike, ...]
) -> tuple[Answers, tuple[int, ...], Floats, Floats]:
    """Answers sorted by participant, what the categories are, and how columns were scaled."""
    categories, places = np.unique(np.asarray(answers), return_inverse=True)
    columns = np.asarray(design, np.float64).reshape(len(places), -1)
    found = [np.unique(np.asarray(codes), return_inverse=True) for codes in groupings]
    if lengths := {len(codes) for _, codes in found} - {len(places)}:
        raise InputError(f"{len(places)} answers, but codes for {lengths.pop()}; accepted: as many")
    sizes = tuple(len(names) for names, _ in found)
    if len(categories) < 2 or sizes[0] < 2:
        raise InputError(
            f"{len(categories)} different answers of {sizes[0]} participants; "
            "accepted: 2 or more of 2 or more"
        )
    if not np.isfinite(columns).all():
        raise InputError("the design holds values that are no numbers; accepted: numbers")
    centre, scale = columns.mean(axis=0), columns.std(axis=0)
    scaled = (columns - centre) / np.where(scale > 0, scale, 1.0)
    if np.linalg.matrix_rank(scaled) < columns.shape[1]:
        raise InputError(
            "the design's columns depend on each other, or one is constant; "
            "accepted: as many independent columns as there are, without a constant"
        )
    order = np.argsort(found[0][1], kind="stable")
    groups = tuple(codes[order] for _, codes in found)
    data = Answers(places[order], len(categories), scaled[order], groups, sizes)
    return data, tuple(int(code) for code in categories), centre, scale


def _fitted(data: Answers, n_points: int) -> tuple[Floats, Likelihood]:
    """The best free parameters, and the likelihood of such that they maximise."""
    shares = np.cumsum(np.bincount(data.places))[:-1] / len(data.places)
    thresholds = np.log(shares / (1 - shares))
    thresholds[1:] = np.log(np.diff(thresholds))
    start = np.concatenate([thresholds, np.zeros(data.design.shape[1]), np.ones(len(data.groups))])
    if len(data.groups) == 1:
        return _by_quadrature(data, start, n_points)
    intercepts = np.zeros(sum(data.sizes))
    likelihood = partial(_of_free, partial(laplace, data, intercepts), len(thresholds))
    return _climbed(likelihood, start), likelihood


def _by_quadrature(data: Answers, free: Floats, n_points: int) -> tuple[Floats, Likelihood]:
    """Maximise, move the points to the posterior of each person's intercept, and again."""
    roots, weights = np.polynomial.hermite.hermgauss(n_points)
    logs = np.log(weights) + roots**2
    n_thresholds = data.n_categories - 1
    middle, spread = np.zeros((data.sizes[0], 1)), np.ones((data.sizes[0], 1))
    for _ in range(_ROUNDS):
        points = middle + np.sqrt(2) * spread * roots
        log_weights = logs + np.log(spread / np.sqrt(np.pi)) - points**2 / 2
        likelihood = partial(
            _of_free, partial(_quadrature, data, points, log_weights), n_thresholds
        )
        free = _climbed(likelihood, free)
        if np.abs(free).max() > _FAR:
            break
        posterior = _posterior(data, _ordered(free, n_thresholds), points, log_weights)[0]
        moved = middle
        middle = (posterior * points).sum(axis=1, keepdims=True)
        spread = np.sqrt((posterior * (points - middle) ** 2).sum(axis=1, keepdims=True))
        if np.abs(middle - moved).max() < _STILL:
            break
    return free, likelihood


def _climbed(likelihood: Likelihood, start: Floats) -> Floats:
    """Maximise by BFGS, but not further than where no maximum can be."""
    from scipy import optimize

    def stop_far_out(xk: Floats) -> None:
        if np.abs(xk).max() > _FAR:
            raise StopIteration

    with np.errstate(all="ignore"):  # steps that go too far, and are taken back
        found = optimize.minimize(
            likelihood, start, jac=True, method="BFGS", callback=stop_far_out,
            options={"gtol": 1e-6},
        )  # fmt: skip
    return np.asarray(found.x, np.float64)


def _of_free(likelihood: Likelihood, n_thresholds: int, free: Floats) -> tuple[float, Floats]:
    """The likelihood and its gradient of parameters that are free to be any numbers."""
    value, gradient = likelihood(_ordered(free, n_thresholds))
    return value, gradient @ _slopes_of_ordered(free, n_thresholds)


def _ordered(free: Floats, n_thresholds: int) -> Floats:
    """Parameters, whose thresholds are the first and logarithms of the gaps among the free ones."""
    parameters = free.copy()
    parameters[1:n_thresholds] = np.exp(free[1:n_thresholds])
    parameters[:n_thresholds] = np.cumsum(parameters[:n_thresholds])
    return parameters


def _slopes_of_ordered(free: Floats, n_thresholds: int) -> Floats:
    """Derivatives of the parameters (rows) by the free ones (columns)."""
    slopes = np.eye(len(free))
    gaps = np.append(1.0, np.exp(free[1:n_thresholds]))
    slopes[:n_thresholds, :n_thresholds] = np.tri(n_thresholds) * gaps
    return slopes


def _covariance(likelihood: Likelihood, free: Floats) -> Floats:
    """Inverse of the second derivatives, from gradients on both sides; NaN without a maximum."""
    none = np.full((len(free), len(free)), np.nan)
    if not np.abs(likelihood(free)[1]).max() < _STEEP or np.abs(free).max() > _FAR:
        return none
    steps = _STEP * np.eye(len(free))
    rows = [likelihood(free + step)[1] - likelihood(free - step)[1] for step in steps]
    information = np.array(rows) / (2 * _STEP)
    information = (information + information.T) / 2
    if np.linalg.eigvalsh(information)[0] < _FLAT:
        return none
    return np.asarray(np.linalg.inv(information), np.float64)


def _quadrature(
    data: Answers, points: Floats, log_weights: Floats, parameters: Floats
) -> tuple[float, Floats]:
    """Minus the log-likelihood and its gradient, the integral a sum over `points` per person."""
    posterior, total, terms = _posterior(data, parameters, points, log_weights)
    weights = posterior[data.groups[0]]
    upper, lower = ((weights * side).sum(axis=1) for side in (terms.upper, terms.lower))
    by_deviation = (weights * points[data.groups[0]] * (terms.upper + terms.lower - 1)).sum()
    gap = gaps(data, parameters)
    by_threshold = sum_by_threshold(data, 1 - upper + gap, -lower - gap)
    by_slope = data.design.T @ (upper + lower - 1)
    return -total, -np.concatenate([by_threshold, by_slope, [by_deviation]])


def _posterior(
    data: Answers, parameters: Floats, points: Floats, log_weights: Floats
) -> tuple[Floats, float, Terms]:
    """Weight of every point for a person (people, points), log-likelihood, and answers' terms."""
    slopes, deviations = parameters[data.n_categories - 1 : -1], parameters[-1]
    people = data.groups[0]
    terms = terms_at(
        data, parameters, (data.design @ slopes)[:, None] + deviations * points[people]
    )
    starts = np.searchsorted(people, np.arange(data.sizes[0]))
    joint = np.add.reduceat(terms.value, starts, axis=0) + log_weights
    largest = joint.max(axis=1, keepdims=True)
    posterior = np.exp(joint - largest)
    sums = posterior.sum(axis=1, keepdims=True)
    return posterior / sums, float((np.log(sums) + largest).sum()), terms
