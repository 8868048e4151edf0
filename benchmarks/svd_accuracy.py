"""Accuracy of SVD on held-out ratings and in lists, and the time that a new user takes.

    python benchmarks/svd_accuracy.py --env ml-100k

Beside the closed-form user side stands the one that Surprise's last epoch leaves behind, over the
same item side. Hyper-parameters are the defaults, the user penalty is calibrated on the
validation part; then the model learns from training and validation data and is measured once on
the test part. Means of the seeds 0, 1, 2 of split and training; on GroupLens' own split u1 (if
the folder has it) the seeds change the validation part and the training only.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from data import accuracy, argument_parser, calibrated, load, official_split
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.preprocessing.splits import Split, SplitParameters, split_ratings
from explainable_recsys.recommenders.base import RatingPredictor, Recommender
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.svd import SVD, SVDParameters, surprise_svd

SEEDS = (0, 1, 2)
HISTORY = 50
CALLS = 2_000


@dataclass(frozen=True)
class SurpriseUsers:
    """Surprise's own prediction, for users it has learned from.

    Attributes:
        mean: () global mean rating.
        users: (n_users + 1, 1 + factors) bias and factors; the last row, of nobody, is 0.
        items: (n_items + 1, 1 + factors) likewise.
    """

    mean: float
    users: NDArray[np.float64]
    items: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Interactions, parameters: SVDParameters) -> SurpriseUsers:
        """Train Surprise's SVD and keep all of it."""
        learned = surprise_svd(train, parameters)
        nobody = np.zeros((1, 1 + parameters.factors))
        users = np.vstack([np.column_stack([learned.bu, learned.pu]), nobody])
        items = np.vstack([np.column_stack([learned.bi, learned.qi]), nobody])
        return cls(float(train.ratings.data.mean(dtype=np.float64)), users, items)

    def predict_ratings(
        self, histories: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Predict the ratings of (row, column) pairs; the histories have been learned from."""
        users, items = self.users[rows], self.items[columns]
        personal = np.einsum("mf,mf->m", users[:, 1:], items[:, 1:])
        return np.asarray(self.mean + users[:, 0] + items[:, 0] + personal)


def print_rating_errors(name: str, splits: list[Split], scale: tuple[float, float]) -> None:
    """RMSE and MAE of both user sides on the test parts."""
    results = []
    for seed, split in zip(SEEDS, splits, strict=True):
        parameters = SVDParameters(seed=seed)
        train, model = calibrated(split, parameters, scale)
        predictors: dict[str, RatingPredictor] = {
            "Surprise's users": SurpriseUsers.fit(train, parameters),
            "closed form": model,
        }
        for side, predictor in predictors.items():
            report = evaluate_ratings(predictor, train, split.test, *scale, n_resamples=0, seed=0)
            penalty = model.user_penalty if predictor is model else np.nan
            results.append({"side": side, "user penalty": penalty} | report)
    table = pd.DataFrame(results)
    print(f"\n{name}: {len(splits[0].test):,} test ratings")
    for side in table["side"].unique():
        group = table[table["side"] == side]
        errors = ", ".join(
            f"{key.upper()} {group[key].mean():.4f} (sd {group[key].std():.4f})"
            for key in ("rmse", "mae")
        )
        penalties = group["user penalty"].dropna()
        chosen = f"; user penalties {', '.join(f'{kappa:g}' for kappa in penalties)}"
        print(f"{side:17} {errors}{chosen if len(penalties) else ''}")


def print_list_accuracy(splits: list[Split], scale: tuple[float, float]) -> None:
    """Recall and nDCG of the lists with and without the prior, and of the most popular."""
    results = []
    for seed, split in zip(SEEDS, splits, strict=True):
        train, model = calibrated(split, SVDParameters(seed=seed), scale)
        recommenders: dict[str, Recommender] = {
            "popularity_weight 0": model.with_popularity_weight(0.0),
            f"popularity_weight {model.parameters.popularity_weight:g}": model,
            "most popular": Popularity.fit(train),
        }
        for name, recommender in recommenders.items():
            means = accuracy(recommender, train, split.test)
            results.append({"name": name} | means.to_dict())
    print("\nlists, 10 % of each user's ratings held out, every held-out rating is a hit")
    table = pd.DataFrame(results).set_index("name")
    for name in table.index.unique():
        mean, spread = table.loc[name].mean(), table.loc[name].std()
        print(
            f"{name:19}", *(f"{key} {mean[key]:.4f} (sd {spread[key]:.4f})" for key in mean.index)
        )


def print_time_of_a_new_user(ratings: pd.DataFrame) -> None:
    """Median time of `scores` for one history."""
    model = SVD.fit(Interactions.from_frame(ratings), SVDParameters())
    rng = np.random.default_rng(0)
    columns = np.sort(rng.choice(model.n_items, HISTORY, replace=False))
    values = rng.choice(ratings["rating"], HISTORY).astype(np.float32)
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
    arguments = argument_parser(__doc__).parse_args()
    ratings, _ = load(arguments.env, arguments.folder)
    scale = (float(ratings["rating"].min()), float(ratings["rating"].max()))
    quarters = [split_ratings(ratings, SplitParameters(fraction=0.25, seed=s)) for s in SEEDS]
    print_rating_errors("75/25 random split", quarters, scale)
    if (parts := official_split(arguments.env, arguments.folder, "u1")) is not None:
        predefined = [SplitParameters(strategy="predefined", seed=seed) for seed in SEEDS]
        official = [split_ratings(ratings, parameters, *parts) for parameters in predefined]
        print_rating_errors("official split u1", official, scale)
    tenths = [split_ratings(ratings, SplitParameters(seed=seed)) for seed in SEEDS]
    print_list_accuracy(tenths, scale)
    print_time_of_a_new_user(ratings)


if __name__ == "__main__":
    main()
