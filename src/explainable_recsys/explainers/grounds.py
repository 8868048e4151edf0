"""Why a rated item is cited for another: how many of those who liked it liked the other too."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.noise import noise_floor, what_is_said
from explainable_recsys.recommenders.lists import Ranker

LEAST_PEOPLE = 5
"""Fewer people who liked both items are no ground, and could be told from it."""

LEAST_RATIO = 1.2
"""So many times as often as people just as active those who liked one liked the other."""

GROUPS = 10
"""Parts of equal size into which people are sorted by how much they like."""

PAIRS_AT_ONCE = 10_000
"""Pairs of items whose people are compared together."""


def what_is_told(
    evidence: pd.DataFrame, data: Data, lists: Lists, ranker: Ranker | None, n_named: int
) -> pd.DataFrame:
    """Evidence without what is noise to a ranker, if there is one; with grounds, if any is named.

    Args:
        evidence: As `evidence_table` makes it.
        data: See `with_grounds`.
        lists: What is explained.
        ranker: Who made the scores that the weights are parts of.
        n_named: So many pieces are named, with the grounds of the rated items; 0: with none.
    """
    if ranker is not None:
        evidence = what_is_said(evidence, lists, noise_floor(ranker, lists), data.liking)
    return with_grounds(evidence, data, lists, n_named) if n_named else evidence


def with_grounds(evidence: pd.DataFrame, data: Data, lists: Lists, n_named: int) -> pd.DataFrame:
    """Add to evidence of rated items what everybody's ratings say of the pieces that are named.

    Two popular items are liked by the same people only because some people like much. So those who
    liked the cited item are compared with as many others who are just as active: of each tenth of
    all people, by how much they like, the same number. What a model makes of ratings is not asked.

    Where all named pieces lack a ground (`grounded`) and share no genre with the recommended item,
    there is no explanation, unless genres are not known.

    Args:
        evidence: As `evidence_table` makes it, whose pieces are rated items or have examples.
        data: Whose ratings are counted, and what is liked.
        lists: What is explained.
        n_named: Most liked items of a recommendation that are named.

    Returns:
        The same with `n_fans`, the people who liked the rated item, `n_both`, those of them who
        liked the recommended one too, and `n_expected`, how many would if they were like others
        just as active; missing where a piece is not named.
    """
    position = evidence["position"].to_numpy()
    supports = (evidence["weight"] > 0) & evidence["rated_item_id"].notna()
    named = np.flatnonzero(supports.to_numpy() & (position <= n_named))
    rated = data.interactions.known_columns(evidence["rated_item_id"].iloc[named])
    asked = lists.positions_of(evidence.iloc[named])
    likes = data.liking.items(lists.histories.ratings)[lists.users[asked], rated]
    liked = np.asarray(likes > 0).ravel() if len(named) else np.zeros(0, np.bool_)
    named, rated, items = named[liked], rated[liked], lists.items[asked][liked]
    counts = np.full((len(evidence), 3), np.nan, np.float32)
    counts[named] = _counts(data, rated, items)
    table = evidence.assign(**dict(zip(("n_fans", "n_both", "n_expected"), counts.T, strict=True)))
    stands = grounded(table.iloc[named]) | _alike(data, rated, items)
    made = np.cumsum(position == 1) - 1
    kept = ~np.isin(made, np.setdiff1d(made[named], made[named[stands]]))
    said: pd.DataFrame = table[kept].reset_index(drop=True)
    return said


def grounded(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Where enough people liked both items, clearly more than of others who are just as active.

    Of evidence without grounds: nowhere.
    """
    if "n_both" not in table:
        return np.zeros(len(table), np.bool_)
    both, expected = (table[name].to_numpy(np.float64) for name in ("n_both", "n_expected"))
    return np.asarray((both >= LEAST_PEOPLE) & (both >= LEAST_RATIO * expected))


def _counts(data: Data, rated: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of pairs of items (m,): who liked the one, who liked both, and how many are expected to."""
    fans = data.fans
    activity = np.bincount(fans.indices, minlength=fans.shape[1])
    bounds = np.quantile(activity, np.arange(1, GROUPS) / GROUPS)
    group = np.searchsorted(bounds, activity, side="right")
    sizes = np.maximum(np.bincount(group, minlength=GROUPS), 1)
    cells = np.ones(len(group)), (np.arange(len(group)), group)
    by_group = (fans @ sparse.csr_array(cells, shape=(len(group), GROUPS))).toarray()
    counts = np.empty((len(rated), 3))
    for start in range(0, len(rated), PAIRS_AT_ONCE):
        part = slice(start, start + PAIRS_AT_ONCE)
        one, other = rated[part], items[part]
        counts[part, 0] = by_group[one].sum(axis=1)
        counts[part, 1] = fans[one].multiply(fans[other]).sum(axis=1)
        counts[part, 2] = (by_group[one] * by_group[other] / sizes).sum(axis=1)
    return counts


def _alike(data: Data, rated: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which pairs of items share a genre, or may: where those of one are not known."""
    known = data.items.drop_duplicates("item_id").set_index("item_id")["genres"]
    asked, places = np.unique(np.stack([rated, items]), return_inverse=True)
    genres = [
        set(names.split("|")) - {""} if isinstance(names, str) else set[str]()
        for names in known.reindex(data.interactions.item_ids[asked])
    ]
    pairs = places.reshape(2, -1).T.tolist()
    return np.array(
        [not (genres[a] and genres[b]) or bool(genres[a] & genres[b]) for a, b in pairs], np.bool_
    )
