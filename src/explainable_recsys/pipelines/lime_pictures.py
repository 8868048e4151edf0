"""Nodes that show what LIME says, how well it fits, and how stable it is."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.draws import sample
from explainable_recsys.experiments.lime_stability import LimeStabilityParameters, lime_stability
from explainable_recsys.explainers.lime import LimeParameters
from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from explainable_recsys.knowledge.features import FeatureParameters, Features, describe_users
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender


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


def draw_fit(**surrogates: pd.DataFrame) -> Any:
    """How well the surrogates of an approach fit, beside those around the controls' lists."""
    return surrogate_fit_figure(surrogates)
