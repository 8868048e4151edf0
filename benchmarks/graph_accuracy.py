"""Accuracy of recommendations over the knowledge graph, and the time that paths take.

    python benchmarks/graph_accuracy.py --env ml-100k

10 % of each user's ratings are held out, K = 10, split seeds 0, 1, 2. Hyper-parameters are the
defaults; the weights of relations are learned on validation ratings; models are measured once on
the test part. Says how many triples of files other than the items table there were.
"""

from __future__ import annotations

import time

import pandas as pd

from data import argument_parser, load, load_table, load_users, source_and_folder
from explainable_recsys.explainers.paths import PathParameters, explain_by_paths
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.graph import GraphParameters, item_entities
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.pipelines.knowledge_graph.nodes import build_triples, link_items
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from explainable_recsys.recommenders.meta_paths import (
    LearningParameters,
    MetaPathParameters,
    MetaPaths,
    learn_weights,
)
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_walk import RandomWalk, RandomWalkParameters

SEEDS = (0, 1, 2)
K = 10


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    where = arguments.env, arguments.folder
    ratings, items = load(*where)
    raw_triples, raw_tags = load_table(*where, "triples"), load_table(*where, "tags")
    links = link_items(
        load_table(*where, "links"),
        load_table(*where, "linked_items"),
        load_table(*where, "items"),
        source_and_folder(*where)[0],
    )
    users = load_users(*where)
    triples = build_triples(items, users, raw_tags, raw_triples, links, GraphParameters())
    print(f"{len(triples):,} triples; {len(raw_triples):,} in files of their own")
    rows = []
    for seed in SEEDS:
        split = split_ratings(ratings, SplitParameters(seed=seed))
        train = Interactions.from_frame(pd.concat([split.train, split.validation]))
        entities = item_entities(triples, train.item_ids, GraphParameters())
        start = time.perf_counter()
        known = train.histories(split.train)
        table = learn_weights(
            known, entities, split.validation, MetaPathParameters(), LearningParameters()
        )
        weights = dict(zip(table["relation"], table["weight"], strict=True))
        models = {
            "meta-paths": MetaPaths.fit(train, entities, weights, MetaPathParameters()),
            "random walk": RandomWalk.fit(train, entities, RandomWalkParameters()),
            "most popular": Popularity.fit(train),
        }
        learned = time.perf_counter() - start
        for name, model in models.items():
            start = time.perf_counter()
            lists = recommend(model, train, RecommendationParameters(n=K))
            recommended = time.perf_counter()
            if isinstance(model, MetaPaths):
                explain_by_paths(model, train, lists, items, PathParameters())
            means = ranking_per_user(lists, split.test, K, None).mean()
            rows.append(
                {
                    "model": name,
                    "recall": means[f"recall@{K}"],
                    "nDCG": means[f"ndcg@{K}"],
                    "learn s": learned if isinstance(model, MetaPaths) else 0.0,
                    "recommend s": recommended - start,
                    "paths s": time.perf_counter() - recommended,
                    "lists": len(lists),
                }
            )
    print(pd.DataFrame(rows).groupby("model", sort=False).mean().round(4).to_string())


if __name__ == "__main__":
    main()
