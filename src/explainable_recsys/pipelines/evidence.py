"""The node that draws the reasons of one person."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.data import Data
from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.figures.evidence_bars import evidence_bars_figure
from explainable_recsys.reporting.people import example_user


def draw_evidence(
    explanations: pd.DataFrame, recommendations: pd.DataFrame, data: Data, source: SourceParameters
) -> Any:
    """What speaks for and against the first recommendations of the example user."""
    explained = [explanations["user_id"]] if len(explanations) else []
    user = example_user(source.example_user, explained, data.histories)
    return evidence_bars_figure(explanations, recommendations, data.items, user)
