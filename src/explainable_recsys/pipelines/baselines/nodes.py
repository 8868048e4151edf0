"""Nodes of the baselines: each learns one model."""

from __future__ import annotations

from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.bias import Bias, BiasParameters
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.random_scores import RandomScores, RandomScoresParameters


def fit_popularity(interactions: Interactions) -> Recommender:
    """Count ratings."""
    return Popularity.fit(interactions)


def fit_random(interactions: Interactions, parameters: RandomScoresParameters) -> Recommender:
    """Draw a random number for each item."""
    return RandomScores.fit(interactions, parameters)


def fit_bias(interactions: Interactions, parameters: BiasParameters) -> Recommender:
    """Average ratings."""
    return Bias.fit(interactions, parameters)
