"""Nodes of the explanation by influence."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.explainers.influence import InfluenceParameters, explain_by_influence
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.influence import influence_metrics
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.wording.sentences import influence_sentences


def explain(
    model: Recommender,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: InfluenceParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take single ratings out of the histories, and the cited ones together."""
    return explain_by_influence(model, histories, recommendations, items, parameters)


def phrase(explanations: pd.DataFrame, parameters: InfluenceParameters) -> pd.DataFrame:
    """Put the explanations into words."""
    return influence_sentences(explanations, parameters.n_cited)


def measure_influence(
    cited_groups: pd.DataFrame, explanations: pd.DataFrame, parameters: EvaluationParameters
) -> dict[str, float]:
    """How large influences are, and by how much single ones do not add up."""
    return influence_metrics(cited_groups, explanations, parameters.n_resamples, parameters.seed)
