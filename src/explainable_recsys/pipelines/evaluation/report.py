"""Nodes that write the report of the comparison."""

from __future__ import annotations

from typing import Any

import pandas as pd

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.datasets.memory import NOT_STORED
from explainable_recsys.metrics.faithfulness import FaithfulnessParameters
from explainable_recsys.metrics.parameters import ComparisonParameters, EvaluationParameters
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import findings
from explainable_recsys.reporting.html import report_html
from explainable_recsys.reporting.markdown import report_markdown


def note_provenance(run: dict[str, Any], data_version: dict[str, Any]) -> dict[str, Any]:
    """Which run this is, by which code, and of which version of the data."""
    return run | {"data_version": data_version["version"]}


def write_report(
    accuracy: pd.DataFrame,
    explanation_quality: pd.DataFrame,
    accuracy_tests: pd.DataFrame,
    explanation_tests: pd.DataFrame,
    control_tests: pd.DataFrame,
    faithfulness_scope: pd.DataFrame,
    stability: Any,
    example_lists: pd.DataFrame,
    example_histories: pd.DataFrame,
    dataset_card: dict[str, Any],
    provenance: dict[str, Any],
    data_version: dict[str, Any],
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
    tests: ComparisonParameters,
    **figures: Any,
) -> tuple[str, str, dict[str, list[str]]]:
    """The report as a page and as Markdown, and its findings in words.

    Args:
        accuracy: Metrics of all recommenders.
        explanation_quality: Metrics of all approaches.
        accuracy_tests: Tests between recommenders.
        explanation_tests: Tests between approaches.
        control_tests: Tests between evidence and controls.
        faithfulness_scope: What faithfulness took away.
        stability: Overlap of explanations over retrainings, if it is stored.
        example_lists: Lists of a few users.
        example_histories: What they rated.
        dataset_card: The data.
        provenance: Where the numbers come from.
        data_version: What was held out.
        evaluation: K, relevance, intervals.
        faithfulness: What was taken away.
        tests: The correction.
        figures: By name of the dataset, those of the comparison before those of single ones.
    """
    first = [name for name in figures if "." not in name]
    drawn = [*first, *sorted(set(figures) - set(first))]
    split = SplitParameters.model_validate(data_version["split"])
    content = ReportContent(
        card=dataset_card,
        protocol=protocol_words(accuracy, split, evaluation, faithfulness, tests),
        accuracy=accuracy,
        explanation_quality=explanation_quality,
        scope=faithfulness_scope,
        accuracy_tests=accuracy_tests,
        explanation_tests=explanation_tests,
        control_tests=control_tests,
        stability=pd.DataFrame() if stability is NOT_STORED else stability,
        figures={
            _heading(name): figures[name] for name in drawn if figures[name] is not NOT_STORED
        },
        examples=example_lists,
        histories=example_histories,
        provenance=provenance,
        k=evaluation.k,
        n_cited=faithfulness.reported,
        intrinsic={name for name, pair in APPROACHES.items() if pair.intrinsic},
        titles={name: record.title for name, record in RECOMMENDERS.items()}
        | {name: pair.title for name, pair in APPROACHES.items()},
    )
    return report_html(content), report_markdown(content), {"findings": findings(content)}


def protocol_words(
    accuracy: pd.DataFrame,
    split: SplitParameters,
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
    tests: ComparisonParameters,
) -> dict[str, str]:
    """How approaches were evaluated, in words."""
    share = f"{100 * split.fraction:g} %"
    held_out = {
        "random_fraction": f"{share} of each user's ratings at random (seed {split.seed})",
        "latest_n": f"the latest {split.n} ratings of each user",
        "global_time": f"the latest {share} of all ratings",
        "predefined": "the data set's own test file",
        "held_out_users": f"{share} of the users (seed {split.seed}), whom no model has seen; "
        f"{100 * split.fold_in:g} % of each one's ratings are the history",
    }[split.strategy]
    threshold = evaluation.relevance_threshold
    sizes = ", ".join(map(str, faithfulness.n_cited))
    n = accuracy[f"recall@{evaluation.k}/n"].max()
    probed = (
        "all users" if faithfulness.n_users is None else f"up to {faithfulness.n_users:,} users"
    )
    correction = {"by": "Yekutieli", "bh": "Hochberg"}[tests.correction]
    return {
        "Held out": held_out,
        "Users": f"{int(n):,} with relevant held-out ratings",
        "Relevant": "every held-out rating"
        if threshold is None
        else f"held-out ratings from {threshold:g} on",
        "Lists": f"top {evaluation.k} of all items not in the user's history; no sampled negatives",
        "Faithfulness": f"{probed}, the same for every approach (seed {faithfulness.seed}); "
        f"{sizes} cited items; {faithfulness.random_draws} random choices averaged",
        "Intervals": f"95 %, {evaluation.n_resamples:,} bootstrap resamples of the users",
        "Tests": f"paired t-tests over users; p-values corrected after Benjamini and {correction}",
    }


def _heading(figure: str) -> str:
    """Readable name of a figure dataset."""
    approach, _, name = figure.removesuffix("_figure").rpartition(".")
    words = name.replace("_", " ")
    return f"{approach}: {words}" if approach else words.capitalize()
