"""Speed, fit and stability of LIME's explanations, beside the package lime on the same samples.

    python benchmarks/lime_explanations.py --env ml-100k

A factorization machine learns from training and validation data (10 % of each user's ratings held
out, seed 0). Its ten first recommendations to everybody are explained with 1,000 perturbations, for
the neighbourhood `history` those to every tenth user. Held-out R² is that of fits to one half of
the perturbations on the other half.
"""

from __future__ import annotations

import time

import pandas as pd

from data import argument_parser, load, load_users
from explainable_recsys.experiments.lime_stability import (
    LimeStabilityParameters,
    lime_stability,
)
from explainable_recsys.explainers.lime import Kind, LimeParameters, explain_by_lime
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import (
    FeatureParameters,
    Features,
    ItemGroup,
    item_features,
    user_features,
)
from explainable_recsys.metrics.surrogates import surrogate_metrics
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

N_SAMPLES = 1000
EVERY = {"item": 1, "user": 1, "history": 10}
EVERY_BY_LIME = 40
ITEM_GROUPS: tuple[tuple[ItemGroup, ...], ...] = (
    ("genres",),
    ("genres", "decade"),
    ("genres", "decade", "popularity"),
)


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, items = load(arguments.env, arguments.folder)
    users = load_users(arguments.env, arguments.folder)
    split = split_ratings(ratings, SplitParameters())
    train = Interactions.from_frame(pd.concat([split.train, split.validation]))
    parameters = FeatureParameters()
    of_users = {
        "learned": user_features(train, users, items, parameters, ("age", "gender", "occupation")),
        "all": user_features(
            train, users, items, parameters, ("age", "gender", "occupation", "mean_rating", "taste")
        ),
    }
    of_items = [item_features(train, items, parameters, groups) for groups in ITEM_GROUPS]
    model = FM.fit(train, of_users["learned"], of_items[1], FMParameters())
    pure = model.with_popularity_weight(0.0)
    features = {"item": of_items[-1], "user": of_users["all"]}

    rows = []
    for name, recommender in (("with prior", model), ("pure", pure)):
        for groups, described in zip(ITEM_GROUPS, of_items, strict=True):
            settings = LimeParameters(n_samples=N_SAMPLES)
            label = f"FM {name}, item ({', '.join(groups)})"
            rows.append(measure(label, recommender, train, items, described, settings))
    for kind in ("user", "history"):
        settings = LimeParameters(n_samples=N_SAMPLES, neighbourhood=kind)
        label = f"FM with prior, {kind}"
        rows.append(measure(label, model, train, items, features.get(kind), settings))
    als = ALS.fit(train, ALSParameters())
    settings = LimeParameters(n_samples=N_SAMPLES, neighbourhood="history")
    rows.append(measure("ALS, history", als, train, items, None, settings))
    for groups, described in zip(ITEM_GROUPS, of_items, strict=True):
        settings = LimeParameters(n_samples=N_SAMPLES, engine="lime")
        label = f"engine lime, item ({', '.join(groups)})"
        rows.append(measure(label, model, train, items, described, settings, EVERY_BY_LIME))
    print(pd.DataFrame(rows).set_index("what").round(3).to_string())

    lists = recommend(model, train, RecommendationParameters())
    stability = LimeStabilityParameters(n_samples=(100, 300, 1000, 1500, 3000), n_users=20)
    table = lime_stability(model, train, lists, features, LimeParameters(), stability)
    print(table.round(3).to_string(index=False))


def measure(
    what: str,
    model: Recommender,
    train: Interactions,
    items: pd.DataFrame,
    features: Features | None,
    parameters: LimeParameters,
    every: int | None = None,
) -> dict[str, float | str]:
    """Explanations per second, and how well the surrogates fit."""
    kind: Kind = parameters.neighbourhood
    some = train.user_ids[:: every or EVERY[kind]]
    lists = recommend(model, train, RecommendationParameters())
    lists = lists[lists["user_id"].isin(some)].reset_index(drop=True)
    start = time.perf_counter()
    found = explain_by_lime(model, train, lists, items, features, parameters)
    seconds = time.perf_counter() - start
    metrics = surrogate_metrics(found.surrogates, 0, 0)
    return {
        "what": what,
        "explanations": len(lists),
        "per second": len(lists) / seconds,
        "R2": metrics["local_r2"],
        "held out": metrics["held_out_r2"],
        "p10": metrics["held_out_r2_p10"],
        "median": metrics["held_out_r2_median"],
        "p90": metrics["held_out_r2_p90"],
        "> .5": metrics["share_held_out_r2_above_half"],
        "effective": metrics["effective_samples"],
    }


if __name__ == "__main__":
    main()
