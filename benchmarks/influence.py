"""Influence, what-if and counterfactuals: how exact, how fast, beside solving again in a loop.

    python benchmarks/influence.py --env ml-100k

10 % of each user's ratings are held out, seed 0. Influences of all ratings on the ten first
recommendations to everybody by SVD; the loop takes one rating out of a history, solves for the
user's side again and scores, for some users, and shows the largest difference. What-if removes,
adds and re-rates items for a user with about 200 ratings, with every recommender.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from experiment import Experiment, argument_parser
from explainable_recsys.data import Data
from explainable_recsys.explainers.counterfactuals import minimal_counterfactual
from explainable_recsys.explainers.downdates import influences
from explainable_recsys.explainers.what_if import Change, what_if
from explainable_recsys.interactions import padded_blocks
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.svd import SVD
from explainable_recsys.threads import one_blas_thread

RECOMMENDERS = ("als", "emf", "fm", "ease", "item_knn", "popularity", "svd")
USERS_OF_THE_LOOP = 20
CALLS = 50
LENGTH = 200


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    one = Experiment.prepare(arguments.env, arguments.folder)
    print_influences(one)
    for name in RECOMMENDERS:
        print_what_if(name, one.trained(name).model, one.data)


def print_influences(one: Experiment) -> None:
    """All influences at once, on one thread, and a loop over some users."""
    model, lists, _ = one.trained("svd")
    assert isinstance(model, SVD)
    train = one.train
    _, columns = lists.by_user()
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
    one.explain("influence", model, lists)
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


def print_what_if(name: str, model: Recommender, data: Data) -> None:
    """Median time of a what-if, and one counterfactual."""
    train = data.interactions
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
        what_if(model, data, history, changes)
        seconds.append(time.perf_counter() - start)
    last = what_if(model, data, history, []).before["item_id"].iloc[-1]
    start = time.perf_counter()
    found = minimal_counterfactual(model, data, history, last)
    size = "none" if found is None else f"{len(found.removed)} ratings"
    print(
        f"{name}: what-if with {len(history)} ratings {1000 * np.median(seconds):.1f} ms; "
        f"counterfactual of the last in the list {size}, {time.perf_counter() - start:.2f} s"
    )


if __name__ == "__main__":
    main()
