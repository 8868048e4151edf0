"""Nodes of the ALS approach."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.explainers.sentences import contribution_sentences
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import AdditiveRecommender, Recommender


def fit_als(interactions: Interactions, parameters: ALSParameters) -> Recommender:
    """Learn the item factors."""
    return ALS.fit(interactions, parameters)


def explain(
    model: AdditiveRecommender,
    interactions: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: ContributionParameters,
) -> pd.DataFrame:
    """Take the scores apart into the rated items."""
    return explain_by_contributions(
        model, interactions, recommendations, items, parameters.n_evidence
    )


def phrase(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    interactions: Interactions,
    parameters: ContributionParameters,
) -> pd.DataFrame:
    """Put the explanations into words."""
    return contribution_sentences(explanations, recommendations, interactions, parameters.n_cited)
