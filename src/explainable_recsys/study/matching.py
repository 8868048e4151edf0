"""The pool of items that every kind of reason can explain, and for how many people it suffices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.answers.pairs import APPROACHES, record_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.draws import sample
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.ragged import place_in_run
from explainable_recsys.study.assignment import assign
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


def simulated_people(
    data: Data, offered: NDArray[Any], n_people: int, n_ratings: int, seed: int
) -> Interactions:
    """People of the data, drawn, who rate the first films that they know of those offered.

    Args:
        data: Whose people.
        offered: Ids of the items, in the order in which they are offered to be rated.
        n_people: At most; each rated at least `n_ratings` items.
        n_ratings: Of each.
        seed: Of the draw.

    Returns:
        Histories of people 0, 1, … over the catalogue.

    Raises:
        InputError: If nobody rated so many.
    """
    known = data.histories
    lengths = np.diff(known.ratings.indptr)
    able = known.user_ids[lengths >= n_ratings]
    if not len(able):
        most = lengths.max(initial=0)
        raise InputError(f"ratings.least: {n_ratings}; nobody in the data rated more than {most}")
    people = sample(able, n_people, seed, "people of a study")
    theirs = known.ratings[known.user_rows(people)].tocoo()
    rows, columns = theirs.row.astype(np.int64), theirs.col
    place = np.full(known.n_items, len(offered))
    place[known.known_columns(offered)] = np.arange(len(offered))
    order = np.lexsort((place[columns], rows))
    kept = order[place_in_run(rows[order]) < n_ratings]
    cells = (rows[kept], columns[kept])
    some = sparse.csr_array((theirs.data[kept], cells), shape=theirs.shape)
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


def would_see(plan: Plan, pool: pd.DataFrame, data: Data, n_people: int) -> pd.DataFrame:
    """What simulated people would see with each kind, if they took part one after the other.

    Args:
        plan: The study.
        pool: Of people 0, 1, …, as `pool_of`.
        data: Whose items, for how popular they are.
        n_people: Simulated, those too who got no list.

    Returns:
        One row for each kind: `kind`, `items` (median of a person), `people` (share of them with as
        many as planned), `popularity_rank` and `rank` (medians of the items; missing without any).
    """
    trials = [
        (user, trial.kind, trial.item_id, trial.rank)
        for user, listed in pool.groupby("user_id")
        for trial in assign(plan, int(str(user)), listed)
    ]
    table = pd.DataFrame(trials, columns=["user_id", "kind", "item_id", "rank"])
    table["popularity_rank"] = popularity_rank(data, table["item_id"])
    rows = []
    for kind in plan.kinds:
        seen = table[table["kind"] == kind.name]
        counts = seen["user_id"].value_counts().reindex(range(n_people), fill_value=0)
        rows.append(
            {
                "kind": kind.name,
                "items": float(counts.median()),
                "people": float((counts >= plan.items_of(kind)).mean()),
                "popularity_rank": seen["popularity_rank"].median(),
                "rank": seen["rank"].median(),
            }
        )
    return pd.DataFrame(rows)


def check_kinds(plan: Plan, explained: Collection[str], recommenders: Collection[str]) -> None:
    """Make sure that there is who recommends and who gives the reasons.

    Args:
        plan: The study.
        explained: Approaches of which a run has what they need.
        recommenders: Those of which a run has lists.

    Raises:
        InputError: Naming what is not known, or what no run has made.
    """
    record_of(RECOMMENDERS, plan.recommender, "recommender")
    if plan.recommender not in recommenders:
        raise InputError(
            f"recommender: no run has made lists by {plan.recommender} yet; accepted: "
            f"{', '.join([*recommenders, 'first make run'])}"
        )
    for kind in plan.explained:
        approach = record_of(APPROACHES, str(kind.approach), "approach").name
        if approach not in explained:
            raise InputError(
                f"kinds: {kind.name}: no run has explained lists by {approach} yet; accepted: "
                f"{', '.join([*explained, f'first make run PIPELINES={approach}'])}"
            )


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
