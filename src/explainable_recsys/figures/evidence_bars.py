"""Draw what speaks for and against the recommendations of one user."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from explainable_recsys.figures.style import NEUTRAL, PALETTE, finish, message_figure, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

FOR, AGAINST = PALETTE[2], PALETTE[3]
"""Colours of evidence that supports a recommendation, and that opposes it."""

_AXES = {
    "feature": "Weight (unit of the score)",
    "item": "Weight of the rated item",
    "neighbour": "Number of neighbours",
    "rule": "Confidence of the rule (0 to 1)",
}
"""What the weights of each style of evidence are."""

_LONGEST = 40  # letters of a title or a piece of evidence
_LETTER = 6.5  # mean width of a letter, in pixels
_BAR, _HEADING, _FOOT = 22, 36, 64  # heights, in pixels
_ROOM = 0.16  # beyond the longest bar, for its value; of the extent of the axis


class _Panel(NamedTuple):
    """A recommendation and its evidence, in the order in which it is drawn."""

    heading: str
    evidence: pd.DataFrame


def evidence_bars_figure(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    user_id: int | str | None,
    n_items: int = 3,
) -> go.Figure:
    """Draw the weights of the evidence for a user's first recommendations, one panel for each.

    Args:
        explanations: Of any style; columns `user_id`, `item_id`, `position`, `style`,
            `evidence`, `weight`. Weights that are 0 or missing are no evidence.
        recommendations: Columns `user_id`, `item_id`, `rank`.
        items: Columns `item_id`, `title`, `year` (may be missing).
        user_id: Whose recommendations; None for nobody's, if there are no explanations.
        n_items: Largest number of recommendations drawn; those without evidence do not count.
    """
    own = explanations[explanations["user_id"] == user_id]
    own = own[own["weight"].notna() & (own["weight"] != 0)]
    ranked = recommendations[recommendations["user_id"] == user_id].sort_values("rank")
    drawn = ranked[ranked["item_id"].isin(own["item_id"])].head(n_items)
    if drawn.empty:
        whose = "There are" if user_id is None else f"User {escape(str(user_id))} has"
        return message_figure(f"{whose} no explanations")
    headings = _headings(drawn, items)
    panels = [
        _Panel(heading, _in_order(own[own["item_id"] == item]))
        for heading, item in zip(headings, drawn["item_id"], strict=True)
    ]
    evidence = pd.concat([panel.evidence for panel in panels])
    styles = set(evidence["style"])
    style = styles.pop() if len(styles) == 1 else ""
    figure = new_figure()
    for number, panel in enumerate(panels, start=1):
        _add_bars(figure, panel.evidence, f"y{number if number > 1 else ''}")
    _layout(figure, panels, evidence)
    finish(
        figure,
        _title(user_id, evidence["weight"], style, drawn, ranked),
        "" if style == "neighbour" else _legend(evidence["weight"]),
        _AXES.get(style, "Weight of the evidence"),
    )
    figure.layout.height = _height(panels) + figure.layout.margin.t + _FOOT
    return figure


def _headings(drawn: pd.DataFrame, items: pd.DataFrame) -> list[str]:
    """Rank, title and year of recommendations, as HTML."""
    facts = items.drop_duplicates("item_id").set_index("item_id").reindex(drawn["item_id"])
    return [
        f"<b>{escape(_short(f'item {item}' if pd.isna(title) else str(title)))}</b>"
        f"{'' if pd.isna(year) else f' ({int(year)})'}, rank {rank}"
        for item, title, year, rank in zip(
            drawn["item_id"], facts["title"], facts["year"], drawn["rank"], strict=True
        )
    ]


def _in_order(evidence: pd.DataFrame) -> pd.DataFrame:
    """From the strongest support down to the strongest opposition."""
    order = evidence.sort_values(["weight", "position"], ascending=[False, True])
    texts = order["evidence"].astype("str").tolist()
    return order.assign(
        label=[escape(_short(text)) for text in texts],
        hover=[
            f"<b>{escape(text)}</b><br>weight {_signed(weight)}"
            for text, weight in zip(texts, order["weight"], strict=True)
        ],
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip(' ,:-')}…"


def _signed(weight: float) -> str:
    """A number with its sign and two significant digits (a large one with all of its own)."""
    text = f"{weight:+.2g}" if abs(weight) < 99.5 else f"{weight:+,.0f}"
    return text.replace("-", "\u2212")


def _add_bars(figure: go.Figure, evidence: pd.DataFrame, axis: str) -> None:
    """Add the bars of one recommendation, by their place: two may have the same text."""
    figure.add_bar(
        x=evidence["weight"].tolist(),
        y=list(range(len(evidence))),
        orientation="h",
        marker_color=[FOR if weight > 0 else AGAINST for weight in evidence["weight"]],
        text=[_signed(weight) for weight in evidence["weight"]],
        textposition="outside",
        textangle=0,
        cliponaxis=False,
        hovertext=evidence["hover"].tolist(),
        hoverinfo="text",
        showlegend=False,
        yaxis=axis,
    )


def _layout(figure: go.Figure, panels: list[_Panel], evidence: pd.DataFrame) -> None:
    """Put the panels below each other, bars of one thickness and to one scale."""
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
    room = _ROOM * float(most - least)
    figure.update_layout(
        bargap=0.25,
        margin={"l": labels, "b": _FOOT},
        xaxis={
            "anchor": f"y{len(panels) if len(panels) > 1 else ''}",
            "nticks": 7,
            "range": [
                float(least) - (room if least < 0 else 0),
                float(most) + (room if most > 0 else 0),
            ],
            "zeroline": True,
            "zerolinecolor": NEUTRAL,
        },
    )


def _height(panels: list[_Panel]) -> int:
    """Of all panels, in pixels."""
    return sum(_HEADING + _BAR * len(panel.evidence) for panel in panels)


def _title(
    user_id: int | str | None,
    weights: pd.Series,
    style: str,
    drawn: pd.DataFrame,
    ranked: pd.DataFrame,
) -> str:
    what = f"what speaks {' and '.join(_sides(weights))}"
    if style == "neighbour":
        what = "how the nearest people rated"
    number = f" {len(drawn)}" if len(drawn) > 1 else ""
    all_first = drawn["item_id"].tolist() == ranked["item_id"].head(len(drawn)).tolist()
    which = f"first{number}" if all_first else f"first{number} explained"
    plural = "s" if number else ""
    return f"User {escape(str(user_id))}: {what} the {which} recommendation{plural}"


def _legend(weights: pd.Series) -> str:
    """Subtitle: what the colours mean."""
    meaning = {
        "for": "Green, to the right: speaks for it.",
        "against": "Orange, to the left: speaks against it.",
    }
    return " ".join(meaning[side] for side in _sides(weights))


def _sides(weights: pd.Series) -> list[str]:
    sides = {"for": (weights > 0).any(), "against": (weights < 0).any()}
    return [side for side, found in sides.items() if found]
