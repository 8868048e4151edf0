"""Nodes of explainable matrix factorization and its neighbourhood explanations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.experiments.explainability_sweep import (
    SweepParameters,
    SweepProtocol,
    explainability_sweep,
)
from explainable_recsys.explainers.neighbours import co_rated_items, explain_by_neighbours
from explainable_recsys.exploration import item_map as maps
from explainable_recsys.exploration.item_map import ItemMapParameters
from explainable_recsys.figures.explainability_sweep import explainability_sweep_figure
from explainable_recsys.figures.item_map import item_map_figure
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, explainability
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.explainability import explainability_per_user
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.wording.sentences import neighbour_sentences


class NeighbourExplanationParameters(Parameters):
    """How many similar items a sentence names (form `items`)."""

    n_cited: int = Field(3, ge=1)


def sweep(
    train_ratings: pd.DataFrame,
    validation_ratings: pd.DataFrame,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
    weights: SweepParameters,
    evaluation: EvaluationParameters,
    source: SourceParameters,
) -> pd.DataFrame:
    """Measure weights of explainability on validation ratings."""
    train = Interactions.from_frame(train_ratings)
    protocol = SweepProtocol(
        minimum=source.rating_scale.minimum,
        maximum=source.rating_scale.maximum,
        k=min(evaluation.k, train.n_items),
        relevance_threshold=evaluation.relevance_threshold,
    )
    return explainability_sweep(
        train, validation_ratings, parameters, neighbourhood, weights, protocol
    )


def find_explainability(
    interactions: Interactions, histories: Interactions, neighbourhood: NeighbourhoodParameters
) -> tuple[Interactions, Interactions]:
    """E of all users who are recommended to, by similar users and by similar items."""
    found = []
    for form in ("users", "items"):
        parameters = neighbourhood.model_copy(update={"form": form})
        shares = explainability(histories.ratings, interactions.ratings, parameters)
        found.append(
            Interactions(shares.astype(np.float32), histories.user_ids, histories.item_ids)
        )
    return found[0], found[1]


def fit_emf(
    interactions: Interactions,
    explainability_by_users: Interactions,
    explainability_by_items: Interactions,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
) -> Recommender:
    """Learn the factors; E is at hand unless the lists are for users who are held out."""
    chosen = explainability_by_users if neighbourhood.form == "users" else explainability_by_items
    same = np.array_equal(chosen.user_ids, interactions.user_ids)
    return EMF.fit(interactions, parameters, neighbourhood, chosen.ratings if same else None)


def without_prior(corrected_model: EMF) -> Recommender:
    """The same model ranking by the predicted rating alone."""
    return corrected_model.with_popularity_weight(0.0)


def fit_plain(
    interactions: Interactions,
    parameters: EMFParameters,
    neighbourhood: NeighbourhoodParameters,
) -> Recommender:
    """The same model without explainability and without prior."""
    plain = {"explainability_weight": 0.0, "popularity_weight": 0.0}
    return EMF.fit(interactions, parameters.model_copy(update=plain), neighbourhood)


def explain(
    interactions: Interactions,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    neighbourhood: NeighbourhoodParameters,
) -> pd.DataFrame:
    """Ask the neighbourhood."""
    return explain_by_neighbours(histories, interactions, recommendations, items, neighbourhood)


def find_co_rated(
    interactions: Interactions,
    histories: Interactions,
    recommendations: pd.DataFrame,
    neighbourhood: NeighbourhoodParameters,
) -> pd.DataFrame:
    """The rated items that the explanations rest on, for faithfulness."""
    return co_rated_items(histories, interactions, recommendations, neighbourhood)


def phrase(
    explanations: pd.DataFrame,
    neighbourhood: NeighbourhoodParameters,
    parameters: NeighbourExplanationParameters,
) -> pd.DataFrame:
    """Put the explanations into words."""
    return neighbour_sentences(
        explanations, neighbourhood.k, neighbourhood.relevance_threshold, parameters.n_cited
    )


def measure_explainability(
    histories: Interactions,
    explainability_by_users: Interactions,
    explainability_by_items: Interactions,
    parameters: EvaluationParameters,
    **lists: pd.DataFrame,
) -> dict[str, float]:
    """MEP, MER and E-nDCG by both forms of E; of the baselines' lists, and as gain over one.

    Args:
        histories: What the lists were made from.
        explainability_by_users: E by similar users.
        explainability_by_items: E by similar items.
        parameters: List length and intervals.
        lists: `recommendations`, and if there are any `recommendations_of_<control>` and
            `plain_recommendations`, over which the gain is taken user by user.
    """
    forms = {"users": explainability_by_users, "items": explainability_by_items}
    metrics: dict[str, float] = {}
    for form, shares in forms.items():
        tables = {
            name: explainability_per_user(table, histories, shares.ratings, parameters.k)
            for name, table in lists.items()
        }
        own = tables.pop("recommendations")
        columns = {column: column.replace("@", f"_{form}@") for column in own.columns}
        resampling = (parameters.n_resamples, parameters.seed)
        metrics |= mean_with_interval(own.rename(columns=columns), *resampling)
        if "plain_recommendations" in tables:
            gain = own - tables.pop("plain_recommendations")
            gains = {column: f"{new}_gain" for column, new in columns.items()}
            metrics |= mean_with_interval(gain.rename(columns=gains), *resampling)
        for name, everybody in tables.items():
            table = everybody[everybody.index.isin(lists[name]["user_id"])]
            control = name.removeprefix("recommendations")
            metrics |= {f"{columns[c]}{control}": float(table[c].mean()) for c in table.columns}
    empty = np.diff(explainability_by_users.ratings.indptr) == 0
    return metrics | {"n_users_without_neighbours": float(empty.sum())}


def map_items(
    model: EMF, interactions: Interactions, items: pd.DataFrame, parameters: ItemMapParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Project the items to two dimensions; list what lies near what."""
    arguments = (model.item_factors, interactions, items, parameters)
    return maps.item_map(*arguments), maps.similar_items(*arguments)


def draw_map(item_map: pd.DataFrame) -> go.Figure:
    """The map as a figure."""
    return item_map_figure(item_map)


def draw_sweep(explainability_sweep: pd.DataFrame) -> go.Figure:
    """The effect of the weight of explainability as a figure."""
    return explainability_sweep_figure(explainability_sweep)
