"""Evidence of every style as it is drawn: order, side, numbers and words, and titles escaped."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.app.evidence import Drawing, Scale, drawing
from explainable_recsys.app.rendering import _environment

RATED = {1: 5.0, 2: 4.5, 3: 2.0, 4: 4.0}


def reasons(style: str, *rows: tuple[Any, ...]) -> pd.DataFrame:
    """Rows of what it is, its weight, and where they matter group and rated item."""
    full = [(*row, *(1, None)[len(row) - 2 :]) for row in rows]
    table = pd.DataFrame(full, columns=["evidence", "weight", "group", "rated_item_id"])
    return table.assign(
        style=style,
        position=range(1, len(rows) + 1),
        evidence_id=table["evidence"].str.removeprefix("★"),
        rated_item_id=table["rated_item_id"].astype("Int64"),
    )


def drawn(table: pd.DataFrame, scale: Scale | None = None, **others: Any) -> Drawing:
    found = drawing(table, RATED, scale or Scale(), **others)
    assert found is not None
    return found


def told(found: Drawing) -> list[tuple[str, list[str]]]:
    return [
        (side.heading, [node.text for piece in side.pieces for node in piece.nodes])
        for side in found.sides
    ]


def html_of(found: Drawing, title: str = "Heat (1995)") -> str:
    module: Any = _environment().get_template("evidence.html.j2").module
    return str(module.drawn(found, title))


class Elements(HTMLParser):
    """All elements with their attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str, css: str = "") -> list[dict[str, str | None]]:
        return [a for t, a in self.found if t == tag and (not css or a.get("class") == css)]


SIGNED = reasons(
    "item",
    ("Alien", 0.2, 1, 1),
    ("Heat", 0.5, 1, 2),
    ("Grease", -0.1, 1, 3),
    ("Cats", -0.4, 1, 4),
)


def test_what_speaks_for_it_comes_first_and_the_strongest_of_each_side() -> None:
    found = drawn(SIGNED)
    assert found.kind == "bars"
    assert told(found) == [
        ("Speaks for it", ["Heat", "Alien"]),
        ("Speaks against it", ["Cats", "Grease"]),
    ]
    assert [side.opposes for side in found.sides] == [False, True]


def test_bars_are_as_long_as_weights_and_start_at_nought() -> None:
    found = drawn(SIGNED)
    parts = [piece.part for side in found.sides for piece in side.pieces]
    np.testing.assert_allclose(parts, [1.0, 0.4, -0.8, -0.2])
    bars = Elements(html_of(found)).of("rect", "for") + Elements(html_of(found)).of(
        "rect", "against"
    )
    ends = [(float(str(bar["x"])), float(str(bar["width"]))) for bar in bars]
    zero = 100 * 0.8 / 1.8
    np.testing.assert_allclose([start for start, _ in ends[:2]], zero, atol=0.01)
    np.testing.assert_allclose([start + long for start, long in ends[2:]], zero, atol=0.01)
    np.testing.assert_allclose(ends[0][1] / ends[1][1], 2.5, rtol=1e-3)


def test_with_one_side_bars_take_all_of_the_width() -> None:
    found = drawn(reasons("item", ("Alien", 0.2), ("Heat", 0.5)))
    assert found.span == (0.0, 1.0)
    assert [side.heading for side in found.sides] == ["Speaks for it"]
    against = drawn(reasons("item", ("Cats", -2.0)))
    assert against.span == (-1.0, 0.0)
    assert [side.opposes for side in against.sides] == [True]


def test_numbers_are_weights_or_shares_of_a_whole() -> None:
    values = [piece.value for side in drawn(SIGNED).sides for piece in side.pieces]
    assert values == ["+0.5", "+0.2", "\u22120.4", "\u22120.1"]
    of_two = drawn(SIGNED, Scale("Shares.", 2.0))
    values = [piece.value.replace("\xa0", " ") for side in of_two.sides for piece in side.pieces]
    assert values == ["25 %", "10 %", "\u221220 %", "\u22125 %"]
    assert of_two.note == "Shares."


def test_ratings_stand_beside_rated_items_and_beside_nothing_else() -> None:
    nodes = drawn(SIGNED).sides[0].pieces[0].nodes
    assert [node.rating for node in nodes] == ["★\xa04.5"]
    feature = drawn(reasons("feature", ("Sci-Fi", 0.3, 1, 1)))
    assert feature.sides[0].pieces[0].nodes[0].rating == ""
    unknown = drawn(reasons("item", ("Up", 0.3, 1, 99)))
    assert unknown.sides[0].pieces[0].nodes[0].rating == ""


def test_what_weighs_nothing_is_no_evidence() -> None:
    table = reasons("item", ("Alien", 0.0), ("Heat", np.nan), ("Cats", -1.0))
    assert told(drawn(table)) == [("Speaks against it", ["Cats"])]
    assert drawing(table.head(2), RATED, Scale()) is None
    assert drawing(table.head(0), RATED, Scale()) is None


def rules(scope: str = "global") -> tuple[pd.DataFrame, pd.DataFrame]:
    pieces = reasons("rule", ("Alien", 0.62, 1, 1), ("Heat", 0.62, 1, 2), ("Cats", 0.4, 2, 4))
    cited = pd.DataFrame(
        {"group": [1, 2], "scope": [scope, "global"], "confidence": [0.62, 0.4], "lift": [4.24, 2]}
    )
    return pieces, cited


def test_a_rule_is_all_that_it_starts_from_with_confidence_and_lift_in_words() -> None:
    pieces, cited = rules()
    found = drawn(pieces, rules=cited)
    assert found.kind == "rules"
    first, second = found.sides[0].pieces
    assert [node.text for node in first.nodes] == ["Alien", "Heat"]
    assert [node.text for node in second.nodes] == ["Cats"]
    assert (first.part, second.part) == pytest.approx((0.62, 0.4))
    assert re.search("62\\s%.*liked.* 4[.]2 times", first.link)
    page = Elements(html_of(found, "Up (2009)"))
    assert page.text.count("Up (2009)") == 2  # what each of both leads to
    order = [page.text.index(word) for word in ("Alien", "Heat", "Up (2009)", "Cats")]
    assert order == sorted(order)


def test_rules_say_what_they_are_about_and_among_whom() -> None:
    pieces, cited = rules("local")
    found = drawn(pieces, rules=cited, relation="lists")
    first, second = found.sides[0].pieces
    assert "recommended" in first.link
    assert "nearest to you" in first.link
    assert "nearest to you" not in second.link
    without = drawn(pieces)
    assert [piece.link for piece in without.sides[0].pieces] == ["", ""]


def test_people_are_counted_by_the_stars_that_they_gave() -> None:
    table = reasons("neighbour", ("★5", 1.0), ("★4", 3.0), ("★2.5", -2.0), ("★1", -1.0))
    found = drawn(table)
    assert told(found) == [("Liked it", ["★5", "★4"]), ("Rated it lower", ["★2.5", "★1"])]
    values = [piece.value for side in found.sides for piece in side.pieces]
    assert values == ["1 person", "3 people", "2 people", "1 person"]
    parts = [piece.part for side in found.sides for piece in side.pieces]
    np.testing.assert_allclose(parts, [1 / 3, 1, -2 / 3, -1 / 3])


def test_a_path_is_a_chain_from_a_rated_item_over_a_link() -> None:
    table = reasons(
        "path",
        ("Alien → same genre: Sci-Fi", 2.0, 1, 1),
        ("Heat → liked by the same 75 people", 6.0, 2, 2),
    )
    found = drawn(table, Scale("", 12.0))
    assert found.kind == "paths"
    first, second = found.sides[0].pieces
    assert (first.nodes[0].text, first.link) == ("Heat", "liked by the same 75 people")
    assert (second.nodes[0].text, second.link) == ("Alien", "same genre: Sci-Fi")
    assert first.nodes[0].rating == "★\xa04.5"
    assert first.value.replace("\xa0", " ") == "50 %"
    text = " ".join(Elements(html_of(found, "Up (2009)")).text.split())
    assert text.index("Heat") < text.index("75 people") < text.index("Up (2009)")


def test_a_set_counts_as_one() -> None:
    table = reasons(
        "set", ("Alien", 0.2, 1, 1), ("Heat", 0.2, 1, 2), ("Grease", -0.3, 2, 3), ("Up", 0.9, 3, 4)
    )
    found = drawn(table)
    assert found.kind == "groups"
    assert told(found) == [
        ("Speaks for it", ["Up", "Alien", "Heat"]),
        ("Speaks against it", ["Grease"]),
    ]
    assert [len(piece.nodes) for piece in found.sides[0].pieces] == [1, 2]
    assert [piece.value for piece in found.sides[0].pieces] == ["+0.9", "+0.2"]
    text = Elements(html_of(found)).text
    assert "Speaks for it" in text
    assert "Speaks against it" in text


@pytest.mark.parametrize("style", ["feature", "change"])
def test_all_other_styles_are_bars(style: str) -> None:
    found = drawn(reasons(style, ("Sci-Fi", 0.4), ("Musical", -0.1)))
    assert found.kind == "bars"
    assert told(found) == [("Speaks for it", ["Sci-Fi"]), ("Speaks against it", ["Musical"])]


def test_evidence_of_several_styles_is_drawn_as_bars() -> None:
    mixed = pd.concat([reasons("item", ("Alien", 0.4, 1, 1)), reasons("feature", ("Old", -0.2))])
    found = drawn(mixed.assign(position=[1, 2]))
    assert told(found) == [("Speaks for it", ["Alien"]), ("Speaks against it", ["Old"])]


NASTY = '<script>alert("1")</script> & \u202eevil'


@pytest.mark.parametrize("style", ["item", "rule", "feature", "neighbour", "path", "set"])
def test_titles_are_never_taken_for_html(style: str) -> None:
    text = f"{NASTY} → {NASTY}" if style == "path" else NASTY
    page = html_of(drawn(reasons(style, (text, 0.5, 1, 1))), NASTY)
    elements = Elements(page)
    assert not elements.of("script")
    assert NASTY in elements.text
    assert all("style" not in attributes for _, attributes in elements.found)


def test_a_bar_is_never_too_thin_to_be_seen() -> None:
    page = Elements(html_of(drawn(reasons("item", ("Alien", 1.0), ("Up", 1e-6)))))
    assert all(float(str(bar["width"])) > 0.5 for bar in page.of("rect", "for"))


def test_bars_are_a_table_that_can_be_heard() -> None:
    page = Elements(html_of(drawn(SIGNED)))
    scopes = [attributes.get("scope") for attributes in page.of("th")]
    assert scopes == ["rowgroup", "row", "row", "rowgroup", "row", "row"]
    assert all(svg["aria-hidden"] == "true" for svg in page.of("svg"))
    assert len(page.of("caption")) == 1
