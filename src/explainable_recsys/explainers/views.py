"""Three views of what a rating is worth to a recommendation: its share, the loss, the lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.downdates import Downdates
from explainable_recsys.explainers.order import strongest_evidence
from explainable_recsys.explainers.tables import evidence_table
from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker

View = Literal["share", "loss", "lead"]


@dataclass(frozen=True, eq=False)
class Views:
    """What every rating of b users is worth to k items each.

    Attributes:
        share: (b, k, length) parts that sum to the score less what the history has no say in; None
            where the score is no such sum.
        loss: (b, k, length) score with all ratings minus score without this one.
        lead: (b, k, length) the same of the item's lead over the first item outside the list: why
            it is on the list. Where there is no such item it is the loss.
    """

    share: NDArray[np.float64] | None
    loss: NDArray[np.float64]
    lead: NDArray[np.float64]

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
        of_outside = np.where(outside[:, None, None] >= 0, loss[:, -1:], 0.0)
        listed = None if share is None else share[:, :-1]
        return cls(listed, loss[:, :-1], loss[:, :-1] - of_outside)

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
        shares = [system.shares(asked) for system in systems]
        known = [share for share in shares if share is not None]
        loss = np.sum([system.losses(asked) for system in systems], axis=0)
        return cls.of(np.sum(known, axis=0) if len(known) == len(shares) else None, loss, outside)

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


def with_outside(items: NDArray[np.int64], outside: NDArray[np.int64]) -> NDArray[np.int64]:
    """Items (b, k + 1) that are asked about, padding and missing ones as column 0."""
    return np.maximum(np.column_stack([items, outside]), 0)


def ranker_of(lists: Lists, model: object, data: Data) -> Ranker:
    """What the lists were chosen from, by a recommender."""
    ranker = Ranker.of(cast(Recommender, model), data.interactions, min_ratings=0)
    return ranker if lists.barred is None else replace(ranker, barred=lists.barred)


@dataclass(frozen=True, eq=False)
class Chosen:
    """The evidence of a block of users.

    Attributes:
        places: (b, k, n) of the pieces of each recommendation in its user's history, in the order
            of telling, padded with -1.
        supports: (b, k, n) which of them support it and are named in a sentence.
        pieces: Columns `row` (of the recommendation in the lists), `place` (in the order of
            telling), `rated` (column), `share`, `loss`, `lead`; a row for each piece.
        totals: Columns `row`, `supporting`, `opposing`: sums of the weights of all the history's
            ratings for and against each recommendation with any.
    """

    places: NDArray[np.int64]
    supports: NDArray[np.bool_]
    pieces: pd.DataFrame
    totals: pd.DataFrame


def choose(
    views: Views,
    order: View,
    rows: NDArray[np.int64],
    block: PaddedBlock,
    n_evidence: int,
    n_cited: int,
) -> Chosen:
    """Choose the evidence of a block by one of the views.

    Args:
        views: Of the block.
        order: By which.
        rows: (b, k) rows of the recommendations in the lists; -1 where padded.
        block: The histories.
        n_evidence: Pieces of evidence of a recommendation; the strongest for or against.
        n_cited: So many supporting ones are among them before any opposing one.
    """
    weights = np.where((rows >= 0)[..., None], views.by(order), 0.0)
    length = weights.shape[-1]
    flat = weights.reshape(rows.size, length)
    chosen = strongest_evidence(flat, n_evidence, min(n_cited, n_evidence))
    cited = chosen[:, :n_cited]
    supports = (cited >= 0) & (np.take_along_axis(flat, np.maximum(cited, 0), axis=1) > 0)
    made, place = np.nonzero(chosen >= 0)
    entries = chosen[made, place]
    columns = {
        name: None if values is None else values.reshape(rows.size, length)[made, entries]
        for name, values in (("share", views.share), ("loss", views.loss), ("lead", views.lead))
    }
    users = made // max(rows.shape[1], 1)
    pieces = {"row": rows.ravel()[made], "place": place, "rated": block.columns[users, entries]}
    explained = np.unique(made)
    totals = {
        "row": rows.ravel()[explained],
        "supporting": np.maximum(flat, 0.0).sum(axis=1)[explained],
        "opposing": np.minimum(flat, 0.0).sum(axis=1)[explained],
    }
    shape = (*rows.shape, -1) if rows.size else (*rows.shape, chosen.shape[1])
    cited_shape = (*rows.shape, -1) if rows.size else (*rows.shape, cited.shape[1])
    return Chosen(
        chosen.reshape(shape),
        supports.reshape(cited_shape),
        pd.DataFrame(pieces | {n: np.nan if c is None else c for n, c in columns.items()}),
        pd.DataFrame(totals),
    )


def viewed_evidence(data: Data, lists: Lists, found: Sequence[Chosen], order: View) -> pd.DataFrame:
    """The evidence of all blocks in one table, with the three views in columns.

    Returns:
        As `evidence_table`, style `item`, and `share` (missing where there is none), `loss`,
        `lead`; `weight` is the one that orders them.
    """
    pieces = pd.concat([chosen.pieces for chosen in found], ignore_index=True)
    pieces = pieces.sort_values(["row", "place"], ignore_index=True)
    rated = pieces["rated"].to_numpy(np.int64)
    table = evidence_table(
        lists,
        pieces["row"].to_numpy(np.int64),
        "item",
        data.titles(rated),
        pieces[order].to_numpy(np.float64),
        rated=rated,
    )
    views: dict[str, Any] = {n: pieces[n].astype(np.float32) for n in ("share", "loss", "lead")}
    return table.assign(**views)
