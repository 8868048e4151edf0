"""Nodes that show the owner of the system what all reasons rest on, and where there are none."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.data import Data, Lists
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.oversight import Oversight, oversee
from explainable_recsys.pipelines.evaluation.gathering import stacked
from explainable_recsys.pipelines.judging import judges_of, stored
from explainable_recsys.recommenders.lists import RecommendationParameters


def oversee_reasons(
    data: Data,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    faithfulness: FaithfulnessParameters,
    recommendation: RecommendationParameters,
    totals: pd.DataFrame | None = None,
) -> Oversight:
    """What the owner of the system sees of one approach.

    Args:
        data: Histories and titles.
        recommendations: Its lists.
        explanations: Their reasons.
        faithfulness: How many pieces of each count as told.
        recommendation: What may be recommended.
        totals: The sums of all that supports each recommendation, where they are known.
    """
    lists = Lists.of(data.histories, recommendations)
    n_cited, min_ratings = faithfulness.reported, recommendation.min_ratings
    return oversee(data, lists, explanations, totals, n_cited, min_ratings)


def gather_oversight(
    **seen: Any,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What the owner sees of all approaches: told, missing or weak, by group, items reached.

    Args:
        seen: `evaluation.<approach>.oversight`.
    """
    made = stored(seen, "oversight").items()
    known = {name.removeprefix(judges_of("")): one for name, one in made}
    return (
        stacked({name: one.told for name, one in known.items()}),
        stacked({name: one.weak for name, one in known.items()}),
        stacked({name: one.groups for name, one in known.items()}),
        stacked({name: one.reached for name, one in known.items()}),
    )
