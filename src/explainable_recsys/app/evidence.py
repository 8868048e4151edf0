"""The evidence of one recommendation, as a template draws it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from explainable_recsys.explainers.styles import style_of
from explainable_recsys.wording.labels import said_label
from explainable_recsys.wording.numbers import fixed, percentage, short, signed
from explainable_recsys.wording.phrases import later, phrase, plural

Kind = Literal["bars", "rules", "paths", "groups"]

KINDS: dict[str, Kind] = {"rule": "rules", "path": "paths", "set": "groups"}
"""How evidence of a style is drawn; that of all others as bars."""

SIDES = later("Speaks for it"), later("Speaks against it")
"""Headings of what supports a recommendation, and of what opposes it."""

OF_PEOPLE = later("Liked it"), later("Rated it lower")
"""The same of people."""

CAPTIONS: dict[str, str] = {
    "rule": later("Rules that lead to it, the best first"),
    "path": later("Links that lead to it, the strongest first"),
    "set": later("Ratings that count together"),
    "neighbour": later("How the people with the nearest taste rated it"),
}
"""What is drawn, by style."""

CAPTION = later("What it rests on, the strongest first")
"""The same of all other styles."""

RULES: dict[str, str] = {
    "liked": later(
        "{confidence} of those who liked this liked the film too, {lift} times as often as "
        "everybody"
    ),
    "rated": later(
        "{confidence} of those who rated this rated the film too, {lift} times as often as "
        "everybody"
    ),
    "lists": later(
        "{confidence} of those who are recommended this are recommended the film too, {lift} "
        "times as often as everybody"
    ),
}
"""Confidence and lift of a rule, by what the rules were mined from."""

AMONG: dict[str, str] = {
    "cluster": later("{rule}, among people with a taste like yours"),
    "local": later("{rule}, among the people nearest to you in taste"),
}
"""The same, by among whom they were mined, where that is not everybody."""

ARROW = " → "
"""What stands in evidence between the item that a path starts from and the link."""


@dataclass(frozen=True)
class Node:
    """What a piece of evidence is, or starts from; with the person's rating of it, if there is."""

    text: str
    rating: str = ""


@dataclass(frozen=True)
class Piece:
    """A piece of evidence.

    Attributes:
        nodes: One, or all that a rule or a group has.
        value: How much it counts, in words.
        part: The same for a bar, from -1 to 1; below 0 it opposes.
        link: What leads from there to the recommended item, in words; of rules and paths.
    """

    nodes: tuple[Node, ...]
    value: str
    part: float
    link: str = ""


@dataclass(frozen=True)
class Side:
    """What supports a recommendation, or what opposes it, the strongest first."""

    heading: str
    pieces: tuple[Piece, ...]
    opposes: bool = False


@dataclass(frozen=True)
class Drawing:
    """Evidence to be drawn.

    Attributes:
        kind: How.
        caption: What it is.
        sides: Those that there are.
        note: What the numbers are; may be empty.
    """

    kind: Kind
    caption: str
    sides: tuple[Side, ...]
    note: str = ""

    @property
    def span(self) -> tuple[float, float]:
        """The ends of the bars, 0 among them."""
        parts = [piece.part for side in self.sides for piece in side.pieces]
        return min([0.0, *parts]), max([0.0, *parts])


@dataclass(frozen=True)
class Scale:
    """What weights are measured in.

    Attributes:
        note: What the numbers are, for people.
        whole: What shares are of; None: numbers are shown as they are.
    """

    note: str = ""
    whole: float | None = None

    def written(self, weight: float) -> str:
        """A weight, for people: +0.41, or 12 %."""
        if not self.whole:
            return signed(weight)
        share = 100 * weight / self.whole
        return percentage(share, 0 if abs(share) >= 1 else 1)


def drawing(
    reasons: pd.DataFrame,
    ratings: Mapping[Any, float],
    scale: Scale,
    rules: pd.DataFrame | None = None,
    relation: str = "liked",
) -> Drawing | None:
    """Gather the evidence of one recommendation.

    Args:
        reasons: Its rows of an evidence table: `position`, `style`, `evidence_id`, `evidence`,
            `weight`, `group`, `rated_item_id`. Weights that are 0 or missing are no evidence.
        ratings: What the person rated, by item id.
        scale: What the weights are measured in.
        rules: Of rules `group`, `scope`, `confidence`, `lift`.
        relation: What the rules were mined from: `liked`, `rated` or `lists`.

    Returns:
        None without evidence.

    Example:
        >>> reasons = pd.DataFrame(
        ...     {"position": [1, 2], "style": "item", "evidence_id": ["7", "9"], "group": 1,
        ...      "evidence": ["Alien", "Grease"], "weight": [0.4, -0.1], "rated_item_id": [7, 9]}
        ... )
        >>> drawn = drawing(reasons, {7: 5.0, 9: 2.0}, Scale())
        >>> for side in drawn.sides:
        ...     print(side.heading, [piece.nodes[0].text for piece in side.pieces])
        Speaks for it ['Alien']
        Speaks against it ['Grease']
    """
    reasons = reasons[reasons["weight"].notna() & (reasons["weight"] != 0)]
    if reasons.empty:
        return None
    style = style_of(reasons["style"])
    groups = _groups(reasons, together=style.name in ("rule", "set"))
    most = max(abs(float(group["weight"].iloc[0])) for group in groups)
    if style.name == "rule":
        note, headings = "", ("", "")
        pieces = [_rule(group, ratings, rules, relation) for group in groups]
    elif style.counts_people:
        note, headings = "", OF_PEOPLE
        pieces = [_people(group, most) for group in groups]
    else:
        note, headings = scale.note, SIDES
        pieces = [_weight(group, ratings, scale, most) for group in groups]
    sides = (
        Side(
            phrase(headings[opposes]),
            _strongest_first(pieces, opposes, style.counts_people),
            opposes,
        )
        for opposes in (False, True)
    )
    return Drawing(
        KINDS.get(style.name, "bars"),
        phrase(CAPTIONS.get(style.name, CAPTION)),
        tuple(side for side in sides if side.pieces),
        note,
    )


def _groups(reasons: pd.DataFrame, together: bool) -> list[pd.DataFrame]:
    """The rows of each piece, in the order of telling: those of a rule or a set together."""
    reasons = reasons.sort_values("position", kind="stable")
    key = "group" if together else "position"
    return [group for _, group in reasons.groupby(key, sort=False)]


def _strongest_first(pieces: list[Piece], opposes: bool, as_told: bool) -> tuple[Piece, ...]:
    """The pieces of a side; of people those with the best ratings come first, as told."""
    own = [piece for piece in pieces if (piece.part < 0) == opposes]
    return tuple(own if as_told else sorted(own, key=lambda piece: -abs(piece.part)))


def _rule(
    group: pd.DataFrame, ratings: Mapping[Any, float], rules: pd.DataFrame | None, relation: str
) -> Piece:
    confidence = float(group["weight"].iloc[0])
    share = percentage(100 * confidence)
    nodes = tuple(_nodes(group, ratings))
    if rules is None:
        return Piece(nodes, share, confidence)
    facts = rules[rules["group"] == group["group"].iloc[0]].iloc[0]
    said = phrase(RULES[relation], confidence=share, lift=fixed(float(facts["lift"]), 1))
    if among := AMONG.get(facts["scope"]):
        said = phrase(among, rule=said)
    return Piece(nodes, share, confidence, said)


def _people(group: pd.DataFrame, most: float) -> Piece:
    """A rating, and how many people gave it."""
    n = float(group["weight"].iloc[0])
    node = Node(str(group["evidence"].iloc[0]))
    return Piece((node,), plural(round(abs(n)), "{n} person", "{n} people"), n / most)


def _weight(group: pd.DataFrame, ratings: Mapping[Any, float], scale: Scale, most: float) -> Piece:
    """An item, a feature, a path, a set, a change: whatever has a weight."""
    weight, nodes, link = float(group["weight"].iloc[0]), tuple(_nodes(group, ratings)), ""
    if group["style"].iloc[0] == "path":
        start, _, link = nodes[0].text.rpartition(ARROW)
        nodes, link = (Node(start, nodes[0].rating),), said_label(link)
    return Piece(nodes, scale.written(weight), weight / most, link)


def _nodes(group: pd.DataFrame, ratings: Mapping[Any, float]) -> Iterator[Node]:
    """The items of a piece with their ratings; a feature rests on an item, but is none."""
    columns = zip(group["style"], group["evidence"], group["rated_item_id"], strict=True)
    for style, text, item in columns:
        rated = None if style == "feature" or pd.isna(item) else ratings.get(item)
        name = said_label(str(text)) if style == "feature" else str(text)
        yield Node(name, "" if rated is None else f"★\xa0{short(rated)}")
