"""Sentences in every medium."""

from __future__ import annotations

import html as entities

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.wording import markup

SENTENCE = f"{markup.marked('A *b* <c>')} & {markup.marked('D')} fit you (50 %)."


def test_parts_of_a_sentence() -> None:
    assert markup.parts(SENTENCE) == [
        ("A *b* <c>", True),
        (" & ", False),
        ("D", True),
        (" fit you (50 %).", False),
    ]
    assert markup.parts("No item.") == [("No item.", False)]
    assert markup.parts("") == []


@given(titles=st.lists(st.text("ab *\\\n[\u2066\u2067\u2068\u2069", min_size=1), max_size=4))
def test_any_title_comes_out_without_marks(titles: list[str]) -> None:
    sentence = " and ".join(markup.marked(title) for title in titles)
    bare = ["".join(c for c in title if not "\u2066" <= c <= "\u2069") for title in titles]
    assert [text for text, is_item in markup.parts(sentence) if is_item] == [
        text for text in bare if text
    ]
    assert markup.plain(sentence) == " and ".join(bare)


def test_a_sentence_in_every_medium() -> None:
    assert markup.plain(SENTENCE) == "A *b* <c> & D fit you (50 %)."
    drawn = markup.terminal(SENTENCE)
    assert drawn.plain == markup.plain(SENTENCE)
    assert [(drawn.plain[s.start : s.end], s.style) for s in drawn.spans] == [
        ("A *b* <c>", "italic"),
        ("D", "italic"),
    ]
    page = str(markup.html(SENTENCE))
    assert page == "<em>A *b* &lt;c&gt;</em> &amp; <em>D</em> fit you (50\u00a0%)."


@given(st.text())
def test_no_text_becomes_html(text: str) -> None:
    """Whatever a sentence holds, a browser shows it."""
    shown = str(markup.html(text))
    assert "<" not in shown.replace("<em>", "").replace("</em>", "")
    read = entities.unescape(shown.replace("<em>", "").replace("</em>", ""))
    assert read == markup.plain(text).replace(" %", "\u00a0%")


@pytest.mark.parametrize("value", ["", " ", None, float("nan"), 3])
def test_what_is_no_text(value: object) -> None:
    assert not markup.is_text(value)


def test_texts_of_figures() -> None:
    drawn = "User &lt;b&gt;<br>likes <b>Alien</b> &amp; <span style='x'>3 < 4</span>"
    assert markup.drawn_text(drawn) == "User <b> likes Alien & 3 < 4"
    assert markup.drawn_text(None) == ""
