"""Nodes that write the report of the comparison."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.datasets.absent import NOT_STORED
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import ComparisonParameters, EvaluationParameters
from explainable_recsys.pipelines.evaluation.protocol import protocol_words
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import findings
from explainable_recsys.reporting.html import report_html

SECONDS = ("earlier_seconds", "node_seconds")
"""What is known of how long nodes took: of earlier runs, and of this one as far as it has come."""


def note_provenance(run: dict[str, Any], data_version: dict[str, Any]) -> dict[str, Any]:
    """Which run this is, by which code, and of which version of the data."""
    facts = {name: fact for name, fact in run.items() if name not in SECONDS}
    return facts | {"data_version": data_version["version"]}


def write_report(
    accuracy: pd.DataFrame,
    explanation_quality: pd.DataFrame,
    accuracy_tests: pd.DataFrame,
    explanation_tests: pd.DataFrame,
    control_tests: pd.DataFrame,
    faithfulness_scope: pd.DataFrame,
    stability: Any,
    fold_in: Any,
    fold_in_seconds: Any,
    evidence_told: pd.DataFrame,
    reasons_by_group: pd.DataFrame,
    items_reached: pd.DataFrame,
    example_lists: pd.DataFrame,
    example_histories: pd.DataFrame,
    dataset_card: dict[str, Any],
    provenance: dict[str, Any],
    data_version: dict[str, Any],
    run: dict[str, Any],
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
    tests: ComparisonParameters,
    **figures: Any,
) -> tuple[str, dict[str, list[str]]]:
    """The report as a page, and its findings in words.

    Args:
        accuracy: Metrics of all recommenders.
        explanation_quality: Metrics of all approaches.
        accuracy_tests: Tests between recommenders.
        explanation_tests: Tests between approaches.
        control_tests: Tests between evidence and controls.
        faithfulness_scope: What faithfulness took away.
        stability: Overlap of explanations over retrainings, if it is stored.
        fold_in: People folded in, or trained on, if it is stored.
        fold_in_seconds: The times of that.
        evidence_told: What reasons rest on.
        reasons_by_group: For whom they are missing or weak.
        items_reached: What is recommended, and explained.
        example_lists: Lists of a few users.
        example_histories: What they rated.
        dataset_card: The data.
        provenance: Where the numbers come from.
        data_version: What was held out.
        run: How long nodes took.
        evaluation: K, relevance, intervals.
        faithfulness: What was taken away.
        tests: The correction.
        figures: By name of the dataset, those of the comparison before those of single ones.
    """
    first = [name for name in figures if "." not in name]
    drawn = [*first, *sorted(set(figures) - set(first))]
    split = SplitParameters.model_validate(data_version["split"])
    named: dict[str, Any] = {**RECOMMENDERS, **APPROACHES}
    content = ReportContent(
        card=dataset_card,
        protocol=protocol_words(accuracy, split, evaluation, faithfulness, tests),
        accuracy=accuracy,
        explanation_quality=explanation_quality,
        scope=faithfulness_scope,
        accuracy_tests=accuracy_tests,
        explanation_tests=explanation_tests,
        control_tests=control_tests,
        stability=_if_stored(stability),
        evidence_told=evidence_told,
        reasons_by_group=reasons_by_group,
        items_reached=items_reached,
        figures={
            _heading(name): figures[name] for name in drawn if figures[name] is not NOT_STORED
        },
        examples=example_lists,
        histories=example_histories,
        provenance=provenance,
        k=evaluation.k,
        n_cited=faithfulness.reported,
        intrinsic={name for name, pair in APPROACHES.items() if pair.intrinsic},
        titles={name: record.title for name, record in named.items()},
        about={name: record.about for name, record in named.items()},
        seconds=per_recommendation(run, reasons_by_group),
        fold_in=_if_stored(fold_in),
        fold_in_seconds=_if_stored(fold_in_seconds),
    )
    return report_html(content), {"findings": findings(content)}


def per_recommendation(run: dict[str, Any], groups: pd.DataFrame) -> dict[str, float]:
    """Seconds that it took to explain one recommendation, of approaches where that is known.

    Args:
        run: What is known of the run.
        groups: `reasons_by_group`, which counts the recommendations.
    """
    seconds: dict[str, float] = {}
    for known in SECONDS:
        seconds |= run.get(known, {})
    groups = groups.reindex(columns=["approach", "whose", "n_recommendations"])
    made = groups[groups["whose"] == "history"].groupby("approach")["n_recommendations"].sum()
    clocked = {name: seconds.get(f"{name}.explain") for name in made.index}
    return {n: s / made[n] for n, s in clocked.items() if s is not None and made[n] > 0}


def _if_stored(table: Any) -> pd.DataFrame:
    """A table, without rows if it is not there."""
    return pd.DataFrame() if table is NOT_STORED else table


def _heading(figure: str) -> str:
    """Readable name of a figure dataset."""
    approach, _, name = figure.removesuffix("_figure").rpartition(".")
    words = name.replace("_", " ")
    return f"{approach}: {words}" if approach else words.capitalize()
