"""What lies near an instance: samples of others like it, or of its history with parts removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explainable_recsys import draws

MIN_EFFECTIVE = 30
"""Effective samples below which a kernel is widened."""

WIDER = 1.25


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Perturbations of one instance, weighted by how near they are.

    Attributes:
        chosen: (n,) which candidates they are, in random order.
        weights: (n,) weights with mean 1.
        effective: () effective sample size (sum w)^2 / sum w^2 (Kish 1965).
        width: () width of the kernel that was used.
    """

    chosen: NDArray[np.int64]
    weights: NDArray[np.float64]
    effective: float
    width: float


def kernel(distances: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """LIME's exponential kernel, sqrt(exp(-d^2 / width^2)) (Ribeiro et al. 2016).

    Divided by its largest value, so that it does not vanish where all are far away.
    """
    squares = np.square(distances)
    return np.asarray(np.exp((squares.min(initial=np.inf) - squares) / (2 * width**2)))


def effective_size(weights: NDArray[np.float64]) -> float:
    """How many equally weighted samples are worth as much, (sum w)^2 / sum w^2 (Kish 1965)."""
    return float(weights.sum() ** 2 / max(np.square(weights).sum(), np.finfo(np.float64).tiny))


def sample_near(
    distances: NDArray[np.float64],
    n: int,
    width: float,
    anchor: int | str | np.generic,
    candidates: NDArray[Any],
    seed: int,
) -> Neighbourhood:
    """Draw candidates without replacement, near ones more often, and weight them by the kernel.

    Candidate c is drawn with a chance that grows with q_c = sqrt(kernel): the n smallest keys
    E_c / q_c (E_c exponential) are taken. Given the next key t a candidate's chance was
    pi_c = 1 - exp(-q_c t), so with the weight kernel / pi sums over the sample are unbiased for
    the sums over all candidates (bottom-k sampling, Cohen & Kaplan 2007). With n candidates or
    fewer all are taken, and the weight is the kernel.

    Args:
        distances: (N,) of the candidates; those at 0 are the nearest.
        n: How many to draw.
        width: Of the kernel; widened until the sample has `MIN_EFFECTIVE` effective ones.
        anchor: Id of the instance.
        candidates: (N,) their ids, or `draws.numbers` of them. A candidate's number E_c depends
            on these two and the seed alone.
        seed: Of the draw.
    """
    uniforms = draws.uniforms(anchor, candidates, seed=seed, purpose="neighbourhood")
    exponentials = -np.log1p(-uniforms)
    needed = min(MIN_EFFECTIVE, 0.9 * min(n, len(distances)))
    chosen, weights = _draw(kernel(distances, width), exponentials, n)
    while effective_size(weights) < needed:
        width *= WIDER
        chosen, weights = _draw(kernel(distances, width), exponentials, n)
    effective = effective_size(weights)
    drawn = draws.hashes(anchor, candidates[chosen], seed=seed, purpose="order in neighbourhood")
    order = np.argsort(drawn)
    weights *= len(weights) / weights.sum()
    return Neighbourhood(chosen[order], weights[order], effective, width)


def _draw(
    near: NDArray[np.float64], exponentials: NDArray[np.float64], n: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Chosen candidates and their weights."""
    if n >= len(near):
        return np.arange(len(near)), near
    chances = np.sqrt(near)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # where a chance is 0
        keys = exponentials / chances
        order = np.argpartition(keys, n)
        chosen = order[:n]
        weights = near[chosen] / -np.expm1(-chances[chosen] * keys[order[n]])
    return chosen, np.nan_to_num(weights, nan=0.0)


def removal_masks(parts: NDArray[Any], n: int, most: float, seed: int) -> NDArray[np.bool_]:
    """Which parts of a history (single ratings, or groups of them) stay, in n perturbations of it.

    The first keeps all; each other draws a share to remove, uniformly between 0 and `most`,
    and removes every part with that chance. Whether a part stays depends on its id, the number of
    the perturbation and the seed alone: whoever has the same history has the same perturbations.

    Args:
        parts: (length,) ids of the rated items or groups, or `draws.numbers` of them.
        n: How many perturbations.
        most: Largest share to remove.
        seed: Of the draw.

    Returns:
        (n, length)
    """
    masks = np.arange(n)[:, None]
    shares = most * draws.uniforms(masks, seed=seed, purpose="share removed")
    kept = draws.uniforms(parts, masks, seed=seed, purpose="ratings removed") >= shares
    kept[0] = True
    return kept


def weigh_masks(kept: NDArray[np.bool_], width: float) -> Neighbourhood:
    """Weight masks (n, length) by their cosine distance from the whole history.

    The kernel is also widened until what lies away from the whole history weighs as much as
    `MIN_EFFECTIVE` whole histories: of a single rating, only its removal says anything.
    """
    n, length = kept.shape
    distances = 1 - np.sqrt(kept.sum(axis=1) / max(length, 1)) if length else np.zeros(n)
    away = distances > 0
    needed = min(MIN_EFFECTIVE, 0.9 * away.sum())
    weights = kernel(distances, width)
    while min(effective_size(weights), weights[away].sum()) < needed:
        width *= WIDER
        weights = kernel(distances, width)
    return Neighbourhood(np.arange(n), weights * n / weights.sum(), effective_size(weights), width)
