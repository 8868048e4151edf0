"""Draw the course of a search for hyper-parameters, and what each of them does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.metrics.records import lower_is_better
from explainable_recsys.wording.numbers import fixed
from explainable_recsys.wording.phrases import later, phrase

_CHANGES = later("{recommender}: trial {trial} takes {metric} from {present} to {found}")
_FAILS = later("{recommender}: {metric} of {found}; the present parameters fail")
_NO_BETTER = later("{recommender}: nothing beats the present {metric} of {present}")
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
    figure = _panels(trials, ["trial"], 1)
    if figure.data:
        values = trials["value"]
        lower = lower_is_better(trials["metric"].iloc[0])
        so_far = (values.cummin() if lower else values.cummax()).ffill()
        best = {"color": style.PALETTE[3], "shape": "hv"}
        draw.points(figure, trials["trial"], so_far, phrase("best so far"), mode="lines", line=best)
    return figure


def tuning_parameters_figure(trials: pd.DataFrame) -> style.Figure:
    """Draw the value of the trials against each parameter.

    Args:
        trials: As for `tuning_history_figure`, with a column for each parameter.
    """
    return _panels(trials, parameter_columns(trials), 2)


def _panels(trials: pd.DataFrame, names: list[str], n_columns: int) -> style.Figure:
    """Draw the value of the trials against each of some columns."""
    if trials["value"].isna().all():
        return style.message_figure(phrase("No trial was complete"))
    shown, figure = mean_so_far(trials), style.new_figure()
    suffixes, height = draw.grid(figure, len(names), n_columns, panel=160, gap=70, between=0.16)
    for suffix, name in zip(suffixes, names, strict=True):
        axis = {"type": _scale(trials[name]), "title_text": name, "title_font_size": 12}
        figure.update_layout({f"xaxis{suffix}": axis})
        x = trials[name]
        if x.dtype.kind not in "if":
            x = x.astype(object).where(x.notna(), "none").astype("str")
        for entry, chosen, look in _marks(trials):
            group = {"legendgroup": entry, "showlegend": not suffix}
            place = (x[chosen], shown[chosen], entry, None, suffix)
            draw.points(figure, *place, mode="markers", marker=look, **group)
    on = phrase("{metric} (validation)", metric=trials["metric"].iloc[0])
    return style.finish(figure, *_finding(trials), "", on, drawn=height, foot=158, legend=116)


def _marks(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[bool], dict[str, Any]]]:
    """Name, rows and look of each kind of trial that there is; the last is on top."""
    is_best = trials["trial"] == trials["trial"].iloc[best_trial(trials)]
    is_first = trials["trial"] == trials["trial"].iloc[0]
    blue, orange = style.PALETTE[0], style.PALETTE[3]
    for name, chosen, hue, symbol, size in (
        (phrase("complete"), trials["state"] == "complete", blue, "circle", 6),
        (phrase("stopped early"), trials["state"] == "pruned", style.GREY, "circle-open", 6),
        (phrase("present"), is_first, orange, "diamond-open", 12),
        (phrase("best"), is_best, orange, "diamond", 12),
    ):
        if chosen.any():
            yield name, chosen, {"color": hue, "symbol": symbol, "size": size}


def _scale(values: pd.Series[float]) -> str | None:
    """Type of the axis of a parameter; None: linear."""
    if values.dtype.kind not in "if":
        return "category"
    return "log" if values.min() > 0 and values.max() / values.min() > 20 else None


def _finding(trials: pd.DataFrame) -> tuple[str, str]:
    """Title and subtitle."""
    best = best_trial(trials)
    present, found = trials["value"].iloc[0], trials["value"].iloc[best]
    states = trials["state"].value_counts()
    subtitle = phrase(
        "Trials: {n}, of which {early} stopped early (shown: their mean so far) and {failed} "
        "failed.",
        n=len(trials),
        early=states.get("pruned", 0),
        failed=states.get("failed", 0),
    )
    facts = {
        "recommender": trials["recommender"].iloc[0],
        "metric": trials["metric"].iloc[0],
        "trial": best,
        "present": fixed(present, 4),
        "found": fixed(found, 4),
    }
    title = _CHANGES
    if best == 0:
        title = _NO_BETTER
    elif np.isnan(present):
        title = _FAILS
    return phrase(title, **facts), subtitle
