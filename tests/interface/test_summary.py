"""What is printed after a run."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import MemoryDataset
from rich.console import Console, Group

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.interface.summary import (
    QUALITY,
    REASONS,
    SPECIAL,
    card_text,
    examples,
    legend,
    metrics_table,
    print_summary,
)
from explainable_recsys.wording.markup import marked
from tests.conftest import open_catalog


def shown(content: object) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def test_the_summary_of_a_run(full_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lists = ("popularity", "random", "als")
    outputs = {"dataset_card", "intrinsic_als.sentences", *(f"{name}.metrics" for name in lists)}
    outputs.add("intrinsic_als.metrics")
    with open_catalog(full_run) as catalog:
        print_summary(outputs, catalog, "test")
    printed = capsys.readouterr().out
    quality, reasons = printed.split("Reasons")
    for part in ("movielens-small", "60 users", "recommender", "als", "popularity"):
        assert part in quality
    assert "intrinsic_als" in reasons
    assert "POS" in reasons
    assert "popularity" not in reasons
    assert printed.count("  user ") == 3
    assert printed.count("Recommended because ") + printed.count("no explanation") == 9
    assert len(re.findall(r"Recommended because (you liked|of .* you\s+liked)", printed)) > 5
    assert "make viz ENV=test" in printed
    assert not any(line.endswith(" ") for line in printed.splitlines())


def test_names_are_never_cut(full_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_catalog(full_run) as catalog:
        approaches = [name for name in APPROACHES if catalog.exists(f"{name}.metrics")]
        outputs = {f"{name}.metrics" for name in (*RECOMMENDERS, *approaches)}
        print_summary(outputs, catalog, None)
    quality, reasons = capsys.readouterr().out.split("Reasons")
    for text, names in ((quality, set(RECOMMENDERS)), (reasons, set(approaches))):
        rows = {line.split()[0] for line in text.splitlines() if line.startswith("  ")}
        assert names <= rows


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
    lines = shown(Group(*examples(lists))).split("\n")
    assert [line.rstrip() for line in lines if line.strip()] == [
        "Why? posthoc_ar, lists of svd",
        "  user 7",
        "    1. Catch-22 (1970)",
        "       Because you rated M*A*S*H ★5.",
        "    2. Untitled",
        "       no explanation",
    ]


def test_reasons_that_say_nothing_about_the_person_are_named(
    full_run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_catalog(full_run) as catalog:
        metrics = catalog.load("intrinsic_als.metrics")
        for verdict, words in ((0.0, "intrinsic_als say nothing about"), (1.0, "all 1 tried")):
            catalog["intrinsic_als.metrics"] = MemoryDataset(metrics | {"above_null": verdict})
            print_summary(["intrinsic_als.metrics"], catalog, "test")
            assert words in capsys.readouterr().out


def test_reasons_are_shown_with_what_their_columns_mean() -> None:
    metrics = {
        "parts": {"coverage": 1.0, "additivity_error_relative": 2e-7},
        "rules": {"coverage": 0.9, "coverage_of_random": 0.05, "median_lift": 2.14},
    }
    text = shown(metrics_table(metrics, "approach", REASONS, SPECIAL))
    assert "5.0 %" in text
    assert "lift 2.1" in text
    assert "Σ error 2e-07" in text
    words = legend(metrics, [*REASONS, *SPECIAL])
    assert "lift: " in words
    assert "MEP" not in words
    assert "Lower is better" in words
