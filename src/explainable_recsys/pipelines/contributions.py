"""The nodes that explain additive recommenders, whose scores are sums over the rated items."""

from __future__ import annotations

import pandas as pd
from kedro.pipeline import Node

from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import AdditiveRecommender
from explainable_recsys.wording.sentences import contribution_sentences


def contribution_nodes() -> list[Node]:
    """Make `explanations` and `sentences` of `model`, with `params:explanation`."""
    return [
        Node(
            explain,
            ["model", "histories", "recommendations", "items", "params:explanation"],
            "explanations",
            name="explain",
        ),
        Node(
            phrase,
            ["explanations", "recommendations", "histories", "params:explanation"],
            "sentences",
            name="phrase",
        ),
    ]


def explain(
    model: AdditiveRecommender,
    histories: Interactions,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    parameters: ContributionParameters,
) -> pd.DataFrame:
    """Take the scores apart into the rated items."""
    return explain_by_contributions(model, histories, recommendations, items, parameters.n_evidence)


def phrase(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    histories: Interactions,
    parameters: ContributionParameters,
) -> pd.DataFrame:
    """Put the explanations into words."""
    return contribution_sentences(explanations, recommendations, histories, parameters.n_cited)
