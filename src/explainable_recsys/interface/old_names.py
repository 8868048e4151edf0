"""Names of the version before, in which an approach owned its recommender and its knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PIPELINES = {"baselines": "recommenders"}

RECOMMENDERS = {
    "intrinsic_als": "als",
    "intrinsic_ar": "ar",
    "intrinsic_ease": "ease",
    "intrinsic_mf": "emf",
    "knowledge_graph": "meta_paths",
    "posthoc_ar": "svd",
    "posthoc_fm_lime": "fm",
    "posthoc_influence": "svd",
    "posthoc_knn": "als",
}
"""By approach, the recommender that has a name of its own now."""

BLOCKS = ("model", "search", "sweep", "map", "learning", "learned_features")
"""Parameters of an approach that are its recommender's now."""

PARAMETERS = {
    "intrinsic_mf.neighbourhood": "neighbours",
    "item_knn.explanation": "intrinsic_knn.explanation",
    "knowledge_graph.graph": "graph.triples",
    "knowledge_graph.surroundings": "graph.surroundings",
    "posthoc_ar.network": "rules.network",
    "posthoc_ar.rules": "rules.mining",
    "posthoc_ar.scopes": "rules_of_svd.scopes",
    "posthoc_ar.transactions": "rules.transactions",
    "posthoc_fm_lime.features": "features",
    "posthoc_fm_lime.lime": "posthoc_fm_lime.explanation",
    "posthoc_knn.neighbours": "similar_items",
    "tuning.approach": "tuning.recommender",
}

GONE = {"stability.n_retrainings": "everything random is drawn again once"}

TABLES = {
    "history_evidence": "projected_evidence",
    "made_from": "data_fingerprint",
    "own_metrics": "approach_metrics",
}
"""Names of datasets, behind the name of whose they are."""

DATASETS = {
    "comparison": "accuracy and explanation_quality",
    "histories": "data",
    "intrinsic_mf.explainability_by_items": "neighbours.explainability_by_items",
    "intrinsic_mf.explainability_by_users": "neighbours.explainability_by_users",
    "intrinsic_mf.explainability_sweep": "emf.explainability_sweep",
    "intrinsic_mf.item_map": "emf.item_map",
    "intrinsic_mf.similar_items": "emf.similar_items",
    "knowledge_graph.graph_card": "graph.card",
    "knowledge_graph.item_entities": "graph.item_entities",
    "knowledge_graph.links": "links",
    "knowledge_graph.relation_weights": "meta_paths.relation_weights",
    "knowledge_graph.surroundings": "graph.surroundings",
    "knowledge_graph.triples": "graph.triples",
    "paired_tests": "accuracy_tests and explanation_tests",
    "posthoc_ar.mining_report": "rules.mining_report",
    "posthoc_ar.neighbours": "rules_of_svd.neighbours",
    "posthoc_ar.rule_network": "rules.network",
    "posthoc_ar.rules": "rules.rules",
    "posthoc_ar.top_rules": "rules.top_rules",
    "posthoc_ar.transactions": "rules.baskets",
    "posthoc_ar.user_clusters": "rules_of_svd.user_clusters",
    "posthoc_ar.user_penalties": "svd_ratings.user_penalties",
    "posthoc_fm_lime.item_features": "features.item",
    "posthoc_fm_lime.user_features": "features.user",
    "posthoc_knn.neighbours": "similar_items.nearest",
}


def moved_parameter(path: str, value: Any) -> str | None:
    """Where a parameter, or the first one in a block, is now; None if its name is not an old one.

    >>> moved_parameter("posthoc_ar.model", {"factors": 3})
    'parameter posthoc_ar.model.factors has moved to svd.model.factors'
    """
    if path in GONE:
        return f"parameter {path} is gone: {GONE[path]}"
    owner, _, block = path.partition(".")
    new = PARAMETERS.get(path)
    if new is None and block in BLOCKS and owner in RECOMMENDERS:
        new = f"{RECOMMENDERS[owner]}.{block}"
    if new is None:
        return None
    rest = ""
    while isinstance(value, Mapping) and value:
        key, value = next(iter(value.items()))
        rest += f".{key}"
    return f"parameter {path}{rest} has moved to {new}{rest}"


def moved_dataset(name: str) -> str | None:
    """What a dataset is called now; None if its name is not an old one.

    >>> moved_dataset("intrinsic_als.made_from")
    'dataset intrinsic_als.made_from has moved to als.data_fingerprint'
    """
    owner, _, table = name.partition(".")
    new = DATASETS.get(name)
    if new is None and table in ("model", "recommendations", "made_from"):
        owner = RECOMMENDERS.get(owner, owner)
    if new is None and table:
        new = f"{owner}.{TABLES.get(table, table)}"
    return None if new in (None, name) else f"dataset {name} has moved to {new}"
