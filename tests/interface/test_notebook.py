"""Notebooks: the browser of reasons answers like the run, and what is missing is one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from kedro.io import DataCatalog, MemoryDataset

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.errors import InputError
from explainable_recsys.interface import notebook
from explainable_recsys.interface.lesson import example
from explainable_recsys.interface.notebook import NO_CHANGE, TAKE_BACK, Browser, browse
from tests.conftest import PROJECT, open_catalog
from tests.interface.test_stored import EXPLAINING


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Titles of the figures that were drawn, in order."""
    titles: list[str] = []

    def draw(_: Any, figure: Any, table: str = "") -> None:
        titles.append(figure.layout.title.text.replace("<br>", " ") + table)

    monkeypatch.setattr(notebook, "_draw", draw)
    return titles


def rows(browser: Browser) -> list[Any]:
    return [item for _, item in browser.listed.options]


@pytest.mark.parametrize("approach", EXPLAINING)
def test_every_approach_can_be_browsed_and_changed(
    catalog: DataCatalog, drawn: list[str], approach: str
) -> None:
    browser = browse(catalog, approach)
    lists = catalog.load(f"{APPROACHES[approach].recommender}.recommendations")
    own = lists[lists["user_id"] == int(browser.user.value)].sort_values("rank")
    assert rows(browser) == own["item_id"].tolist()
    assert drawn[0].startswith("Why <i>") or drawn[0] == ""  # a message has no title
    browser.change.value = browser.change.options[1][1]
    assert browser.message.value == ""
    assert drawn[-1].startswith("Without ")


def test_the_example_person_is_shown_first(catalog: DataCatalog, drawn: list[str]) -> None:
    assert browse(catalog, "intrinsic_als").user.value == str(example(catalog)[0])


@pytest.mark.parametrize("approach", ["intrinsic_als", "posthoc_ar", "knowledge_graph"])
def test_what_can_be_changed_begins_with_what_the_reason_cites(
    catalog: DataCatalog, drawn: list[str], approach: str
) -> None:
    browser = browse(catalog, approach)
    told = catalog.load(f"{approach}.explanations").sort_values("position")
    told = told[told["user_id"] == int(browser.user.value)]
    everything = {item for _, item in browser.change.options}
    for item in rows(browser):
        browser.change.value = chosen = browser.change.options[-1][1]
        browser.listed.value = item
        cited = told[told["item_id"] == item]["rated_item_id"].dropna().unique().tolist()
        offered = [value for _, value in browser.change.options]
        assert offered[: 1 + len(cited)] == [NO_CHANGE, *cited]
        assert set(offered) == everything
        assert browser.change.value == chosen


def test_choosing_draws_the_reasons(catalog: DataCatalog, drawn: list[str]) -> None:
    browser = browse(catalog, "intrinsic_als", user=12)
    items = catalog.load("items").set_index("item_id")["title"]
    for item in rows(browser)[1:]:
        browser.listed.value = item
        assert drawn[-1].startswith(f"Why <i>{items[item][:20]}")


def test_another_user(full_run: Path, drawn: list[str]) -> None:
    """Everybody who is explained something comes once: here the first nine."""
    with open_catalog(full_run) as catalog:
        told = catalog.load("intrinsic_als.explanations")
        some = told[told["user_id"].isin(told["user_id"].unique()[:9])]
        catalog["intrinsic_als.explanations"] = MemoryDataset(some)
    browser = browse(catalog, "intrinsic_als", user=12)
    browser.change.value = browser.change.options[1][1]
    browser.user.value = "22"
    lists = catalog.load("als.recommendations")
    assert rows(browser) == lists[lists["user_id"] == 22].sort_values("rank")["item_id"].tolist()
    assert browser.change.value == NO_CHANGE
    explained = catalog.load("intrinsic_als.explanations")["user_id"].unique()
    everybody = set()
    for _ in explained:
        browser.another.click()
        everybody.add(browser.user.value)
    assert everybody == set(explained.astype(str))
    browser.another.click()
    assert "everybody" in browser.unknown.value


def test_unknown_users(catalog: DataCatalog, drawn: list[str]) -> None:
    browser = browse(catalog, "intrinsic_als", user=12)
    before = rows(browser)
    browser.user.value = "<b>nobody</b>"
    said = "unknown user &#x27;&lt;b&gt;nobody&lt;/b&gt;&#x27;; near: "
    assert browser.unknown.value.startswith(said)
    assert browser.user.value == "12"
    assert rows(browser) == before
    browser.user.value = "22"
    assert browser.unknown.value == ""
    with pytest.raises(InputError, match="unknown user '0'; near: 12"):
        browse(catalog, "intrinsic_als", user=0)


def test_what_if_is_what_the_model_says(catalog: DataCatalog, drawn: list[str]) -> None:
    """A rating that is set to what it is changes nothing; a new one takes its item off the list."""
    browser = browse(catalog, "intrinsic_ease", user=12)
    label, item = browser.change.options[1]
    stars = label.rpartition("★")[2].rstrip(")")
    browser.rating.value = stars
    browser.change.value = item
    assert "nothing changes" in drawn[-1] or "no recommendation changes" in drawn[-1].lower()
    browser.other.value = str(rows(browser)[0])
    assert browser.change.value == NO_CHANGE
    title = catalog.load("items").set_index("item_id")["title"][rows(browser)[0]]
    assert re.match(rf"With {re.escape(title)} \(\d+\) rated ★{stars}, ", drawn[-1])
    assert "New in the list" in drawn[-1]


def test_what_cannot_be_done_is_said(catalog: DataCatalog, drawn: list[str]) -> None:
    browser = browse(catalog, "intrinsic_als", user=12)
    drawings = len(drawn)
    browser.other.value = "no such movie at all"
    assert "unknown item" in browser.message.value
    browser.other.value = str(rows(browser)[0])
    assert browser.rating.value == TAKE_BACK
    assert "is to be removed, but it is not rated" in browser.message.value
    browser.other.value = ""
    assert browser.message.value == ""
    assert len(drawn) == drawings


def test_nothing_stored(tmp_path: Path) -> None:
    with (
        open_catalog(tmp_path) as empty,
        pytest.raises(InputError, match=r"no explanations are stored there yet; first kedro run"),
    ):
        browse(empty, "intrinsic_als")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    """An interactive shell in `notebooks/` with the extension loaded; the log stays as it is."""
    monkeypatch.setattr(notebook.LOGGING, "configure", lambda _: None)
    monkeypatch.chdir(PROJECT / "notebooks")
    shell = InteractiveShell()
    notebook.load_ipython_extension(shell)
    return shell


def test_errors_of_the_user_are_one_line(
    shell: InteractiveShell, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_catalog(tmp_path) as empty:
        shell.user_ns["catalog"] = empty
        result = shell.run_cell("catalog.load('rules.rules')")
        unknown = shell.run_cell("catalog.load('no_such_entry')")
        shell.run_cell("from explainable_recsys.errors import InputError; raise InputError('so')")
    assert not result.success
    assert not unknown.success
    first, second, third = capsys.readouterr().err.splitlines()
    assert first.startswith("Error: ")
    assert first.endswith("nothing is stored there yet; first kedro run --pipelines knowledge")
    assert "no_such_entry" in second
    assert third == "Error: so"


def test_other_errors_keep_their_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not shell.run_cell("1 / 0").success
    assert "ZeroDivisionError" in "".join(capsys.readouterr())


def test_outside_of_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="lies in no Kedro project"):
        notebook.load_ipython_extension(InteractiveShell())
