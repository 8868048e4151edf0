"""Sentences about what becomes of a recommendation without a rating."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.interactions import Interactions
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import phrase


def influence_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say what each rating does: in points of a predicted rating, or in places of a ranking.

    For example "Your ratings of ⟨Aliens⟩ ★5 and ⟨Alien⟩ ★4 raise your predicted rating most,
    together from 3.90 to 4.20; ⟨Grease⟩ ★2 lowers it most." Or "Without your rating of ⟨Aliens⟩ ★5
    it would be number 14 instead of 2, without ⟨Alien⟩ ★4 number 5; ⟨Grease⟩ ★2 speaks most
    against it."

    Args:
        explained: Style `item`, signed; the detail `ranks_without` and the fact
            `predicts_ratings` of `explain_by_influence`.
        data: What counts as liked.
        lists: With the histories.
        parameters: How many supporting items are named; of opposing ones the strongest is.
        knowledge: Not needed.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    liked = columns.liked(data, lists.histories, explained.evidence)
    sides = columns.Sides(explained.evidence, parameters.n_cited, liked)
    rated = columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items(sides.evidence["evidence"]),
        rating=columns.ratings(lists.histories, sides.evidence),
    )
    if explained.facts["predicts_ratings"]:
        return _in_points(sides, rated, explained.details["cited_groups"], lists, data)
    return _in_places(sides, rated, explained.details["ranks_without"], lists.histories)


def _in_points(
    sides: columns.Sides, rated: pa.LargeStringArray, groups: pd.DataFrame, lists: Lists, data: Data
) -> pd.DataFrame:
    """What the cited ratings do together to a predicted rating."""
    told = sides.evidence.iloc[sides.cited[sides.starts]][columns.KEYS]
    found = told.merge(groups, on=columns.KEYS, how="left")
    scores = lists.table["score"].to_numpy(np.float64)[lists.positions_of(told)]
    scale, worth = data.scale, found["group_influence"].to_numpy(np.float64)
    now, before = (np.clip(x, scale.minimum, scale.maximum) for x in (scores, scores - worth))
    several = np.diff(np.append(sides.starts, len(sides.cited))) > 1
    supporting = columns.fill_each(
        [
            phrase("Your rating of {items} raises your predicted rating from {before} to {now}"),
            phrase(
                "Your ratings of {items} raise your predicted rating most, together from {before} "
                "to {now}"
            ),
        ],
        several,
        items=columns.enumerate_runs(sides.cited_of(rated), sides.starts, with_and=True),
        before=columns.written(np.round(before, 2), _hundredths),
        now=columns.written(np.round(now, 2), _hundredths),
    )
    return sides.sentences(
        phrase("{opposing} lowers your predicted rating most."),
        "{supporting}.",
        phrase("{supporting}; {opposing} lowers it most."),
        supporting=supporting,
        opposing=rated,
    )


def _hundredths(number: float) -> str:
    return fixed(number, 2)


def _in_places(
    sides: columns.Sides,
    rated: pa.LargeStringArray,
    ranks_without: pd.DataFrame,
    histories: Interactions,
) -> pd.DataFrame:
    """Places without each cited rating without which it falls by two or more, if there are such."""
    cited = sides.evidence.take(sides.cited)
    found = pd.Index(_keys(ranks_without, histories)).get_indexer(pd.Index(_keys(cited, histories)))
    rank, without = (
        np.append(ranks_without[name].to_numpy(np.int64), 0)[found]
        for name in ("rank", "rank_without")
    )
    run = np.cumsum(np.isin(np.arange(len(cited)), sides.starts)) - 1
    falls = (rank > 0) & ((without == 0) | (without > rank + 1))
    pieces, of = np.flatnonzero(falls), run[falls]
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    is_first = np.isin(np.arange(len(pieces)), starts)
    named = sides.cited_of(rated)
    told = columns.fill_each(
        [
            phrase("without {item} it would not be recommended"),
            phrase("Without your rating of {item} it would not be recommended"),
            phrase("without {item} number {new}"),
            phrase("Without your rating of {item} it would be number {new} instead of {rank}"),
        ],
        np.where(without[pieces] == 0, 0, 2) + is_first,
        item=named.take(pa.array(pieces)),
        rank=columns.written(rank[pieces], _whole),
        new=columns.written(without[pieces], _whole),
    )
    n = len(sides.starts)
    several = np.diff(np.append(sides.starts, len(cited))) > 1
    hangs = np.isin(np.arange(n), of[starts])
    known = rank[sides.starts] > 0  # else it is not recommended in any case
    supporting = columns.fill_each(
        [
            phrase(
                "Your rating of {items} speaks most for it, but the recommendation does not hang "
                "on it alone"
            ),
            phrase(
                "Your ratings of {items} speak most for it, but the recommendation does not hang "
                "on any one of them"
            ),
            "{told}",
            phrase("Your rating of {items} speaks most for it"),
            phrase("Your ratings of {items} speak most for it"),
        ],
        np.select([~known, hangs], [3 + several, 2], several),
        items=columns.enumerate_runs(named, sides.starts, with_and=True),
        told=columns.spread(columns.enumerate_runs(told, starts), of[starts], n),
    )
    return sides.sentences(
        phrase("{opposing} speaks most against it."),
        phrase("{supporting}."),
        phrase("{supporting}; {opposing} speaks most against it."),
        supporting=supporting,
        opposing=rated,
    )


def _keys(table: pd.DataFrame, histories: Interactions) -> NDArray[np.int64]:
    """A number for each rated item of each recommendation (n,)."""
    users, n = histories.user_rows(table["user_id"]), histories.n_items
    items, rated = (histories.item_columns(table[name]) for name in ("item_id", "rated_item_id"))
    return (users * n + items) * n + rated


def _whole(number: float) -> str:
    return fixed(number, 0)
