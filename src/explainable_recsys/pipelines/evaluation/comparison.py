"""Nodes that look at all recommenders and approaches side by side.

Their tables come by full names, such as `als.metrics`; what is not stored is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from pydantic import Field

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.data import Data
from explainable_recsys.datasets.absent import NOT_STORED
from explainable_recsys.errors import InputError
from explainable_recsys.figures.faithfulness import (
    faithfulness_curves_figure,
    faithfulness_figure,
)
from explainable_recsys.figures.trade_off import trade_off_figure
from explainable_recsys.interactions import DIFFERENT_RUNS
from explainable_recsys.metrics.comparison import Correction, control_tests, paired_tests
from explainable_recsys.metrics.faithfulness import (
    METRICS,
    FaithfulnessParameters,
    column_name,
    reported_columns,
)
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.projected_evidence import NO_EXPLANATIONS
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.judging import stored
from explainable_recsys.preprocessing.card import readable_version
from explainable_recsys.preprocessing.splits import SplitParameters
from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.findings import findings
from explainable_recsys.reporting.html import report_html
from explainable_recsys.reporting.markdown import report_markdown
from explainable_recsys.reporting.people import choose_users, users_histories, users_lists


class ComparisonParameters(Parameters):
    """How p-values are corrected for many comparisons: Benjamini-Yekutieli or -Hochberg."""

    correction: Correction = "by"


class ReportParameters(Parameters):
    """How many users the report shows, how much of their lists, and of their histories."""

    n_users: int = Field(3, ge=0)
    n_items: int = Field(5, ge=1)
    n_rated: int = Field(10, ge=1)
    seed: Seed = 0


def compare(**results: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put metrics side by side: accuracy by recommender, explanations by approach.

    Args:
        results: `<name>.metrics` and `<name>.evaluated_on`.

    Raises:
        InputError: If some were evaluated on different data, or in different ways.
    """
    check_evaluated_alike(stored(results, "evaluated_on"))
    metrics = stored(results, "metrics")
    accuracy = _rows(metrics, "recommender", RECOMMENDERS)
    quality = _rows(metrics, "approach", APPROACHES)
    of = [APPROACHES[name].recommender for name in quality["approach"]]
    quality.insert(1, "recommender", pd.Series(of, dtype="str"))
    return accuracy, quality


def _rows(metrics: Mapping[str, Any], name: str, family: Mapping[str, Any]) -> pd.DataFrame:
    rows = {key: values for key, values in metrics.items() if key in family}
    table = pd.DataFrame.from_dict(rows, orient="index").astype("float64")
    return table.rename_axis(name).reset_index().astype({name: "str"}).copy()


def check_evaluated_alike(evaluated_on: Mapping[str, dict[str, Any]]) -> None:
    """Make sure that all were evaluated on the same data in the same way.

    Raises:
        InputError: Naming two that were not, and what differs.
    """
    named = sorted(evaluated_on.items())
    for name, facts in named[1:]:
        first, expected = named[0]
        if {**facts, "n_users": 0} == {**expected, "n_users": 0}:
            continue
        if readable_version(facts) != readable_version(expected):
            raise InputError(
                f"{first} was evaluated on {readable_version(expected)}, {name} on "
                f"{readable_version(facts)}: {DIFFERENT_RUNS}"
            )
        key = next(key for key in expected if facts.get(key) != expected[key])
        raise InputError(
            f"{first} was evaluated with {key} {expected[key]}, {name} with {facts.get(key)}; run "
            "kedro run --pipelines evaluation"
        )


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
        _stacked(measured),
        _stacked(curves),
        pd.DataFrame(scopes, columns=["approach", "scope"]),
    )


def test_differences(
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
    parameters: ComparisonParameters,
    **user_metrics: Any,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Test recommenders, approaches, and evidence against its controls, user by user.

    Args:
        evaluation: K.
        faithfulness: Which Ke is reported.
        parameters: The correction.
        user_metrics: `<name>.user_metrics`.
    """
    tables = stored(user_metrics, "user_metrics")
    lists = {name: table for name, table in tables.items() if name in RECOMMENDERS}
    explained = {name: table for name, table in tables.items() if name in APPROACHES}
    k = evaluation.k
    reported = [column_name(metric, k, faithfulness.reported, "own") for metric in METRICS]
    controls = {"user_id", *reported_columns(k, faithfulness)}
    of_controls = {
        name: table[[column for column in table.columns if column in controls]]
        for name, table in explained.items()
    }
    about = ["coverage", "evidence_diversity", *reported]
    return (
        paired_tests(lists, [f"recall@{k}", f"ndcg@{k}"], parameters.correction),
        paired_tests(explained, about, parameters.correction),
        control_tests(of_controls, parameters.correction),
    )


def draw_comparison(
    accuracy: pd.DataFrame,
    explanation_quality: pd.DataFrame,
    table: pd.DataFrame,
    curves: pd.DataFrame,
    evaluation: EvaluationParameters,
    faithfulness: FaithfulnessParameters,
) -> tuple[Any, Any, Any]:
    """Accuracy against faithfulness and coverage; faithfulness by Ke; its curves."""
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
        trade_off_figure(compared, evaluation.k, faithfulness.reported),
        faithfulness_figure(table),
        faithfulness_curves_figure(curves),
    )


def choose_examples(
    data: Data, parameters: ReportParameters, **tables: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A few users' lists by every approach with reasons, and what these users rated.

    Args:
        data: Titles, years and histories.
        parameters: How many.
        tables: `<recommender>.recommendations` and `<approach>.sentences`.
    """
    sentences, made = stored(tables, "sentences"), stored(tables, "recommendations")
    lists = {name: made[APPROACHES[name].recommender] for name in sentences}
    explained = [table["user_id"] for table in sentences.values() if len(table)]
    users = choose_users(explained, parameters.n_users, parameters.seed)
    return (
        users_lists(lists, sentences, data.items, users, parameters.n_items),
        users_histories(data.histories, data.items, users, parameters.n_rated),
    )


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


def _stacked(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of approaches under each other, with a first column `approach`."""
    named = [table.assign(approach=name) for name, table in tables.items()]
    stacked = pd.concat(named or [pd.DataFrame(columns=["approach"])], ignore_index=True)
    return stacked[["approach", *(c for c in stacked.columns if c != "approach")]]


def _heading(figure: str) -> str:
    """Readable name of a figure dataset."""
    approach, _, name = figure.removesuffix("_figure").rpartition(".")
    words = name.replace("_", " ")
    return f"{approach}: {words}" if approach else words.capitalize()
