"""Influence: how much a score changes when ratings are taken out of the history, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.contributions import strongest_evidence
from explainable_recsys.explainers.tables import Explained, evidence_table, pairs_of
from explainable_recsys.interactions import PaddedBlock, padded_blocks
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import ClosedFormRecommender, UserSystems
from explainable_recsys.threads import one_blas_thread


class InfluenceParameters(Parameters):
    """How much evidence an explanation lists, and how much of it a sentence cites."""

    n_evidence: int = Field(10, ge=1)
    n_cited: int = Field(3, ge=1)


def influences(
    model: ClosedFormRecommender, histories: PaddedBlock, items: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Score with all ratings minus score without rating j, for every j at once.

    The user side w = A^-1 b, A = P_n + sum_j a_j z_j z_j', b = p + sum_j c_j z_j, is solved from n
    ratings. Without rating j it is that of A - a_j z_j z_j' (with P_n-1 in the place of P_n) and
    b - c_j z_j, a rank-one downdate: with B = A - P_n + P_n-1, h_j = z_j' B^-1 z_j and
    w_B = B^-1 b,

        x' w_-j = x' w_B - x' B^-1 z_j (c_j - a_j z_j' w_B) / (1 - a_j h_j)

    for the item x (Sherman & Morrison 1950; for ridge regression Cook & Weisberg 1982, 3.4).

    Args:
        model: A recommender whose user side is such a system (or the mean of several).
        histories: b users' rated items and ratings.
        items: (b, k) columns of the items whose scores are asked for.

    Returns:
        (b, k, length) float64 in the unit of the score; positive: the rating raises it. Padding
        gets 0.
    """
    found = np.zeros((*items.shape, histories.columns.shape[1]))
    counts = np.zeros(histories.filled.shape, bool)
    with one_blas_thread():
        for systems in model.user_systems(histories):
            counts |= (systems.weights != 0) | (systems.right != 0)
            counts |= systems.precision_per_rating.any()
            full, before, to_rated, ratings = _solve(systems, items, 1)
            step = systems.right - systems.weights * ratings
            share = 1.0 - systems.weights * np.einsum("blf,blf->bl", to_rated, systems.rated)
            to_item = systems.items[items] @ to_rated.transpose(0, 2, 1)
            found += (full - before)[..., None] + to_item * (step / share)[:, None, :]
    return np.where((histories.filled & counts)[:, None, :], found, 0.0)


def group_influences(
    model: ClosedFormRecommender,
    histories: PaddedBlock,
    items: NDArray[np.int64],
    groups: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Score with all ratings minus score without a group of them, by a block downdate.

    As `influences`, with D = diag(a) and H = Z B^-1 Z' of the group:

        x' w_-G = x' u + x' B^-1 Z' (D^-1 - H)^-1 Z u,   u = B^-1 (b - Z' c)   (Woodbury 1950).

    Args:
        model: As `influences`.
        histories: As `influences`.
        items: As `influences`.
        groups: (b, k, g) places in the history of the ratings taken out together, for each item
            its own; padded with -1 at the end.

    Returns:
        (b, k) float64.
    """
    found = np.zeros(items.shape)
    sizes = (groups >= 0).sum(axis=2)
    with one_blas_thread():
        for size in np.unique(sizes[sizes > 0]).tolist():
            of_size = sizes == size
            asked = np.flatnonzero(of_size.any(axis=1))
            users, slots = np.nonzero(of_size[asked])
            chosen = groups[asked[users], slots, :size]
            own_items = items[asked]
            for systems in model.user_systems(histories.take(asked)):
                full, before, to_rated, ratings = _solve(systems, own_items, size)
                weights = systems.weights[users[:, None], chosen]
                right = systems.right[users[:, None], chosen]
                z, to_z = systems.rated[users[:, None], chosen], to_rated[users[:, None], chosen]
                h = to_z @ z.transpose(0, 2, 1)
                q = np.einsum("mgf,mf->mg", to_z, systems.items[own_items[users, slots]])
                rest = ratings[users[:, None], chosen] - np.einsum("mgh,mh->mg", h, right)
                # (D^-1 - H)^-1 = (I - D H)^-1 D, which also holds where a weight is 0
                inner = np.eye(size) - weights[:, :, None] * h
                solved = np.linalg.solve(inner, (weights * rest)[..., None])[..., 0]
                without = before[users, slots] + (q * (solved - right)).sum(axis=1)
                found[asked[users], slots] += full[users, slots] - without
    return found


def explain_by_influence(
    model: ClosedFormRecommender, data: Data, lists: Lists, parameters: InfluenceParameters
) -> Explained:
    """List for every recommendation the ratings without which its score would change most.

    Supporting ratings come first, then opposing ones, each by strength. Single influences do not
    add up: what the supporting ones among the first `n_cited` are worth together is computed too.

    Args:
        model: A recommender with a closed-form user side.
        data: What it learned from; says what the items are called.
        lists: What is explained.
        parameters: How much is listed.

    Returns:
        Evidence of style `item`; `weight` is the influence, in the unit of the score. And
        `cited_groups`, one row per recommendation with cited ratings: `user_id`, `item_id`,
        `n_cited`, `sum_of_influences` and `group_influence` of them.

    Raises:
        InputError: If the model has no closed-form user side.
    """
    if not isinstance(model, ClosedFormRecommender):
        raise InputError(
            f"influence: a {type(model).__name__} has no closed-form user side that ratings could "
            "be taken out of; accepted: SVD, ALS, FM, MF without explainability"
        )
    lists = lists.without_others()
    positions, columns = lists.by_user()
    parts = [
        _explain_block(model, positions[block.rows], columns[block.rows], block, parameters)
        for block in progress(padded_blocks(lists.histories.ratings), "explain by influence")
    ]
    rows, place, rated, weights, cited, n_cited, sums, together = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    order = np.lexsort((place, rows))
    rows, rated, weights = rows[order], rated[order], weights[order]
    evidence = evidence_table(lists, rows, "item", data.titles(rated), weights, rated=rated)
    order = np.argsort(cited)
    groups = pairs_of(lists, cited[order]).assign(
        n_cited=n_cited[order], sum_of_influences=sums[order], group_influence=together[order]
    )
    return Explained(evidence, {"cited_groups": groups})


def _solve(
    systems: UserSystems, items: NDArray[np.int64], n_removed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Scores x'w and x'w_B (b, k), Z B^-1 (b, l, f) and Z w_B (b, l)."""
    z, x = systems.rated, systems.items[items]
    across = z.transpose(0, 2, 1)
    gram = across @ (z * systems.weights[..., None])
    right = (across @ systems.right[..., None]) + systems.prior_right[..., None]
    user = np.linalg.solve(gram + systems.prior(0), right)
    inverse = np.linalg.inv(gram + systems.prior(n_removed))
    before = inverse @ right
    return (x @ user)[..., 0], (x @ before)[..., 0], z @ inverse, (z @ before)[..., 0]


def _explain_block(
    model: ClosedFormRecommender,
    positions: NDArray[np.int64],
    items: NDArray[np.int64],
    block: PaddedBlock,
    parameters: InfluenceParameters,
) -> tuple[NDArray[Any], ...]:
    """Recommendation, place, evidence, weight of each piece; and of each group its figures."""
    items = np.maximum(items, 0)
    weights = influences(model, block, items)
    weights[positions < 0] = 0.0
    shape, length = positions.shape, weights.shape[-1]
    chosen = strongest_evidence(weights.reshape(positions.size, length), parameters.n_evidence)
    lists, place = np.nonzero(chosen >= 0)
    entries = chosen[lists, place]
    users = lists // max(shape[1], 1)
    found = weights.reshape(positions.size, length)

    first = chosen[:, : parameters.n_cited]
    supports = (first >= 0) & (np.take_along_axis(found, np.maximum(first, 0), axis=1) > 0)
    groups = np.where(supports, first, -1)  # supporting pieces come first
    together = group_influences(
        model, block, items, groups.reshape(*shape, groups.shape[1])
    ).ravel()
    sums = np.where(supports, np.take_along_axis(found, np.maximum(first, 0), axis=1), 0.0)
    cited = np.flatnonzero(supports.any(axis=1))
    return (
        positions.ravel()[lists],
        place,
        block.columns[users, entries],
        found[lists, entries],
        positions.ravel()[cited],
        supports.sum(axis=1)[cited],
        sums.sum(axis=1)[cited],
        together[cited],
    )
