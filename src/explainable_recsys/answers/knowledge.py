"""The knowledge: one record each."""

from __future__ import annotations

from collections.abc import Iterable

from explainable_recsys.answers.records import KnowledgeRecord, Step
from explainable_recsys.knowledge.association_rules import build_baskets, mine_rules
from explainable_recsys.knowledge.features import describe
from explainable_recsys.knowledge.graph import describe_items, prepare_triples
from explainable_recsys.knowledge.graph_card import graph_card
from explainable_recsys.knowledge.neighbours import explainability_of_everybody
from explainable_recsys.knowledge.similar_items import find_near_items
from explainable_recsys.recommenders.rules_of_lists import build_baskets_of, group_users

GRAPH_PARAMETERS = {"parameters": "params:graph.triples"}

_ALL = (
    KnowledgeRecord(
        "rules",
        (
            Step(build_baskets, ("rules.baskets",)),
            Step(
                mine_rules,
                ("rules.rules", "rules.top_rules", "rules.mining_report"),
                {"baskets": "rules.baskets", "parameters": "params:rules.mining"},
            ),
        ),
        {"rules": "rules.rules", "transactions": "params:rules.transactions"},
    ),
    KnowledgeRecord(
        "rules_of_svd",
        (
            Step(
                build_baskets_of,
                ("rules_of_svd.baskets",),
                {"model": "svd.model", "transactions": "params:rules_of_svd.transactions"},
            ),
            Step(
                group_users,
                ("rules_of_svd.user_clusters", "rules_of_svd.neighbours"),
                {"model": "svd.model", "parameters": "params:rules_of_svd.scopes"},
            ),
            Step(
                mine_rules,
                ("rules_of_svd.rules", "rules_of_svd.top_rules", "rules_of_svd.mining_report"),
                {
                    "baskets": "rules_of_svd.baskets",
                    "parameters": "params:rules_of_svd.mining",
                    "user_clusters": "rules_of_svd.user_clusters",
                },
            ),
        ),
        {
            "rules": "rules_of_svd.rules",
            "transactions": "params:rules_of_svd.transactions",
            "baskets": "rules_of_svd.baskets",
            "user_clusters": "rules_of_svd.user_clusters",
            "neighbours": "rules_of_svd.neighbours",
            "thresholds": "params:rules_of_svd.mining",
        },
        on_request=True,
    ),
    KnowledgeRecord(
        "neighbours",
        (
            Step(
                explainability_of_everybody,
                ("neighbours.explainability_by_users", "neighbours.explainability_by_items"),
                {"parameters": "params:neighbours"},
            ),
        ),
        {"neighbourhood": "params:neighbours"},
    ),
    KnowledgeRecord(
        "similar_items",
        (
            Step(
                find_near_items, ("similar_items.nearest",), {"parameters": "params:similar_items"}
            ),
        ),
        {"similar_items": "similar_items.nearest"},
    ),
    KnowledgeRecord(
        "features",
        (Step(describe, ("features.item", "features.user"), {"parameters": "params:features"}),),
        {"item_features": "features.item", "feature_parameters": "params:features"},
    ),
    KnowledgeRecord(
        "graph",
        (
            Step(prepare_triples, ("graph.triples",), GRAPH_PARAMETERS),
            Step(graph_card, ("graph.card",), GRAPH_PARAMETERS),
            Step(describe_items, ("graph.item_entities",), GRAPH_PARAMETERS),
        ),
    ),
)

KNOWLEDGE = {record.name: record for record in _ALL}


def provided(names: Iterable[str]) -> dict[str, str]:
    """What explainers get of some knowledge: dataset by argument."""
    return {k: v for name in names for k, v in KNOWLEDGE[name].provides.items()}
