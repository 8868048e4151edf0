"""How many recommendations association rules explain, and how well rules recommend themselves.

    python benchmarks/rule_coverage.py --env ml-100k

Coverage and the median lift of the best rule, of SVD's lists and of lists that need no reasons:
the most popular items and random ones. Rules lead to popular items, so coverage means something
only beside that of the most popular. Rules are mined with the thresholds of the approach
`posthoc_ar`, from what users liked or from SVD's own lists; cluster and local rules are those of 8
clusters and 50 neighbours, and fill up what the rules before them leave unexplained. 10 % of each
user's ratings are held out, and every one of them is a hit. Means of the seeds 0, 1, 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from experiment import SEEDS, Experiment, K, argument_parser
from explainable_recsys.data import Lists
from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.knowledge.association_rules import RuleParameters, TransactionParameters
from explainable_recsys.metrics.explanations import coverage
from explainable_recsys.metrics.ranking import ranking_per_user
from explainable_recsys.metrics.rules import cited_rule_metrics
from explainable_recsys.recommenders.association_rules import collect_rules
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend

NAME = "rules_of_svd"
KNOWLEDGE = ("rules", "baskets", "user_clusters", "neighbours")
RECOMMENDERS = ("svd", "popularity", "random")
SOURCES = ("liked", "lists")


def mined(one: Experiment, source: str) -> dict[str, Any]:
    """What `explain_by_rules` asks for, mined from a source with all scopes."""
    thresholds = one.parameters["rules"]["mining"]
    asked = one.changed(
        {
            f"{NAME}.transactions.source": source,
            f"{NAME}.scopes.n_clusters": 8,
            f"{NAME}.scopes.n_neighbours": 50,
            f"{NAME}.mining": thresholds,
        }
    )
    made = asked.make(
        [f"{NAME}.{name}" for name in KNOWLEDGE], {"svd.model": one.trained("svd")[0]}
    )
    return {name.removeprefix(f"{NAME}."): table for name, table in made.items()} | {
        "transactions": TransactionParameters(**asked.parameters[NAME]["transactions"]),
        "thresholds": RuleParameters(**thresholds),
    }


def explained(
    one: Experiment, found: dict[str, Any], lists: dict[str, Lists]
) -> Iterator[dict[str, Any]]:
    """Coverage and median lift of every list, with more and more scopes."""
    everybody = found["rules"][found["rules"]["cluster"] == 0]
    left_out: dict[str, dict[str, Any]] = {
        "global": {"rules": everybody, "user_clusters": None, "neighbours": None},
        "+ cluster": {"neighbours": None},
        "+ local": {},
    }
    for scope, without in left_out.items():
        for name, made in lists.items():
            told = explain_by_rules(
                None, one.data, made, RuleExplanationParameters(), **{**found, **without}
            )
            yield {
                "transactions": found["transactions"].source,
                "scopes": scope,
                "lists": name,
                "coverage": coverage(made, told.evidence),
                "median lift": cited_rule_metrics(told.details["cited_rules"])["median_lift"],
                "global rules": len(everybody),
            }


def accuracy(one: Experiment, name: str, lists: pd.DataFrame) -> dict[str, Any]:
    """Recall and nDCG of lists, and how long they are."""
    metrics = ranking_per_user(lists, one.test, K).mean()
    lengths = lists.groupby("user_id").size().reindex(one.train.user_ids, fill_value=0)
    return {
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
    parser = argument_parser(__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    covered: list[dict[str, Any]] = []
    accurate: list[dict[str, Any]] = []
    for seed in options.seeds:
        one = Experiment.prepare(options.env, options.folder, seed)
        lists = {name: one.trained(name).lists for name in RECOMMENDERS}
        accurate += [accuracy(one, name, made.table) for name, made in lists.items()]
        for source in SOURCES:
            found = mined(one, source)
            covered += explained(one, found, lists)
            model = collect_rules(found["rules"], one.data)
            own = recommend(model, one.train, RecommendationParameters(n=K))
            accurate.append(accuracy(one, f"rules from {source}", own))
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
