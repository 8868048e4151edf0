"""The page is whole, closed in itself, and says where its numbers come from."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import plotly.graph_objects as go
import pytest

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.html import report_html
from tests.reporting.contents import (
    HOSTILE,
    MANIFEST,
    RUN,
    TABLES,
    accuracy,
    content,
    poor_contents,
)

VOID = {"meta", "wbr", "br", "link", "img", "input", "hr"}
LOADING = {"src", "srcset", "href", "data", "poster", "action", "background"}


class Page(HTMLParser):
    """A page taken apart; wrong nesting is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.tables: list[list[int]] = []
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append(0)
        if tag in ("td", "th"):
            self.tables[-1][-1] += int(attributes.get("colspan") or 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        """What people read."""
        return " ".join(text for tag, text in self.texts if tag not in ("script", "style"))


@pytest.fixture(scope="module")
def report() -> str:
    return report_html(content())


@pytest.fixture(scope="module")
def page(report: str) -> Page:
    return Page(report)


def test_sections_in_order(page: Page) -> None:
    sections = [
        entry["id"]
        for tag, entry in page.elements
        if tag in ("section", "footer") and "id" in entry
    ]
    assert sections == [
        "short",
        "example",
        "approaches",
        "people",
        "findings",
        "owner",
        "comparison",
        "tests",
        "stability",
        "study",
        "figures",
        "data",
        "glossary",
        "provenance",
    ]
    assert [entry["href"] for entry in page.all("a")] == [f"#{name}" for name in sections]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(low - high <= 1 for high, low in itertools.pairwise(levels))


def test_all_but_the_first_screens_is_folded(report: str) -> None:
    before, *topics = report.split('<details class="topic">')
    assert len(topics) == 9
    assert 'id="people"' in before
    assert "<details open" not in report
    for topic in topics:  # so that a browser opens it for a link into it, without JavaScript
        assert re.match(r"\s*<summary><h2>[^<]+</h2></summary>\s*<section id=", topic)


def test_the_page_is_for_everybody(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    names = {entry.get("name"): entry.get("content") for entry in page.all("meta")}
    assert names["viewport"] == "width=device-width, initial-scale=1"
    assert all(entry.get("scope") for entry in page.all("th"))
    (drawing,) = [entry for entry in page.all("div") if entry.get("role") == "img"]
    assert drawing["aria-label"] == "Found this & that. How"
    assert len(page.all("caption")) == len(page.all("table")) > 12
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_nothing_is_loaded(page: Page) -> None:
    for _, attributes in page.elements:
        for name in LOADING & attributes.keys():
            assert (attributes[name] or "").startswith("#")
    assert not {"link", "img", "iframe", "object", "embed", "base"} & {t for t, _ in page.elements}
    styles = " ".join(text for tag, text in page.texts if tag == "style")
    assert "url(" not in styles
    assert "@import" not in styles
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_plotly_is_there_once_and_only_for_figures(report: str) -> None:
    assert report.count("plotly.js v") == 1
    assert len(report) > 1_000_000
    without = report_html(content(figures={}))
    assert len(without) < 200_000
    assert 'id="figures"' not in without


def test_the_page_says_once_where_its_numbers_come_from(report: str) -> None:
    assert report.count(MANIFEST) == 1
    assert report.index(MANIFEST) > report.index('<footer id="provenance">')
    header = report[report.index("<header>") : report.index("</header>")]
    assert "run of 2026-11-23 02:39 UTC</p>" in header
    assert RUN not in header


def test_a_run_with_parameters_of_its_own_is_named_so() -> None:
    given = content().provenance | {"given": {"recommendation.n": 20}}
    page = Page(report_html(content(provenance=given, figures={})))
    assert page.text.count("with recommendation.n=20") == 2
    assert "run of 2026-11-23 02:39 UTC, with recommendation.n=20" in page.text


def test_tables_are_rectangular(page: Page) -> None:
    for rows in page.tables:
        grouped = rows[1] == rows[0] - 1 if len(rows) > 1 else False
        assert {n + (grouped and i == 1) for i, n in enumerate(rows)} == {rows[0]}


def test_numbers(page: Page) -> None:
    for text in ("100,004", "0.300", "±0.010", "86.3 %", "[0.900, 0.920]", "2,000"):
        assert text in page.text
    assert not re.search(r"\bnan\b|\bNone\b|\bNaN\b|\d\.\d{5}", page.text)


def test_the_best_is_not_marked_by_colour_alone(report: str) -> None:
    assert re.search(r'class=" best"[^>]*>\s*<span class="dot" aria-hidden="true">●</span>', report)
    assert '<span class="heard">best: </span>' in report


def test_baselines_stand_apart(report: str) -> None:
    accuracy = report[report.index("Accuracy of the lists") :]
    baselines = accuracy[accuracy.index('<tbody class="baselines">') : accuracy.index("</table>")]
    assert "popularity" in baselines
    assert "mf" not in baselines


def test_nothing_gets_out_of_its_text(report: str, page: Page) -> None:
    assert len(page.all("script")) == 3  # data of a figure, plotly.js, ours
    assert "<script>alert" not in report
    assert HOSTILE in page.text
    assert "<b>Alien</b>" in page.text
    assert ("em", "A * | B") in page.texts


def test_hostile_names_everywhere() -> None:
    renamed = {"posthoc_knn": HOSTILE, "als": HOSTILE + "2"}
    named = dict.fromkeys(("approach", "recommender", "first", "second"), renamed)
    full = content()
    changed = {name: getattr(full, name).replace(named) for name in (*TABLES, "examples")}
    page = Page(
        report_html(
            content(
                card={**full.card, "name": HOSTILE, "version": HOSTILE},
                protocol={HOSTILE: HOSTILE},
                figures={HOSTILE: go.Figure(layout_title_text=HOSTILE)},
                titles={HOSTILE: HOSTILE},
                provenance={"run": HOSTILE, "manifest": HOSTILE},
                **changed,
            )
        )
    )
    assert len(page.all("script")) == 3
    assert page.text.count("<script>alert(1)</script>") > 20


def test_figures_are_data_that_can_be_resized(page: Page) -> None:
    (data,) = [text for tag, text in page.texts if tag == "script" and text.startswith('{"data"')]
    assert "<" not in data
    figure = json.loads(data)
    assert figure["data"][0]["name"] == "</script><script>alert(2)</script>"
    layout = figure["layout"]
    assert layout["autosize"] is True
    assert "width" not in layout
    assert "title" not in layout
    assert layout["height"] == 450 - (79 - layout["margin"]["t"])


def test_a_figure_is_not_changed() -> None:
    figure = go.Figure(layout={"title_text": "Stays", "width": 500, "margin_t": 90})
    before = figure.to_dict()
    report_html(content(figures={"Figure": figure}))
    assert figure.to_dict() == before


def test_one_recommendation_of_the_first_person_by_all_approaches(report: str) -> None:
    example = report[report.index('<section id="example">') : report.index('id="approaches"')]
    assert "Person 573 rated best:" in example
    assert "★ 4.5" in example
    assert "<h3>Why Toy Story (1995)?</h3>" in example
    ease, knn, lime = example.split("<article>")[1:]
    assert "EASE by its ratings</h4>" in ease
    assert "<b>intrinsic</b> · Its score taken apart.</p>" in ease
    assert "Because of <em>&lt;b&gt;Alien&lt;/b&gt;</em>." in ease
    assert "Place 1 of its list" in ease
    assert "<b>post hoc</b></p>" in knn
    assert lime.count("<p") == 1
    assert "recommends other items" in lime


def test_every_recommendation_of_everybody_can_be_chosen(report: str) -> None:
    people = report[report.index('<section id="people">') : report.index('id="findings"')]
    titles = re.findall(r'<details name="item">\s*<summary>(.*?) <small>(.*?)<', people)
    assert [n for _, n in titles] == ["2 of 3", "1 of 3", "1 of 3"]
    toy_story, other, hostile = (title for title, _ in titles)
    assert (toy_story, other) == ("Toy Story (1995)", "item 13 (1999)")  # a place further up
    assert hostile.startswith("&lt;script&gt;")
    assert people.count("No reason.") == 2
    assert "All lists of person 573 side by side" in people


def test_a_person_without_reasons() -> None:
    silent = content().examples.assign(sentence=None)
    page = Page(report_html(content(examples=silent, figures={})))
    assert "No approach gives this person a reason." in page.text
    assert "Why Toy Story (1995)?" in page.text


def test_without_diagnostics_the_page_says_how_to_get_them() -> None:
    page = Page(report_html(content(stability=pd.DataFrame(), figures={})))
    assert "kedro run --pipelines diagnostics" in page.text


def test_names_have_their_titles_beside_them(report: str) -> None:
    ease = '<code>intrinsic_<wbr>ease</code> <span class="title">EASE by its ratings</span>'
    assert report.count(f'<th scope="row">{ease}') >= 3
    assert f"<dt>{ease}</dt>\n<dd>Its score taken apart.</dd>" in report


def test_sampled_negatives_come_with_a_warning() -> None:
    assert "Krichene" not in report_html(content(figures={}))
    table = accuracy().assign(**{"sampled_100_ndcg@10": 0.7})
    page = Page(report_html(content(accuracy=table, figures={})))
    assert "Not comparable with the above: sampled negatives" in page.text
    assert "Krichene & Rendle 2020" in page.text
    assert "sampled" in [entry.get("id") for entry in page.all("table")]


def test_metrics_that_are_shown_are_defined(page: Page) -> None:
    defined = " ".join(text for tag, text in page.texts if tag == "dt")
    for name in ("recall@10", "nDCG@10", "RMSE", "catalogue@10", "explained", "POS@10,3", "DEL@3"):
        assert name in defined
    assert "INS" not in defined
    assert "Baklanov et al. 2025" in page.text


def test_an_unknown_metric_is_shown_by_its_name() -> None:
    table = accuracy().assign(odd_metric=0.5)
    page = Page(report_html(content(accuracy=table, figures={})))
    assert "odd_metric" in page.text
    assert "A figure of its approach" in page.text


def test_equal_contents_give_equal_pages(report: str) -> None:
    assert report_html(content()) == report


def test_plotly_is_imported_only_to_draw() -> None:
    """Every command of the project imports the module."""
    code = "import sys, explainable_recsys.reporting.html; assert 'plotly' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", poor_contents())
def test_pages_about_little(name: str) -> None:
    poor: ReportContent = poor_contents()[name]
    page = Page(report_html(poor))
    assert page.all("h1")
    assert not re.search(r"\bnan\b|\bNone\b|\bNaN\b", page.text)
    for rows in page.tables:
        assert len(rows) > 1
