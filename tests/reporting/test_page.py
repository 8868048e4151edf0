"""The report in a browser: its length, tables that are sorted and saved, topics that open."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest

from explainable_recsys.figures.study_flow import study_session_figure
from explainable_recsys.reporting.html import report_html, study_html
from explainable_recsys.reporting.study import study_findings
from tests.reporting.contents import HOSTILE, content, oversight
from tests.reporting.test_study import answers, results
from tests.study.exported import plan

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(report_html(content()), encoding="utf-8")
    return file


@contextmanager
def opened(browser: Browser, file: Path, **context: Any) -> Iterator[Page]:
    """A page that may not log an error, nor break its own policy."""
    problems: list[str] = []
    with browser.new_context(**context) as made:
        page = made.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
        page.goto(file.as_uri())
        yield page
    assert problems == []


@pytest.mark.parametrize(("screen", "most"), [(DESK, 6), (PHONE, 12)])
def test_a_few_screens_before_anything_is_unfolded(
    browser: Browser, full_run: Path, screen: dict[str, int], most: int
) -> None:
    with opened(browser, full_run / "08_reporting" / "report.html", viewport=screen) as page:
        root = page.locator(":root")
        assert root.evaluate("root => root.scrollHeight") <= most * screen["height"]
        assert root.evaluate("root => root.scrollWidth") == screen["width"]
        assert page.locator("#example article").count() == len(
            page.locator("#approaches tbody:not(.baselines) tr").all()
        )
        page.evaluate("scrollTo({top: 5000, behavior: 'instant'})")
        contents = page.locator("nav").bounding_box()
        assert contents is not None
        assert contents["y"] == 0


def test_tables_are_sorted_by_any_column_within_their_groups(
    browser: Browser, report: Path
) -> None:
    with opened(browser, report, viewport=DESK) as page:
        head = page.locator("#approaches th", has_text="time")
        rows = page.locator("#approaches tbody:first-of-type tr")
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        times = [row.split("\t")[3].strip() for row in rows.all_inner_texts()]
        assert times == ["1 ms", "0.2 ms", "not measured", "not measured"]
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        assert "not measured" in rows.first.inner_text()
        others = page.locator("#approaches .baselines tr").all_inner_texts()
        assert ["popularity" in text or "random" in text for text in others[1:]] == [True, True]


def test_tables_are_saved_as_csv(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport=DESK, accept_downloads=True) as page:
        with page.expect_download() as saved:
            page.locator("#approaches .csv").click()
        rows = list(csv.reader(saved.value.path().read_text("utf-8-sig").splitlines()))
        assert saved.value.suggested_filename == "All-approaches.csv"
        assert rows[0] == ["", "approach", "nDCG", "explained", "time", "kind"]
        assert rows[1] == ["", "intrinsic_ease", "0.300", "100.0 %", "0.2 ms", "intrinsic"]
        assert rows[-1] == ["To compare with", "random", "0.010", "no reasons"]
        page.locator("nav a[href='#comparison']").click()
        with page.expect_download() as saved:
            page.locator("#comparison .csv").last.click()
        head, first, *_ = csv.reader(saved.value.path().read_text("utf-8-sig").splitlines())
        assert head == ["approach", *(f"DEL@3: {of}" for of in ("own", "random", "popular"))]
        assert first == ["intrinsic_ease", "0.600", "0.960 ✓", "0.900 ✓"]


def test_hostile_titles_are_text_in_csv_too(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport=DESK, accept_downloads=True) as page:
        page.locator("nav a[href='#owner']").click()
        with page.expect_download() as saved:
            page.locator("#owner .csv").first.click()
        text = saved.value.path().read_text("utf-8-sig")
        told = oversight()["evidence_told"]["evidence"]
        assert HOSTILE in set(told)
        assert HOSTILE in text


@pytest.mark.parametrize("with_scripts", [True, False])
def test_contents_lead_into_topics_that_open(
    browser: Browser, report: Path, with_scripts: bool
) -> None:
    context = {"viewport": PHONE, "java_script_enabled": with_scripts}
    with opened(browser, report, **context) as page:
        page.locator("nav a[href='#glossary']").click()
        page.get_by_text("Its score taken apart.").last.wait_for()
        page.locator("details.person > summary").first.click()
        page.locator("details[name=item] > summary").first.click()
        assert page.locator("details.person article").first.is_visible()
        page.locator("nav a[href='#figures']").click()
        drawn = page.locator("#figures .drawing svg.main-svg")
        if with_scripts:
            drawn.first.wait_for()
        else:
            page.locator("#figures noscript p").wait_for()
            assert page.locator("th button").count() == drawn.count() == 0


def test_topics_are_unfolded_on_paper_and_folded_again(browser: Browser, report: Path) -> None:
    with opened(browser, report, viewport=DESK) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator(".topic:not([open])").count() == 0
        assert page.locator(".person[open]").count() == 0
        page.locator("#figures .drawing svg.main-svg").first.wait_for()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("details[open]").count() == 0


AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
UNFOLD = """
document.querySelectorAll('details').forEach(topic => {
  topic.removeAttribute('name');
  topic.open = true;
})
"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", [DESK, PHONE])
def test_nothing_is_in_the_way_of_anybody(
    browser: Browser, report: Path, screen: dict[str, int], scheme: str
) -> None:
    """axe-core finds no violation, neither while topics are folded nor when all are open."""
    context = {"viewport": screen, "color_scheme": scheme, "bypass_csp": True}
    with opened(browser, report, **context) as page:
        page.add_script_tag(path=AXE)
        for unfold in ("", UNFOLD):
            page.evaluate(unfold)
            found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
            told = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
            assert not told, json.dumps(told, indent=1)


def test_the_page_of_a_study_draws_its_figures_at_once_and_no_messages(
    browser: Browser, tmp_path: Path
) -> None:
    figures = {"Session": study_session_figure(plan()), "None": study_session_figure(None)}
    file = tmp_path / "study.html"
    file.write_text(study_html(study_findings(results(answers(3, 1))), figures), encoding="utf-8")
    with opened(browser, file, viewport=DESK) as page:
        page.locator(".js-plotly-plot").wait_for()
        assert page.locator(".drawing").count() == 1
