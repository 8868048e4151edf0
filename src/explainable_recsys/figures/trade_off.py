"""Draw accuracy, faithfulness and coverage beside each other, a row for each approach."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.faithfulness import NO_BETTER, NO_FAITHFULNESS
from explainable_recsys.figures.rows import Panel, rows_figure
from explainable_recsys.figures.texts import escape, label, percent
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import phrase


def trade_off_figure(comparison: pd.DataFrame, k: int, n_cited: int) -> style.Figure:
    """Draw nDCG on the left and the faithfulness of the reasons on the right, best lists first.

    Faithful is what matters: if the items that an explanation cites are taken away from the
    history, fewer recommendations stay in the list than without as many random items (POS).
    At the right end of a row stands its coverage.

    Args:
        comparison: One row per approach, with the columns `approach`, `ndcg@k` and its
            interval `ndcg@k/low`, `ndcg@k/high`, `coverage` (share of the recommendations that
            are explained), `pos@k,n` and `pos@k,n/random` with k and n written out. Values and
            columns other than the first may be missing; an approach without nDCG is left out.
        k: Length of the lists.
        n_cited: Number of items taken away.
    """
    table = _prepared(comparison, k, n_cited)
    faithful = table[table["points"].notna()]
    if faithful.empty:
        return style.message_figure(phrase(NO_FAITHFULNESS))
    ndcg = table[["ndcg", "low", "high"]].set_axis(["value", "low", "high"], axis=1)
    points = table[["points"]].set_axis(["value"], axis=1)
    ends = draw.padded(min(points["value"].min(), 0), max(points["value"].max(), 0), 0.1)
    figure = rows_figure(
        [label(name, 40) for name in table["approach"]],
        [
            Panel(f"nDCG@{k}", {"": ndcg}),
            Panel(phrase("Beyond random"), {"": points}, {"range": ends}),
        ],
        _finding(table, faithful, k),
        phrase(
            "Left: quality of the lists (0 to 1), with 95 % intervals. Right: lost from the top "
            "{k} without {n} cited items, minus without {n} random ones (in % points); empty: "
            "no reasons that cite history items. In %: recommendations that are explained.",
            k=k,
            n=n_cited,
        ),
        ["" if pd.isna(share) else percent(share) for share in table["coverage"]],
    )
    draw.line_at(figure, "x", 0, phrase("random"), "2", dash="dash", width=1.5)
    return figure


def _prepared(comparison: pd.DataFrame, k: int, n_cited: int) -> pd.DataFrame:
    """Approaches with nDCG, the best first; `points`: what random reasons are beaten by."""
    ndcg, pos = f"ndcg@{k}", f"pos@{k},{n_cited}"
    columns = ["approach", ndcg, f"{ndcg}/low", f"{ndcg}/high", "coverage", pos, f"{pos}/random"]
    names = ["approach", "ndcg", "low", "high", "coverage", "own", "random"]
    table = comparison.reindex(columns=columns).set_axis(names, axis=1).dropna(subset="ndcg")
    table = table.assign(points=100 * (table["random"] - table["own"]))
    return table.sort_values(["ndcg", "approach"], ascending=[False, True], ignore_index=True)


def _finding(table: pd.DataFrame, faithful: pd.DataFrame, k: int) -> str:
    """Title: which approach has the best lists, and which the most faithful reasons."""
    first, best = table.iloc[0], faithful.iloc[faithful["points"].argmax()]
    facts = {
        "first": escape(first["approach"]),
        "ndcg": f"nDCG@{k}\u00a0{fixed(first['ndcg'], 3)}",
        "best": escape(best["approach"]),
        "points": fixed(best["points"], 0),
    }
    if best["points"] < 100 * NO_BETTER:
        return phrase(
            "{first} has the best lists ({ndcg}); no approach's reasons are more faithful than "
            "random ones",
            **facts,
        )
    if best["ndcg"] == first["ndcg"]:
        return phrase(
            "{best} has both the best lists ({ndcg}) and the most faithful reasons ({points} "
            "points beyond random)",
            **facts,
        )
    return phrase(
        "{first} has the best lists ({ndcg}), {best} the most faithful reasons ({points} points "
        "beyond random)",
        **facts,
    )
