"""Meta-paths: recommend what is linked to the liked items, each kind of link with its weight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.data import Data
from explainable_recsys.interactions import Interactions, PaddedBlock
from explainable_recsys.knowledge.features import Features
from explainable_recsys.liking import Liking
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.base import pair_products
from explainable_recsys.recommenders.item_graph import (
    ItemGraph,
    link_arrays,
    per_item,
    relation_names,
)
from explainable_recsys.threads import one_blas_thread


class MetaPathParameters(Parameters):
    """What a path is worth.

    A history starts from the liked items, each with the same weight; from all where there are
    none. `source_exponent`, `hub_exponent` and `target_exponent` divide a path by the degree of
    the item that it starts from, of the entity in the middle and of the item that it ends at, to
    that power: 1, 1, 0 is a random walk, a larger hub exponent penalises entities that many items
    have, and a target exponent above 0 items with many links (Christoffel et al. 2015, RP3β;
    Himmelstein & Baranzini 2015, DWPC).
    """

    source_exponent: float = Field(0.6, ge=0, le=3)
    hub_exponent: float = Field(0.7, ge=0, le=3)
    target_exponent: float = Field(0.6, ge=0, le=3)


@dataclass(frozen=True, eq=False)
class MetaPaths(ItemGraph):
    """Sum over all paths from a liked item over a shared entity to the recommended one.

    With h the history, A the links (1 if item j has entity e of relation r), d degrees and w the
    weight of the relation, the score of item i is

        sum over j, e of  h_j A_je d_r(j)^-a  w_r d(e)^-b  A_ie d_r(i)^-c

    where d_r counts links of relation r only. So every path has an exact part in the score.

    Attributes:
        parameters: Exponents; the others are those of `ItemGraph`.
    """

    parameters: MetaPathParameters

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        entities: Features,
        weights: dict[str, float],
        parameters: MetaPathParameters,
        liking: Liking,
    ) -> MetaPaths:
        """Put the links of the items together; nothing is learned here.

        Args:
            interactions: Who liked what.
            entities: (n_items × entities) what the items are linked to, by relation.
            weights: Of every relation, `PEOPLE` among them; `learn_weights` makes them.
            parameters: Exponents.
            liking: What is liked.

        Raises:
            InputError: As `link_arrays`.
        """
        arrays = link_arrays(interactions, entities, weights, liking)
        return cls(**arrays, parameters=parameters)

    def scores_from(self, starts: sparse.csr_array) -> NDArray[np.float32]:
        """Sums over all paths; see `ItemGraph.scores_from`."""
        reached = (starts @ self.outward).toarray()
        return np.asarray((self.inward @ reached.T).T)

    def contributions(
        self, histories: PaddedBlock, items: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Sums over the paths from every rated item; see `AdditiveRecommender`."""
        parts = pair_products(self.outward, self.inward, histories.columns, items)
        return parts * self._of_ratings(histories)[:, None, :]

    @cached_property
    def outward(self) -> sparse.csr_array:
        """(n_items, n_links) from a liked item to its entities, with the weight of these."""
        p = self.parameters
        of_links = self.relation_weights[self.relations] * _power(self.link_degrees, p.hub_exponent)
        values = _power(self.item_degrees, p.source_exponent) * of_links[self.links]
        return self.matrix(values)

    @cached_property
    def inward(self) -> sparse.csr_array:
        """(n_items, n_links) from the entities to the recommended item."""
        return self.matrix(_power(self.item_degrees, self.parameters.target_exponent))

    def _of_ratings(self, histories: PaddedBlock) -> NDArray[np.float64]:
        """(b, length) the starts of padded histories."""
        liked = Liking(self.liked_from).padded(histories)
        nobody = ~liked.any(axis=1)
        liked[nobody] = histories.filled[nobody]
        return liked.astype(np.float64)


def _power(degrees: NDArray[np.int64], exponent: float) -> NDArray[np.float64]:
    return np.asarray(np.maximum(degrees, 1) ** -float(exponent))


class LearningParameters(Parameters):
    """How weights are fitted: to the held-out ratings of some users, among some other items.

    No relation gets less than the `floor`, a strength as those that are learned (see
    `learn_weights`): what says little about taste may still say why.
    """

    n_users: int = Field(500, ge=1)
    n_candidates: int = Field(2000, ge=1)
    ridge: float = Field(0.01, ge=0)
    floor: float = Field(0.02, ge=0)
    seed: Seed = 0


def learn_weights(
    interactions: Interactions,
    entities: Features,
    held_out: pd.DataFrame,
    parameters: MetaPathParameters,
    learning: LearningParameters,
    liking: Liking,
) -> pd.DataFrame:
    """Weigh the relations so that held-out items score above others (softmax regression).

    The scores of a user's items are a weighted sum over relations, and the probability of an
    item the softmax of its score among the user's unrated items; the weights, 0 or more,
    maximise the mean log-probability of the held-out items minus `ridge` |w|².

    Args:
        interactions: Without the held-out ratings.
        entities: (n_items × entities).
        held_out: Columns `user_id`, `item_id`; empty: all weights are 1.
        parameters: Exponents.
        learning: What is sampled, and the penalty.
        liking: What is liked.

    Returns:
        One row per relation: `relation`, `weight` (of a path), `strength` (the same per standard
        deviation of what the relation says of the candidates), `n_links`, `n_items`.
    """
    names = relation_names(entities)
    model = MetaPaths.fit(interactions, entities, dict.fromkeys(names, 1.0), parameters, liking)
    users, wanted = _held_out(interactions, held_out, learning)
    strengths, spread = np.ones(len(names)), np.ones(len(names))
    if len(users):
        columns = _candidates(interactions, wanted, learning)
        parts = _relation_scores(model, interactions.ratings[users], columns)
        spread = parts.std(axis=(0, 1))
        spread[spread < 1e-12] = 1.0  # says nothing here: any unit will do, if it is not tiny
        rated = Liking().items(interactions.ratings[users])
        open_to = rated[:, columns].toarray() == 0
        strengths = _softmax_regression(
            parts / spread, wanted[:, columns].toarray() > 0, open_to, learning.ridge
        )
        strengths = np.maximum(strengths, learning.floor)
    pairs = np.unique(model.items_of_links * len(names) + model.relations[model.links])
    return pd.DataFrame(
        {
            "relation": names,
            "weight": strengths / spread,
            "strength": strengths,
            "n_links": np.bincount(model.relations, minlength=len(names)),
            "n_items": np.bincount(pairs % len(names), minlength=len(names)),
        }
    )


def _held_out(
    interactions: Interactions, held_out: pd.DataFrame, learning: LearningParameters
) -> tuple[NDArray[np.int64], sparse.csr_array]:
    """Rows of some users with held-out items, and these items (n, n_items)."""
    rows = interactions.user_rows(held_out["user_id"])
    columns = interactions.item_columns(held_out["item_id"])
    known = (rows >= 0) & (columns >= 0)
    matrix = sparse.csr_array(
        (np.ones(known.sum(), np.float32), (rows[known], columns[known])),
        shape=interactions.ratings.shape,
    )
    users = np.flatnonzero(np.diff(matrix.indptr))
    order = draws.random_order(interactions.user_ids[users], learning.seed, "meta-paths: users")
    chosen = np.sort(users[order[: learning.n_users]])
    return chosen, sparse.csr_array(matrix[chosen])


def _candidates(
    interactions: Interactions, wanted: sparse.csr_array, learning: LearningParameters
) -> NDArray[np.int64]:
    """Columns of the held-out items and of others drawn at random."""
    needed = np.unique(wanted.indices)
    others = np.setdiff1d(np.arange(interactions.n_items), needed)
    n = max(0, learning.n_candidates - len(needed))
    order = draws.random_order(interactions.item_ids[others], learning.seed, "meta-paths: items")
    return np.sort(np.concatenate([needed, others[order[:n]]]))


def _relation_scores(
    model: MetaPaths, histories: sparse.csr_array, columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """What each relation alone adds to the scores per liked item, (n, m, n_relations)."""
    starts, inward = per_item(model.starts(histories)), model.inward[columns]
    parts = np.empty((histories.shape[0], len(columns), len(model.relation_names)))
    for relation in range(parts.shape[2]):
        of_relation = model.relations == relation
        reached = starts @ model.outward[:, of_relation]
        parts[:, :, relation] = (reached @ inward[:, of_relation].T).toarray()
    return parts


def _softmax_regression(
    parts: NDArray[np.float64],
    wanted: NDArray[np.bool_],
    open_to: NDArray[np.bool_],
    ridge: float,
) -> NDArray[np.float64]:
    """Weights of the last axis of (n, m, r) parts, 0 or more."""
    from scipy import optimize

    rows, columns = np.nonzero(wanted)
    shares = 1.0 / wanted.sum(axis=1)[rows]
    closed, flat = ~open_to, parts.reshape(-1, parts.shape[2])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        scores = (flat @ weights).reshape(wanted.shape)
        scores[closed] = -np.inf
        scores -= scores.max(axis=1, keepdims=True)
        of_wanted = scores[rows, columns]
        shortfall = np.exp(scores, out=scores)
        sums = shortfall.sum(axis=1, keepdims=True)
        log_p = of_wanted - np.log(sums[rows, 0])
        shortfall /= sums
        shortfall[rows, columns] -= shares
        slope = shortfall.ravel() @ flat / len(parts)
        value = -(shares @ log_p) / len(parts) + ridge * weights @ weights
        return float(value), slope + 2 * ridge * weights

    start = np.ones(parts.shape[2])
    bounds = [(0.0, None)] * parts.shape[2]
    with one_blas_thread():  # with more threads the last digits differ
        found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x)


def weigh_relations(
    data: Data,
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    entities: Features,
    parameters: MetaPathParameters,
    learning: LearningParameters,
) -> pd.DataFrame:
    """`learn_weights` on validation ratings, with the training ratings as histories."""
    known = data.interactions.histories(train_ratings)
    return learn_weights(known, entities, validation_ratings, parameters, learning, data.liking)


def fit_meta_paths(
    data: Data,
    entities: Features,
    relation_weights: pd.DataFrame,
    parameters: MetaPathParameters,
) -> MetaPaths:
    """`MetaPaths.fit` with weights as a table: columns `relation`, `weight`."""
    weights = dict(zip(relation_weights["relation"], relation_weights["weight"], strict=True))
    return MetaPaths.fit(data.interactions, entities, weights, parameters, data.liking)
