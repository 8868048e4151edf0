"""Draw what folding a person in does to lists and predicted ratings, and how long it takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.experiments.fold_in import ARTICLE
from explainable_recsys.figures import style
from explainable_recsys.figures.rows import Panel, rows_figure
from explainable_recsys.figures.texts import label, percent
from explainable_recsys.wording.numbers import duration, significant
from explainable_recsys.wording.phrases import later, phrase

FOLDED_IN, TRAINED = later("folded in"), later("trained again")
OTHERS = later("others, trained on both times")
OVERLAPS = ("overlap", "overlap_of_two_trainings", "overlap_of_others")
NOTHING = later("Nobody was folded in")


def fold_in_figure(fold_in: pd.DataFrame) -> style.Figure:
    """Draw how like the lists are that two ways of adding a person make, and the rating errors.

    Args:
        fold_in: One row per recommender, with the columns `recommender` (a title), `n` (length of
            the lists), `n_people`, `overlap`, `overlap_of_others` and `overlap_of_two_trainings`,
            each with its bounds `…/low` and `…/high`, `rmse_fold_in`, `rmse_retrained`,
            `is_deterministic`. Values may be missing.
    """
    table = fold_in.dropna(subset="overlap") if len(fold_in) else fold_in
    if table.empty:
        return style.message_figure(phrase(NOTHING))
    table = table.sort_values(["overlap", "recommender"], ascending=[False, True])
    lists = dict(zip((FOLDED_IN, TRAINED, OTHERS), OVERLAPS, strict=True))
    errors = {FOLDED_IN: "rmse_fold_in", TRAINED: "rmse_retrained"}
    n = int(table["n"].iloc[0])
    return rows_figure(
        [label(name) for name in table["recommender"]],
        [
            Panel(
                phrase("Overlap of the top {n}", n=n),
                _series(table, lists),
                {"range": [-0.04, 1.04]},
            ),
            Panel(phrase("RMSE"), _series(table, errors), _tenths(table[list(errors.values())])),
        ],
        _finding(table, n),
        phrase(
            "Left: what is left of the list that training on everybody gives: for {people} people "
            "who are folded in, all left out at once; after training again with other seeds; for "
            "others, known to both models (means, 95 % intervals). Right: error of predicted "
            "ratings.",
            people=int(table["n_people"].max()),
        ),
        [phrase("no seed") if fixed else "" for fixed in table["is_deterministic"]],
    )


def _tenths(values: pd.DataFrame) -> dict[str, Any]:
    """An axis from the tenth below all values to the one above, with no labels between."""
    found = values.to_numpy(np.float64)
    if not np.isfinite(found).any():
        return {}
    low, high = np.floor(10 * np.nanmin(found)) / 10, np.ceil(10 * np.nanmax(found)) / 10
    room = max(high - low, 0.1) / 10
    ends = [low, high]
    ticks = {"tickvals": ends, "ticktext": [significant(end) for end in ends]}
    return {"range": [low - room, high + room], **ticks}


def _series(table: pd.DataFrame, columns: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Points by readable name, with their intervals where there are some."""
    return {
        phrase(name): table.reindex(columns=[key, f"{key}/low", f"{key}/high"]).set_axis(
            ["value", "low", "high"], axis=1
        )
        for name, key in columns.items()
    }


def _finding(table: pd.DataFrame, n: int) -> str:
    """Title: how much of a list stays, and where less than for people whom both models know.

    Clearly less: the intervals do not overlap.
    """
    most = table["overlap/high"].fillna(table["overlap"])
    of_others = table["overlap_of_others/low"].fillna(table["overlap_of_others"])
    return phrase(
        "Folded in, people get {low} to {high} of the top {n} of a full retraining; for {k} of "
        "{m} recommenders that is clearly less than for others, who were trained on both times",
        low=percent(table["overlap"].min()),
        high=percent(table["overlap"].max()),
        n=n,
        k=int((most < of_others).sum()),
        m=len(table),
    )


def fold_in_seconds_figure(seconds: pd.DataFrame) -> style.Figure:
    """Draw how long both ways take, beside the times that the article had with other data.

    Args:
        seconds: One row per recommender, with the columns `recommender` (a title),
            `seconds_fold_in`, `seconds_training`.
    """
    if seconds.empty:
        return style.message_figure(phrase(NOTHING))
    table = seconds.sort_values(["seconds_training", "recommender"], ascending=[False, True])
    article = pd.DataFrame([{"recommender": phrase("article, 20 million"), **ARTICLE}])
    both = pd.concat([table, article])
    ends = np.log10([both["seconds_fold_in"].min(), both["seconds_training"].max()])
    first, last = np.floor(ends.min()), np.ceil(ends.max())
    decades = 10.0 ** np.arange(first, last + 1, max(2, np.ceil((last - first) / 2)))
    axis = {
        "type": "log",
        "tickvals": decades.tolist(),
        "ticktext": [significant(value) for value in decades],
        "hoverformat": ".2r",
    }
    columns = {FOLDED_IN: "seconds_fold_in", TRAINED: "seconds_training"}
    return rows_figure(
        [label(name) for name in both["recommender"]],
        [Panel(phrase("Seconds"), _series(both, columns), axis)],
        phrase(
            "A person is folded in within {most}; training again takes up to {longest}",
            most=duration(table["seconds_fold_in"].max()),
            longest=duration(table["seconds_training"].max()),
        ),
        phrase(
            "From a history to its list, median of the people; training with the knowledge that "
            "is made of ratings. Last row: V. Kuosmanen's dissertation, on another machine and "
            "20 million ratings."
        ),
    )
