"""Sentences about what becomes of a recommendation without a rating."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.wording import columns
from explainable_recsys.wording.numbers import fixed, significant
from explainable_recsys.wording.phrases import phrase


def influence_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say what each rating does: in points of a predicted rating, or in places of a ranking.

    For example "⟨Aliens⟩ ★5 raises your predicted rating by 0.18, ⟨Alien⟩ ★4 by 0.12; ⟨Grease⟩
    ★2 lowers it by 0.04." Or "Without your rating of ⟨Aliens⟩ ★5 it would be number 14 instead of
    2, without ⟨Alien⟩ ★4 number 5; ⟨Grease⟩ ★2 speaks against it."

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
        return _in_points(sides, rated)
    return _in_places(sides, rated, explained.details["ranks_without"])


def _in_points(sides: columns.Sides, rated: pa.LargeStringArray) -> pd.DataFrame:
    sizes = columns.two_digits(np.abs(sides.weights), significant)
    is_first = np.isin(np.arange(len(sides.cited)), sides.starts)
    pieces = columns.fill_each(
        [phrase("{item} by {change}"), phrase("{item} raises your predicted rating by {change}")],
        is_first,
        item=sides.cited_of(rated),
        change=sides.cited_of(sizes),
    )
    return sides.sentences(
        phrase("{opposing} lowers your predicted rating by {weight}."),
        phrase("{supporting}."),
        phrase("{supporting}; {opposing} lowers it by {weight}."),
        supporting=columns.enumerate_runs(pieces, sides.starts),
        opposing=rated,
        weight=sizes,
    )


def _in_places(
    sides: columns.Sides, rated: pa.LargeStringArray, ranks_without: pd.DataFrame
) -> pd.DataFrame:
    """Places without each cited rating; in one clause where it falls without none of them."""
    keys = [*columns.KEYS, "rated_item_id"]
    cited = sides.evidence.iloc[sides.cited][keys].astype({"rated_item_id": "object"})
    found = cited.merge(ranks_without.astype({"rated_item_id": "object"}), on=keys, how="left")
    rank, without = (found[name].fillna(0).to_numpy(np.int64) for name in ("rank", "rank_without"))
    run = np.cumsum(np.isin(np.arange(len(cited)), sides.starts)) - 1
    falls = (without > rank) | (without == 0)
    moved = np.zeros(len(sides.starts), bool)
    np.logical_or.at(moved, run, falls)
    is_first = np.diff(run, prepend=-1) > 0
    case = np.select([without == 0, ~falls], [0, 2], 4) + is_first
    named = sides.cited_of(rated)
    numbers = {"rank": columns.written(rank, _whole), "new": columns.written(without, _whole)}
    pieces = columns.fill_each(
        [
            phrase("without {item} it would not be recommended"),
            phrase("Without your rating of {item} it would not be recommended"),
            phrase("without {item} no lower"),
            phrase("Without your rating of {item} it would be no lower than number {rank}"),
            phrase("without {item} number {new}"),
            phrase("Without your rating of {item} it would be number {new} instead of {rank}"),
        ],
        case,
        item=named,
        **numbers,
    )
    first = pa.array(sides.starts)
    several = np.diff(np.append(sides.starts, len(cited))) > 1
    known = rank[sides.starts] > 0
    supporting = columns.fill_each(
        [
            phrase("{items} speak most for it"),
            phrase(
                "{items} speak most for it, but without any one of them it would be no lower than "
                "number {rank}"
            ),
            phrase("{pieces}"),
        ],
        np.select([~known, ~moved & several], [0, 1], 2),
        items=columns.enumerate_runs(named, sides.starts, with_and=True),
        pieces=columns.enumerate_runs(pieces, sides.starts),
        rank=numbers["rank"].take(first),
    )
    return sides.sentences(
        phrase("{opposing} speaks most against it."),
        phrase("{supporting}."),
        phrase("{supporting}; {opposing} speaks most against it."),
        supporting=supporting,
        opposing=rated,
        weight=rated,
    )


def _whole(number: float) -> str:
    return fixed(number, 0)
