"""Nodes that show rules as a network, and what rules at other thresholds would cover."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from pydantic import Field

from explainable_recsys.data import Data, Lists
from explainable_recsys.experiments.coverage_frontier import FrontierParameters, coverage_frontier
from explainable_recsys.figures.rule_network import draw_rule_network, rule_network
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    liked_interactions,
)
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.parameters import Parameters, Seed


class NetworkParameters(Parameters):
    """How many rules the network shows, and what its colours mean."""

    n_rules: int = Field(100, ge=1)
    colour: Literal["genre", "community"] = "community"
    seed: Seed = 0


def draw_network(
    rules: pd.DataFrame, items: pd.DataFrame, parameters: NetworkParameters
) -> tuple[Any, Any]:
    """The strongest rules as a graph, and the graph drawn."""
    graph = rule_network(rules, items, parameters.n_rules, parameters.seed)
    return graph, draw_rule_network(graph, parameters.colour)


def find_frontier(
    baskets: Interactions,
    data: Data,
    recommendations: pd.DataFrame,
    transactions: TransactionParameters,
    thresholds: RuleParameters,
    parameters: FrontierParameters,
    evaluation: EvaluationParameters,
    **of_controls: pd.DataFrame,
) -> pd.DataFrame:
    """Coverage and lift of rules at other thresholds, to choose by."""
    liked = liked_interactions(data.histories, transactions.relevance_threshold)
    tables = {"own": recommendations} | {
        name: of_control_users(table, evaluation) for name, table in of_controls.items()
    }
    lists = {name: Lists.of(data.histories, table) for name, table in tables.items()}
    return coverage_frontier(baskets.ratings, liked, lists, thresholds, parameters)
