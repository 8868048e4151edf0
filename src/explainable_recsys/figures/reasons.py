"""Draw the explanation of one recommendation, in the way that suits its evidence."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, signed_bars, style
from explainable_recsys.figures.texts import counted, escape, label, percent, short

_LONGEST = 26  # letters of an item that a rule starts from
_LETTER, _BOLD, _LINE = 6.3, 7.5, 18  # mean widths of letters, height of a line, in pixels
_ROW, _BETWEEN, _AROUND = 24, 20, 16  # heights, in pixels: of an item of a rule, between, around
_TARGET = 14  # letters on a line of the recommended item
_ENDS = 14  # between the heads of two arrows, in pixels
_STUB = 0.3  # where arrows begin to turn to the item; of the width
_WIDEST = 5.0  # pixels: an arrow of full confidence
_MOST_VALUES = 21  # of a rating scale that all have a place and a tick
_STEPS = (1.0, 0.5, 0.25, 0.1)  # between the values of a rating scale


def reasons_figure(
    reasons: pd.DataFrame,
    title: str,
    rating_scale: tuple[float, float] | None = None,
    *,
    liked_from: float | None = None,
    score: float | None = None,
) -> style.Figure:
    """Draw why one item is recommended to one user.

    Rules become arrows, ratings of neighbours a histogram, other evidence bars.

    Args:
        reasons: Rows of an explanations table of one user and item: columns `position`, `style`,
            `evidence_id`, `evidence`, `weight`, `group`. Weights that are 0 or missing are no
            evidence.
        title: The recommended item's.
        rating_scale: Lowest and highest rating, for the histogram; None: of the ratings drawn.
        liked_from: The rating from which on bars of the histogram are coloured; None: none are.
        score: Of the recommendation, if the weights of rated items are parts of it; None if they
            are not, and shares are those of the weight shown.
    """
    reasons = signed_bars.weighty(reasons)
    if reasons.empty:
        return style.message_figure(f"No explanation of {_italic(title)}")
    styles: dict[str, Callable[[pd.DataFrame, str], style.Figure]] = {
        "item": partial(_bars, noun="rated item", score=score),
        "feature": partial(_bars, noun="feature"),
        "rule": _arrows,
        "neighbour": partial(_histogram, rating_scale=rating_scale, liked_from=liked_from),
    }
    found = set(reasons["style"].astype("str"))
    kind = styles.get(found.pop() if len(found) == 1 else "", _bars)
    return kind(reasons, title)


def _bars(
    reasons: pd.DataFrame, title: str, noun: str = "piece of evidence", score: float | None = None
) -> style.Figure:
    """Draw what speaks for the item, and against it; if nothing does, as shares."""
    evidence = signed_bars.in_order(reasons)
    weights = evidence["weight"].astype(np.float64)
    whole, amount = "the weight shown", float(weights.sum())
    if score is not None and score > 0:
        whole, amount = "the score", score
    subtitle = signed_bars.legend(weights)
    if (weights > 0).all() and len(weights) > 1:
        shares = [percent(share) for share in weights / amount]
        told = zip(evidence["hover"], shares, strict=True)
        hover = [f"{text}, {share} of {whole}" for text, share in told]
        evidence = evidence.assign(value=shares, hover=hover)
        subtitle = f"Each {noun} speaks for it. In %: its share of {whole}."
    figure = style.new_figure()
    finding = _weight_finding(evidence, noun, whole, amount)
    signed_bars.add_panels(
        figure, [signed_bars.Panel("", evidence)], f"Why {_italic(title)}: {finding}", subtitle
    )
    return figure


def _weight_finding(evidence: pd.DataFrame, noun: str, whole: str, amount: float) -> str:
    """The strongest evidence; how few pieces carry half of the weight, if all support.

    Args:
        evidence: From `in_order`.
        noun: What a piece of evidence is.
        whole: What shares are of.
        amount: How much that is.
    """
    quoted = "<i>{}</i>" if noun == "rated item" else "“{}”"
    first, last = (quoted.format(label(evidence["evidence"].iloc[i], 40)) for i in (0, -1))
    there = signed_bars.sides(evidence["weight"])
    if len(evidence) == 1:
        return f"one {noun}, {first}, speaks {there[0]} it"
    if there == ["for", "against"]:
        return f"{first} speaks for it most, {last} against it"
    if there == ["against"]:
        return f"all that is listed speaks against it, {last} most"
    shares = evidence["weight"].astype(np.float64).cumsum() / amount
    n = int((shares < shares.iloc[-1] / 2).sum()) + 1
    share = f"{percent(shares.iloc[n - 1])} of {whole}"
    if n == 1:
        return f"{first} alone carries {share}"
    plural = "pieces of evidence" if noun == "piece of evidence" else f"{noun}s"
    return f"{n} of {len(evidence)} {plural} carry {share}"


class _Rule(NamedTuple):
    """A rule, and where its items stand, in pixels from the top."""

    texts: list[str]
    confidence: float
    heights: list[float]


def _arrows(reasons: pd.DataFrame, title: str) -> style.Figure:
    """Draw an arrow for each rule, from the items that it starts from to the recommended one."""
    rules, taken = _rules(reasons)
    target = textwrap.wrap(short(title, 5 * _TARGET), _TARGET)
    height, middle = max(taken, _LINE * len(target)) + 2 * _AROUND, taken / 2
    figure = style.new_figure()
    for number, rule in enumerate(rules):
        _add_arrow(figure, rule, middle + _ENDS * (number - (len(rules) - 1) / 2), title)
    where = {"xref": "x domain", "xshift": 10, "align": "left", "font_size": 13}
    text = f"<b>{'<br>'.join(map(escape, target))}</b>"
    draw.note(figure, text, 1, middle, "middle left", **where)
    labels = [label(text, _LONGEST) for rule in rules for text in rule.texts]
    bare = {"showgrid": False, "showline": False, "ticks": "", "ticklabelstandoff": 8}
    ticks = {"tickvals": [at for rule in rules for at in rule.heights], "ticktext": labels}
    figure.update_layout(
        margin_l=int(_LETTER * max(map(len, labels))) + 24,
        margin_r=int(_BOLD * max(map(len, target))) + 24,
        xaxis={"range": [0, 1], "visible": False},
        yaxis={"range": [middle + height / 2, middle - height / 2], **ticks, **bare},
    )
    best = percent(max(rule.confidence for rule in rules))
    found = f"{len(rules)} rules lead to it, with up to {best} confidence"
    if len(rules) == 1:
        found = f"1 rule leads to it, with {best} confidence"
    return style.finish(
        figure,
        f"Why {_italic(title)}: {found}",
        "In %, and as width: confidence, the share of those with all items on the left of an "
        "arrow who have the right one too.",
        drawn=height,
        foot=24,
    )


def _rules(reasons: pd.DataFrame) -> tuple[list[_Rule], int]:
    """The rules, the most confident first, and the height that they take, in pixels."""
    groups = [rows.sort_values("position") for _, rows in reasons.groupby("group")]
    groups.sort(key=lambda rows: -rows["weight"].iloc[0])
    rules, top = [], 0
    for rows in groups:
        heights = [top + _ROW * (place + 0.5) for place in range(len(rows))]
        texts = rows["evidence"].astype("str").tolist()
        rules.append(_Rule(texts, float(rows["weight"].iloc[0]), heights))
        top += _ROW * len(rows) + _BETWEEN
    return rules, top - _BETWEEN


def _add_arrow(figure: style.Figure, rule: _Rule, end: float, title: str) -> None:
    """Add a bracket beside the items of a rule, and an arrow from its middle to a height."""
    first, last = rule.heights[0] - _ROW / 3, rule.heights[-1] + _ROW / 3
    middle, width = (first + last) / 2, 1 + (_WIDEST - 1) * rule.confidence
    confidence = percent(rule.confidence)
    hover = f"{escape(' and '.join(rule.texts))} → {escape(title)}<br>confidence {confidence}"
    line = {"color": style.PALETTE[0], "width": 2}
    bracket = {"mode": "lines", "line": line, "hoverinfo": "skip", "showlegend": False}
    draw.points(figure, [0, 0], [first, last], **bracket)
    head = {"color": style.PALETTE[0], "opacity": 1, "size": [0, 0, 8 + 2 * width]}
    look = {"line": {**line, "width": width}, "marker": draw.ARROW | head, "showlegend": False}
    draw.points(figure, [0, _STUB, 1], [middle, middle, end], None, hover, **look)
    shifts = {"xshift": 4, "yshift": width / 2, "borderpad": 0}
    draw.note(figure, confidence, 0, middle, "bottom left", **shifts)


def _histogram(
    reasons: pd.DataFrame,
    title: str,
    rating_scale: tuple[float, float] | None,
    liked_from: float | None,
) -> style.Figure:
    """Draw how many neighbours gave the item which rating."""
    ratings = reasons["evidence_id"].astype(np.float64).to_numpy()
    counts = reasons["weight"].astype(np.float64).to_numpy()
    low, high = rating_scale or (ratings.min(), ratings.max())
    step = _step([low, high, *ratings])
    n_values = round((high - low) / step) + 1
    is_liked = ratings >= (np.inf if liked_from is None else liked_from)
    figure = style.new_figure()
    hover = [
        f"rated {rating:g} by {counted(count, 'neighbour', 'neighbours')}"
        for rating, count in zip(ratings.tolist(), counts.tolist(), strict=True)
    ]
    hues = [style.PALETTE[0] if liked else style.GREY for liked in is_liked]
    look = {"width": max(0.8 * step, (high - low) / 60), "constraintext": "none"}
    numbers = [f"{count:,.0f}" for count in counts]
    draw.bars(figure, ratings, counts, hues, hover, text=numbers, showlegend=False, **look)
    ticks = np.linspace(low, high, n_values).tolist() if n_values <= _MOST_VALUES else None
    few = {"dtick": 1} if counts.max() < 6 else {"nticks": 6}
    figure.update_layout(
        xaxis={"range": [low - step, high + step], "tickvals": ticks},
        yaxis={"range": [0, 1.15 * counts.max()], "tickformat": ",d", **few},
    )
    n, mean = int(counts.sum()), float(np.average(ratings, weights=counts))
    people = counted(n, "neighbour", "neighbours")
    if liked_from is None:
        how = "with" if n == 1 else "on average"
        found = f"{people} rated it, {how} {mean:.2g}".replace("-", "\u2212")
        key = "Height: how many of the people with the nearest taste gave this rating."
    else:
        n_liked = int(counts[is_liked].sum())
        found = f"{n_liked:,} of {people} who rated it gave {liked_from:g} or more"
        key = f"People with the nearest taste. Blue: {liked_from:g} or more; grey: less."
    texts = (f"Why {_italic(title)}: {found}", key, "Rating", signed_bars.UNITS["neighbour"])
    return style.finish(figure, *texts, drawn=186)


def _step(ratings: list[float]) -> float:
    """The largest usual step between ratings that leads to all of these."""
    for step in _STEPS:
        places = np.array(ratings) / step
        if np.abs(places - places.round()).max() < 1e-6:
            return step
    return _STEPS[-1]


def _italic(title: object) -> str:
    return f"<i>{label(title, 40)}</i>"
