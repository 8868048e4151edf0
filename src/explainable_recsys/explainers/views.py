"""Three views of what a rating is worth to a recommendation: its share, the loss, the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal, Protocol, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.downdates import Downdates
from explainable_recsys.explainers.groups import Groups, find_groups
from explainable_recsys.explainers.order import strongest_evidence
from explainable_recsys.explainers.tables import evidence_table
from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.knowledge.features import Features
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders.base import Recommender, SideScorer
from explainable_recsys.recommenders.lists import Ranker
from explainable_recsys.threads import one_blas_thread

CELLS, LEAST_LENGTH = 4_000, 8
"""Size of blocks of histories, see `padded_blocks`: at most 500, whose scores are held at once."""

LEAST_LIKED = 1 / 3
"""What liked items have to be of all that supports a recommendation."""


class Citing(Protocol):
    """Parameters that say how much evidence is listed, and how much of it a sentence names."""

    @property
    def n_evidence(self) -> int:
        """Pieces of evidence of a recommendation."""

    @property
    def n_cited(self) -> int:
        """Supporting pieces in one sentence."""


View = Literal["share", "loss", "lead"]


@dataclass(frozen=True, eq=False)
class Views:
    """What every rating of b users is worth to k items each.

    Attributes:
        share: (b, k, length) parts that sum to the score less what the history has no say in; None
            where the score is no such sum.
        loss: (b, k, length) score with all ratings minus score without this one.
        outside: (b, length) the same of the first item outside the list; 0 where there is none.
    """

    share: NDArray[np.float64] | None
    loss: NDArray[np.float64]
    outside: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        share: NDArray[np.float64] | None,
        loss: NDArray[np.float64],
        outside: NDArray[np.int64],
    ) -> Views:
        """From the shares and losses (b, k + 1, length) of k items and the one outside the list.

        Args:
            share: None where there are none.
            loss: Of the same items.
            outside: (b,) the first item outside; -1 where there is none.
        """
        of_outside = np.where(outside[:, None] >= 0, loss[:, -1], 0.0)
        return cls(None if share is None else share[:, :-1], loss[:, :-1], of_outside)

    @classmethod
    def closed_form(
        cls, systems: Sequence[Downdates], items: NDArray[np.int64], outside: NDArray[np.int64]
    ) -> Views:
        """Of a recommender whose user side is solved for, from the downdates of its systems.

        Args:
            systems: Of b users; scores are the sums over them.
            items: (b, k) columns of the items.
            outside: (b,) as `of`.
        """
        asked = with_outside(items, outside)
        parts = [system.shares_and_losses(asked) for system in systems]
        shares = [share for share, _ in parts if share is not None]
        loss = reduce(np.add, [lost for _, lost in parts])
        return cls.of(reduce(np.add, shares) if len(shares) == len(parts) else None, loss, outside)

    @property
    def lead(self) -> NDArray[np.float64]:
        """Losses of the items' leads over the first one outside the list: why they are on it."""
        return self.loss - self.outside[:, None]

    def by(self, view: View) -> NDArray[np.float64]:
        """One of the views.

        Raises:
            InputError: If the score has no shares and they are asked for.
        """
        found: NDArray[np.float64] | None = getattr(self, view)
        if found is None:
            raise InputError(
                "order 'share': the scores of this recommender are no sums over the ratings; "
                "accepted: loss, lead"
            )
        return found

    def at(
        self, users: NDArray[np.int64], slots: NDArray[np.int64], places: NDArray[np.int64]
    ) -> dict[str, NDArray[np.float64]]:
        """`share`, `loss` and `lead` of some ratings (n,); NaN where there is no share."""
        of = users, slots, places
        share = np.full(len(users), np.nan) if self.share is None else self.share[of]
        loss = self.loss[of]
        return {"share": share, "loss": loss, "lead": loss - self.outside[users, places]}


def with_outside(items: NDArray[np.int64], outside: NDArray[np.int64]) -> NDArray[np.int64]:
    """Items (b, k + 1) that are asked about, padding and missing ones as column 0."""
    return np.maximum(np.column_stack([items, outside]), 0)


def ranker_of(lists: Lists, model: object, data: Data) -> Ranker:
    """What the lists were chosen from, by a recommender."""
    ranker = Ranker.of(cast(Recommender, model), data.interactions, min_ratings=0)
    return ranker if lists.barred is None else replace(ranker, barred=lists.barred)


def scores_of_block(
    ranker: Ranker, systems: Sequence[Downdates], histories: sparse.csr_array
) -> NDArray[np.float32]:
    """`Ranker.scores` of histories whose systems are solved."""
    if isinstance(ranker.model, SideScorer):
        given = ranker.model.scores_given(systems[0].user, slice(None))
        return ranker.open_to(given, histories)
    return ranker.scores(histories)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The evidence of a block of users.

    Attributes:
        places: (b, k, n) of the pieces of each recommendation in its user's history, in the order
            of telling, padded with -1.
        supports: (b, k, n) which of them support it and are named in a sentence.
        pieces: Of each piece, in the order of telling, `row` (of the recommendation in the lists),
            `rated` (column), `share`, `loss`, `lead`.
        totals: Of each recommendation that has any `row`, `supporting`, `opposing`: sums of the
            weights of all the history's ratings for and against it; `lower`, of the supporting ones
            of what is not liked; `n_liked`, number of the supporting ones of what is; and of the
            group that stands out `shared` (column of the features, -1 if none does), `n_sharing`,
            `of_sharing` (sum of the weights).
    """

    places: NDArray[np.int64]
    supports: NDArray[np.bool_]
    pieces: dict[str, NDArray[Any]]
    totals: dict[str, NDArray[Any]]


def choose(
    views: Views,
    order: View,
    rows: NDArray[np.int64],
    items: NDArray[np.int64],
    block: PaddedBlock,
    parameters: Citing,
    liking: Liking,
    features: Features | None = None,
) -> Chosen:
    """Choose the evidence of a block by one of the views.

    What supports is told from liked items first, and where it is diffuse from those of the group
    that stands out. Where liked items are less than `LEAST_LIKED` of what supports, there is no
    evidence: that somebody rated what they do not like is no reason by itself.

    Args:
        views: Of the block.
        order: By which.
        rows: (b, k) rows of the recommendations in the lists; -1 where padded.
        items: (b, k) their columns.
        block: The histories.
        parameters: Pieces of evidence of a recommendation, the strongest for or against; and how
            many supporting ones are among them before any opposing one.
        liking: What is liked.
        features: By which liked items are grouped; None: not at all.
    """
    liked = liking.padded(block)
    weights = views.by(order)
    of_liked, lower = sides = _supporting(weights, liked)
    whole = of_liked + lower
    supported = (rows >= 0) & (whole > 0) & (of_liked >= LEAST_LIKED * whole)
    weights = np.where(supported[..., None], weights, 0.0)
    described, of_items = (_described(features, some) for some in (block.columns, items))
    groups = find_groups(weights, liked, block.filled, described, of_items)
    length, n_cited = weights.shape[-1], min(parameters.n_cited, parameters.n_evidence)
    flat = weights.reshape(rows.size, length)
    later = (2 - (liked[:, None].astype(np.int8) + groups.members)).reshape(flat.shape)
    chosen = strongest_evidence(flat, parameters.n_evidence, n_cited, later)
    cited = chosen[:, : parameters.n_cited]
    at = np.maximum(cited, 0)
    supports = (cited >= 0) & (np.take_along_axis(flat, at, axis=1) > 0)
    supports &= np.repeat(liked, rows.shape[1], axis=0)[np.arange(len(at))[:, None], at]
    told = chosen >= 0
    made = np.nonzero(told)[0]
    users, slots = np.divmod(made, max(rows.shape[1], 1))
    places = chosen[told]
    pieces = views.at(users, slots, places)
    return Chosen(
        chosen.reshape(*rows.shape, chosen.shape[1]),
        supports.reshape(*rows.shape, cited.shape[1]),
        pieces | {"row": rows.ravel()[made], "rated": block.columns[users, places]},
        _totals(weights, liked, sides, groups, rows, np.asarray(told.any(axis=1))),
    )


def _described(features: Features | None, items: NDArray[np.int64]) -> NDArray[np.float32]:
    """Features (b, n, d) of items (b, n), of which -1 is padding; none without any."""
    if features is None:
        return np.zeros((*items.shape, 0), np.float32)
    found = sparse.csr_array(features.matrix[np.maximum(items, 0).ravel()])
    return np.asarray(found.toarray()).reshape(*items.shape, found.shape[1])


def _totals(
    weights: NDArray[np.float64],
    liked: NDArray[np.bool_],
    sides: NDArray[np.float64],
    groups: Groups,
    rows: NDArray[np.int64],
    explained: NDArray[np.bool_],
) -> dict[str, NDArray[Any]]:
    """What all ratings (b, k, length) say about the explained recommendations, as in `Chosen`."""
    of_liked, lower = sides
    columns = {
        "row": rows,
        "supporting": of_liked + lower,
        "opposing": np.minimum(weights, 0.0).sum(axis=2),
        "lower": lower,
        "n_liked": ((weights > 0) & liked[:, None]).sum(axis=2),
        "shared": groups.column,
        "n_sharing": groups.members.sum(axis=2),
        "of_sharing": groups.part,
    }
    return {name: values.ravel()[explained] for name, values in columns.items()}


def _supporting(weights: NDArray[np.float64], liked: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What ratings of liked items and of others support, (2, b, k)."""
    sides = np.stack([liked, ~liked], axis=2).astype(np.float64)
    with one_blas_thread():  # with more threads the last digits differ
        return np.asarray(np.moveaxis(np.maximum(weights, 0.0) @ sides, 2, 0))


def viewed_evidence(data: Data, lists: Lists, found: Sequence[Chosen], order: View) -> pd.DataFrame:
    """The evidence of all blocks in one table, with the three views in columns.

    Returns:
        As `evidence_table`, style `item`, and `share` (missing where there is none), `loss`,
        `lead`; `weight` is the one that orders them.
    """
    pieces = together([chosen.pieces for chosen in found])
    rated = pieces["rated"]
    told = pieces["row"], "item", data.titles(rated), pieces[order]
    views = {name: pieces[name].astype(np.float32) for name in ("share", "loss", "lead")}
    return evidence_table(lists, *told, rated=rated, others=views)


def together(parts: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Columns of several blocks, sorted by `row`; within a row as they are."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(columns["row"], kind="stable")
    return {name: column[order] for name, column in columns.items()}
