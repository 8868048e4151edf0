"""The notebooks: short, in the same four steps, each with a task whose solution runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from kedro.io import DataCatalog

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.errors import InputError
from explainable_recsys.interface import lesson
from tests.conftest import PROJECT, open_catalog

MOST_CELLS, MOST_LINES, MOST_BYTES = 18, 15, 3_000_000
PAGES = PROJECT / "docs" / "notebooks"
BOOKS = {path.stem: path for path in sorted((PROJECT / "notebooks").glob("*.ipynb"))}
METHODS = [name for name in BOOKS if name[:2] not in ("00", "40", "90")]
STEPS = ["## 1. Look at the data", "## 2. Build the method", "## 3. Predict", "## 4. Evaluate"]
SOLUTION = re.compile(r"<details>.*?```python\n(.*?)```.*?</details>", re.DOTALL)


def cells(name: str) -> list[tuple[str, str]]:
    """Kind and text of every cell."""
    book = json.loads(BOOKS[name].read_text(encoding="utf-8"))
    return [(cell["cell_type"], "".join(cell["source"])) for cell in book["cells"]]


def prose(name: str) -> str:
    return "\n".join(text for kind, text in cells(name) if kind == "markdown")


def code_lines(text: str) -> list[str]:
    """Lines of code without imports, comments and docstrings."""
    lines = [line.strip() for line in text.splitlines()]
    return [
        line for line in lines if line and not line.startswith(("#", "from ", "import ", '"""'))
    ]


@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_is_short_and_has_a_task_with_a_hidden_solution(name: str) -> None:
    assert len(cells(name)) <= MOST_CELLS
    assert "## Your task" in prose(name)
    assert len(SOLUTION.findall(prose(name))) == 1


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_the_four_steps_in_order_and_its_core_is_short(name: str) -> None:
    places = [prose(name).find(step) for step in STEPS]
    assert -1 not in places
    assert places == sorted(places)
    step, built = 0, []
    for kind, text in cells(name):
        step = max([step, *(n for n, title in enumerate(STEPS, 1) if title in text)])
        if kind == "code" and step == 2:
            built.append(text)
            assert len(code_lines(text)) <= MOST_LINES
    assert any("by_hand(" in text for text in built), "compared with the library's result"


@pytest.mark.parametrize("name", [name for name in METHODS if name[:2] != "01"])
def test_an_approach_answers_you_and_what_if_and_is_introduced_first(name: str) -> None:
    texts = [text for _, text in cells(name)]
    approach = name[3:]
    asked = [
        n for n, text in enumerate(texts) if re.search(rf'you\(\s*catalog,\s*"{approach}"', text)
    ]
    browsed = [n for n, text in enumerate(texts) if f'browse(catalog, "{approach}")' in text]
    judged = [n for n, text in enumerate(texts) if f'evaluate(catalog, "{approach}")' in text]
    assert asked
    assert browsed
    assert asked[0] <= browsed[0] < judged[0]
    assert f"`{approach}`" in texts[0]
    assert re.search("intrinsic|post hoc", texts[0])
    *_, last = [text for kind, text in cells(name) if kind == "markdown"]
    assert "## The formula" in last, "hard formulas come last"


def test_a_reason_is_called_faithful_where_it_has_been_said_what_that_is() -> None:
    assert "**faithful**" in lesson._FAITHFUL  # shown between the tables of every `evaluate`
    for name in METHODS:
        before = prose(name).split(STEPS[3])[0]
        assert not re.search(r"faithful|\bpos\b|\bdel\b", before.split("</details>")[0]), name


@pytest.mark.parametrize("name", BOOKS)
def test_the_executed_copy_is_of_the_present_notebook(name: str) -> None:
    """`make notebook-pages` makes it again."""
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    for kind, text in cells(name):
        shown = text if kind == "code" else re.sub(r"(\(\d\d_\w+)\.ipynb\)", r"\1.md)", text)
        assert shown in page, f"make notebook-pages: {name} is older than its notebook"
    pictures = set(re.findall(r"\]\((images/.*?\.png)\)", page))
    assert pictures == {f"images/{path.name}" for path in (PAGES / "images").glob(f"{name}-*")}
    assert "Error" not in page


def test_the_executed_copies_are_small() -> None:
    assert sum(path.stat().st_size for path in PAGES.rglob("*.*")) < MOST_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOKS)
def test_a_notebook_and_its_solution_run(
    catalog: DataCatalog, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = InteractiveShell()
    shell.user_ns["catalog"] = catalog
    monkeypatch.setattr(shell, "displayhook", lambda *_: None, raising=False)
    for kind, text in cells(name):
        runs = [text] if kind == "code" else SOLUTION.findall(text)
        for code in runs:
            code = re.sub(r"^%load_ext.*$", "", code, flags=re.MULTILINE)
            result = shell.run_cell(code)
            assert result.success, f"{name}:\n{code}"


def test_the_example_person_is_who_the_data_name_or_middling(catalog: DataCatalog) -> None:
    user, rated = lesson.example(catalog)
    explained = [
        catalog.load(f"{name}.explanations")["user_id"]
        for name in APPROACHES
        if catalog.exists(f"{name}.explanations")
    ]
    assert all(user in set(users) for users in explained)
    assert rated["rating"].is_monotonic_decreasing
    known = catalog.load("interactions")
    assert len(rated) == known.ratings[known.user_rows([user])].nnz


def test_the_librarys_own_scores_are_as_near_as_can_be(catalog: DataCatalog) -> None:
    model, known = catalog.load("ease.model"), catalog.load("interactions")
    table = lesson.by_hand(catalog, "ease", model.scores(known.ratings))
    mine, stored = table.iloc[:, 0]
    assert mine == stored == round(catalog.load("ease.metrics")["ndcg@10"], 3)
    assert table.iloc[0, 2] == "100.0%"


def test_you_get_a_list_with_reasons_and_typing_errors_are_named(catalog: DataCatalog) -> None:
    items = catalog.load("items").set_index("item_id")["title"]
    known = catalog.load("interactions")
    best = known.ratings.count_nonzero(axis=0).argsort()[::-1][:3]
    ratings = dict.fromkeys([int(item) for item in known.item_ids[best]], 5)
    shown = lesson.you(catalog, "intrinsic_als", {**ratings, "<b>nothing</b>": 5}).data
    assert shown.count("<li>") == lesson.SHOWN
    assert "&lt;b&gt;nothing" in shown
    assert not any(f"<b>{items[item]}" in shown for item in ratings)
    assert "<li>" not in lesson.you(catalog, "intrinsic_als", {"no such film": 5}).data
    with pytest.raises(InputError, match="intrinsic_als"):
        lesson.you(catalog, "intrinsic_alz", ratings)


def test_what_is_not_stored_says_how_to_get_it(catalog: DataCatalog, tmp_path: Path) -> None:
    assert isinstance(lesson.show(catalog, "stability"), pd.DataFrame)
    with open_catalog(tmp_path) as empty:
        assert "`kedro run --pipelines diagnostics`" in lesson.show(empty, "stability").data


def test_evaluation_shows_what_was_measured(
    catalog: DataCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(lesson, "display", shown.append)
    lesson.evaluate(catalog, "intrinsic_ease")
    lists, definition, faithful = shown
    assert lists.iloc[0, 0] == f"{catalog.load('ease.metrics')['ndcg@10']:.3f}"
    assert lists.iloc[0, 3] == f"{catalog.load('intrinsic_ease.metrics')['coverage']:.3f}"
    assert "faithful" in definition.data
    table = catalog.load("intrinsic_ease.faithfulness")
    n = catalog.load("params:faithfulness").reported
    row = table[(table["metric"] == "pos") & (table["evidence"] == "own") & (table["n_cited"] == n)]
    assert faithful.iloc[0, 0] == f"{row['value'].item():.0%}"
