"""Nodes of the SVD recommender and of its explanation by association rules."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any, Literal

import networkx as nx
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field, field_validator

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.errors import InputError
from explainable_recsys.experiments.calibration import (
    best_user_penalty,
    calibrate_user_penalty,
)
from explainable_recsys.experiments.coverage_frontier import (
    FrontierParameters,
    coverage_frontier,
)
from explainable_recsys.experiments.popularity_prior import popularity_sweep
from explainable_recsys.explainers.rule_explanations import (
    LocalScope,
    RuleExplanationParameters,
    explain_by_rules,
)
from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.figures.rule_network import draw_rule_network, rule_network
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    liked_interactions,
    mine_by_cluster,
    no_rules_message,
    readable_rules,
    user_clusters,
    user_transactions,
)
from explainable_recsys.knowledge.local_rules import nearest_by_factors
from explainable_recsys.metrics.rules import cited_rule_metrics
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import FactorRecommender, Recommender
from explainable_recsys.recommenders.lists import best_columns
from explainable_recsys.recommenders.svd import SVD, SVDParameters
from explainable_recsys.wording.sentences import rule_sentences

SHOWN_RULES = 1000
"""Rules in the readable table."""

logger = logging.getLogger(__name__)


class SweepParameters(Parameters):
    """Weights of the popularity prior to compare on the validation ratings."""

    popularity_weights: tuple[float, ...] = Field((0.0, 0.5, 1.0, 2.0, 4.0))

    @field_validator("popularity_weights")
    @classmethod
    def _not_negative(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if not all(0 <= weight <= 1000 for weight in weights):
            raise ValueError("accepted: numbers from 0 to 1000")
        return weights


class ScopeParameters(Parameters):
    """Among whom rules are mined besides all users; 0 is nowhere else."""

    n_clusters: int = Field(0, ge=0)
    n_neighbours: int = Field(0, ge=0)
    seed: Seed = 0


class NetworkParameters(Parameters):
    """How many rules the network shows, and what its colours mean."""

    n_rules: int = Field(100, ge=1)
    colour: Literal["genre", "community"] = "community"
    seed: Seed = 0


def calibrate(
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    parameters: SVDParameters,
    sweep: SweepParameters,
    evaluation: EvaluationParameters,
    source: SourceParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure penalties of the user side and weights of the prior on validation ratings."""
    train = Interactions.from_frame(train_ratings)
    model = SVD.fit(train, parameters)
    scale = source.rating_scale
    penalties = calibrate_user_penalty(
        model, train, validation_ratings, scale.minimum, scale.maximum
    )
    k = min(evaluation.k, train.n_items)
    effect = popularity_sweep(
        model.with_popularity_weight,
        sweep.popularity_weights,
        train,
        validation_ratings,
        k,
        evaluation.relevance_threshold,
    )
    return penalties, effect


def fit_svd(
    interactions: Interactions, user_penalties: pd.DataFrame, parameters: SVDParameters
) -> Recommender:
    """Learn the item side; take the penalty that predicted best."""
    return SVD.fit(interactions, parameters, best_user_penalty(user_penalties))


def without_prior(corrected_model: SVD) -> Recommender:
    """The same model ranking by the predicted rating alone."""
    return corrected_model.with_popularity_weight(0.0)


def build_transactions(
    model: Recommender, interactions: Interactions, parameters: TransactionParameters
) -> Interactions:
    """One transaction per user."""
    lists = None
    if parameters.source == "lists":
        lists = best_columns(model, interactions, parameters.list_length)
    transactions = user_transactions(interactions, parameters, lists)
    return Interactions(transactions, interactions.user_ids, interactions.item_ids)


def group_users(
    model: FactorRecommender, interactions: Interactions, parameters: ScopeParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cluster of each user, and nearest users; no rows where the scope is not asked for."""
    ids = interactions.user_ids
    clusters = pd.DataFrame({"user_id": ids[:0], "cluster": np.empty(0, np.int32)})
    neighbours = pd.DataFrame({"user_id": ids[:0], "neighbour_id": ids[:0]})
    if parameters.n_clusters or parameters.n_neighbours:
        vectors = model.user_factors(interactions.ratings)
    if parameters.n_clusters:
        of_users = user_clusters(vectors, parameters.n_clusters, parameters.seed)
        clusters = pd.DataFrame({"user_id": ids, "cluster": of_users})
    if parameters.n_neighbours:
        nearest = nearest_by_factors(vectors, parameters.n_neighbours)
        neighbours = pd.DataFrame(
            {"user_id": np.repeat(ids, nearest.shape[1]), "neighbour_id": ids[nearest.ravel()]}
        )
    return clusters, neighbours


def mine_rules(
    transactions: Interactions,
    user_clusters: pd.DataFrame,
    items: pd.DataFrame,
    parameters: RuleParameters,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Mine among all users and in each cluster; report what the thresholds removed."""
    clusters = np.zeros(transactions.n_users, np.int32)
    clusters[transactions.known_rows(user_clusters["user_id"])] = user_clusters["cluster"]
    rules, funnels = mine_by_cluster(transactions, clusters, parameters)
    if rules.empty:
        logger.warning(no_rules_message(funnels[0], parameters))
    report = {
        "transactions": transactions.n_users,
        "items_per_transaction": transactions.ratings.nnz / transactions.n_users,
        "clusters": {
            str(cluster): asdict(funnel) | {"in_table": int((rules["cluster"] == cluster).sum())}
            for cluster, funnel in funnels.items()
        },
    }
    return rules, readable_rules(rules, items, SHOWN_RULES), report


def explain(
    rules: pd.DataFrame,
    interactions: Interactions,
    histories: Interactions,
    transactions: Interactions,
    user_clusters: pd.DataFrame,
    neighbours: pd.DataFrame,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    transaction: TransactionParameters,
    thresholds: RuleParameters,
    parameters: RuleExplanationParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Look up the rules that lead from what each user likes to each recommendation.

    Raises:
        InputError: If rules of clusters or neighbours are asked for users who are in none.
    """
    liked = liked_interactions(histories, transaction.relevance_threshold)
    scoped = len(user_clusters) or len(neighbours)
    if scoped and not np.array_equal(histories.user_ids, interactions.user_ids):
        raise InputError(
            "parameters posthoc_ar.scopes: held-out users are in no cluster and have no nearest "
            "users; with split.strategy held_out_users accepted: n_clusters 0 and n_neighbours 0"
        )
    local = None
    if not neighbours.empty:
        rows = interactions.known_rows(neighbours["neighbour_id"])
        nearest = rows.reshape(interactions.n_users, -1)
        local = LocalScope(transactions.ratings, nearest, thresholds)
    return explain_by_rules(rules, liked, recommendations, items, parameters, user_clusters, local)


def phrase(
    explanations: pd.DataFrame,
    cited_rules: pd.DataFrame,
    items: pd.DataFrame,
    transaction: TransactionParameters,
) -> pd.DataFrame:
    """Put the best rule of each recommendation into words."""
    relation: Literal["liked", "lists", "rated"] = transaction.source
    if relation == "liked" and transaction.relevance_threshold is None:
        relation = "rated"
    return rule_sentences(explanations, cited_rules, items, relation)


def measure_rules(cited_rules: pd.DataFrame) -> dict[str, float]:
    """Measures of the best rules, for the metrics."""
    return cited_rule_metrics(cited_rules)


def find_frontier(
    transactions: Interactions,
    histories: Interactions,
    recommendations: pd.DataFrame,
    recommendations_of_popularity: pd.DataFrame,
    recommendations_of_random: pd.DataFrame,
    transaction: TransactionParameters,
    thresholds: RuleParameters,
    parameters: FrontierParameters,
) -> pd.DataFrame:
    """Coverage and lift at other thresholds, to choose by."""
    lists = {
        "own": recommendations,
        "popularity": recommendations_of_popularity,
        "random": recommendations_of_random,
    }
    liked = liked_interactions(histories, transaction.relevance_threshold)
    return coverage_frontier(transactions.ratings, liked, lists, thresholds, parameters)


def build_network(
    rules: pd.DataFrame, items: pd.DataFrame, parameters: NetworkParameters
) -> tuple[nx.DiGraph, go.Figure]:
    """The strongest rules as a graph, and the graph drawn."""
    graph = rule_network(rules, items, parameters.n_rules, parameters.seed)
    return graph, draw_rule_network(graph, parameters.colour)


def draw_frontier(frontier: pd.DataFrame) -> go.Figure:
    """The coverage frontier as a figure."""
    return coverage_frontier_figure(frontier)


def draw_popularity_sweep(popularity_sweep: pd.DataFrame) -> go.Figure:
    """The effect of the popularity prior as a figure."""
    return popularity_sweep_figure(popularity_sweep)
