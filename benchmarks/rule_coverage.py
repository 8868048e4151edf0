"""How many recommendations association rules explain, and how well rules recommend themselves.

    python benchmarks/rule_coverage.py --env ml-100k

Coverage and the median lift of the best rule, of SVD's lists and of lists that need no reasons:
the most popular items and random ones. Rules lead to popular items, so coverage means something
only beside that of the most popular. Defaults everywhere; cluster and local rules, which are off
by default, are those of 8 clusters and 50 neighbours, and fill up what the rules before them leave
unexplained. 10 % of each user's ratings are held out, the penalty of SVD is calibrated on the
validation part, every held-out rating is a hit. Means of the seeds 0, 1, 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import K, argument_parser, calibrated, load, top_lists
from explainable_recsys.explainers.rule_explanations import (
    LocalScope,
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    liked_interactions,
    mine_by_cluster,
    rules_from_table,
    user_clusters,
    user_transactions,
)
from explainable_recsys.knowledge.local_rules import nearest_by_factors
from explainable_recsys.metrics.explanations import coverage
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.rules import cited_rule_metrics
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders.association_rules import (
    AssociationRules,
    AssociationRulesParameters,
)
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import best_columns
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters
from explainable_recsys.recommenders.svd import SVD, SVDParameters

SEEDS = (0, 1, 2)
N_CLUSTERS = 8
N_NEIGHBOURS = 50
THRESHOLDS = RuleParameters()
SOURCES: tuple[Literal["liked", "lists"], ...] = ("liked", "lists")


@dataclass(frozen=True, eq=False)
class Experiment:
    """One seed: the model, what it learned from, the users' groups and everybody's lists."""

    model: SVD
    train: Interactions
    items: pd.DataFrame
    test: pd.DataFrame
    clusters: NDArray[np.int32]
    neighbours: NDArray[np.int64]
    lists: dict[str, pd.DataFrame]


def prepare(ratings: pd.DataFrame, items: pd.DataFrame, seed: int) -> Experiment:
    """Split, calibrate and train, group the users, recommend."""
    split = split_ratings(ratings, SplitParameters(seed=seed))
    scale = (float(ratings["rating"].min()), float(ratings["rating"].max()))
    train, model = calibrated(split, SVDParameters(seed=seed), scale)
    recommenders: dict[str, Recommender] = {
        "SVD": model,
        "most popular": Popularity.fit(train),
        "random": RandomScores.fit(train, RandomScoresParameters(seed=seed)),
    }
    lists = {name: top_lists(recommender, train) for name, recommender in recommenders.items()}
    vectors = model.user_factors(train.ratings)
    clusters = user_clusters(vectors, N_CLUSTERS, seed)
    neighbours = nearest_by_factors(vectors, N_NEIGHBOURS)
    return Experiment(model, train, items, split.test, clusters, neighbours, lists)


def transactions_and_rules(
    one: Experiment, parameters: TransactionParameters
) -> tuple[Interactions, pd.DataFrame]:
    """The transactions, and the rules of all users and of every cluster."""
    matrix = user_transactions(
        one.train, parameters, best_columns(one.model, one.train, parameters.list_length)
    )
    transactions = Interactions(matrix, one.train.user_ids, one.train.item_ids)
    rules, _ = mine_by_cluster(transactions, one.clusters, THRESHOLDS)
    return transactions, rules


def explained(one: Experiment, parameters: TransactionParameters) -> Iterator[dict[str, Any]]:
    """Coverage and median lift of every list, with more and more scopes."""
    transactions, rules = transactions_and_rules(one, parameters)
    liked = liked_interactions(one.train, parameters.relevance_threshold)
    members = pd.DataFrame({"user_id": one.train.user_ids, "cluster": one.clusters})
    local = LocalScope(transactions.ratings, one.neighbours, THRESHOLDS)
    everybody = rules[rules["cluster"] == 0]
    scopes: dict[str, tuple[pd.DataFrame, pd.DataFrame | None, LocalScope | None]] = {
        "global": (everybody, None, None),
        "+ cluster": (rules, members, None),
        "+ local": (rules, members, local),
    }
    for scope, (of_scope, user_groups, neighbourhood) in scopes.items():
        for name, lists in one.lists.items():
            explanations, cited = explain_by_rules(
                of_scope,
                liked,
                lists,
                one.items,
                RuleExplanationParameters(),
                user_groups,
                neighbourhood,
            )
            yield {
                "transactions": parameters.source,
                "scopes": scope,
                "lists": name,
                "coverage": coverage(lists, explanations),
                "median lift": cited_rule_metrics(cited)["median_lift"],
                "global rules": len(everybody),
            }


def accuracy(one: Experiment) -> Iterator[dict[str, Any]]:
    """Recall and nDCG of the lists that are explained, and of the rules' own."""
    lists = dict(one.lists)
    for source in SOURCES:
        parameters = TransactionParameters(source=source)
        _, rules = transactions_and_rules(one, parameters)
        everybody = rules_from_table(rules[rules["cluster"] == 0], one.train)
        liked = AssociationRulesParameters(relevance_threshold=parameters.relevance_threshold)
        model = AssociationRules.from_rules(everybody, one.train.n_items, liked)
        lists[f"rules from {source}"] = top_lists(model, one.train)
    for name, table in lists.items():
        metrics = ranking_per_user(table, one.test, K, None).mean()
        lengths = table.groupby("user_id").size().reindex(one.train.user_ids, fill_value=0)
        yield {
            "lists": name,
            f"recall@{K}": metrics[f"recall@{K}"],
            f"ndcg@{K}": metrics[f"ndcg@{K}"],
            "items per list": lengths.mean(),
            "empty lists": (lengths == 0).mean(),
        }


def print_means(title: str, rows: pd.DataFrame, keys: list[str]) -> None:
    """Means over the seeds, with the standard deviation in brackets."""
    groups = rows.groupby(keys, sort=False)
    means, spreads = groups.mean(), groups.std()
    table = means.map("{:.4f}".format) + " (" + spreads.map("{:.4f}".format) + ")"
    print(f"\n{title}\n{table.to_string()}", flush=True)


def main() -> None:
    """Measure, and print."""
    arguments = argument_parser(__doc__).parse_args()
    ratings, items = load(arguments.env, arguments.folder)
    covered: list[dict[str, Any]] = []
    accurate: list[dict[str, Any]] = []
    for seed in SEEDS:
        one = prepare(ratings, items, seed)
        for source in SOURCES:
            covered += explained(one, TransactionParameters(source=source))
        accurate += accuracy(one)
    table = pd.DataFrame(covered)
    for name, n_rules in table.groupby("transactions", sort=False)["global rules"].mean().items():
        print(f"rules of all users, transactions '{name}': {n_rules:,.0f}")
    print_means(
        f"coverage of top-{K} lists, mean (sd) of the seeds",
        table.drop(columns="global rules"),
        ["transactions", "scopes", "lists"],
    )
    print_means(
        f"accuracy of top-{K} lists, mean (sd) of the seeds", pd.DataFrame(accurate), ["lists"]
    )


if __name__ == "__main__":
    main()
