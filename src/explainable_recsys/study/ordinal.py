"""What moves answers on a scale, given that people differ? Cumulative logit mixed models.

The model is that of McCullagh (1980), with random intercepts: logit P(answer ≤ c) = θ_c - xβ - Σ
s_g z_g, z standard normal, one per member of each grouping; a positive β moves answers up. The
probability of an answer between the thresholds b < a of its category is, in the linear predictor
η, F(a - η) - F(b - η) = F(a - η) (1 - F(b - η)) (1 - exp(b - a)), F logistic: a product, so that
its logarithm and all derivatives are sums without cancellation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explainable_recsys.errors import InputError
from explainable_recsys.threads import one_blas_thread

LEVEL = 0.95
"""Of the intervals of coefficients."""

Floats = NDArray[np.float64]
Likelihood = Callable[[Floats], tuple[float, Floats]]
"""Of parameters (thresholds, coefficients, deviations): minus log-likelihood, and its gradient."""

_ROUNDS = 20  # of moving the quadrature's points to where a person's intercept is
_STILL = 0.01  # such a move, in standard deviations, changes no integral
_FLAT = 1e-4  # less curvature than this in some direction, and there is no maximum
_NARROWEST = 1e-6  # spread of an intercept: it is 0 in numbers where answers leave none possible
_STEEP = 1e-3  # a larger gradient, and the search did not get there
_NEWTON_STEPS = 50
_NEWTON_NEAR = 1e-5  # a step so small leaves an error of its square
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


@dataclass(frozen=True)
class _Answers:
    """Answers as places of categories, a centred and scaled design, codes of each grouping."""

    places: NDArray[np.intp]
    n_categories: int
    design: Floats
    groups: tuple[NDArray[np.intp], ...]
    sizes: tuple[int, ...]


class _Curvature:
    """H, which is diagonal among the members of the largest grouping, and solved by that.

    No answer has two of them, so that they are eliminated one by one; what is left for the others
    is a small matrix, Schur's complement.
    """

    def __init__(self, matrix: Floats, sizes: tuple[int, ...]) -> None:
        first = sum(sizes[: int(np.argmax(sizes))])
        self._many = slice(first, first + max(sizes))
        self._others = np.delete(np.arange(len(matrix)), self._many)
        self._diagonal = np.diag(matrix)[self._many]
        self._cross = matrix[self._others, self._many]
        self._scaled = self._cross / self._diagonal
        self._left = matrix[np.ix_(self._others, self._others)] - self._scaled @ self._cross.T

    def solve(self, right: Floats) -> Floats:
        """H⁻¹ times a vector."""
        found = np.empty_like(right)
        others = right[self._others] - self._scaled @ right[self._many]
        found[self._others] = np.linalg.solve(self._left, others)
        found[self._many] = right[self._many] / self._diagonal
        found[self._many] -= self._scaled.T @ found[self._others]
        return found

    def inverse(self) -> Floats:
        """H⁻¹, without what it has between two members of the largest grouping."""
        left = np.linalg.inv(self._left)
        between = -left @ self._scaled
        size = len(self._others) + len(self._diagonal)
        found = np.zeros((size, size))
        found[np.ix_(self._others, self._others)] = left
        found[self._others, self._many] = between
        found[self._many, self._others] = between.T
        variances = 1 / self._diagonal - (self._scaled * between).sum(axis=0)
        found[self._many, self._many] = np.diag(variances)
        return found

    def log_determinant(self) -> float:
        """The logarithm of |H|."""
        return float(np.log(self._diagonal).sum() + np.linalg.slogdet(self._left)[1])


@dataclass(frozen=True)
class _Terms:
    """Of each answer the log-probability at η, and F at a - η and b - η, for its derivatives."""

    value: Floats
    upper: Floats
    lower: Floats


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
    best, likelihood = _fitted(data, n_points)
    value, gradient = likelihood(best)
    information = _curvature(likelihood, best)
    curved = np.isfinite(information).all() and np.linalg.eigvalsh(information)[0] > _FLAT
    without, of_none = _fitted(replace(data, design=data.design[:, :0]), n_points)
    slopes = slice(n_thresholds, n_thresholds + df)
    back = np.eye(
        len(best)
    )  # θ - (x - centre) / scale · β is (θ + centre / scale · β) - x (β / scale)
    back[:n_thresholds, slopes] = centre / scale
    back[slopes, slopes] = np.diag(1 / scale)
    best = back @ best
    converged = bool(curved and np.abs(gradient).max() < _STEEP)
    inverse = np.linalg.inv(information) if converged else np.full_like(information, np.nan)
    covariance = back @ inverse @ back.T
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
        converged=converged,
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
) -> tuple[_Answers, tuple[int, ...], Floats, Floats]:
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
    data = _Answers(places[order], len(categories), scaled[order], groups, sizes)
    return data, tuple(int(code) for code in categories), centre, scale


def _fitted(data: _Answers, n_points: int) -> tuple[Floats, Likelihood]:
    """The best parameters, and the likelihood that they maximise."""
    shares = np.cumsum(np.bincount(data.places))[:-1] / len(data.places)
    start = np.concatenate(
        [np.log(shares / (1 - shares)), np.zeros(data.design.shape[1]), np.ones(len(data.groups))]
    )
    if len(data.groups) == 1:
        return _by_quadrature(data, start, n_points)
    likelihood = partial(_laplace, data, np.zeros(sum(data.sizes)))
    return _climbed(likelihood, start, data.n_categories - 1), likelihood


def _by_quadrature(data: _Answers, best: Floats, n_points: int) -> tuple[Floats, Likelihood]:
    """Maximise, move the points to the posterior of each person's intercept, and again."""
    roots, weights = np.polynomial.hermite.hermgauss(n_points)
    logs = np.log(weights) + roots**2
    middle, spread = np.zeros((data.sizes[0], 1)), np.ones((data.sizes[0], 1))
    for _ in range(_ROUNDS):
        points = middle + np.sqrt(2) * spread * roots
        log_weights = logs + np.log(spread / np.sqrt(np.pi)) - points**2 / 2
        likelihood = partial(_quadrature, data, points, log_weights)
        best = _climbed(likelihood, best, data.n_categories - 1)
        posterior = _posterior(data, best, points, log_weights)[0]
        moved = middle
        middle = (posterior * points).sum(axis=1, keepdims=True)
        spread = np.sqrt((posterior * (points - middle) ** 2).sum(axis=1, keepdims=True))
        spread = np.maximum(spread, _NARROWEST)
        if np.abs(middle - moved).max() < _STILL:
            break
    return best, likelihood


def _climbed(likelihood: Likelihood, start: Floats, n_thresholds: int) -> Floats:
    """Maximise by BFGS, over logarithms of the gaps between thresholds, which keep their order."""
    from scipy import optimize

    gaps = slice(1, n_thresholds)

    def ordered(free: Floats) -> Floats:
        parameters = free.copy()
        parameters[gaps] = np.exp(free[gaps])
        parameters[:n_thresholds] = np.cumsum(parameters[:n_thresholds])
        return parameters

    def of_free(free: Floats) -> tuple[float, Floats]:
        value, gradient = likelihood(ordered(free))
        gradient[:n_thresholds] = np.cumsum(gradient[:n_thresholds][::-1])[::-1]
        gradient[gaps] *= np.exp(free[gaps])
        return value, gradient

    free = start.copy()
    free[gaps] = np.log(np.diff(start[:n_thresholds]))
    found = optimize.minimize(of_free, free, jac=True, method="BFGS", options={"gtol": 1e-6})
    return ordered(found.x)


def _curvature(likelihood: Likelihood, best: Floats) -> Floats:
    """Second derivatives, from gradients on both sides."""
    steps = _STEP * np.eye(len(best))
    rows = [likelihood(best + step)[1] - likelihood(best - step)[1] for step in steps]
    matrix = np.array(rows) / (2 * _STEP)
    return (matrix + matrix.T) / 2


def _quadrature(
    data: _Answers, points: Floats, log_weights: Floats, parameters: Floats
) -> tuple[float, Floats]:
    """Minus the log-likelihood and its gradient, the integral a sum over `points` per person."""
    posterior, total, terms = _posterior(data, parameters, points, log_weights)
    weights = posterior[data.groups[0]]
    upper, lower = ((weights * side).sum(axis=1) for side in (terms.upper, terms.lower))
    by_deviation = (weights * points[data.groups[0]] * (terms.upper + terms.lower - 1)).sum()
    gap = _gaps(data, parameters)
    by_threshold = _by_threshold(data, 1 - upper + gap, -lower - gap)
    by_slope = data.design.T @ (upper + lower - 1)
    return -total, -np.concatenate([by_threshold, by_slope, [by_deviation]])


def _posterior(
    data: _Answers, parameters: Floats, points: Floats, log_weights: Floats
) -> tuple[Floats, float, _Terms]:
    """Weight of every point for a person (people, points), log-likelihood, and answers' terms."""
    slopes, deviations = parameters[data.n_categories - 1 : -1], parameters[-1]
    people = data.groups[0]
    terms = _terms(data, parameters, (data.design @ slopes)[:, None] + deviations * points[people])
    starts = np.searchsorted(people, np.arange(data.sizes[0]))
    joint = np.add.reduceat(terms.value, starts, axis=0) + log_weights
    largest = joint.max(axis=1, keepdims=True)
    posterior = np.exp(joint - largest)
    sums = posterior.sum(axis=1, keepdims=True)
    return posterior / sums, float((np.log(sums) + largest).sum()), terms


def _sides(data: _Answers, parameters: Floats) -> tuple[Floats, Floats]:
    """The threshold above and the one below each answer."""
    padded = np.concatenate([[-np.inf], parameters[: data.n_categories - 1], [np.inf]])
    return padded[data.places + 1], padded[data.places]


def _gaps(data: _Answers, parameters: Floats) -> Floats:
    """Derivative of log(1 - exp(b - a)) by a, of each answer."""
    above, below = _sides(data, parameters)
    gaps: Floats = 1 / np.expm1(above - below)
    return gaps


def _terms(data: _Answers, parameters: Floats, eta: Floats) -> _Terms:
    """Of each answer, at one or more η."""
    above, below = (side.reshape(-1, *[1] * (eta.ndim - 1)) for side in _sides(data, parameters))
    log_upper, upper = _logistic(above - eta)
    log_rest, rest = _logistic(eta - below)
    value = log_upper + log_rest + np.log(-np.expm1(below - above))
    return _Terms(value, upper, 1 - rest)


def _logistic(x: Floats) -> tuple[Floats, Floats]:
    """Log F and F; numpy's exponential is many times faster than scipy's `log_expit`."""
    small = np.exp(-np.abs(x))
    return np.minimum(x, 0) - np.log1p(small), np.where(x < 0, small, 1) / (1 + small)


def _by_threshold(data: _Answers, above: Floats, below: Floats) -> Floats:
    """Sum derivatives by the thresholds above and below the answers to those by thresholds."""
    n = data.n_categories
    sums = np.bincount(data.places, above, n)[:-1] + np.bincount(data.places, below, n)[1:]
    return np.asarray(sums, np.float64)


def _laplace(data: _Answers, last: Floats, parameters: Floats) -> tuple[float, Floats]:
    """Minus Laplace's approximation of the log-likelihood, and its gradient.

    `last` are the intercepts that were likeliest under the parameters before: where the search for
    these begins, and what it leaves there.

    With ẑ where log P(answers | z) - z'z/2 is largest, and H minus its second derivative there, it
    is that value less log|H| / 2. Its gradient follows H through ẑ too, dẑ = H⁻¹ dg (Skaug &
    Fournier 2006).
    """
    slopes, deviations = np.split(parameters[data.n_categories - 1 :], [data.design.shape[1]])
    codes = np.stack(data.groups, axis=1) + np.cumsum([0, *data.sizes[:-1]])
    fixed = data.design @ slopes
    z, terms, curved = _mode(data, parameters, fixed, codes, deviations, last)
    last[:] = z
    upper, lower = terms.upper, terms.lower
    blocks = curved.inverse()[
        codes[:, :, None], codes[:, None, :]
    ]  # (answers, groupings, groupings)
    with_all = blocks @ deviations
    leverage = with_all @ deviations
    above, below = upper * (1 - upper), lower * (1 - lower)
    above_turn, below_turn = above * (1 - 2 * upper), below * (1 - 2 * lower)
    pull = leverage * (above_turn + below_turn) / 2  # of log|H| on η
    follow = curved.solve(_by_member(codes, pull[:, None] * deviations, len(z)))
    moved = follow[codes] @ deviations
    slope = upper + lower - 1
    by_eta = slope + pull - (above + below) * moved
    gap = _gaps(data, parameters)
    by_threshold = _by_threshold(
        data,
        1 - upper + gap - leverage * above_turn / 2 + moved * above,
        -lower - gap - leverage * below_turn / 2 + moved * below,
    )
    by_deviation = by_eta @ z[codes] + slope @ follow[codes] - (above + below) @ with_all
    value = terms.value.sum() - z @ z / 2 - curved.log_determinant() / 2
    gradient = np.concatenate([by_threshold, data.design.T @ by_eta, by_deviation])
    return -float(value), -gradient


def _mode(
    data: _Answers,
    parameters: Floats,
    fixed: Floats,
    codes: NDArray[np.intp],
    deviations: Floats,
    z: Floats,
) -> tuple[Floats, _Terms, _Curvature]:
    """The likeliest intercepts, the answers' terms there, and H: Newton's method, halving steps."""
    size = len(z)
    cells = (codes[:, :, None] * size + codes[:, None, :]).ravel()
    products = np.outer(deviations, deviations)

    def at(z: Floats) -> tuple[float, _Terms]:
        terms = _terms(data, parameters, fixed + z[codes] @ deviations)
        return float(terms.value.sum() - z @ z / 2), terms

    def curved(terms: _Terms) -> _Curvature:
        curvature = terms.upper * (1 - terms.upper) + terms.lower * (1 - terms.lower)
        weights = (curvature[:, None, None] * products).ravel()
        matrix = np.bincount(cells, weights, size * size).reshape(size, size) + np.eye(size)
        return _Curvature(matrix, data.sizes)

    value, terms = at(z)
    for _ in range(_NEWTON_STEPS):
        slope = (terms.upper + terms.lower - 1)[:, None] * deviations
        step = curved(terms).solve(_by_member(codes, slope, size) - z)
        better, there = at(z + step)
        while better < value - 1e-9:
            step = step / 2
            better, there = at(z + step)
        z, value, terms = z + step, better, there
        if np.abs(step).max() < _NEWTON_NEAR:
            break
    return z, terms, curved(terms)


def _by_member(codes: NDArray[np.intp], values: Floats, size: int) -> Floats:
    """Sum values (answers, groupings) over the members of the groupings."""
    return np.asarray(np.bincount(codes.ravel(), values.ravel(), size), np.float64)
