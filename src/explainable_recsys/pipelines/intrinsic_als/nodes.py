"""Nodes of the ALS approach; explanations are contributions."""

from __future__ import annotations

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import Recommender


def fit_als(interactions: Interactions, parameters: ALSParameters) -> Recommender:
    """Learn the item factors."""
    return ALS.fit(interactions, parameters)
