"""Draw evidence as signed bars: to the right what speaks for something, to the left against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.figures.style import NEUTRAL, PALETTE, escape

if TYPE_CHECKING:
    import plotly.graph_objects as go

FOR, AGAINST = PALETTE[2], PALETTE[3]
"""Colours of evidence that supports a recommendation, and that opposes it."""

UNITS = {
    "feature": "Weight (unit of the score)",
    "item": "Weight of the rated item<br>(score or similarity)",
    "neighbour": "Number of neighbours",
    "rule": "Confidence of the rule (0 to 1)",
}
"""What the weights of each style of evidence are."""

FOOT = 80
"""Height of what is below the bars, in pixels."""

_LONGEST = 28  # letters of a piece of evidence
_LETTER = 6.5  # mean width of a letter, in pixels
_BAR, _HEADING, _NO_HEADING = 22, 36, 8  # heights, in pixels
_NARROW = 376  # pixels: room for the values is made for a figure that is so wide
_ROOM = (0.16, 0.5)  # beyond the longest bar, for its value; of the extent of the axis


class Panel(NamedTuple):
    """Evidence from `in_order`, and what stands above it, as HTML (may be empty)."""

    heading: str
    evidence: pd.DataFrame


def unit_of(evidence: pd.DataFrame) -> str:
    """What the weights are: title of the axis."""
    styles = set(evidence["style"])
    return UNITS.get(styles.pop() if len(styles) == 1 else "", "Weight of the evidence")


def in_order(evidence: pd.DataFrame) -> pd.DataFrame:
    """Sort from the strongest support down to the strongest opposition, and add the texts.

    Args:
        evidence: Columns `position`, `evidence`, `weight`.

    Returns:
        The same rows, with `label` left of the bar, `value` at its end and `hover`.
    """
    order = evidence.sort_values(["weight", "position"], ascending=[False, True])
    texts, values = order["evidence"].astype("str").tolist(), list(map(signed, order["weight"]))
    return order.assign(
        label=[escape(short(text, _LONGEST)) for text in texts],
        value=values,
        hover=[
            f"<b>{escape(text)}</b><br>weight {value}"
            for text, value in zip(texts, values, strict=True)
        ],
    )


def short(text: str, longest: int = 40) -> str:
    """Cut a text that is longer than so many letters."""
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip(' ,:-')}…"


def signed(weight: float) -> str:
    """A number with its sign and two significant digits (a large one with all of its own)."""
    text = f"{weight:+.2g}" if abs(weight) < 99.5 else f"{weight:+,.0f}"
    return text.replace("-", "\u2212")


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


def add_panels(figure: go.Figure, panels: list[Panel]) -> int:
    """Draw panels of bars below each other, of one thickness and to one scale.

    Args:
        figure: Changed in place.
        panels: At least one, from the top down.

    Returns:
        Height of all panels, in pixels.
    """
    for number, panel in enumerate(panels, start=1):
        _add_bars(figure, panel.evidence, f"y{number if number > 1 else ''}")
    _layout(figure, panels, pd.concat([panel.evidence for panel in panels]))
    return _height(panels)


def _add_bars(figure: go.Figure, evidence: pd.DataFrame, axis: str) -> None:
    """Add the bars of one recommendation, by their place: two may have the same text."""
    figure.add_bar(
        x=evidence["weight"].tolist(),
        y=list(range(len(evidence))),
        orientation="h",
        marker_color=[FOR if weight > 0 else AGAINST for weight in evidence["weight"]],
        text=evidence["value"].tolist(),
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        hovertext=evidence["hover"].tolist(),
        hoverinfo="text",
        showlegend=False,
        yaxis=axis,
    )


def _layout(figure: go.Figure, panels: list[Panel], evidence: pd.DataFrame) -> None:
    """Give each panel its vertical axis, and all of them one horizontal axis."""
    labels = int(_LETTER * evidence["label"].str.len().max()) + 32
    height, below = _height(panels), 0.0
    for number, (heading, rows) in reversed(list(enumerate(panels, start=1))):
        suffix = str(number) if number > 1 else ""
        top = below + _BAR * len(rows) / height
        axis: dict[str, Any] = {
            "domain": [below, top],
            "range": [len(rows) - 0.5, -0.5],
            "tickvals": list(range(len(rows))),
            "ticktext": rows["label"].tolist(),
            "showgrid": False,
            "showline": False,
            "ticklabelstandoff": 6,
            "ticks": "",
        }
        figure.update_layout({f"yaxis{suffix}": axis})
        if heading:
            figure.add_annotation(
                text=heading,
                x=0,
                y=top,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="bottom",
                xshift=16 - labels,
                showarrow=False,
                font_size=13,
            )
        below = min(top + _HEADING / height, 1.0)
    least, most = min(evidence["weight"].min(), 0), max(evidence["weight"].max(), 0)
    extent, width = float(most - least), max(_NARROW - labels, 1)
    rooms = {
        side: extent * _room(_LETTER * evidence["value"][there].str.len().max() / width)
        for side, there in (("left", evidence["weight"] < 0), ("right", evidence["weight"] > 0))
        if there.any()
    }
    figure.update_layout(
        bargap=0.25,
        margin={"l": labels, "b": FOOT},
        xaxis={
            "anchor": f"y{len(panels) if len(panels) > 1 else ''}",
            "nticks": 4,
            "tickangle": 0,
            "range": [
                float(least) - rooms.get("left", 0),
                float(most) + rooms.get("right", 0),
            ],
            "zeroline": True,
            "zerolinecolor": NEUTRAL,
        },
    )


def _room(share: float) -> float:
    """Room that a value takes beyond the bars on either side, as a share of the bars' extent.

    Args:
        share: Of the width of the panel.
    """
    return float(np.clip(share / max(1 - 2 * share, 0.01), *_ROOM))


def _height(panels: list[Panel]) -> int:
    """Of all panels, in pixels."""
    return sum(
        (_HEADING if panel.heading else _NO_HEADING) + _BAR * len(panel.evidence)
        for panel in panels
    )
