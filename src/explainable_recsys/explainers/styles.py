"""The kinds of evidence there are, and all that anybody has to know of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from explainable_recsys.errors import InputError, did_you_mean


@dataclass(frozen=True)
class Style:
    """One kind of evidence.

    Attributes:
        name: As column `style` of the evidence table has it.
        piece: What a piece of it is.
        weight: What the weight of a piece is, in one word.
        unit: The same for the axis of a figure (HTML).
        counts_people: Whether the weight of a piece is a number of people.
        cites_items: Whether its pieces are rated items; a path only starts from one.
        taken_away: What faithfulness takes out of the history, in words; empty if nothing.
    """

    name: str
    piece: str
    weight: str = "weight"
    unit: str = "Weight of the evidence"
    counts_people: bool = False
    cites_items: bool = False
    taken_away: str = ""


STYLES = {
    style.name: style
    for style in (
        Style(
            "item",
            "rated item",
            "contribution",
            "Weight of the rated item<br>(score or similarity)",
            cites_items=True,
            taken_away="cited items",
        ),
        Style(
            "rule",
            "liked together",
            "confidence",
            "Confidence (0 to 1)",
            cites_items=True,
            taken_away="projection: antecedents of the rules",
        ),
        Style(
            "feature",
            "feature",
            unit="Weight (unit of the score)",
            taken_away="projection: rated items that share the features",
        ),
        Style(
            "neighbour",
            "rating",
            "neighbours",
            "Number of neighbours",
            counts_people=True,
            taken_away="projection: items that the neighbours who speak for it rated too",
        ),
        Style(
            "path",
            "path",
            taken_away="projection: interactions that the paths start from",
        ),
        Style(
            "set",
            "rated item",
            cites_items=True,
            taken_away="cited sets of items",
        ),
        Style("change", "changed rating"),
    )
}
"""By name, in the order in which they are listed."""

MIXED = Style("", "piece of evidence")
"""What is said of evidence of several styles."""


def require_styles(names: Iterable[str]) -> None:
    """Make sure that there are such styles.

    Raises:
        InputError: Naming the first that there is not, and all that there are.
    """
    for name in pd.unique(pd.Series(names)):
        if name not in STYLES:
            hint = did_you_mean(str(name), STYLES)
            raise InputError(
                f"evidence table: no style {name!r}; {hint}accepted: {', '.join(STYLES)}"
            )


def style_of(names: Iterable[str]) -> Style:
    """The style that all pieces of evidence have, or `MIXED`."""
    found = set(names)
    return STYLES.get(found.pop(), MIXED) if len(found) == 1 else MIXED
