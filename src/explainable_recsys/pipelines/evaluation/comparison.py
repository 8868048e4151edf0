"""Nodes that put recommenders and approaches side by side, and test their differences.

Their tables come by full names, such as `als.metrics`; what is not stored is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.errors import InputError
from explainable_recsys.metrics.comparison import control_tests, paired_tests
from explainable_recsys.metrics.faithfulness import (
    METRICS,
    FaithfulnessParameters,
    column_name,
    reported_columns,
)
from explainable_recsys.metrics.parameters import ComparisonParameters, EvaluationParameters
from explainable_recsys.pipelines.judging import stored
from explainable_recsys.preprocessing.card import check_same_data


def compare(data_version: dict[str, Any], **results: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put metrics side by side: accuracy by recommender, explanations by approach.

    Args:
        data_version: Name and version of the data at hand.
        results: `<name>.metrics` and `<name>.evaluated_on`.

    Raises:
        InputError: If some were evaluated on different data, or in different ways.
    """
    evaluated_on = stored(results, "evaluated_on")
    for name, facts in evaluated_on.items():
        check_same_data(facts, data_version, name)
    check_evaluated_alike(evaluated_on)
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
    """Make sure that all were evaluated in the same way.

    Raises:
        InputError: Naming two that were not, and what differs.
    """
    named = sorted(evaluated_on.items())
    for name, facts in named[1:]:
        first, expected = named[0]
        if {**facts, "n_users": 0} == {**expected, "n_users": 0}:
            continue
        key = next(key for key in expected if facts.get(key) != expected[key])
        raise InputError(
            f"{first} was evaluated with {key} {expected[key]}, {name} with {facts.get(key)}; "
            "run both again with one: kedro run, or their pipelines and evaluation"
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
