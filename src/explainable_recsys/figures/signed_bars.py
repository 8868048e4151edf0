"""Draw evidence as bars: to the right what speaks for something, to the left against."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from explainable_recsys.explainers.styles import style_of
from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import escape, label, percent
from explainable_recsys.wording.numbers import fixed, signed
from explainable_recsys.wording.phrases import later, phrase

FOR, AGAINST, NEITHER = style.PALETTE[2], style.PALETTE[3], style.PALETTE[0]
"""Colours of evidence that supports a recommendation, that opposes it, and of mere numbers."""

LEGEND = later("Green, to the right: speaks for it. Orange, to the left: speaks against it.")
"""What the colours mean, for a subtitle."""

_LONGEST = 28  # letters of a line of a label
_LETTER = 6.5  # mean width of a letter, in pixels
_BAR, _HEADING, _NO_HEADING, _FOOT = 22, 36, 8, 80  # heights, in pixels
_ROOM = 0.5  # beyond the longest bar, for its value; of the extent of the bars


def weighty(explanations: pd.DataFrame) -> pd.DataFrame:
    """The rows that are evidence: those with a weight that is not 0."""
    return explanations[explanations["weight"].notna() & (explanations["weight"] != 0)]


def in_order(evidence: pd.DataFrame) -> pd.DataFrame:
    """Sort what there is to draw, and add the texts.

    Ratings of neighbours are sorted by rating and weigh as many as gave them, for the item or
    against it; everything else goes from the strongest support down to the strongest opposition.
    The items that a rule starts from become one piece.

    Args:
        evidence: Columns `position`, `style`, `evidence`, `weight`; of rules also `group`, of
            neighbours `evidence_id`, the rating.

    Returns:
        A row per bar, with `label` left of the bar, `value` at its end and `hover`.
    """
    kind, texts = style_of(evidence["style"]).name, evidence["evidence"].astype("str")
    labels = [label(text, _LONGEST) for text in texts]
    pieces = evidence.assign(evidence=texts, label=labels, order=evidence["weight"])
    if kind == "rule":
        pieces = pieces.sort_values("position")
        for column, joint in (("evidence", " + "), ("label", "<br>+ ")):
            pieces[column] = pieces.groupby("group")[column].transform(joint.join)
        pieces = pieces.drop_duplicates("group")
    elif kind == "neighbour":
        given = evidence["evidence_id"].astype("float64")
        pieces = pieces.assign(order=given, weight=evidence["weight"].abs())
    pieces = pieces.sort_values(["order", "position"], ascending=[False, True])
    written = {"rule": percent, "neighbour": lambda weight: fixed(weight, 0)}.get(kind, signed)
    values = list(map(written, pieces["weight"]))
    named = zip(pieces["evidence"], values, strict=True)
    hover = [f"<b>{escape(text)}</b><br>{value}" for text, value in named]
    return pieces.assign(value=values, hover=hover)


def bars_figure(panels: Mapping[str, pd.DataFrame], title: str, subtitle: str) -> style.Figure:
    """Draw panels of bars below each other, of one thickness and to one scale.

    Args:
        panels: Evidence from `in_order`, by what stands above it, as HTML (may be empty).
        title: As HTML, like all texts.
        subtitle: What is shown.
    """
    figure = style.new_figure()
    evidence = pd.concat(panels.values())
    lines = evidence["label"].str.split("<br>").explode()
    labels = int(_LETTER * lines.str.len().max()) + 32
    tops = [_HEADING if heading else _NO_HEADING for heading in panels]
    height = bottom = sum(tops) + _BAR * len(lines)
    for place, ((heading, rows), above) in enumerate(zip(panels.items(), tops, strict=True)):
        axis, top = f"y{draw.suffix_of(place)}", (bottom - above) / height
        n_lines = rows["label"].str.count("<br>") + 1
        bottom -= above + _BAR * int(n_lines.sum())
        middles = (n_lines.cumsum() - n_lines / 2 - 0.5).tolist()
        _add_bars(figure, rows, middles, axis)
        rows_of = {"tickvals": middles, "ticktext": rows["label"].tolist()}
        rows_of |= {"range": [n_lines.sum() - 0.5, -0.5], "domain": [bottom / height, top]}
        bare = {"showgrid": False, "showline": False, "ticks": "", "ticklabelstandoff": 6}
        figure.update_layout({f"yaxis{axis[1:]}": rows_of | bare})
        where = {"xref": "paper", "yref": "paper", "xshift": 16 - labels, "font_size": 13}
        where["align"] = "left"
        if heading:
            draw.note(figure, heading, 0, top, "bottom left", **where)
    zero = {"zeroline": True, "zerolinecolor": style.GREY}
    across = {"anchor": axis, "range": _extent(evidence["weight"]), **draw.FEW_TICKS, **zero}
    figure.update_layout(margin_l=labels, xaxis=across)
    unit = phrase(style_of(evidence["style"]).unit)
    return style.finish(figure, title, subtitle, unit, drawn=height, foot=_FOOT)


def _add_bars(
    figure: style.Figure, evidence: pd.DataFrame, middles: list[float], axis: str
) -> None:
    """Add the bars of one recommendation, by their place: two may have the same text."""
    hues = [FOR if weight > 0 else AGAINST for weight in evidence["weight"]]
    if style_of(evidence["style"]).name == "neighbour":
        hues = [NEITHER] * len(evidence)
    look = {"text": evidence["value"].tolist(), "orientation": "h", "showlegend": False}
    hover = evidence["hover"].tolist()
    draw.bars(figure, evidence["weight"], middles, hues, hover, width=0.75, yaxis=axis, **look)


def _extent(weights: pd.Series) -> list[float]:
    """Range of the horizontal axis: the bars, and beyond them room for their values."""
    least, most = float(min(weights.min(), 0)), float(max(weights.max(), 0))
    room = _ROOM * (most - least)
    return [least - room * (least < 0), most + room * (most > 0)]
