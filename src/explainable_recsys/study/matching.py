"""The pool of items that every kind of reason can explain, and for how many people it suffices."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.draws import hashes, sample
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.ragged import place_in_run
from explainable_recsys.study.plan import Plan


def pool_of(listed: pd.DataFrame, sentences: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A recommender's lists, and which of the items each kind of reason can explain.

    Args:
        listed: Columns `user_id`, `item_id`, `rank`; of one person or of many.
        sentences: By name of the kind, what an `Answer` has for these lists: columns `user_id`,
            `item_id`, and no row where nothing explains.

    Returns:
        `listed`, and a column for each kind.

    >>> listed = pd.DataFrame({"user_id": [7, 7], "item_id": [1, 2], "rank": [1, 2]})
    >>> pool_of(listed, {"rules": listed[1:]})["rules"].tolist()
    [False, True]
    """
    asked = pd.MultiIndex.from_frame(listed[["user_id", "item_id"]])
    explained = {
        kind: asked.isin(pd.MultiIndex.from_frame(said[["user_id", "item_id"]]))
        for kind, said in sentences.items()
    }
    return listed.assign(**explained)


def simulated_people(data: Data, n_people: int, n_ratings: int, seed: int) -> Interactions:
    """People who rated so many items, drawn from those of the data who rated more or as many.

    Args:
        data: Whose people.
        n_people: At most.
        n_ratings: Of each.
        seed: Of the draws.

    Returns:
        Histories of people 0, 1, … over the catalogue.

    Raises:
        InputError: If nobody rated so many.
    """
    known = data.histories
    matrix = known.ratings
    able = known.user_ids[np.diff(matrix.indptr) >= n_ratings]
    if not len(able):
        most = int(np.diff(matrix.indptr).max(initial=0))
        raise InputError(f"ratings.least: {n_ratings}; nobody in the data rated more than {most}")
    people = sample(able, n_people, seed, "people of a study")
    theirs = matrix[known.user_rows(people)].tocoo()
    drawn = hashes(people[theirs.row], theirs.col, seed=seed, purpose="ratings of a study")
    order = np.lexsort((drawn, theirs.row))
    kept = order[place_in_run(theirs.row[order]) < n_ratings]
    cells = (theirs.row[kept], theirs.col[kept])
    some = sparse.csr_array((theirs.data[kept], cells), shape=(len(people), known.n_items))
    some.sort_indices()
    return Interactions(some, np.arange(len(people)), known.item_ids)


def feasibility(plan: Plan, pool: pd.DataFrame, data: Data, n_people: int) -> pd.DataFrame:
    """How many items match, for each pair and triple of the kinds and for all of them.

    Args:
        plan: The study.
        pool: Of simulated people, as `pool_of`.
        data: Whose items, for how popular they are.
        n_people: Simulated, those too who got no list.

    Returns:
        One row for each set of kinds: `kinds` (a tuple), `n` (of them), `needed` (items for these
        and the controls), `median` (matched items of a person), `least` (of nine people in ten),
        `people` (share of them with as many as are needed), `rank_matched` and `rank_listed`
        (median popularity rank of matched items, and of all on the lists; missing where nothing
        matches).
    """
    names = [kind.name for kind in plan.explained]
    controls = [kind for kind in plan.kinds if kind.approach is None]
    sets = [some for n in (2, 3) if n < len(names) for some in combinations(names, n)]
    popular = popularity_rank(data, pool["item_id"])
    rows = []
    for some in [*sets, tuple(names)]:
        matched = pool[list(some)].all(axis=1).to_numpy()
        counts = np.zeros(n_people, np.int64)
        found = pool["user_id"][matched].value_counts().to_numpy()
        counts[: len(found)] = found
        needed = sum(
            plan.items_of(kind)
            for kind in (*plan.explained, *controls)
            if kind.name in some or kind in controls
        )
        rows.append(
            {
                "kinds": some,
                "n": len(some),
                "needed": needed,
                "median": float(np.median(counts)),
                "least": float(np.quantile(counts, 0.1, method="lower")),
                "people": float(np.mean(counts >= needed)),
                "rank_matched": popular[matched].median(),
                "rank_listed": popular.median(),
            }
        )
    return pd.DataFrame(rows)


def popularity_rank(data: Data, item_ids: Any) -> pd.Series[Any]:
    """Rank of items by their number of ratings, from 1, the most rated first.

    Args:
        data: Whose ratings.
        item_ids: A column of ids that are known.
    """
    known = data.interactions
    ranks = np.empty(known.n_items, np.int64)
    ranks[known.most_rated_first] = np.arange(1, known.n_items + 1)
    return pd.Series(ranks[known.known_columns(item_ids)], name="popularity_rank")
