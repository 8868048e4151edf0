"""Nodes of the recommender made of association rules."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.explainers.rule_explanations import (
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    TransactionParameters,
    liked_interactions,
    rules_from_table,
)
from explainable_recsys.recommenders.association_rules import (
    AssociationRules,
    AssociationRulesParameters,
)
from explainable_recsys.recommenders.base import Recommender


def collect_rules(
    rules: pd.DataFrame, interactions: Interactions, transaction: TransactionParameters
) -> Recommender:
    """Take the rules mined from all users for a model."""
    everybody = rules[rules["cluster"] == 0]
    parameters = AssociationRulesParameters(relevance_threshold=transaction.relevance_threshold)
    return AssociationRules.from_rules(
        rules_from_table(everybody, interactions), interactions.n_items, parameters
    )


def explain(
    rules: pd.DataFrame,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    transaction: TransactionParameters,
    parameters: RuleExplanationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Look up the rules that made each recommendation; the first is its score."""
    liked = liked_interactions(histories, transaction.relevance_threshold)
    everybody = rules[rules["cluster"] == 0]
    return explain_by_rules(everybody, liked, recommendations, items, parameters)
