"""Draw what speaks for and against the recommendations of one user."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.explainers.styles import style_of
from explainable_recsys.figures import signed_bars, style
from explainable_recsys.figures.texts import escape, label
from explainable_recsys.wording.phrases import phrase


def evidence_bars_figure(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    items: pd.DataFrame,
    user_id: int | str | None,
    n_items: int = 3,
) -> style.Figure:
    """Draw the weights of the evidence for a user's first recommendations, one panel for each.

    Args:
        explanations: Of any style; columns `user_id`, `item_id`, `position`, `style`,
            `evidence_id`, `evidence`, `weight`, `group`. Weights that are 0 or missing are no
            evidence.
        recommendations: Columns `user_id`, `item_id`, `rank`.
        items: Columns `item_id`, `title`.
        user_id: Whose recommendations; None for nobody's, if there are no explanations.
        n_items: Largest number of recommendations drawn; those without evidence do not count.
    """
    own = signed_bars.weighty(explanations[explanations["user_id"] == user_id])
    ranked = recommendations[recommendations["user_id"] == user_id].sort_values("rank")
    drawn = ranked[ranked["item_id"].isin(own["item_id"])].head(n_items)
    if drawn.empty:
        return style.message_figure(phrase("There are no explanations"))
    panels = {
        heading: signed_bars.in_order(own[own["item_id"] == item])
        for heading, item in zip(_headings(drawn, items), drawn["item_id"], strict=True)
    }
    title = phrase("User {user}: the reasons for the first recommendations", user=escape(user_id))
    how = "" if style_of(own["style"]).name == "neighbour" else phrase(signed_bars.LEGEND)
    return signed_bars.bars_figure(panels, title, how)


def _headings(drawn: pd.DataFrame, items: pd.DataFrame) -> list[str]:
    """Title and rank of recommendations, as HTML."""
    titles = items.drop_duplicates("item_id").set_index("item_id")["title"]
    return [
        phrase(
            "<b>{title}</b>, rank {rank}",
            title=label(titles.get(item, f"item {item}"), 40),
            rank=rank,
        )
        for item, rank in zip(drawn["item_id"], drawn["rank"], strict=True)
    ]
