"""Nodes that gather what the report shows besides metrics: faithfulness, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.figures.faithfulness import faithfulness_curves_figure, faithfulness_figure
from explainable_recsys.figures.trade_off import trade_off_figure
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS
from explainable_recsys.pipelines.judging import stored
from explainable_recsys.wording.phrases import phrase


def gather_faithfulness(**tables: Any) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Faithfulness of all approaches in one table, the curves, and what was taken away.

    Args:
        tables: `<approach>.faithfulness`, `<approach>.faithfulness_curves`, `<approach>.metrics`.
    """
    measured, curves = stored(tables, "faithfulness"), stored(tables, "faithfulness_curves")
    scopes = [
        (name, measured[name]["scope"].iloc[0] if name in measured else NO_EXPLANATIONS)
        for name in stored(tables, "metrics")
    ]
    return (
        stacked(measured),
        stacked(curves),
        pd.DataFrame(scopes, columns=["approach", "scope"]),
    )


def stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of approaches under each other, with a first column `approach`."""
    named = [table.assign(approach=name) for name, table in tables.items()]
    stacked = pd.concat(named or [pd.DataFrame(columns=["approach"])], ignore_index=True)
    return stacked[["approach", *(c for c in stacked.columns if c != "approach")]]


def draw_comparison(
    accuracy: pd.DataFrame,
    explanation_quality: pd.DataFrame,
    table: pd.DataFrame,
    curves: pd.DataFrame,
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
) -> tuple[Any, Any, Any]:
    """Accuracy against faithfulness and coverage; faithfulness by Ke; its curves. With titles."""
    ndcg = [column for column in accuracy.columns if str(column).startswith(f"ndcg@{evaluation.k}")]
    of_lists = accuracy[["recommender", *ndcg]]
    alone = of_lists[~of_lists["recommender"].isin(explanation_quality["recommender"])]
    compared = pd.concat(
        [
            explanation_quality.merge(of_lists, on="recommender", how="left"),
            alone.assign(approach=alone["recommender"]),
        ],
        ignore_index=True,
    )
    return (
        trade_off_figure(_titled(compared), evaluation.k, faithfulness.reported),
        faithfulness_figure(_titled(table)),
        faithfulness_curves_figure(_titled(curves)),
    )


def _titled(table: pd.DataFrame) -> pd.DataFrame:
    """A table with what approaches, and recommenders among them, are called for people."""
    titles = {name: phrase(record.title) for name, record in RECOMMENDERS.items()}
    titles |= {name: phrase(pair.title) for name, pair in APPROACHES.items()}
    return table.assign(approach=table["approach"].replace(titles))
