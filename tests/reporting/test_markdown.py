"""The Markdown twin is short, and nothing in it changes its meaning."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from explainable_recsys.reporting.findings import control_sentences, findings
from explainable_recsys.reporting.markdown import escaped, report_markdown
from explainable_recsys.reporting.results import Results
from tests.reporting.contents import HOSTILE, MANIFEST, RUN, content, poor_contents

SIDES = ("own", "random", "popular")
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


def test_a_table_of_recommenders_and_three_of_approaches() -> None:
    of_lists, of_reasons, faithfulness, stability = tables_of(report_markdown(content()))
    assert of_lists[0] == ["recommender", "recall@10", "nDCG@10", "RMSE"]
    assert of_lists[1] == ["EASE ease", "● 0.295±0.010", "● 0.300±0.010", "not measured"]
    assert of_lists[-1][0] == "random (baseline)"
    ease = "EASE by its ratings intrinsic_ease"
    assert of_reasons[0] == ["approach", "recommender", "nDCG@10", "explained"]
    assert of_reasons[1] == [ease, "ease", "0.300±0.010", "● 100.0 %±1.0"]
    sides = [f"{metric} {side}" for metric in ("POS@10,3", "DEL@3") for side in SIDES]
    assert faithfulness[0] == ["approach", *sides]
    assert faithfulness[1][:3] == [ease, "● 0.400±0.010", "0.850±0.010 ✓"]
    assert [cell.split("±")[0] for cell in faithfulness[1][3:]] == [
        "0.700",
        "0.600",
        "0.960",
        "0.900",
    ]
    assert faithfulness[3][0] == "posthoc_ar†"
    assert faithfulness[4][1:] == ["not applicable: LIME weighs features, not items", *[""] * 5]
    assert stability[1][:3] == [ease, "0.910", "[0.900, 0.920]"]


def test_notes_explain_the_marks() -> None:
    text = report_markdown(content())
    for note in ("● best of its column", "† projection: ", "✓ the approach's own", "± half"):
        assert note in text
    assert "Not measured: posthoc_ar and posthoc_lime." in text


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
    tables = tables_of(report)
    for table in tables:
        assert len({len(row) for row in table}) == 1
    assert tables[1][2][0] == tables[2][2][0] == HOSTILE
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
