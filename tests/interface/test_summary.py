"""What is printed after a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from explainable_recsys.interface.summary import (
    QUALITY_COLUMNS,
    REASON_COLUMNS,
    card_text,
    examples,
    metrics_table,
    print_summary,
    reasons_legend,
)
from explainable_recsys.reporting.selection import choose_users
from explainable_recsys.wording.markup import marked
from tests.conftest import open_catalog


def shown(content: object) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def test_the_summary_of_a_run(full_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outputs = {
        "dataset_card",
        "comparison",
        "intrinsic_als.metrics",
        "intrinsic_als.sentences",
        "popularity.metrics",
        "random.metrics",
    }
    with open_catalog(full_run) as catalog:
        print_summary(outputs, catalog, "test")
    printed = capsys.readouterr().out
    for part in ("movielens-small", "60 users", "intrinsic_als", "popularity", "random"):
        assert part in printed
    assert printed.count("  user ") == 3
    assert printed.count("Recommended because you rated") == 9
    assert "make viz ENV=test" in printed
    assert not any(line.endswith(" ") for line in printed.splitlines())


def test_names_of_approaches_are_never_cut(
    full_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_catalog(full_run) as catalog:
        names = set(catalog.load("comparison")["approach"])
        print_summary({f"{name}.metrics" for name in names}, catalog, "test")
    quality, reasons = capsys.readouterr().out.split("Reasons")
    without = {"popularity", "random", "random_walk", "bias", "svd"}
    for name in names:
        assert f"  {name} " in quality
        assert name in without or f"  {name} " in reasons


def test_nothing_is_printed_when_nothing_was_made(
    full_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_catalog(full_run) as catalog:
        print_summary({"items"}, catalog, None)
    assert capsys.readouterr().out == ""


def test_card_without_timestamps() -> None:
    card = {
        "name": "shop",
        "n_ratings": 1200,
        "n_items": 30,
        "n_users": 40,
        "density": 1.0,
        "time_span": None,
        "mean_rating": 3.456,
        "split": {"train": 1000, "test": 200},
        "dropped": [{"ratings": 1234, "reason": "rated again later"}],
    }
    text = card_text(card)
    assert "1,200 ratings of 30 items by 40 users" in text
    assert "no timestamps" in text
    assert "3.46" in text
    assert "1,234 (rated again later)" in text


def test_the_best_approach_comes_first_and_empty_columns_are_left_out() -> None:
    metrics = {
        "weak": {"recall@5": 0.1, "ndcg@5": 0.1},
        "strong": {"recall@5": 0.3, "recall@5/low": 0.2, "recall@5/high": 0.4, "ndcg@5": 0.35},
    }
    text = shown(metrics_table(metrics, QUALITY_COLUMNS))
    assert text.index("strong") < text.index("weak")
    assert "0.300±0.100" in text
    assert "recall@5" in text
    assert "RMSE" not in text


def test_examples_show_titles_years_and_reasons_in_order() -> None:
    recommendations = pd.DataFrame(
        {"user_id": [7, 7], "item_id": [1, 2], "rank": [2, 1], "score": [0.1, 0.2]}
    )
    sentences = pd.DataFrame(
        {"user_id": [7], "item_id": [2], "sentence": [f"Because you rated {marked('M*A*S*H')} ★5."]}
    )
    items = pd.DataFrame(
        {
            "item_id": [1, 2],
            "title": ["Untitled", "Catch-22"],
            "year": pd.array([None, 1970], dtype="Int16"),
        }
    )
    lines = shown(examples(recommendations, sentences, items, np.array([7]))).split("\n")
    assert [line.strip() for line in lines if line.strip()] == [
        "user 7",
        "1. Catch-22 (1970)",
        "Because you rated M*A*S*H ★5.",
        "2. Untitled",
    ]


def test_the_same_users_are_shown_for_every_approach() -> None:
    explained = [pd.Series([1, 1, 2, 3]), pd.Series([2, 3, 4])]
    assert set(choose_users(explained, 2, seed=0)) == {2, 3}
    assert choose_users(explained, 1, seed=0) == choose_users(explained[::-1], 1, seed=0)
    assert choose_users([pd.Series([1]), pd.Series([2])], 5, seed=0).tolist() == [1, 2]
    assert len(choose_users([], 3, seed=0)) == 0


def test_reasons_are_shown_with_what_their_columns_mean() -> None:
    metrics = {
        "rules": {
            "recall@5": 0.1,
            "ndcg@5": 0.2,
            "coverage": 0.9,
            "coverage_of_random": 0.05,
            "median_lift": 2.14,
        },
        "parts": {"ndcg@5": 0.3, "coverage": 1.0},
    }
    text = shown(metrics_table(metrics, REASON_COLUMNS))
    assert text.index("parts") < text.index("rules")
    assert "5.0 %" in text
    assert "2.1" in text
    assert "Σ error" not in text
    assert "lift: median" in reasons_legend(metrics)
    assert "Σ error" not in reasons_legend(metrics)
