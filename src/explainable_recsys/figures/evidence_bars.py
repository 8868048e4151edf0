"""Draw what speaks for and against the recommendations of one user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from explainable_recsys.figures.signed_bars import (
    FOOT,
    Panel,
    add_panels,
    in_order,
    legend,
    short,
    sides,
    unit_of,
)
from explainable_recsys.figures.style import escape, finish, message_figure, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


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
        Panel(heading, in_order(own[own["item_id"] == item]))
        for heading, item in zip(headings, drawn["item_id"], strict=True)
    ]
    evidence = pd.concat([panel.evidence for panel in panels])
    are_neighbours = bool((evidence["style"] == "neighbour").all())
    figure = new_figure()
    height = add_panels(figure, panels)
    finish(
        figure,
        _title(user_id, evidence["weight"], are_neighbours, drawn, ranked),
        "" if are_neighbours else legend(evidence["weight"]),
        unit_of(evidence),
    )
    figure.layout.height = height + figure.layout.margin.t + FOOT
    return figure


def _headings(drawn: pd.DataFrame, items: pd.DataFrame) -> list[str]:
    """Rank, title and year of recommendations, as HTML."""
    facts = items.drop_duplicates("item_id").set_index("item_id").reindex(drawn["item_id"])
    return [
        f"<b>{escape(short(f'item {item}' if pd.isna(title) else str(title)))}</b>"
        f"{'' if pd.isna(year) else f' ({int(year)})'}, rank {rank}"
        for item, title, year, rank in zip(
            drawn["item_id"], facts["title"], facts["year"], drawn["rank"], strict=True
        )
    ]


def _title(
    user_id: int | str | None,
    weights: pd.Series,
    are_neighbours: bool,
    drawn: pd.DataFrame,
    ranked: pd.DataFrame,
) -> str:
    what = f"what speaks {' and '.join(sides(weights))}"
    if are_neighbours:
        what = "how the nearest people rated"
    number = f" {len(drawn)}" if len(drawn) > 1 else ""
    all_first = drawn["item_id"].tolist() == ranked["item_id"].head(len(drawn)).tolist()
    which = f"first{number}" if all_first else f"first{number} explained"
    plural = "s" if number else ""
    return f"User {escape(str(user_id))}: {what} the {which} recommendation{plural}"
