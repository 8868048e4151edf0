"""Draw the explanation of one recommendation, in the way that suits its evidence."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.figures.signed_bars import (
    FOOT,
    UNITS,
    Panel,
    add_panels,
    in_order,
    legend,
    short,
    sides,
    unit_of,
)
from explainable_recsys.figures.style import (
    NEUTRAL,
    PALETTE,
    escape,
    finish,
    message_figure,
    new_figure,
    percent,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

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
) -> go.Figure:
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
    reasons = reasons[reasons["weight"].notna() & (reasons["weight"] != 0)]
    if reasons.empty:
        return message_figure(f"No explanation of {_italic(title)}")
    styles: dict[str, Callable[[pd.DataFrame, str], go.Figure]] = {
        "item": partial(_bars, noun="rated item", score=score),
        "feature": partial(_bars, noun="feature"),
        "rule": _arrows,
        "neighbour": partial(_histogram, rating_scale=rating_scale, liked_from=liked_from),
    }
    found = set(reasons["style"].astype("str"))
    draw = styles.get(found.pop() if len(found) == 1 else "", _bars)
    return draw(reasons, title)


class _Whole(NamedTuple):
    """What weights are shares of."""

    name: str
    amount: float


def _bars(
    reasons: pd.DataFrame,
    title: str,
    noun: str = "piece of evidence",
    score: float | None = None,
) -> go.Figure:
    """Draw what speaks for the item, and against it; if nothing does, as shares."""
    evidence = in_order(reasons)
    weights = evidence["weight"].to_numpy(dtype=np.float64)
    whole = _Whole("the weight shown", float(weights.sum()))
    if score is not None and score > 0:
        whole = _Whole("the score", score)
    subtitle = legend(evidence["weight"])
    if (weights > 0).all() and len(weights) > 1:
        shares = [percent(share) for share in weights / whole.amount]
        hover = [
            f"{text}, {share} of {whole.name}"
            for text, share in zip(evidence["hover"], shares, strict=True)
        ]
        evidence = evidence.assign(value=shares, hover=hover)
        subtitle = f"Each {noun} speaks for it. In %: its share of {whole.name}."
    figure = new_figure()
    height = add_panels(figure, [Panel("", evidence)])
    finish(figure, _weight_finding(evidence, title, noun, whole), subtitle, unit_of(evidence))
    figure.layout.height = height + figure.layout.margin.t + FOOT
    return figure


def _weight_finding(evidence: pd.DataFrame, title: str, noun: str, whole: _Whole) -> str:
    """Title: the strongest evidence; how few pieces carry half of the weight, if all support.

    Args:
        evidence: From `in_order`.
        title: The recommended item's.
        noun: What a piece of evidence is.
        whole: What shares are of.
    """
    quote = _italic if noun == "rated item" else _quoted
    first, last = (quote(evidence["evidence"].iloc[place]) for place in (0, -1))
    why, there = f"Why {_italic(title)}:", sides(evidence["weight"])
    if len(evidence) == 1:
        return f"{why} one {noun}, {first}, speaks {there[0]} it"
    if there == ["for", "against"]:
        return f"{why} {first} speaks for it most, {last} against it"
    if there == ["against"]:
        return f"{why} all that is listed speaks against it, {last} most"
    shares = evidence["weight"].astype(np.float64).cumsum() / whole.amount
    half = shares.iloc[-1] / 2
    n = int((shares < half).sum()) + 1
    who = first if n == 1 else f"{n} of {len(evidence)} {_plural(noun)}"
    verb = "alone carries" if n == 1 else "carry"
    return f"{why} {who} {verb} {percent(shares.iloc[n - 1])} of {whole.name}"


class _Rule(NamedTuple):
    """A rule, and where its items stand, in pixels from the top."""

    texts: list[str]
    confidence: float
    heights: list[float]


def _arrows(reasons: pd.DataFrame, title: str) -> go.Figure:
    """Draw an arrow for each rule, from the items that it starts from to the recommended one."""
    rules, taken = _rules(reasons)
    target = textwrap.wrap(short(title, 5 * _TARGET), _TARGET)
    height, middle = max(taken, _LINE * len(target)) + 2 * _AROUND, taken / 2
    figure = new_figure()
    for number, rule in enumerate(rules):
        end = middle + _ENDS * (number - (len(rules) - 1) / 2)
        _add_arrow(figure, rule, end, title)
    figure.add_annotation(
        text=f"<b>{'<br>'.join(map(escape, target))}</b>",
        x=1,
        xref="x domain",
        xanchor="left",
        xshift=10,
        y=middle,
        align="left",
        font_size=13,
        showarrow=False,
    )
    places = [(place, text) for rule in rules for place, text in zip(*rule[::-2], strict=True)]
    labels = [escape(short(text, _LONGEST)) for _, text in places]
    figure.update_layout(
        margin={
            "b": 24,
            "l": int(_LETTER * max(map(len, labels))) + 24,
            "r": int(_BOLD * max(map(len, target))) + 24,
        },
        xaxis={"range": [0, 1], "visible": False},
        yaxis={
            "range": [middle + height / 2, middle - height / 2],
            "tickvals": [place for place, _ in places],
            "ticktext": labels,
            "showgrid": False,
            "showline": False,
            "ticks": "",
            "ticklabelstandoff": 8,
        },
    )
    plural = "rule leads" if len(rules) == 1 else "rules lead"
    best = max(rule.confidence for rule in rules)
    up_to = "" if len(rules) == 1 else "up to "
    finish(
        figure,
        f"Why {_italic(title)}: {len(rules)} {plural} to it, with {up_to}{percent(best)} "
        "confidence",
        "In %, and as width: confidence, the share of those with all items on the left of an "
        "arrow who have the right one too.",
    )
    figure.layout.height = height + figure.layout.margin.t + 24
    return figure


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


def _add_arrow(figure: go.Figure, rule: _Rule, end: float, title: str) -> None:
    """Add a bracket beside the items of a rule, and an arrow from its middle to a height."""
    first, last = rule.heights[0] - _ROW / 3, rule.heights[-1] + _ROW / 3
    middle, width = (first + last) / 2, 1 + (_WIDEST - 1) * rule.confidence
    confidence = percent(rule.confidence)
    hover = f"{escape(' and '.join(rule.texts))} → {escape(title)}<br>confidence {confidence}"
    figure.add_scatter(
        x=[0, 0],
        y=[first, last],
        mode="lines",
        line={"color": PALETTE[0], "width": 2},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=[0, _STUB, 1],
        y=[middle, middle, end],
        mode="lines+markers",
        line={"color": PALETTE[0], "width": width},
        marker={
            "angleref": "previous",
            "color": PALETTE[0],
            "opacity": 1,
            "line": {"width": 0},
            "size": [0, 0, 8 + 2 * width],
            "symbol": "arrow",
        },
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
    )
    figure.add_annotation(
        text=confidence,
        x=0,
        xanchor="left",
        xshift=4,
        y=middle,
        yanchor="bottom",
        yshift=width / 2,
        borderpad=0,
        showarrow=False,
    )


def _histogram(
    reasons: pd.DataFrame,
    title: str,
    rating_scale: tuple[float, float] | None,
    liked_from: float | None,
) -> go.Figure:
    """Draw how many neighbours gave the item which rating."""
    ratings = reasons["evidence_id"].astype(np.float64).to_numpy()
    counts = reasons["weight"].astype(np.float64).to_numpy()
    low, high = rating_scale or (ratings.min(), ratings.max())
    step = _step([low, high, *ratings])
    is_liked = ratings >= (np.inf if liked_from is None else liked_from)
    n, mean = int(counts.sum()), float(np.average(ratings, weights=counts))
    figure = new_figure()
    figure.add_bar(
        x=ratings.tolist(),
        y=counts.tolist(),
        width=max(0.8 * step, (high - low) / 60),
        marker_color=[PALETTE[0] if liked else NEUTRAL for liked in is_liked],
        text=[f"{count:,.0f}" for count in counts],
        textposition="outside",
        constraintext="none",
        cliponaxis=False,
        hovertext=[
            f"rated {rating:g} by {_number(int(count), 'neighbour')}"
            for rating, count in zip(ratings, counts, strict=True)
        ],
        hoverinfo="text",
        showlegend=False,
    )
    axis: dict[str, Any] = {"range": [low - step, high + step]}
    n_values = round((high - low) / step) + 1
    if n_values <= _MOST_VALUES:
        axis["tickvals"] = np.linspace(low, high, n_values).tolist()
    figure.update_layout(
        height=360,
        xaxis=axis,
        yaxis={"range": [0, 1.15 * counts.max()], "tickformat": ",d", "nticks": 6},
    )
    if counts.max() < 6:
        figure.layout.yaxis.dtick = 1
    if liked_from is None:
        how = "with" if n == 1 else "on average"
        found = f"{_number(n, 'neighbour')} rated it, {how} {mean:.2g}".replace("-", "\u2212")
        key = "Height: how many of the people with the nearest taste gave this rating."
    else:
        n_liked = int(counts[is_liked].sum())
        found = f"{n_liked:,} of {_number(n, 'neighbour')} who rated it gave {liked_from:g} or more"
        key = f"People with the nearest taste. Blue: {liked_from:g} or more; grey: less."
    return finish(figure, f"Why {_italic(title)}: {found}", key, "Rating", UNITS["neighbour"])


def _step(ratings: list[float]) -> float:
    """The largest usual step between ratings that leads to all of these."""
    for step in _STEPS:
        places = np.array(ratings) / step
        if np.abs(places - places.round()).max() < 1e-6:
            return step
    return _STEPS[-1]


def _italic(title: Any) -> str:
    return f"<i>{escape(short(str(title)))}</i>"


def _quoted(text: Any) -> str:
    return f"“{escape(short(str(text)))}”"


def _plural(noun: str) -> str:
    return noun.replace("piece", "pieces") if noun.startswith("piece") else f"{noun}s"


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
