"""Recommend items, say why, and measure both the recommendation and the reason.

What a person needs without Kedro stands here by its own name, imported when it is first used:

>>> import pandas as pd
>>> from explainable_recsys import Data, RecommendationParameters, recommend
>>> from explainable_recsys.recommenders.popularity import Popularity
>>> rows = [(1, 7, 4.0), (2, 7, 5.0), (2, 9, 3.0)]
>>> data = Data.from_frames(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))
>>> model, one = Popularity.fit(data.interactions), RecommendationParameters(n=1)
>>> recommend(model, data.histories, one)[["user_id", "item_id"]].values.tolist()
[[1, 9]]
"""

import importlib
from typing import Any

_PLACES = {
    "Change": "explainers.what_if",
    "Data": "data",
    "EvaluationParameters": "metrics.parameters",
    "FaithfulnessParameters": "metrics.faithfulness",
    "FittedPair": "answers.answer",
    "Lists": "data",
    "RecommendationParameters": "recommenders.lists",
    "answer": "answers.answer",
    "control_tests": "metrics.comparison",
    "evaluate_explanations": "metrics.explanations",
    "evaluate_lists": "metrics.evaluation",
    "measure_faithfulness": "metrics.faithfulness",
    "minimal_counterfactual": "explainers.counterfactuals",
    "null_metrics": "metrics.null",
    "pair_of": "answers.pairs",
    "paired_tests": "metrics.comparison",
    "possible_drop": "metrics.faithfulness",
    "ranking_per_user": "metrics.ranking",
    "recommend": "recommenders.lists",
    "what_if": "explainers.what_if",
    "what_is_asked": "metrics.null",
}

__all__ = list(_PLACES)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_PLACES]
