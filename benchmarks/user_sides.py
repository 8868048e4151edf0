"""What it costs to solve for users from their histories: rating errors beside the libraries' own.

    python benchmarks/user_sides.py --env ml-100k

Beside the closed-form user side of SVD stands the one that Surprise's last epoch leaves behind,
beside the conditional mean of the factorization machine the users as myFM sampled them, each over
the same item side; and the time that a new user takes. Parameters are the shipped ones. Splits are
a random one, 25 % of each user's ratings held out, and GroupLens' own u1 and u3 (if the folder has
them), with the features that papers give the machine on them: the catalogue then holds all items,
and one that nobody rated in training is predicted from its features. Means of the seeds 0, 1, 2 of
split and training; on official splits they change the validation part and the training only.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from experiment import SEEDS, Experiment, argument_parser, official_split
from explainable_recsys.metrics.ratings import rating_errors
from explainable_recsys.recommenders.fm import (
    FM,
    Examples,
    FMRatingsParameters,
    sample_posterior,
)
from explainable_recsys.recommenders.svd import SVD, TrainingPairs, surprise_svd

PROFILE = ("age", "gender", "occupation")
OFFICIAL: dict[str, tuple[str, ...]] = {"u1": (), "u3": PROFILE}
HISTORY = 50
CALLS = 2_000

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Rows and columns of held-out ratings; -1 for an unknown user or item."""


def by_svd(one: Experiment, pairs: Pairs) -> dict[str, NDArray[np.float64]]:
    """Predictions of SVD for both kinds of users."""
    model = one.make(["svd_ratings.model"])["svd_ratings.model"]
    assert isinstance(model, SVD)
    learned = surprise_svd(TrainingPairs.of(one.train, model.parameters), model.parameters)
    # The last row, of nobody, is 0.
    users, items = (
        np.pad(np.column_stack(side), ((0, 1), (0, 0)))
        for side in ((learned.bu, learned.pu), (learned.bi, learned.qi))
    )
    of, columns = users[pairs[0]], items[pairs[1]]
    personal = np.einsum("mf,mf->m", of[:, 1:], columns[:, 1:])
    return {
        "SVD, closed form": model.predict_ratings(one.train.ratings, *pairs),
        "SVD, Surprise's users": model.mean + of[:, 0] + columns[:, 0] + personal,
    }


def by_fm(
    one: Experiment, pairs: Pairs, profile: tuple[str, ...]
) -> dict[str, NDArray[np.float64]]:
    """Predictions of the factorization machine for both kinds of users."""
    made = one.make(["features.item", "features.user"])
    groups = {"features.user": profile, "features.item": ("genres", "decade")}
    of_users, of_items = (
        made[name].only(tuple(group for group in wanted if group in made[name].groups), name)
        for name, wanted in groups.items()
    )
    parameters = FMRatingsParameters(**one.parameters["fm_ratings"]["model"])
    examples = Examples.of(one.train, parameters)
    samples = sample_posterior(examples, of_users, of_items, parameters)
    model = FM.from_samples(samples, examples, parameters)
    return {
        "FM, conditional mean": model.predict_ratings(one.train.ratings, *pairs),
        "FM, as sampled": samples.predict(*pairs),
    }


def rows(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Errors on every split."""
    where = options.env, options.folder
    for seed in options.seeds:
        at_random = Experiment.prepare(*where, seed, changes={"split.fraction": 0.25})
        yield from errors(at_random, "25 % at random", PROFILE)
        for name, profile in OFFICIAL.items():
            if (parts := official_split(*where, name)) is not None:
                yield from errors(Experiment.prepare(*where, seed, parts), name, profile)


def errors(one: Experiment, split: str, profile: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """RMSE and MAE of everything on the test part."""
    over_all, scale = one.over_all_items(), one.data.scale
    predicted = by_svd(one, pairs_of(one)) | by_fm(over_all, pairs_of(over_all), profile)
    for users, ratings in predicted.items():
        found = rating_errors(ratings, one.test["rating"].to_numpy(), scale.minimum, scale.maximum)
        rmse, mae = np.sqrt(np.square(found).mean()), np.abs(found).mean()
        yield {"split": split, "users": users, "RMSE": rmse, "MAE": mae}


def pairs_of(one: Experiment) -> Pairs:
    """The held-out ratings."""
    return one.train.user_rows(one.test["user_id"]), one.train.item_columns(one.test["item_id"])


def print_time_of_a_new_user(one: Experiment) -> None:
    """Median time of `scores` of SVD for one history."""
    model = one.make(["svd_ratings.model"])["svd_ratings.model"]
    rng = np.random.default_rng(0)
    columns = np.sort(rng.choice(model.n_items, HISTORY, replace=False))
    values = rng.choice(one.train.ratings.data, HISTORY)
    history = sparse.csr_array((values, columns, [0, HISTORY]), shape=(1, model.n_items))
    milliseconds = []
    for _ in range(CALLS):
        start = time.perf_counter()
        model.scores(history)
        milliseconds.append(1000 * (time.perf_counter() - start))
    median, slow = np.quantile(milliseconds, [0.5, 0.95])
    print(
        f"\nscores of one new user with {HISTORY} ratings, {model.n_items:,} items: "
        f"{median:.3f} ms (95 % of calls below {slow:.3f} ms)"
    )


def main() -> None:
    """Measure, and print."""
    parser = argument_parser(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    table = pd.DataFrame(rows(options)).groupby(["split", "users"], sort=False)
    print(table.agg(["mean", "std"]).round(4).to_string())
    print_time_of_a_new_user(Experiment.prepare(options.env, options.folder))


if __name__ == "__main__":
    main()
