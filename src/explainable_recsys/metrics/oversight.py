"""What the owner of a system sees of all its reasons: what they rest on, where there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.metrics.beyond_accuracy import item_popularity
from explainable_recsys.ragged import place_in_run

Firmness = Literal["none", "single", "diffuse", "firm"]

FIRMNESS: tuple[Firmness, ...] = ("none", "single", "diffuse", "firm")
"""No reason; a reason that is one piece alone; one whose largest piece is little; another."""

DIFFUSE = 0.05
"""A reason whose largest piece is a smaller share of all that supports the item is diffuse."""

MOST = 1000
"""So many of the pieces of evidence that are told most often are listed."""

Whose = Literal["history", "item"]


@dataclass(frozen=True, eq=False)
class Oversight:
    """The reasons of one approach for everybody.

    Attributes:
        told: As `evidence_told`.
        weak: As `weak_reasons`.
        groups: As `reasons_by_group`; `n_diffuse` is missing where it cannot be known.
        reached: As `items_reached`.
    """

    told: pd.DataFrame
    weak: pd.DataFrame
    groups: pd.DataFrame
    reached: pd.DataFrame


def oversee(
    data: Data,
    lists: Lists,
    evidence: pd.DataFrame,
    totals: pd.DataFrame | None,
    n_cited: int,
    min_ratings: int,
) -> Oversight:
    """Look at the reasons of one approach for everybody.

    Args:
        data: What it learned from; says which items are popular.
        lists: The recommendations.
        evidence: What explains them; may be empty.
        totals: Columns `user_id`, `item_id`, `supporting`, the sum of all positive weights; None
            where they are not known.
        n_cited: So many supporting pieces are told of each recommendation.
        min_ratings: Items with fewer of them are never recommended.

    >>> ratings = pd.DataFrame({"user_id": [1, 1, 2], "item_id": [7, 8, 9], "rating": 4.0})
    >>> data = Data.from_frames(ratings)
    >>> table = pd.DataFrame({"user_id": [1, 2], "item_id": [9, 7], "rank": 1})
    >>> evidence = {"user_id": [1, 1], "item_id": 9, "position": [1, 2], "style": "item"}
    >>> evidence |= {"evidence_id": ["7", "8"], "evidence": ["Up", "It"], "weight": [0.4, 0.1]}
    >>> lists = Lists.of(data.histories, table)
    >>> seen = oversee(data, lists, pd.DataFrame(evidence).assign(group=1), None, 3, 1)
    >>> seen.told[["evidence", "share"]].values.tolist(), seen.weak["reason"].tolist()
    ([['Up', 0.5], ['It', 0.5]], ['none'])
    """
    told = told_pieces(lists, evidence, n_cited)
    firmness = reason_firmness(lists, told, totals)
    groups = reasons_by_group(data, lists, firmness)
    if totals is None:
        groups["n_diffuse"] = groups["n_diffuse"].mask(groups["n_diffuse"] >= 0)
    return Oversight(
        evidence_told(data, lists, told),
        weak_reasons(data, lists, firmness),
        groups,
        items_reached(data, lists, firmness, min_ratings),
    )


def told_pieces(lists: Lists, evidence: pd.DataFrame, n_cited: int) -> pd.DataFrame:
    """The supporting pieces that are told first; of rules, all that one rests on is one piece.

    Returns:
        Rows of the evidence with two more columns: `recommendation`, its number in the lists, and
        `piece`, numbers from 1 within a recommendation; sorted by both.
    """
    numbers = lists.positions_of(evidence)
    is_rule = (evidence["style"] == "rule").to_numpy(bool)
    piece = np.where(is_rule, evidence["group"], evidence["position"]).astype(np.int64)
    kept = (numbers >= 0) & (piece <= n_cited) & (evidence["weight"] > 0).to_numpy(bool)
    told = evidence[kept].assign(recommendation=numbers[kept], piece=piece[kept])
    return told.sort_values(["recommendation", "piece", "position"], ignore_index=True)


def reason_firmness(
    lists: Lists, told: pd.DataFrame, totals: pd.DataFrame | None
) -> NDArray[np.int64]:
    """How firm the reason of every recommendation is, (n,) positions in `FIRMNESS`.

    Args:
        lists: The recommendations.
        told: As `told_pieces`. A piece that stands for several people counts as so many.
        totals: As `oversee`; where they are not known, no reason is diffuse.
    """
    recommendations = told["recommendation"].to_numpy(np.int64)
    weights = told["weight"].to_numpy(np.float64)
    are_people = told["style"].isin([s.name for s in STYLES.values() if s.counts_people])
    counted = np.where(are_people, weights, _begins(told))
    n_pieces = np.bincount(recommendations, counted, len(lists))
    firmness = np.select([n_pieces == 0, n_pieces == 1], [0, 1], 3)
    if totals is not None and len(totals):
        numbers = lists.positions_of(totals)
        supporting = np.zeros(len(lists))
        supporting[numbers[numbers >= 0]] = totals["supporting"].to_numpy()[numbers >= 0]
        largest = np.zeros(len(lists))
        np.maximum.at(largest, recommendations, weights)
        firmness[(firmness == 3) & (largest < DIFFUSE * supporting)] = 2
    return firmness.astype(np.int64)


def evidence_told(data: Data, lists: Lists, told: pd.DataFrame) -> pd.DataFrame:
    """Which pieces of evidence carry the lists: of how many recommendations each is told.

    Args:
        data: What items are called.
        lists: The recommendations.
        told: As `told_pieces`.

    Returns:
        The `MOST` that are told most often, these first: `style`, `evidence_id`, `evidence` (of a
        rule: what it rests on → what it leads to), `n_recommendations`, `n_users`, `share` (of
        all recommendations).
    """
    begins = _begins(told)
    pieces = told.loc[begins, ["style", "recommendation"]].astype({"style": "str"})
    recommendations = pieces["recommendation"].to_numpy(np.int64)
    leads_to = np.where(pieces["style"] == "rule", lists.items[recommendations], -1)
    parts, texts = _parts(told, begins)
    keys = pd.DataFrame(parts).assign(leads_to=leads_to, style=pieces["style"].to_numpy())
    names = list(keys.columns)
    keys = keys.assign(recommendation=recommendations, user=lists.users[recommendations])
    found = keys.groupby(names, sort=True).agg(
        n_recommendations=("recommendation", "nunique"), n_users=("user", "nunique")
    )
    found = found.sort_values("n_recommendations", ascending=False, kind="stable")
    found = found.head(MOST).reset_index()
    ends = found["leads_to"].to_numpy(np.int64)
    ids = [data.interactions.item_ids, data.titles(np.arange(data.interactions.n_items))]
    for column, target in zip(("evidence_id", "evidence"), ids, strict=True):
        found[column] = _joined(found[range(parts.shape[1])].to_numpy(), texts[column])
        found.loc[ends >= 0, column] += " → " + np.asarray(target)[ends[ends >= 0]].astype(str)
    found["share"] = found["n_recommendations"] / max(len(lists), 1)
    return found[["style", "evidence_id", "evidence", "n_recommendations", "n_users", "share"]]


def weak_reasons(data: Data, lists: Lists, firmness: NDArray[np.int64]) -> pd.DataFrame:
    """The recommendations with no reason or a weak one.

    Returns:
        `user_id`, `item_id`, `rank`, `reason` (none, single or diffuse), `n_rated` (ratings of the
        user), `n_ratings` (of the item); in the order of the lists.
    """
    weak = np.flatnonzero(firmness < FIRMNESS.index("firm"))
    table = lists.table[["user_id", "item_id", "rank"]].iloc[weak].reset_index(drop=True)
    return table.assign(
        reason=pd.Categorical.from_codes(firmness[weak], categories=pd.Index(FIRMNESS)),
        n_rated=_history_lengths(lists)[lists.users[weak]],
        n_ratings=item_popularity(data.interactions)[lists.items[weak]],
    )


def reasons_by_group(data: Data, lists: Lists, firmness: NDArray[np.int64]) -> pd.DataFrame:
    """For whom, and for what, reasons are missing or weak.

    Users are in three groups of about one size by the length of their histories; items in three
    that have about as many ratings each, from the long tail to the short head.

    Returns:
        `whose` (history, item), `low` and `high` (number of ratings, of this group from and to),
        `n_recommendations`, and of these `n_none`, `n_single`, `n_diffuse`.
    """
    lengths, popularity = _history_lengths(lists), item_popularity(data.interactions)
    sides: dict[Whose, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]] = {
        "history": (lengths, np.ones_like(lengths), lengths[lists.users]),
        "item": (popularity, popularity, popularity[lists.items]),
    }
    found = []
    for whose, (sizes, weights, of_recommendations) in sides.items():
        low, high = _thirds(sizes, weights)
        group = np.searchsorted(high, of_recommendations)
        counts = np.zeros((len(high), len(FIRMNESS)), np.int64)
        np.add.at(counts, (group, firmness), 1)
        columns = {f"n_{name}": counts[:, n] for n, name in enumerate(FIRMNESS) if name != "firm"}
        rows = {"whose": whose, "low": low, "high": high, "n_recommendations": counts.sum(axis=1)}
        found.append(pd.DataFrame(rows | columns))
    return pd.concat(found, ignore_index=True).astype({"n_diffuse": "Int64"})


def items_reached(
    data: Data, lists: Lists, firmness: NDArray[np.int64], min_ratings: int
) -> pd.DataFrame:
    """How often every item is recommended, and recommended with a reason.

    Args:
        data: Which items there are.
        lists: The recommendations.
        firmness: As `reason_firmness`.
        min_ratings: Items with fewer ratings are left out.

    Returns:
        `item_id`, `n_ratings`, `n_recommended`, `n_explained`.
    """
    n_ratings, n_items = item_popularity(data.interactions), data.interactions.n_items
    explained = lists.items[firmness > 0]
    table = pd.DataFrame(
        {
            "item_id": data.interactions.item_ids,
            "n_ratings": n_ratings,
            "n_recommended": np.bincount(lists.items, minlength=n_items),
            "n_explained": np.bincount(explained, minlength=n_items),
        }
    )
    return table[n_ratings >= min_ratings].reset_index(drop=True)


def _begins(told: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows begin a piece, (n,)."""
    begins = np.ones(len(told), bool)
    for column in ("recommendation", "piece"):
        values = told[column].to_numpy()
        begins[1:] &= values[1:] == values[:-1]
    begins[1:] = ~begins[1:]
    return begins


def _parts(told: pd.DataFrame, begins: NDArray[np.bool_]) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """What every piece is made of: codes (n_pieces, longest), padded with -1, and their texts."""
    ids, _ = pd.factorize(told["evidence_id"], use_na_sentinel=False)
    words, known = pd.factorize(told["evidence"], use_na_sentinel=False)
    codes, pairs = pd.factorize(ids * max(len(known), 1) + words)
    first = np.zeros(len(pairs), np.int64)
    first[codes[::-1]] = np.arange(len(told))[::-1]
    number = np.cumsum(begins) - 1
    place = place_in_run(number)
    parts = np.full((int(begins.sum()), int(place.max(initial=0)) + 1), -1, np.int64)
    parts[number, place] = codes
    texts = told[["evidence_id", "evidence"]].iloc[first].astype("str")
    return parts, texts.reset_index(drop=True)


def _joined(parts: NDArray[np.int64], texts: pd.Series[Any]) -> pd.Series[Any]:
    """The texts of pieces (n, longest), with a plus between those of one."""
    found = pd.Series("", index=range(len(parts)), dtype="str")
    for n, codes in enumerate(parts.T):
        found[codes >= 0] += (" + " if n else "") + texts.to_numpy()[codes[codes >= 0]]
    return found


def _thirds(
    sizes: NDArray[np.int64], weights: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lowest and highest size of three groups of about one weight; fewer where sizes repeat."""
    order = np.argsort(sizes, kind="stable")
    ordered, reached = sizes[order], np.cumsum(weights[order])
    ends = np.searchsorted(reached, reached[-1] * np.array([1, 2, 3]) / 3)
    high = np.unique(ordered[np.minimum(ends, len(ordered) - 1)])
    begins = np.append(0, np.searchsorted(ordered, high[:-1], side="right"))
    return ordered[begins], high


def _history_lengths(lists: Lists) -> NDArray[np.int64]:
    return np.diff(lists.histories.ratings.indptr).astype(np.int64)
