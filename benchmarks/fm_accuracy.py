"""Accuracy of the factorization machine on held-out ratings and in lists.

    python benchmarks/fm_accuracy.py

On GroupLens' own splits of ML-100K (u1 with genres and decades, u3 with those and with age, gender
and occupation) the catalogue holds all movies of the items file: one that nobody rated in training
is predicted from its features. Beside the conditional mean of the users stand the users as they
were sampled. Then the protocol of the lists: 10 % of each user's ratings held out, seeds 0, 1, 2,
with the popularity prior and without.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from data import argument_parser, load, load_users, official_split, with_items
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import (
    FeatureParameters,
    Features,
    UserGroup,
    item_features,
    user_features,
)
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import rating_errors
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.fm import FM, FMParameters, sample_posterior
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

PROFILE: tuple[UserGroup, ...] = ("age", "gender", "occupation")
OFFICIAL: tuple[tuple[str, tuple[UserGroup, ...]], ...] = (("u1", ()), ("u3", PROFILE))
SEEDS = (0, 1, 2)
K = 10


def main() -> None:
    """Measure everything."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, items = load(arguments.env, arguments.folder)
    users = load_users(arguments.env, arguments.folder)
    scale = ratings["rating"].min(), ratings["rating"].max()
    rows = []
    for name, profile in OFFICIAL:
        split = official_split(arguments.env, arguments.folder, name)
        if split is None:
            print(f"{name}: not in the folder")
            continue
        train_ratings, test = split
        train = with_items(Interactions.from_frame(train_ratings), items)
        for seed in SEEDS:
            parameters = FMParameters(seed=seed)
            described = describe(train, items, users, profile)
            start = time.perf_counter()
            samples = sample_posterior(train, *described, parameters)
            model = FM.from_samples(samples, train, parameters)
            seconds = time.perf_counter() - start
            of, columns = train.user_rows(test["user_id"]), train.item_columns(test["item_id"])
            actual = test["rating"].to_numpy()
            found = {
                "conditional mean": model.predict_ratings(train.ratings, of, columns),
                "as sampled": samples.predict(of, columns),
            }
            for side, predicted in found.items():
                errors = rating_errors(predicted, actual, *scale)
                rows.append(
                    {
                        "split": name,
                        "users": side,
                        "seconds": seconds,
                        "RMSE": np.sqrt(np.square(errors).mean()),
                        "MAE": np.abs(errors).mean(),
                    }
                )
    if rows:
        table = pd.DataFrame(rows).groupby(["split", "users"], sort=False)
        print(table.agg(["mean", "std"]).round(4).to_string())
    print_lists(ratings, items, users)


def describe(
    train: Interactions, items: pd.DataFrame, users: pd.DataFrame, profile: tuple[UserGroup, ...]
) -> tuple[Features, Features]:
    """Features of users and items that the model learns from."""
    parameters = FeatureParameters()
    return (
        user_features(train, users, items, parameters, profile),
        item_features(train, items, parameters, ("genres", "decade")),
    )


def print_lists(ratings: pd.DataFrame, items: pd.DataFrame, users: pd.DataFrame) -> None:
    """Measure lists and predictions of the 10 % protocol."""
    rows = []
    for seed in SEEDS:
        split = split_ratings(ratings, SplitParameters(seed=seed))
        train = Interactions.from_frame(pd.concat([split.train, split.validation]))
        model = FM.fit(train, *describe(train, items, users, PROFILE), FMParameters(seed=seed))
        row: dict[str, float] = {}
        for name, weight in (("with prior", model.parameters.popularity_weight), ("pure", 0.0)):
            lists = recommend(
                model.with_popularity_weight(weight), train, RecommendationParameters(n=K)
            )
            means = ranking_per_user(lists, split.test, K, None).mean()
            row |= {f"nDCG {name}": means[f"ndcg@{K}"], f"recall {name}": means[f"recall@{K}"]}
        rows.append(row)
    print(pd.DataFrame(rows).agg(["mean", "std"]).round(4).to_string())


if __name__ == "__main__":
    main()
