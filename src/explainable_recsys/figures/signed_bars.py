"""Draw evidence as signed bars: to the right what speaks for something, to the left against."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, label
from explainable_recsys.wording.numbers import signed

FOR, AGAINST = style.PALETTE[2], style.PALETTE[3]
"""Colours of evidence that supports a recommendation, and that opposes it."""

UNITS = {
    "feature": "Weight (unit of the score)",
    "item": "Weight of the rated item<br>(score or similarity)",
    "neighbour": "Number of neighbours",
    "rule": "Confidence of the rule (0 to 1)",
}
"""What the weights of each style of evidence are."""

_LONGEST = 28  # letters of a piece of evidence
_LETTER = 6.5  # mean width of a letter, in pixels
_BAR, _HEADING, _NO_HEADING, _FOOT = 22, 36, 8, 80  # heights, in pixels
_NARROW = 376  # pixels: room for the values is made for a figure that is so wide
_ROOM = (0.16, 0.5)  # beyond the longest bar, for its value; of the extent of the axis


class Panel(NamedTuple):
    """Evidence from `in_order`, and what stands above it, as HTML (may be empty)."""

    heading: str
    evidence: pd.DataFrame


def weighty(explanations: pd.DataFrame) -> pd.DataFrame:
    """The rows that are evidence: those with a weight that is not 0."""
    return explanations[explanations["weight"].notna() & (explanations["weight"] != 0)]


def in_order(evidence: pd.DataFrame) -> pd.DataFrame:
    """Sort from the strongest support down to the strongest opposition, and add the texts.

    Args:
        evidence: Columns `position`, `evidence`, `weight`.

    Returns:
        The same rows, with `label` left of the bar, `value` at its end and `hover`.
    """
    order = evidence.sort_values(["weight", "position"], ascending=[False, True])
    texts, values = order["evidence"].astype("str"), list(map(signed, order["weight"]))
    named = zip(texts, values, strict=True)
    return order.assign(
        label=[label(text, _LONGEST) for text in texts],
        value=values,
        hover=[f"<b>{escape(text)}</b><br>weight {value}" for text, value in named],
    )


def legend(weights: pd.Series) -> str:
    """Say what the colours mean, for a subtitle."""
    meaning = {
        "for": "Green, to the right: speaks for it.",
        "against": "Orange, to the left: speaks against it.",
    }
    return " ".join(meaning[side] for side in sides(weights))


def sides(weights: pd.Series) -> list[str]:
    """Which of "for" and "against" there are."""
    found = {"for": (weights > 0).any(), "against": (weights < 0).any()}
    return [side for side, there in found.items() if there]


def add_panels(figure: style.Figure, panels: list[Panel], title: str, subtitle: str) -> None:
    """Draw panels of bars below each other, of one thickness and to one scale, and the texts.

    Args:
        figure: Empty; changed in place.
        panels: At least one, from the top down.
        title: As HTML, like all texts.
        subtitle: What is shown.
    """
    evidence = pd.concat([panel.evidence for panel in panels])
    labels = int(_LETTER * evidence["label"].str.len().max()) + 32
    tops = [_HEADING if panel.heading else _NO_HEADING for panel in panels]
    height = bottom = sum(tops) + _BAR * len(evidence)
    for place, ((heading, rows), above) in enumerate(zip(panels, tops, strict=True)):
        axis, top = f"y{draw.suffix_of(place)}", (bottom - above) / height
        bottom -= above + _BAR * len(rows)
        _add_bars(figure, rows, axis)
        rows_of = draw.row_axis(rows["label"].tolist(), domain=[bottom / height, top])
        bare = {"showgrid": False, "showline": False, "ticklabelstandoff": 6}
        figure.update_layout({f"yaxis{axis[1:]}": rows_of | bare})
        if heading:
            where = {"xref": "paper", "yref": "paper", "xshift": 16 - labels, "font_size": 13}
            draw.note(figure, heading, 0, top, "bottom left", **where)
    zero = {"zeroline": True, "zerolinecolor": style.GREY}
    extent = _extent(evidence, max(_NARROW - labels, 1))
    across = {"anchor": axis, "range": extent, **draw.FEW_TICKS, **zero}
    figure.update_layout(bargap=0.25, margin_l=labels, xaxis=across)
    styles = set(evidence["style"])
    unit = UNITS.get(styles.pop() if len(styles) == 1 else "", "Weight of the evidence")
    style.finish(figure, title, subtitle, unit, drawn=height, foot=_FOOT)


def _add_bars(figure: style.Figure, evidence: pd.DataFrame, axis: str) -> None:
    """Add the bars of one recommendation, by their place: two may have the same text."""
    hues = [FOR if weight > 0 else AGAINST for weight in evidence["weight"]]
    look = {"text": evidence["value"].tolist(), "orientation": "h", "showlegend": False}
    hover = evidence["hover"].tolist()
    draw.bars(figure, evidence["weight"], range(len(evidence)), hues, hover, yaxis=axis, **look)


def _extent(evidence: pd.DataFrame, width: int) -> list[float]:
    """Range of the horizontal axis: the bars, and beyond them room for their values.

    Args:
        evidence: Of all panels, from `in_order`.
        width: Of a narrow figure's panels, in pixels.
    """
    weights, letters = evidence["weight"], evidence["value"].str.len()
    least, most = float(min(weights.min(), 0)), float(max(weights.max(), 0))
    ends = [least, most]
    for end, (sign, there) in enumerate(((-1, weights < 0), (1, weights > 0))):
        if there.any():
            share = _LETTER * letters[there].max() / width  # of the width, on either side
            room = float(np.clip(share / max(1 - 2 * share, 0.01), *_ROOM))
            ends[end] += sign * (most - least) * room
    return ends
