"""Sentences about ratings that a score is made of."""

from __future__ import annotations

from collections.abc import Mapping
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
    evidence = explained.evidence
    liked = columns.liked(data, lists.histories, evidence)
    sides = columns.Sides(evidence, parameters.n_cited, liked)
    totals = _totals(explained, sides, lists)
    whole, of = totals["supporting"], sides.number[sides.cited]
    rated = columns.fill(
        phrase("{item} ★{rating}"),
        item=columns.items(evidence["evidence"]),
        rating=columns.ratings(lists.histories, evidence),
    )
    form = _forms(totals, sides.weights[sides.first], parameters.n_cited)
    pieces = columns.fill_each(
        [phrase("{item} ({share})"), "{item}"],
        np.isin(form[of], [1, 2]),
        item=sides.cited_of(rated),
        share=_shares(sides.weights[sides.cited] / whole[of]),
    )
    lower = (totals["lower"] / whole)[sides.supported]
    supporting = columns.fill_each(
        ["{told}", phrase("{told}; {share} rests on what you rated {below}")],
        lower >= SAID_FROM,
        below=below_liking(data),
        told=_support(
            {name: values[sides.supported] for name, values in totals.items()},
            form[sides.supported],
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


def _totals(explained: Explained, sides: columns.Sides, lists: Lists) -> dict[str, NDArray[Any]]:
    """What the whole history says about each recommendation (n,), by the names of `totals`."""
    totals, place = explained.details["totals"], np.full(len(lists), -1)
    place[lists.positions_of(totals)] = np.arange(len(totals))
    told = {name: explained.evidence[name].to_numpy()[sides.first] for name in columns.KEYS}
    places = place[lists.positions_of(pd.DataFrame(told))]
    names = totals.columns.drop(columns.KEYS)
    return {name: totals[name].to_numpy()[places] for name in names}


def _forms(
    totals: Mapping[str, NDArray[Any]], strongest: NDArray[np.float64], n_cited: int
) -> NDArray[np.int64]:
    """How each recommendation (n,) is told.

    0: by single ratings; 1: by a group that shares something; 2: by all that is liked, where none
    of many ratings says much; 3: by all that is rated, where most of it is not liked.
    """
    whole = totals["supporting"]
    diffuse = (strongest < DIFFUSE * whole) & (totals["n_liked"] > n_cited)
    form = np.where(pd.notna(totals["shared"]), 1, np.where(diffuse, 2, 0))
    form[totals["lower"] > whole / 2] = 3
    return form


def _support(
    totals: Mapping[str, NDArray[Any]],
    form: NDArray[np.int64],
    cited: pa.Array,
    all_rated: bool,
    features: Features | None,
) -> pa.LargeStringArray:
    """What supports, in the forms of `_forms`."""
    rows, whole = np.flatnonzero(form == 1), totals["supporting"]
    parts = np.where(form == 1, totals["of_sharing"], whole - totals["lower"])
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
        n=columns.written(np.where(form == 1, totals["n_sharing"], totals["n_liked"]), short),
        group=columns.spread(group_names(totals["shared"][rows], features), rows, len(form)),
        share=_shares(parts / whole),
    )


def below_liking(data: Data) -> str:
    """Which ratings are of what is not liked: those below ★4, or below the person's mean."""
    if np.isnan(data.liking.at_least):
        return phrase("below your mean")
    given = data.interactions.distinct
    liked = given[given >= data.liking.at_least - NO_DIFFERENCE]
    return phrase("below ★{rating}", rating=short(float(liked[0]) if len(liked) else np.inf))


def group_names(ids: NDArray[Any], features: Features | None) -> pa.LargeStringArray:
    """Where the ratings of a group are: in a genre, from a decade."""
    if features is None or not len(ids):
        return pa.array(ids.tolist(), pa.large_string())
    labels = dict(zip(features.ids.tolist(), features.labels, strict=True))
    names = {
        name: phrase("in {genre}", genre=labels[name])
        if name.startswith("genres=")
        else said_label(labels[name])
        for name in set(ids)
    }
    return columns.names(pd.Series([names[name] for name in ids], dtype="str"))


def _shares(shares: NDArray[np.float64]) -> pa.LargeStringArray:
    return columns.written(np.rint(100 * np.nan_to_num(shares)), percentage)
