"""Accuracy of ALS on held-out ratings, its hyper-parameters chosen on validation data only.

    python benchmarks/als_accuracy.py --env ml-100k

10 % of each user's ratings are held out, K = 10, every held-out rating is a hit; mean of the
split seeds 0, 1, 2. The grid is searched on the validation part of the same splits; the
winner learns from training and validation data and is measured once on the test part.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from data import K, accuracy, argument_parser, load
from explainable_recsys.interactions import Interactions
from explainable_recsys.preprocessing.splits import Split, SplitParameters, split_ratings
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.popularity import Popularity

SEEDS = (0, 1, 2)
FACTORS = (32, 64, 96)
REGULARIZATION_AND_ALPHA = ((10.0, 0.3), (20.0, 0.3), (20.0, 0.5), (30.0, 0.7), (40.0, 1.0))


def validation_ndcg(splits: list[Split], parameters: ALSParameters) -> float:
    """Mean nDCG on the validation parts of models that learned from the training parts."""
    results = []
    for split in splits:
        train = Interactions.from_frame(split.train)
        results.append(accuracy(ALS.fit(train, parameters), train, split.validation)[f"ndcg@{K}"])
    return float(np.mean(results))


def main() -> None:
    """Search, then measure the winner and the most popular items on the test parts."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, _ = load(arguments.env, arguments.folder)
    splits = [split_ratings(ratings, SplitParameters(seed=seed)) for seed in SEEDS]
    best, chosen = -np.inf, ALSParameters()
    for factors, (regularization, alpha) in itertools.product(FACTORS, REGULARIZATION_AND_ALPHA):
        tried = ALSParameters(factors=factors, regularization=regularization, alpha=alpha)
        ndcg = validation_ndcg(splits, tried)
        print(
            f"validation nDCG@{K} {ndcg:.4f}: factors {factors}, "
            f"lambda {regularization:g}, alpha {alpha:g}"
        )
        if ndcg > best:
            best, chosen = ndcg, tried
    print(f"chosen: {chosen}")
    for name, parameters in (("chosen", chosen), ("defaults", ALSParameters()), ("popular", None)):
        results = []
        for split in splits:
            train = Interactions.from_frame(pd.concat([split.train, split.validation]))
            model = Popularity.fit(train) if parameters is None else ALS.fit(train, parameters)
            results.append(accuracy(model, train, split.test))
        mean, spread = pd.DataFrame(results).mean(), pd.DataFrame(results).std()
        print(f"{name:9}", *(f"{key} {mean[key]:.4f} (sd {spread[key]:.4f})" for key in mean.index))


if __name__ == "__main__":
    main()
