"""Draw what explainability in the objective of a model costs in accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.figures.style import NEUTRAL, PALETTE, finish, message_figure, two_panels

if TYPE_CHECKING:
    import plotly.graph_objects as go

_FORMS = {
    "pull": ("pull form", {"color": PALETTE[0], "dash": "solid"}, "circle"),
    "l2": ("l2 form", {"color": PALETTE[3], "dash": "dash"}, "square"),
}
_SIDES = [
    f"{vertical} {horizontal}"
    for vertical in ("middle", "top", "bottom")
    for horizontal in ("right", "center", "left")
    if (vertical, horizontal) != ("middle", "center")
]
_DIRECTIONS = np.array(
    [[1, 0], [-1, 0], [1, 1], [0, 1], [-1, 1], [1, -1], [0, -1], [-1, -1]], dtype=np.float64
)
_DIRECTIONS /= np.linalg.norm(_DIRECTIONS, axis=1, keepdims=True)
_MARGIN = 0.22  # of the extent of an axis, on each side: room for the weights


def explainability_sweep_figure(sweep: pd.DataFrame) -> go.Figure:
    """Draw mean explainability precision (MEP) against RMSE and nDCG, one line per form.

    Args:
        sweep: One row per model, with the columns `form` of the explainability term ("pull" or
            "l2"), `explainability_weight` (0: no such term, which is the start of both forms
            and given once), `rmse`, `mep` and `ndcg`.
    """
    if sweep.empty:
        return message_figure("No weights of explainability were tried")
    figure = two_panels("MEP (0 to 1)")
    start = sweep[sweep["explainability_weight"] == 0].head(1)
    for form, style in _FORMS.items():
        rows = sweep[(sweep["form"] == form) & (sweep["explainability_weight"] > 0)]
        if not rows.empty:
            path = pd.concat([start, rows.sort_values("explainability_weight")])
            _add_form(figure, path, *style)
    _mark_start(figure, start)
    mep = _padded(sweep["mep"])
    figure.update_layout(
        xaxis={"range": _padded(sweep["rmse"])[::-1], "nticks": 4, "tickangle": 0},
        xaxis2={
            "range": _padded(sweep["ndcg"]),
            "nticks": 4,
            "tickangle": 0,
            "title_text": "nDCG (0 to 1)",
        },
        yaxis_range=mep,
        yaxis2_range=mep,
    )
    return finish(figure, *_finding(sweep, start), "RMSE (rating points)", "MEP (0 to 1)")


def _padded(values: pd.Series) -> list[float]:
    """Range of an axis."""
    margin = _MARGIN * float(np.ptp(values)) or 0.01
    return [float(values.min()) - margin, float(values.max()) + margin]


def _add_form(
    figure: go.Figure, path: pd.DataFrame, name: str, line: dict[str, str], symbol: str
) -> None:
    """Add the line of one form, from weight 0 on, to both panels."""
    weights = path["explainability_weight"]
    for column, panel, direction in (("rmse", "", -1), ("ndcg", "2", 1)):
        figure.add_scatter(
            x=path[column].tolist(),
            y=path["mep"].tolist(),
            mode="lines+markers+text",
            name=name,
            legendgroup=name,
            showlegend=not panel,
            line=line,
            marker={"size": 8, "symbol": symbol},
            text=[f"{weight:g}" if weight else "" for weight in weights],
            textposition=_free_sides(direction * path[column], path["mep"]),
            textfont_size=11,
            cliponaxis=False,
            hovertext=[
                f"{name}, weight {row.explainability_weight:g}<br>RMSE {row.rmse:.3f}, "
                f"MEP {row.mep:.3f}, nDCG {row.ndcg:.3f}"
                for row in path.itertuples()
            ],
            hoverinfo="text",
            xaxis=f"x{panel}",
            yaxis=f"y{panel}",
        )


def _free_sides(x: pd.Series, y: pd.Series) -> list[str]:
    """Plotly's name of the side of each point of a line that is farthest from the line.

    Args:
        x: Positions, increasing to the right.
        y: Positions, increasing upwards.
    """
    points = np.column_stack([_stretched(x), _stretched(y)])
    sides = []
    for i, point in enumerate(points):
        ways = np.delete(points, i, axis=0)[max(i - 1, 0) : i + 1] - point
        ways = ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-9)
        nearness = (_DIRECTIONS @ ways.T).max(axis=1, initial=-1)
        sides.append(_SIDES[int(np.argmin(nearness.round(6)))])
    return sides


def _stretched(values: pd.Series) -> NDArray[np.float64]:
    """Values, as shares of their extent."""
    return np.asarray(values / (float(np.ptp(values)) or 1.0), dtype=np.float64)


def _mark_start(figure: go.Figure, start: pd.DataFrame) -> None:
    """Mark in both panels the model without explainability in its objective."""
    for column, panel in (("rmse", ""), ("ndcg", "2")):
        figure.add_scatter(
            x=start[column].tolist(),
            y=start["mep"].tolist(),
            mode="markers",
            name="weight 0",
            legendgroup="start",
            showlegend=not panel,
            marker={"color": NEUTRAL, "size": 12, "symbol": "diamond"},
            hoverinfo="skip",
            xaxis=f"x{panel}",
            yaxis=f"y{panel}",
        )


def _finding(sweep: pd.DataFrame, start: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    how = (
        "Numbers: weight of explainability. Further up and right is better: "
        "RMSE falls to the right."
    )
    if start.empty:
        best = sweep.iloc[sweep["mep"].argmax()]
        weight = f"{best['explainability_weight']:g}"
        return f"MEP is highest, {best['mep']:.3f}, with the {best['form']} form at {weight}", how
    base = start.iloc[0]
    better = sweep[(sweep["mep"] > base["mep"]) & (sweep["rmse"] <= base["rmse"])]
    ups = [
        (form, rows.iloc[rows["mep"].argmax()])
        for form in _FORMS
        if not (rows := better[better["form"] == form]).empty
    ]
    if not ups:
        return "No weight of explainability raises MEP at no cost in RMSE", how
    (form, best), *less = sorted(ups, key=lambda up: -up[1]["mep"])
    title = (
        f"The {form} form raises MEP from {base['mep']:.3f} to {best['mep']:.3f} "
        f"at no cost in RMSE ({base['rmse']:.3f} to {best['rmse']:.3f})"
    )
    tried = set(sweep.loc[sweep["explainability_weight"] > 0, "form"])
    others = [other for other in _FORMS if other in tried - {form}]
    if not others:
        return title, how
    does = f"to {less[0][1]['mep']:.3f}" if less else "does not"
    return f"{title}; the {others[0]} form {does}", how
