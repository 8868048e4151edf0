"""Draw what explainability in the objective of a model costs in accuracy."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures import draw, style

_FORMS = {
    "pull": ("pull form", {"color": style.PALETTE[0], "dash": "solid"}, "circle"),
    "l2": ("l2 form", {"color": style.PALETTE[3], "dash": "dash"}, "square"),
}
_MARGIN = 0.22  # of the extent of an axis, on each side: room for the weights


def explainability_sweep_figure(sweep: pd.DataFrame) -> style.Figure:
    """Draw mean explainability precision (MEP) against RMSE and nDCG, one line per form.

    Args:
        sweep: One row per model, with the columns `form` of the explainability term ("pull" or
            "l2"), `explainability_weight` (0: no such term, which is the start of both forms
            and given once), `rmse`, `mep` and `ndcg`.
    """
    if sweep.empty:
        return style.message_figure("No weights of explainability were tried")
    figure = style.two_panels("MEP (0 to 1)")
    start = sweep[sweep["explainability_weight"] == 0].head(1)
    for form, look in _FORMS.items():
        rows = sweep[(sweep["form"] == form) & (sweep["explainability_weight"] > 0)]
        if not rows.empty:
            path = pd.concat([start, rows.sort_values("explainability_weight")])
            _add_form(figure, path, *look)
    for column, panel in (("rmse", ""), ("ndcg", "2")):
        mark = {"color": style.GREY, "size": 12, "symbol": "diamond"}
        group = {"legendgroup": "start", "showlegend": not panel, "hoverinfo": "skip"}
        x, y = start[column], start["mep"]
        draw.points(figure, x, y, "weight 0", None, panel, mode="markers", marker=mark, **group)
    rmse, ndcg, mep = (
        draw.padded(sweep[column].min(), sweep[column].max(), _MARGIN)
        for column in ("rmse", "ndcg", "mep")
    )
    figure.update_layout(
        xaxis={"range": rmse[::-1], **draw.FEW_TICKS},
        xaxis2={"range": ndcg, "title_text": "nDCG (0 to 1)", **draw.FEW_TICKS},
        yaxis_range=mep,
        yaxis2_range=mep,
    )
    return style.finish(
        figure,
        _finding(sweep, start),
        "Numbers: weight of explainability. Further up and right is better: "
        "RMSE falls to the right.",
        "RMSE (rating points)",
        "MEP (0 to 1)",
    )


def _add_form(
    figure: style.Figure, path: pd.DataFrame, name: str, line: dict[str, str], symbol: str
) -> None:
    """Add the line of one form, from weight 0 on, to both panels."""
    hover = [
        f"{name}, weight {row.explainability_weight:g}<br>RMSE {row.rmse:.3f}, "
        f"MEP {row.mep:.3f}, nDCG {row.ndcg:.3f}"
        for row in path.itertuples()
    ]
    weights = [f"{weight:g}" if weight else "" for weight in path["explainability_weight"]]
    for column, panel, direction in (("rmse", "", -1), ("ndcg", "2", 1)):
        x, y = path[column], path["mep"]
        texts = {"mode": "lines+markers+text", "text": weights, "textfont_size": 11}
        texts |= {"textposition": _free_sides(direction * x, y), "cliponaxis": False}
        look = {"line": line, "marker": {"size": 8, "symbol": symbol}, "showlegend": not panel}
        draw.points(figure, x, y, name, hover, panel, legendgroup=name, **look, **texts)


def _free_sides(x: pd.Series, y: pd.Series) -> list[str]:
    """Plotly's name of the side of each point of a line that is farthest from the line.

    Args:
        x: Positions, increasing to the right.
        y: Positions, increasing upwards.
    """
    points = np.column_stack([values / (float(np.ptp(values)) or 1.0) for values in (x, y)])
    directions = _of_length_1(np.array(list(draw.SIDES.values()), dtype=np.float64))
    sides = []
    for i, point in enumerate(points):
        ways = _of_length_1(np.delete(points, i, axis=0)[max(i - 1, 0) : i + 1] - point)
        nearness = (directions @ ways.T).max(axis=1, initial=-1)
        sides.append(list(draw.SIDES)[int(np.argmin(nearness.round(6)))])
    return sides


def _of_length_1(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors (n, 2), stretched."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float64)


def _finding(sweep: pd.DataFrame, start: pd.DataFrame) -> str:
    if start.empty:
        best = sweep.iloc[sweep["mep"].argmax()]
        weight = f"{best['explainability_weight']:g}"
        return f"MEP is highest, {best['mep']:.3f}, with the {best['form']} form at {weight}"
    base = start.iloc[0]
    better = sweep[(sweep["mep"] > base["mep"]) & (sweep["rmse"] <= base["rmse"])]
    if better.empty:
        return "No weight of explainability raises MEP at no cost in RMSE"
    ups = better.sort_values("mep", ascending=False, kind="stable").drop_duplicates("form")
    best = ups.iloc[0]
    title = (
        f"The {best['form']} form raises MEP from {base['mep']:.3f} to {best['mep']:.3f} "
        f"at no cost in RMSE ({base['rmse']:.3f} to {best['rmse']:.3f})"
    )
    tried = set(sweep.loc[sweep["explainability_weight"] > 0, "form"])
    others = [form for form in _FORMS if form in tried - {best["form"]}]
    if not others:
        return title
    does = f"to {ups['mep'].iloc[1]:.3f}" if len(ups) > 1 else "does not"
    return f"{title}; the {others[0]} form {does}"
