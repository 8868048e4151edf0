"""Nodes of the factorization machine and of its explanation by LIME."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from pydantic import Field

from explainable_recsys import draws
from explainable_recsys.experiments.lime_stability import (
    LimeStabilityParameters,
    lime_stability,
)
from explainable_recsys.explainers.lime import LimeParameters, explain_by_lime
from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from explainable_recsys.figures.lime_stability import lime_stability_figure
from explainable_recsys.figures.surrogate_fit import surrogate_fit_figure
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import (
    FeatureParameters,
    Features,
    ItemGroup,
    UserGroup,
    item_features,
    user_features,
)
from explainable_recsys.metrics.surrogates import surrogate_metrics
from explainable_recsys.parameters import Parameters
from explainable_recsys.pipelines.evaluation.nodes import EvaluationParameters
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.fm import FM, FMParameters
from explainable_recsys.wording.sentences import feature_sentences

NAME = "posthoc_fm_lime"

DESCRIBED_BY: tuple[tuple[ItemGroup, ...], tuple[UserGroup, ...]] = (
    ("genres", "decade", "popularity"),
    ("age", "gender", "occupation", "mean_rating", "taste"),
)
"""Usual features of items and users."""

LEARNED_FROM = ("genres", "decade"), ("age", "gender", "occupation")
"""Which of them the factorization machine usually learns from."""


class LearnedFeatures(Parameters):
    """Groups of features that the model learns from besides ids; None: the usual ones."""

    item: tuple[ItemGroup, ...] | None = None
    user: tuple[UserGroup, ...] | None = None


class SentenceParameters(Parameters):
    """How many supporting features a sentence names."""

    n_cited: int = Field(3, ge=1)


def build_features(
    interactions: Interactions,
    histories: Interactions,
    items: pd.DataFrame,
    users: pd.DataFrame,
    parameters: FeatureParameters,
) -> tuple[Features, Features, Features]:
    """Describe items, the users to learn from, and those who are recommended to."""
    of_items, of_users = DESCRIBED_BY
    described = item_features(interactions, items, parameters, of_items, f"{NAME}.features.item")
    learned_from, recommended_to = (
        user_features(known, users, items, parameters, of_users, f"{NAME}.features.user")
        for known in (interactions, histories)
    )
    return described, learned_from, recommended_to


def fit_fm(
    interactions: Interactions,
    item_features: Features,
    user_features: Features,
    parameters: FMParameters,
    learned: LearnedFeatures,
) -> Recommender:
    """Sample the posterior."""
    of_items = _learned(item_features, learned.item, LEARNED_FROM[0], "item")
    of_users = _learned(user_features, learned.user, LEARNED_FROM[1], "user")
    return FM.fit(interactions, of_users, of_items, parameters)


def without_prior(corrected_model: FM) -> Recommender:
    """The same model ranking by the predicted rating alone."""
    return corrected_model.with_popularity_weight(0.0)


def explain(
    model: Recommender,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    item_features: Features,
    history_features: Features,
    parameters: LimeParameters,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit a surrogate around every recommendation."""
    features = {"item": item_features, "user": history_features}.get(parameters.neighbourhood)
    found = explain_by_lime(model, histories, recommendations, items, features, parameters)
    return found.explanations, found.surrogates


def phrase(
    explanations: pd.DataFrame,
    items: pd.DataFrame,
    lime: LimeParameters,
    parameters: SentenceParameters,
) -> pd.DataFrame:
    """Put the explanations into words."""
    return feature_sentences(explanations, items, lime.neighbourhood, parameters.n_cited)


def measure_stability(
    model: Recommender,
    histories: Interactions,
    recommendations: pd.DataFrame,
    item_features: Features,
    history_features: Features,
    lime: LimeParameters,
    parameters: LimeStabilityParameters,
) -> pd.DataFrame:
    """Explain again under other seeds."""
    features = {"item": item_features, "user": history_features}
    return lime_stability(model, histories, recommendations, features, lime, parameters)


def measure_surrogates(
    lime: LimeParameters,
    parameters: EvaluationParameters,
    surrogates: pd.DataFrame,
    stability: pd.DataFrame | None = None,
    **of_controls: pd.DataFrame,
) -> dict[str, float]:
    """Fit and stability of the surrogates, beside the fit around the baselines' lists."""
    metrics = surrogate_metrics(surrogates, parameters.n_resamples, parameters.seed)
    for name, table in of_controls.items():
        control = name.removeprefix("surrogates_of_")
        metrics[f"held_out_r2_of_{control}"] = float(table["held_out_r2"].mean())
    if stability is not None:
        own = stability[
            (stability["neighbourhood"] == lime.neighbourhood)
            & (stability["n_samples"] == lime.n_samples)
        ]
        for name in ("top3_jaccard", "coefficient_spread"):
            metrics[name] = float(own[name].iloc[0]) if len(own) else float("nan")
    return metrics


def draw_evidence(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    evaluation: EvaluationParameters,
) -> go.Figure:
    """The evidence of one user's first recommendations."""
    users = draws.sample(explanations["user_id"], 1, evaluation.seed, "user of the figure")
    user = users[0] if len(users) else None
    return evidence_bars_figure(explanations, recommendations, items, user)


def draw_stability(stability: pd.DataFrame, lime: LimeParameters) -> go.Figure:
    """What more perturbations gain."""
    return lime_stability_figure(stability, lime.n_samples)


def draw_fit(surrogates: pd.DataFrame, **of_controls: pd.DataFrame) -> go.Figure:
    """How well the surrogates fit."""
    readable = {name.removeprefix("surrogates_of_"): of for name, of in of_controls.items()}
    return surrogate_fit_figure({NAME: surrogates, **readable})


def _learned(
    features: Features,
    named: tuple[str, ...] | None,
    usual: tuple[str, ...],
    side: str,
) -> Features:
    """The groups that the model learns from."""
    if named is None:
        named = tuple(group for group in usual if group in features.groups)
    return features.only(named, f"{NAME}.learned_features.{side}")
