"""Influence, what-if and counterfactuals: how exact, how fast, beside solving again in a loop.

    python benchmarks/influence.py --env ml-100k

10 % of each user's ratings are held out, seed 0. Influences of all ratings on the ten first
recommendations to everybody by SVD; the loop takes one rating out of a history, solves for the
user's side again and scores, for some users, and shows the largest difference. What-if removes,
adds and re-rates items for a user with about 200 ratings, with every recommender.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from data import argument_parser, load
from explainable_recsys.explainers.counterfactuals import minimal_counterfactual
from explainable_recsys.explainers.influence import (
    InfluenceParameters,
    explain_by_influence,
    influences,
)
from explainable_recsys.explainers.what_if import Change, what_if
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.knowledge.features import (
    FeatureParameters,
    item_features,
    user_features,
)
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.svd import SVD, SVDParameters
from explainable_recsys.threads import one_blas_thread

USERS_OF_THE_LOOP = 20
CALLS = 50
LENGTH = 200


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, items = load(arguments.env, arguments.folder)
    split = split_ratings(ratings, SplitParameters())
    train = Interactions.from_frame(pd.concat([split.train, split.validation]))
    svd = SVD.fit(train, SVDParameters())
    lists = recommend(svd, train, RecommendationParameters())
    print_influences(svd, train, lists, items)
    for name, model in others(train, items).items() | {("SVD", svd)}:
        print_what_if(name, model, train)


def print_influences(
    model: SVD, train: Interactions, lists: pd.DataFrame, items: pd.DataFrame
) -> None:
    """All influences at once, on one thread, and a loop over some users."""
    _, columns = train.lists_by_user(lists)
    blocks = list(padded_blocks(train.ratings))
    n_influences = int(np.diff(train.ratings.indptr).sum()) * columns.shape[1]
    with one_blas_thread():
        start = time.perf_counter()
        for block in blocks:
            influences(model, block, columns[block.rows])
        seconds = time.perf_counter() - start
    print(
        f"{n_influences:,} influences in {seconds:.2f} s, {n_influences / seconds:,.0f} per second"
    )
    start = time.perf_counter()
    explain_by_influence(model, train, lists, items, InfluenceParameters())
    print(f"explanations of {len(lists):,} recommendations: {time.perf_counter() - start:.2f} s")
    users = np.linspace(0, train.n_users - 1, USERS_OF_THE_LOOP).astype(int)
    worst, seconds, n_solved = 0.0, 0.0, 0
    for user in users.tolist():
        start = time.perf_counter()
        looped = by_loop(model, train.ratings[[user]], columns[user])
        seconds += time.perf_counter() - start
        n_solved += looped.size
        (block,) = padded_blocks(train.ratings[[user]])
        worst = max(
            worst, float(np.abs(influences(model, block, columns[[user]])[0] - looped).max())
        )
    print(f"solving again: {n_solved / seconds:,.0f} per second; largest difference {worst:.0e}")


def by_loop(
    model: SVD, history: sparse.csr_array, columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Influences (k, length) by solving without each rating."""
    design = model.design[columns]
    whole = design @ model.user_factors(history)[0]
    found = np.empty((len(columns), history.nnz))
    for place in range(history.nnz):
        kept = np.arange(history.nnz) != place
        arrays = history.data[kept], history.indices[kept], [0, kept.sum()]
        without = sparse.csr_array(arrays, shape=history.shape)
        found[:, place] = whole - design @ model.user_factors(without)[0]
    return found


def others(train: Interactions, items: pd.DataFrame) -> dict[str, Recommender]:
    """The other recommenders."""
    parameters = FeatureParameters()
    nobody = pd.DataFrame({"user_id": []})
    of_users = user_features(train, nobody, items, parameters, ())
    of_items = item_features(train, items, parameters, ("genres", "decade"))
    fits: dict[str, Callable[[], Recommender]] = {
        "ALS": lambda: ALS.fit(train, ALSParameters()),
        "EMF": lambda: EMF.fit(train, EMFParameters(), NeighbourhoodParameters()),
        "FM": lambda: FM.fit(train, of_users, of_items, FMParameters()),
        "EASE": lambda: EASE.fit(train, EASEParameters()),
        "item-kNN": lambda: ItemKNN.fit(train, ItemSimilarityParameters()),
        "most popular": lambda: Popularity.fit(train),
    }
    return {name: fit() for name, fit in fits.items()}


def print_what_if(name: str, model: Recommender, train: Interactions) -> None:
    """Median time of a what-if, and one counterfactual."""
    user = int(np.argmin(np.abs(np.diff(train.ratings.indptr) - LENGTH)))
    row = train.ratings[[user]]
    history = dict(zip(train.item_ids[row.indices].tolist(), row.data.tolist(), strict=True))
    rated = list(history)
    new = next(item for item in train.item_ids.tolist() if item not in history)
    changes = [Change(rated[0], None), Change(rated[1], None), Change(new, 5.0)]
    changes.append(Change(rated[2], 1.0))
    seconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        what_if(model, train, history, changes)
        seconds.append(time.perf_counter() - start)
    last = what_if(model, train, history, []).before["item_id"].iloc[-1]
    start = time.perf_counter()
    found = minimal_counterfactual(model, train, history, last)
    size = "none" if found is None else f"{len(found.removed)} ratings"
    print(
        f"{name}: what-if with {len(history)} ratings {1000 * np.median(seconds):.1f} ms; "
        f"counterfactual of the last in the list {size}, {time.perf_counter() - start:.2f} s"
    )


if __name__ == "__main__":
    main()
