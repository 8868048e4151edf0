"""The tables of `kedro summary --all`."""

from __future__ import annotations

import pandas as pd
from rich.console import Console, Group

from explainable_recsys.interface.long_tables import (
    QUALITY,
    REASONS,
    SPECIAL,
    examples,
    legend,
    metrics_table,
)
from explainable_recsys.wording.markup import marked


def shown(content: object) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def test_numbers_stand_under_their_names_and_empty_columns_are_left_out() -> None:
    metrics = {
        "strong": {"recall@5": 0.3, "recall@5/low": 0.2, "recall@5/high": 0.4, "ndcg@5": 0.35},
        "weak": {"recall@5": 0.1, "ndcg@5": 0.1},
    }
    columns = [column.format(k=5) for column in QUALITY]
    text = shown(metrics_table(metrics, "recommender", columns))
    assert "0.300±0.100" in text
    assert "recall@5" in text
    assert "RMSE" not in text


def test_examples_show_titles_years_and_reasons_in_order() -> None:
    lists = pd.DataFrame(
        {
            "user_id": [7, 7],
            "approach": "posthoc_ar",
            "rank": [1, 2],
            "item_id": [2, 1],
            "title": ["Catch-22", "Untitled"],
            "year": pd.array([1970, None], dtype="Int16"),
            "sentence": [f"Because you rated {marked('M*A*S*H')} ★5.", None],
        }
    )
    lines = shown(Group(*examples(lists, {"posthoc_knn": "", "posthoc_ar": "no rule"}))).split("\n")
    assert [line.rstrip() for line in lines if line.strip()] == [
        "SVD by association rules (posthoc_ar): the first recommendations to user 7",
        "  1. Catch-22 (1970)",
        "     Because you rated M*A*S*H ★5.",
        "  2. Untitled",
        "     no explanation: no rule",
    ]


def test_reasons_are_shown_with_what_their_columns_mean() -> None:
    metrics = {
        "parts": {"coverage": 1.0, "additivity_error_relative": 2e-7},
        "rules": {"coverage": 0.9, "coverage_of_random": 0.05, "median_lift": 2.14},
    }
    text = shown(metrics_table(metrics, "approach", REASONS, SPECIAL))
    assert "5.0 %" in text
    assert "lift 2.1" in text
    assert "Σ error 2e-07" in text
    words = shown(legend(metrics, [*REASONS, *SPECIAL]))
    assert "lift: " in words
    assert "MEP" not in words
    assert "Lower is better" in words
