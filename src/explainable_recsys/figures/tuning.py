"""Draw the course of a search for hyper-parameters, and what each of them does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.texts import counted
from explainable_recsys.metrics.records import lower_is_better

STATES = {
    "complete": ("complete", {"color": style.PALETTE[0], "symbol": "circle"}),
    "pruned": ("stopped early (mean so far)", {"color": style.GREY, "symbol": "circle-open"}),
}
BEFORE_PARAMETERS = ("recommender", "metric", "trial", "state", "value", "message")


def best_trial(trials: pd.DataFrame) -> int:
    """Row of the best complete trial, the first of several equals."""
    values = trials["value"].to_numpy()
    best = np.nanargmin if lower_is_better(trials["metric"].iloc[0]) else np.nanargmax
    return int(best(values))


def parameter_columns(trials: pd.DataFrame) -> list[str]:
    """Names of the columns that hold parameters."""
    others = (*BEFORE_PARAMETERS, *_folds(trials))
    return [name for name in trials.columns if name not in others]


def mean_so_far(trials: pd.DataFrame) -> pd.Series[float]:
    """Mean over the folds that were measured."""
    return trials[_folds(trials)].mean(axis=1)


def _folds(trials: pd.DataFrame) -> list[str]:
    return [name for name in trials.columns if name.startswith("fold_")]


def tuning_history_figure(trials: pd.DataFrame) -> style.Figure:
    """Draw the value of every trial and the best so far.

    Args:
        trials: One row per trial, the first with the parameters that are compared with:
            `recommender`, `metric`, `trial`, `state` (`complete`, `pruned` or `failed`), `value`
            and the values on the folds, `fold_1` and so on, as far as they were measured.
    """
    if trials["value"].isna().all():
        return style.message_figure("No trial was complete")
    metric, numbers, values = trials["metric"].iloc[0], trials["trial"], trials["value"]
    shown = mean_so_far(trials)
    figure = style.new_figure()
    for state, (name, look) in STATES.items():
        rows = trials["state"] == state
        if rows.any():
            mark = {"mode": "markers", "marker": {**look, "size": 8}}
            draw.points(figure, numbers[rows], shown[rows], name, **mark)
    so_far = (values.cummin() if lower_is_better(metric) else values.cummax()).ffill()
    best = {"color": style.PALETTE[3], "shape": "hv"}
    draw.points(figure, numbers, so_far, "best so far", mode="lines", line=best)
    ends, present = numbers.iloc[[0, -1]], values.iloc[[0, 0]]
    look = {"color": style.GREY, "dash": "dot"}
    draw.points(figure, ends, present, "present parameters", mode="lines", line=look)
    return style.finish(figure, *_finding(trials), "Trial", f"{metric} on validation ratings")


def tuning_parameters_figure(trials: pd.DataFrame) -> style.Figure:
    """Draw the value of the trials against each parameter.

    Args:
        trials: As for `tuning_history_figure`, with a column for each parameter.
    """
    if trials["value"].isna().all():
        return style.message_figure("No trial was complete")
    shown, names = mean_so_far(trials), parameter_columns(trials)
    marks: list[tuple[str, Any, dict[str, Any]]] = [
        (name, trials["state"] == state, {**look, "size": 6})
        for state, (name, look) in STATES.items()
    ]
    large = {"color": style.PALETTE[3], "size": 12}
    marks.append(("present", trials.index == 0, {**large, "symbol": "diamond-open"}))
    marks.append(("best", trials.index == best_trial(trials), {**large, "symbol": "diamond"}))
    figure = style.new_figure()
    suffixes, height = draw.grid(figure, len(names), n_columns=2, panel=160, gap=70, between=0.16)
    for suffix, name in zip(suffixes, names, strict=True):
        axis = {"type": _scale(trials[name]), "title_text": name, "title_font_size": 12}
        figure.update_layout({f"xaxis{suffix}": axis})
        x = trials[name]
        if x.dtype.kind not in "if":
            x = x.astype(object).where(x.notna(), "none").astype("str")
        for label, chosen, look in marks:
            group = {"legendgroup": label, "showlegend": not suffix and bool(chosen.any())}
            place = (x[chosen], shown[chosen], label, None, suffix)
            draw.points(figure, *place, mode="markers", marker=look, **group)
    texts = (*_finding(trials), "", f"{trials['metric'].iloc[0]} (validation)")
    return style.finish(figure, *texts, drawn=height, foot=158, legend=116)


def _scale(values: pd.Series[float]) -> str | None:
    """Type of the axis of a parameter; None: linear."""
    if values.dtype.kind not in "if":
        return "category"
    return "log" if values.min() > 0 and values.max() / values.min() > 20 else None


def _finding(trials: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    name, metric = trials["recommender"].iloc[0], trials["metric"].iloc[0]
    best = best_trial(trials)
    present, found = trials["value"].iloc[0], trials["value"].iloc[best]
    counts = trials["state"].value_counts()
    parts = [counted(len(trials), "trial", "trials")]
    for state, text in (("pruned", "stopped early"), ("failed", "failed")):
        if state in counts:
            parts.append(f"{counts[state]} {text}")
    subtitle = f"{', '.join(parts)}."
    if best == 0:
        return f"{name}: nothing beats the present {metric} of {present:.4f}", subtitle
    if np.isnan(present):
        return f"{name}: {metric} of {found:.4f}; the present parameters fail", subtitle
    verb = "lowers" if lower_is_better(metric) else "raises"
    return f"{name}: trial {best} {verb} {metric} from {present:.4f} to {found:.4f}", subtitle
