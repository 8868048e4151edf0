"""Laplace's approximation of ordinal models whose groupings cross each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from explainable_recsys.study.cumulative import (
    Answers,
    Floats,
    Terms,
    gaps,
    sum_by_threshold,
    terms_at,
)

_NEWTON_STEPS = 50
_NEWTON_NEAR = 1e-5  # a step so small leaves an error of its square


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


def laplace(data: Answers, last: Floats, parameters: Floats) -> tuple[float, Floats]:
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
    last[:] = np.where(np.isfinite(z), z, 0.0)
    upper, lower = terms.upper, terms.lower
    blocks = curved.inverse()[codes[:, :, None], codes[:, None, :]]  # of each answer's members
    with_all = blocks @ deviations
    leverage = with_all @ deviations
    above, below = upper * (1 - upper), lower * (1 - lower)
    above_turn, below_turn = above * (1 - 2 * upper), below * (1 - 2 * lower)
    pull = leverage * (above_turn + below_turn) / 2  # of log|H| on η
    follow = curved.solve(_by_member(codes, pull[:, None] * deviations, len(z)))
    moved = follow[codes] @ deviations
    slope = upper + lower - 1
    by_eta = slope + pull - (above + below) * moved
    gap = gaps(data, parameters)
    by_threshold = sum_by_threshold(
        data,
        1 - upper + gap - leverage * above_turn / 2 + moved * above,
        -lower - gap - leverage * below_turn / 2 + moved * below,
    )
    by_deviation = by_eta @ z[codes] + slope @ follow[codes] - (above + below) @ with_all
    value = terms.value.sum() - z @ z / 2 - curved.log_determinant() / 2
    gradient = np.concatenate([by_threshold, data.design.T @ by_eta, by_deviation])
    return -float(value), -gradient


def _mode(
    data: Answers,
    parameters: Floats,
    fixed: Floats,
    codes: NDArray[np.intp],
    deviations: Floats,
    z: Floats,
) -> tuple[Floats, Terms, _Curvature]:
    """The likeliest intercepts, the answers' terms there, and H: Newton's method, halving steps."""
    size = len(z)
    cells = (codes[:, :, None] * size + codes[:, None, :]).ravel()
    products = np.outer(deviations, deviations)

    def at(z: Floats) -> tuple[float, Terms]:
        terms = terms_at(data, parameters, fixed + z[codes] @ deviations)
        return float(terms.value.sum() - z @ z / 2), terms

    def curved(terms: Terms) -> _Curvature:
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
