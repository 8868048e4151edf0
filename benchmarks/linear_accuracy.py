"""Accuracy of EASE and item-kNN in lists, and the time they take.

    python benchmarks/linear_accuracy.py --env ml-100k

10 % of each user's ratings are held out, K = 10, split seeds 0, 1, 2. Hyper-parameters are the
defaults, chosen on validation data; models learn from training and validation data and are measured
once on the test part.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pandas as pd

from data import argument_parser, load
from explainable_recsys.explainers.contributions import explain_by_contributions
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity

SEEDS = (0, 1, 2)
K = 10
FIT: dict[str, Callable[[Interactions], Recommender]] = {
    "EASE": lambda train: EASE.fit(train, EASEParameters()),
    "EASE as published": lambda train: EASE.fit(
        train,
        EASEParameters(regularization=300, rating_weight=0, length_damping=0, popularity_damping=0),
    ),
    "item-kNN": lambda train: ItemKNN.fit(train, ItemSimilarityParameters()),
    "most popular": Popularity.fit,
}


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, items = load(arguments.env, arguments.folder)
    rows = []
    for seed in SEEDS:
        split = split_ratings(ratings, SplitParameters(seed=seed))
        train = Interactions.from_frame(pd.concat([split.train, split.validation]))
        for name, fit in FIT.items():
            start = time.perf_counter()
            model = fit(train)
            fitted = time.perf_counter()
            lists = recommend(model, train, RecommendationParameters(n=K))
            recommended = time.perf_counter()
            if isinstance(model, EASE | ItemKNN):
                explain_by_contributions(model, train, lists, items)
            explained = time.perf_counter()
            means = ranking_per_user(lists, split.test, K, None).mean()
            rows.append(
                {
                    "model": name,
                    "recall": means[f"recall@{K}"],
                    "nDCG": means[f"ndcg@{K}"],
                    "fit s": fitted - start,
                    "recommend s": recommended - fitted,
                    "explain s": explained - recommended,
                }
            )
    table = pd.DataFrame(rows).groupby("model", sort=False)
    print(table.mean().round(4).to_string())
    print("standard deviation over seeds")
    print(table[["recall", "nDCG"]].std().round(4).to_string())


if __name__ == "__main__":
    main()
