"""Nodes that try out and draw what single recommenders, knowledge and approaches have made."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from kedro.pipeline import Node
from pydantic import Field

from explainable_recsys.answers.recommenders import CONTROLS
from explainable_recsys.data import Data, Lists
from explainable_recsys.draws import sample
from explainable_recsys.errors import InputError
from explainable_recsys.experiments.coverage_frontier import FrontierParameters, coverage_frontier
from explainable_recsys.experiments.lime_stability import LimeStabilityParameters, lime_stability
from explainable_recsys.explainers.lime import LimeParameters
from explainable_recsys.exploration.item_map import ItemMapParameters, item_map, similar_items
from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.popularity_prior import popularity_sweep_figure
from explainable_recsys.figures.rule_coverage import coverage_frontier_figure
from explainable_recsys.figures.rule_network import draw_rule_network, rule_network
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from explainable_recsys.figures.surroundings import (
    SurroundingsParameters,
    surroundings,
    surroundings_figure,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    RuleParameters,
    TransactionParameters,
    liked_interactions,
)
from explainable_recsys.knowledge.features import FeatureParameters, Features, describe_users
from explainable_recsys.metrics.parameters import EvaluationParameters, of_control_users
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.emf import EMF


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


def map_items(
    model: EMF, data: Data, parameters: ItemMapParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Project the items to two dimensions; list what lies near what."""
    arguments = (model.item_factors, data.interactions, data.items, parameters)
    return item_map(*arguments), similar_items(*arguments)


def draw_surroundings(
    triples: pd.DataFrame, interactions: Interactions, parameters: SurroundingsParameters
) -> tuple[Any, Any]:
    """What surrounds one item, by default the most rated one, as a graph and drawn.

    Raises:
        InputError: If nobody rated the item that is asked for.
    """
    ids = interactions.item_ids.astype(str)
    if parameters.item_id is None:
        counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
        drawn = ids[np.argmax(counts)]
    elif str(parameters.item_id) in ids:
        drawn = str(parameters.item_id)
    else:
        raise InputError(
            f"parameter graph.surroundings.item_id: no item {parameters.item_id} was rated; "
            "accepted: an item_id of the ratings, or null for the item with most of them"
        )
    graph = surroundings(triples, f"item:{drawn}", parameters)
    return graph, surroundings_figure(graph)


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
        name.removeprefix("recommendations_of_"): of_control_users(table, evaluation)
        for name, table in of_controls.items()
    }
    lists = {name: Lists.of(data.histories, table) for name, table in tables.items()}
    return coverage_frontier(baskets.ratings, liked, lists, thresholds, parameters)


def repeat_lime(
    model: Recommender,
    data: Data,
    recommendations: pd.DataFrame,
    item_features: Features,
    feature_parameters: FeatureParameters,
    lime: LimeParameters,
    parameters: LimeStabilityParameters,
) -> pd.DataFrame:
    """Explain some recommendations again under other seeds."""
    of_users = describe_users(data, data.histories, feature_parameters)
    features = {"item": item_features, "user": of_users}
    lists = Lists.of(data.histories, recommendations)
    return lime_stability(model, lists, features, lime, parameters)


def draw_stability(stability: pd.DataFrame, lime: LimeParameters) -> Any:
    """What more perturbations gain."""
    return lime_stability_figure(stability, lime.n_samples)


def draw_evidence(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    data: Data,
    evaluation: EvaluationParameters,
) -> Any:
    """The evidence of one user's first recommendations."""
    users = sample(explanations["user_id"].unique(), 1, evaluation.seed, "user of the figure")
    shown = users[0] if len(users) else None
    return evidence_bars_figure(explanations, recommendations, data.items, shown)


def draw_fit(surrogates: pd.DataFrame, **of_controls: pd.DataFrame) -> Any:
    """How well the surrogates fit, beside those around the controls' lists."""
    named = {name.removeprefix("surrogates_of_"): table for name, table in of_controls.items()}
    return surrogate_fit_figure({"posthoc_fm_lime": surrogates, **named})


def pictures(namespace: str) -> list[Node]:
    """The nodes of a namespace that draw something."""
    return [
        Node(run, inputs, outputs, name=run.__name__, namespace=namespace)
        for run, inputs, outputs in _PICTURES.get(namespace, ())
    ]


def _of_controls(table: str) -> dict[str, str]:
    return {f"{table}_of_{c}": f"posthoc_fm_lime.{table}_of_{c}" for c in CONTROLS}


_LIME = "params:posthoc_fm_lime.explanation"

_PICTURES: dict[str, list[tuple[Any, Any, str | list[str]]]] = {
    "svd": [(popularity_sweep_figure, "svd.popularity_sweep", "svd.popularity_sweep_figure")],
    "emf": [
        (
            map_items,
            ["emf.model", "data", "params:emf.map"],
            ["emf.item_map", "emf.similar_items"],
        ),
        (item_map_figure, "emf.item_map", "emf.item_map_figure"),
        (
            explainability_sweep_figure,
            "emf.explainability_sweep",
            "emf.explainability_sweep_figure",
        ),
    ],
    "rules": [
        (
            draw_network,
            ["rules.rules", "items", "params:rules.network"],
            ["rules.network", "rules.network_figure"],
        )
    ],
    "graph": [
        (
            draw_surroundings,
            ["graph.triples", "interactions", "params:graph.surroundings"],
            ["graph.surroundings", "graph.surroundings_figure"],
        )
    ],
    "posthoc_ar": [
        (
            find_frontier,
            {
                "baskets": "rules.baskets",
                "data": "data",
                "recommendations": "svd.recommendations",
                "transactions": "params:rules.transactions",
                "thresholds": "params:rules.mining",
                "parameters": "params:posthoc_ar.frontier",
                "evaluation": "params:evaluation",
                **{f"recommendations_of_{c}": f"{c}.recommendations" for c in CONTROLS},
            },
            "posthoc_ar.coverage_frontier",
        ),
        (
            coverage_frontier_figure,
            "posthoc_ar.coverage_frontier",
            "posthoc_ar.coverage_frontier_figure",
        ),
    ],
    "posthoc_fm_lime": [
        (
            repeat_lime,
            {
                "model": "fm.model",
                "data": "data",
                "recommendations": "fm.recommendations",
                "item_features": "features.item",
                "feature_parameters": "params:features",
                "lime": _LIME,
                "parameters": "params:posthoc_fm_lime.stability",
            },
            "posthoc_fm_lime.stability",
        ),
        (
            draw_stability,
            ["posthoc_fm_lime.stability", _LIME],
            "posthoc_fm_lime.stability_figure",
        ),
        (
            draw_evidence,
            ["posthoc_fm_lime.explanations", "fm.recommendations", "data", "params:evaluation"],
            "posthoc_fm_lime.evidence_figure",
        ),
        (
            draw_fit,
            {"surrogates": "posthoc_fm_lime.surrogates", **_of_controls("surrogates")},
            "posthoc_fm_lime.surrogate_fit_figure",
        ),
    ],
}
