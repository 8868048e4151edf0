"""Sentences about ratings that a score is made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.groups import DIFFUSE
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.knowledge.features import Features
from explainable_recsys.liking import NO_DIFFERENCE
from explainable_recsys.wording import columns
from explainable_recsys.wording.labels import said_label
from explainable_recsys.wording.numbers import percentage, short
from explainable_recsys.wording.phrases import phrase

SAID_FROM = 0.05
"""What is rated lower is said to add something where it is this share of all that supports."""


def contribution_sentences(
    explained: Explained, data: Data, lists: Lists, parameters: columns.Citing, **knowledge: Any
) -> pd.DataFrame:
    """Say which ratings a recommendation rests on, and how much of what supports it they are.

    For example "Recommended because you liked ⟨Aliens⟩ ★5 (42 %), ⟨Alien⟩ ★4 (31 %); 12 % rests on
    what you rated below ★4; ⟨Grease⟩ ★2 speaks against it." Or, where no single rating says much,
    "Recommended because of the 45 you liked in Animation (62 %), above all ⟨Toy Story⟩ ★5, ⟨Up⟩
    ★4.5", and where no group stands out "Recommended because of all 63 you liked (71 %), above
    all …". Where most is not liked: "Recommended for all that you rated; of what you liked, above
    all for …". A percentage is a weight over all positive weights of the history.

    Args:
        explained: Style `item`; the detail `totals` of `explain_by_contributions`.
        data: What counts as liked.
        lists: With the histories for the ratings.
        parameters: How many supporting items are named; of opposing ones the strongest is.
        knowledge: `item_features`, for the names of groups.

    Returns:
        Columns `user_id`, `item_id`, `sentence`, one row per explained recommendation.
    """
    table = _with_totals(explained.evidence, explained.details["totals"], lists)
    liked = columns.liked(data, lists.histories, table)
    sides = columns.Sides(table, parameters.n_cited, liked)
    whole = table["supporting"].to_numpy()
    rated = columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items(table["evidence"]),
        rating=columns.ratings(lists.histories, table),
    )
    form = _forms(table, sides, parameters.n_cited)
    pieces = columns.fill_each(
        [phrase("{item} ({share})"), "{item}"],
        np.isin(form[sides.cited], [1, 2]),
        item=sides.cited_of(rated),
        share=sides.cited_of(_shares(sides.weights / whole)),
    )
    starts = sides.cited[sides.starts]
    lower = (table["lower"].to_numpy() / whole)[starts]
    supporting = columns.fill_each(
        ["{told}", phrase("{told}; {share} rests on what you rated {below}")],
        lower >= SAID_FROM,
        below=below_liking(data),
        told=_support(
            table.iloc[starts],
            form[starts],
            columns.enumerate_runs(pieces, sides.starts),
            data.liking.everything,
            knowledge.get("item_features"),
        ),
        share=_shares(lower),
    )
    return sides.sentences(
        phrase("{opposing} speaks against it."),
        "{supporting}.",
        phrase("{supporting}; {opposing} speaks against it."),
        supporting=supporting,
        opposing=rated,
    )


def _with_totals(evidence: pd.DataFrame, totals: pd.DataFrame, lists: Lists) -> pd.DataFrame:
    """Evidence, with what the whole history says about the same recommendation."""
    place = np.full(len(lists), -1)
    place[lists.positions_of(totals)] = np.arange(len(totals))
    found = totals.drop(columns=columns.KEYS).take(place[lists.positions_of(evidence)])
    return pd.concat([evidence, found.set_index(evidence.index)], axis=1)


def _forms(table: pd.DataFrame, sides: columns.Sides, n_cited: int) -> NDArray[np.int64]:
    """How each row (n,) is told.

    0: by single ratings; 1: by a group that shares something; 2: by all that is liked, where none
    of many ratings says much; 3: by all that is rated, where most of it is not liked.
    """
    whole = table["supporting"].to_numpy()
    strongest = np.repeat(sides.weights[sides.first], np.diff(np.append(sides.first, len(table))))
    diffuse = (strongest < DIFFUSE * whole) & (table["n_liked"].to_numpy() > n_cited)
    form = np.where(table["shared"].notna(), 1, np.where(diffuse, 2, 0))
    form[table["lower"].to_numpy() > whole / 2] = 3
    return form


def _support(
    table: pd.DataFrame,
    form: NDArray[np.int64],
    cited: pa.Array,
    all_rated: bool,
    features: Features | None,
) -> pa.LargeStringArray:
    """What supports, in the forms of `_forms`."""
    rows = np.flatnonzero(form == 1)
    of_group = table.iloc[rows]
    parts = np.where(form == 1, table["of_sharing"], table["supporting"] - table["lower"])
    return columns.fill_each(
        [
            phrase("Recommended because you rated {cited}")
            if all_rated
            else phrase("Recommended because you liked {cited}"),
            phrase("Recommended because of the {n} you rated {group} ({share}), above all {cited}")
            if all_rated
            else phrase(
                "Recommended because of the {n} you liked {group} ({share}), above all {cited}"
            ),
            phrase("Recommended because of all {n} you rated ({share}), above all {cited}")
            if all_rated
            else phrase("Recommended because of all {n} you liked ({share}), above all {cited}"),
            phrase("Recommended for all that you rated; of what you liked, above all for {cited}"),
        ],
        form,
        cited=cited,
        n=columns.written(np.where(form == 1, table["n_sharing"], table["n_liked"]), short),
        group=columns.spread(group_names(of_group["shared"], features), rows, len(table)),
        share=_shares(parts / table["supporting"].to_numpy()),
    )


def below_liking(data: Data) -> str:
    """Which ratings are of what is not liked: those below ★4, or below the person's mean."""
    if np.isnan(data.liking.at_least):
        return phrase("below your mean")
    given = data.interactions.distinct
    liked = given[given >= data.liking.at_least - NO_DIFFERENCE]
    return phrase("below ★{rating}", rating=short(float(liked[0]) if len(liked) else np.inf))


def group_names(ids: pd.Series[Any], features: Features | None) -> pa.LargeStringArray:
    """Where the ratings of a group are: in a genre, from a decade."""
    if features is None or not len(ids):
        return pa.array(ids.astype("str"), pa.large_string())
    names = {
        name: phrase("in {genre}", genre=label) if name.startswith("genres=") else said_label(label)
        for name, label in zip(features.ids.tolist(), features.labels, strict=True)
    }
    return columns.names(ids.astype("str").map(names))


def _shares(shares: NDArray[np.float64]) -> pa.LargeStringArray:
    return columns.written(np.rint(100 * np.nan_to_num(shares)), percentage)
