"""Nodes of EASE; explanations are contributions, as those of every additive recommender."""

from __future__ import annotations

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.ease import EASE, EASEParameters


def fit_ease(interactions: Interactions, parameters: EASEParameters) -> Recommender:
    """Invert one matrix."""
    return EASE.fit(interactions, parameters)
