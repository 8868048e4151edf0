"""The Markdown twin is short, and nothing in it changes its meaning."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.markdown import escaped, report_markdown
from explainable_recsys.reporting.results import Results
from tests.reporting.contents import HOSTILE, MANIFEST, RUN, content, poor_contents

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def plain(text: str) -> str:
    """What people see of a line of Markdown, and whether anything but text is in it."""
    tokens = MARKDOWN.parse(text)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    return "".join(child.content for child in children)


def tables_of(text: str) -> list[list[list[str]]]:
    """Cells of the tables."""
    tables: list[list[list[str]]] = []
    for token, inline in zip(MARKDOWN.parse(text), MARKDOWN.parse(text)[1:], strict=False):
        if token.type == "table_open":
            tables.append([])
        if token.type == "tr_open":
            tables[-1].append([])
        if token.type in ("th_open", "td_open"):
            tables[-1][-1].append("".join(child.content for child in inline.children or []))
    return tables


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "# no heading",
        "1. no list",
        "12) no list",
        "- no list",
        "> no quotation",
        "[no]: http://definition.example",
        "[no link](http://x.example) ![no](y)",
        "&amp; &#64; & <br> < > a<b",
        "~~no~~ $no$ `no` __no__ _no_ snake_case_name **no** *no*",
        "=== ---",
        "ends with [x]",
    ],
)
def test_text_stays_text(text: str) -> None:
    assert plain(escaped(text)) == text


def test_what_is_harmless_stays_readable() -> None:
    text = "posthoc_ar has 0.300 [0.290, 0.310]; p < 0.001 (POS@10,3)."
    assert escaped(text) == text


def test_lines_become_one() -> None:
    assert escaped("two\n\nlines") == "two lines"


def test_title_and_origin_come_first() -> None:
    lines = report_markdown(content()).splitlines()
    assert lines[0] == "# Evaluation of tiny"
    assert lines[2] == (
        f"data tiny, version 3f9a1c07 · run {RUN} · manifest {MANIFEST} · commit "
        "7f3343d0be851f466940908502877291182d34cb, with uncommitted changes"
    )
    said = [line.removeprefix("- ") for line in lines[4 : lines.index("## Recommenders") - 1]]
    assert said == [escaped(text) for text in findings(content())]


def test_a_table_of_recommenders_and_one_of_approaches() -> None:
    (of_lists, ease, *others), (of_reasons, *approaches) = tables_of(report_markdown(content()))
    assert of_lists == ["recommender", "recall@10", "nDCG@10", "RMSE"]
    assert ease == ["EASE ease", "0.295±0.010", "0.300±0.010", "\u2013"]
    assert others[-1][0] == "random (baseline)"
    assert of_reasons[:4] == ["approach", "recommender", "nDCG@10", "explained"]
    assert of_reasons[4:7] == ["POS@10,3", "POS random", "POS popular"]
    assert of_reasons[7:] == ["DEL@3", "DEL random", "stability"]
    assert approaches[0][:4] == [
        "EASE by its ratings intrinsic_ease",
        "ease",
        "0.300±0.010",
        "100.0 %",
    ]
    assert approaches[0][4:] == ["0.400", "0.850", "0.700", "0.600", "0.960", "0.910"]
    assert approaches[2][0] == "posthoc_ar†"
    assert approaches[3][-1] == "\u2013"


def test_what_fails_and_an_example() -> None:
    text = report_markdown(content())
    for sentence in control_sentences(Results(content())):
        assert f"- {sentence}" in text
    assert r"- posthoc_knn: **Toy Story (1995)**. You rated *A \* \| B* ★4." in text
    assert r"**Toy Story (1995)**. Because of *&lt;b>Alien&lt;/b>*." in text
    assert "Among the best rated: " in text
    assert "posthoc_lime: **" not in text


def test_hostile_names() -> None:
    full = content()
    renamed = {"approach": {"posthoc_knn": HOSTILE}}
    report = report_markdown(
        content(
            explanation_quality=full.explanation_quality.replace(renamed),
            card={**full.card, "name": HOSTILE},
            examples=full.examples.replace(renamed),
            titles={},
        )
    )
    _, (header, *rows) = tables_of(report)
    assert {len(row) for row in rows} == {len(header)}
    assert rows[1][0] == HOSTILE
    kinds = {
        child.type for token in MARKDOWN.parse(report) for child in [token, *(token.children or [])]
    }
    assert not {"link_open", "html_inline", "html_block", "code_inline", "image"} & kinds


@pytest.mark.parametrize("name", poor_contents())
def test_twins_about_little(name: str) -> None:
    text = report_markdown(poor_contents()[name])
    assert text.startswith("# Evaluation of ")
    assert not re.search(r"\bnan\b|\bNone\b", text)
    assert text.endswith("\n")
