"""Draw the course of a search for hyper-parameters, and what each of them does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from explainable_recsys.figures.style import NEUTRAL, PALETTE, finish, message_figure, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

STATES = {"complete": (PALETTE[0], "circle"), "pruned": (NEUTRAL, "circle-open")}
STATE_NAMES = {"complete": "complete", "pruned": "stopped early (mean so far)"}
BEFORE_PARAMETERS = ("recommender", "metric", "trial", "state", "value", "message")
COLUMNS, GAP = 2, 0.16  # as many columns as a phone has room for
PANEL = (1 - GAP * (COLUMNS - 1)) / COLUMNS  # width, as GAP a share of the whole


def larger_is_better(metric: str) -> bool:
    """Whether a metric is to be maximised."""
    return metric != "rmse"


def best_trial(trials: pd.DataFrame) -> int:
    """Row of the best complete trial, the first of several equals."""
    values = trials["value"].to_numpy()
    best = np.nanargmax if larger_is_better(trials["metric"].iloc[0]) else np.nanargmin
    return int(best(values))


def parameter_columns(trials: pd.DataFrame) -> list[str]:
    """Names of the columns that hold parameters."""
    return [
        name
        for name in trials.columns
        if name not in BEFORE_PARAMETERS and not name.startswith("fold_")
    ]


def tuning_history_figure(trials: pd.DataFrame) -> go.Figure:
    """Draw the value of every trial and the best so far.

    Args:
        trials: One row per trial, the first with the parameters that are compared with:
            `recommender`, `metric`, `trial`, `state` (`complete`, `pruned` or `failed`), `value`
            and the values on the folds, `fold_1` and so on, as far as they were measured.
    """
    if trials["value"].isna().all():
        return message_figure("No trial was complete")
    metric = trials["metric"].iloc[0]
    shown = mean_so_far(trials)
    figure = new_figure()
    for state, (colour, symbol) in STATES.items():
        rows = trials["state"] == state
        if rows.any():
            figure.add_scatter(
                x=trials["trial"][rows].tolist(),
                y=shown[rows].tolist(),
                mode="markers",
                name=STATE_NAMES[state],
                marker={"color": colour, "symbol": symbol, "size": 8},
            )
    so_far = trials["value"].cummax() if larger_is_better(metric) else trials["value"].cummin()
    figure.add_scatter(
        x=trials["trial"].tolist(),
        y=_gaps(so_far.ffill()),
        mode="lines",
        name="best so far",
        line={"color": PALETTE[3], "shape": "hv"},
    )
    figure.add_scatter(
        x=trials["trial"].iloc[[0, -1]].tolist(),
        y=_gaps(trials["value"].iloc[[0, 0]]),
        mode="lines",
        name="present parameters",
        line={"color": NEUTRAL, "dash": "dot"},
    )
    return finish(figure, *_finding(trials), "Trial", f"{metric} on validation ratings")


def tuning_parameters_figure(trials: pd.DataFrame) -> go.Figure:
    """Draw the value of the trials against each parameter.

    Args:
        trials: As for `tuning_history_figure`, with a column for each parameter.
    """
    if trials["value"].isna().all():
        return message_figure("No trial was complete")
    names = parameter_columns(trials)
    best, shown = best_trial(trials), mean_so_far(trials)
    n_rows = -(-len(names) // COLUMNS)
    y_title = f"{trials['metric'].iloc[0]} (validation)"
    figure = finish(new_figure(), *_finding(trials), y_title=y_title)
    figure.update_layout(height=88 + 230 * n_rows + figure.layout.margin.t, legend_y=-0.2 / n_rows)
    rows = {state: (trials["state"] == state).to_numpy() for state in STATES}
    marks = [
        (STATE_NAMES[state], rows[state], {"color": colour, "symbol": symbol, "size": 6})
        for state, (colour, symbol) in STATES.items()
    ]
    large = {"color": PALETTE[3], "size": 12}
    marks.append(("present", trials.index == 0, {**large, "symbol": "diamond-open"}))
    marks.append(("best", trials.index == best, {**large, "symbol": "diamond"}))
    for number, name in enumerate(names):
        axes = _panel(figure, number, n_rows, name, trials[name])
        for label, chosen, marker in marks:
            figure.add_scatter(
                x=_ticks(trials[name][chosen]),
                y=_gaps(shown[chosen]),
                mode="markers",
                name=label,
                legendgroup=label,
                showlegend=number == 0 and bool(chosen.any()),
                marker=marker,
                **axes,
            )
    return figure


def mean_so_far(trials: pd.DataFrame) -> pd.Series[float]:
    """Mean over the folds that were measured."""
    folds = [name for name in trials.columns if name.startswith("fold_")]
    return trials[folds].mean(axis=1)


def _panel(
    figure: go.Figure, number: int, n_rows: int, name: str, values: pd.Series[float]
) -> dict[str, str]:
    """Place the axes of a panel, from left to right and top to bottom; return their names."""
    row, column = divmod(number, COLUMNS)
    suffix = str(number + 1) if number else ""
    left, top = column * (PANEL + GAP), 1 - row / n_rows
    x_axis = {"domain": [left, left + PANEL], "anchor": f"y{suffix}"}
    y_axis = {"domain": [top - 0.7 / n_rows, top], "anchor": f"x{suffix}"}
    numbers = pd.to_numeric(values, errors="coerce")
    if values.dtype.kind in "if" and numbers.min() > 0 and numbers.max() / numbers.min() > 20:
        x_axis["type"] = "log"
    if values.dtype.kind not in "if":
        x_axis["type"] = "category"
    figure.update_layout(
        {
            f"xaxis{suffix}": {**x_axis, "title_text": name, "title_font_size": 12},
            f"yaxis{suffix}": y_axis,
        }
    )
    return {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}"}


def _finding(trials: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    recommender, metric = trials["recommender"].iloc[0], trials["metric"].iloc[0]
    best = best_trial(trials)
    present, found = trials["value"].iloc[0], trials["value"].iloc[best]
    counts = trials["state"].value_counts()
    others = [
        f"{counts[state]} {text}"
        for state, text in (("pruned", "stopped early"), ("failed", "failed"))
        if state in counts
    ]
    n_trials = f"{len(trials)} trial{'' if len(trials) == 1 else 's'}"
    subtitle = f"{', '.join([n_trials, *others])}."
    if best == 0:
        return f"{recommender}: nothing beats the present {metric} of {present:.4f}", subtitle
    if np.isnan(present):
        return f"{recommender}: {metric} of {found:.4f}; the present parameters fail", subtitle
    verb = "raises" if larger_is_better(metric) else "lowers"
    title = f"{recommender}: trial {best} {verb} {metric} from {present:.4f} to {found:.4f}"
    return title, subtitle


def _ticks(values: pd.Series[float]) -> list[object]:
    """Numbers as they are; everything else as a category."""
    if values.dtype.kind in "if":
        return list(values)
    return ["none" if pd.isna(value) else str(value) for value in values]


def _gaps(values: pd.Series[float]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
