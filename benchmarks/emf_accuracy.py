"""Explainable matrix factorization: accuracy, explainability of its lists, and training time.

    python benchmarks/emf_accuracy.py --env ml-100k

10 % of each user's ratings are held out, K = 10, split seeds 0, 1, 2; models learn from
training and validation data. MEP is that of pure lists (without popularity prior), against 10
and against 50 nearest users; the gain over the plain model is paired, user by user.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from data import argument_parser, load
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, explainability
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.explainability import explainability_per_user
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.popularity import Popularity

SEEDS = (0, 1, 2)
K = 10
MODELS: dict[str, dict[str, Any]] = {
    "plain": {"explainability_weight": 0.0},
    "pull": {},
    "l2": {"form": "l2"},
}


def main() -> None:
    """Measure every model on every split."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, _ = load(arguments.env, arguments.folder)
    scale = ratings["rating"].min(), ratings["rating"].max()
    results, precisions = [], []
    for seed in SEEDS:
        split = split_ratings(ratings, SplitParameters(seed=seed))
        train = Interactions.from_frame(pd.concat([split.train, split.validation]))
        near, wide = (
            explainability(train.ratings, train.ratings, NeighbourhoodParameters(k=k))
            for k in (10, 50)
        )

        def lists_of(model: Recommender, train: Interactions = train) -> pd.DataFrame:
            return recommend(model, train, RecommendationParameters(n=K))

        popular = explainability_per_user(lists_of(Popularity.fit(train)), train, near, K)
        results.append({"model": "most popular", "MEP": popular[f"mep@{K}"].mean()})
        for name, changes in MODELS.items():
            start = time.perf_counter()
            parameters = EMFParameters(seed=seed, **changes)
            model = EMF.fit(train, parameters, NeighbourhoodParameters())
            seconds = time.perf_counter() - start
            pure = lists_of(model.with_popularity_weight(0.0))
            errors = evaluate_ratings(model, train, split.test, *scale, 0, 0)
            mep = explainability_per_user(pure, train, near, K)[f"mep@{K}"]
            precisions.append(mep.rename(f"{name} {seed}"))
            results.append(
                {
                    "model": name,
                    "seconds": seconds,
                    "RMSE": errors["rmse"],
                    "MAE": errors["mae"],
                    "MEP": mep.mean(),
                    "MEP k=50": explainability_per_user(pure, train, wide, K)[f"mep@{K}"].mean(),
                    "nDCG": _ndcg(pure, split.test),
                    "nDCG with prior": _ndcg(lists_of(model), split.test),
                }
            )
    table = pd.DataFrame(results).groupby("model", sort=False)
    print(table.mean().round(4).to_string(na_rep=""))
    print("standard deviation over seeds")
    print(table.std().round(4).to_string(na_rep=""))
    users = pd.concat(precisions, axis=1)
    for seed in SEEDS:
        for name in ("pull", "l2"):
            gain = (users[f"{name} {seed}"] - users[f"plain {seed}"]).to_frame("gain")
            found = mean_with_interval(gain, 2000, 0)
            print(
                f"seed {seed}: MEP@{K} of {name} over plain {found['gain']:+.4f} "
                f"(95 % interval {found['gain/low']:+.4f} to {found['gain/high']:+.4f})"
            )


def _ndcg(lists: pd.DataFrame, held_out: pd.DataFrame) -> float:
    return float(np.mean(ranking_per_user(lists, held_out, K, None)[f"ndcg@{K}"]))


if __name__ == "__main__":
    main()
