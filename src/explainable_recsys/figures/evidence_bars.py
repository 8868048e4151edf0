"""Draw what speaks for and against the recommendations of one user."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.data import Data
from explainable_recsys.draws import sample
from explainable_recsys.figures import signed_bars, style
from explainable_recsys.figures.texts import escape, label
from explainable_recsys.metrics.parameters import EvaluationParameters


def draw_evidence(
    explanations: pd.DataFrame,
    recommendations: pd.DataFrame,
    data: Data,
    evaluation: EvaluationParameters,
) -> style.Figure:
    """The evidence of one user's first recommendations."""
    users = sample(explanations["user_id"].unique(), 1, evaluation.seed, "user of the figure")
    shown = users[0] if len(users) else None
    return evidence_bars_figure(explanations, recommendations, data.items, shown)


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
            `evidence`, `weight`. Weights that are 0 or missing are no evidence.
        recommendations: Columns `user_id`, `item_id`, `rank`.
        items: Columns `item_id`, `title`, `year` (may be missing).
        user_id: Whose recommendations; None for nobody's, if there are no explanations.
        n_items: Largest number of recommendations drawn; those without evidence do not count.
    """
    own = signed_bars.weighty(explanations[explanations["user_id"] == user_id])
    ranked = recommendations[recommendations["user_id"] == user_id].sort_values("rank")
    drawn = ranked[ranked["item_id"].isin(own["item_id"])].head(n_items)
    if drawn.empty:
        whose = "There are" if user_id is None else f"User {escape(user_id)} has"
        return style.message_figure(f"{whose} no explanations")
    panels = [
        signed_bars.Panel(heading, signed_bars.in_order(own[own["item_id"] == item]))
        for heading, item in zip(_headings(drawn, items), drawn["item_id"], strict=True)
    ]
    evidence = own[own["item_id"].isin(drawn["item_id"])]
    what, subtitle = "how the nearest people rated", ""
    if not (evidence["style"] == "neighbour").all():
        what = f"what speaks {' and '.join(signed_bars.sides(evidence['weight']))}"
        subtitle = signed_bars.legend(evidence["weight"])
    all_first = drawn["item_id"].tolist() == ranked["item_id"].head(len(drawn)).tolist()
    one = "recommendation" if all_first else "explained recommendation"
    which = f"first {one}" if len(drawn) == 1 else f"first {len(drawn)} {one}s"
    figure = style.new_figure()
    signed_bars.add_panels(figure, panels, f"User {escape(user_id)}: {what} the {which}", subtitle)
    return figure


def _headings(drawn: pd.DataFrame, items: pd.DataFrame) -> list[str]:
    """Rank, title and year of recommendations, as HTML."""
    facts = items.drop_duplicates("item_id").set_index("item_id").reindex(drawn["item_id"])
    named = zip(drawn["item_id"], facts["title"], facts["year"], drawn["rank"], strict=True)
    return [
        f"<b>{label(f'item {item}' if pd.isna(title) else title, 40)}</b>"
        f"{'' if pd.isna(year) else f' ({int(year)})'}, rank {rank}"
        for item, title, year, rank in named
    ]
