"""Draw what filters take away: those of a run, and stricter ones."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import draw, style
from explainable_recsys.figures.rows import KINDS, row_label, rows_figure, share_panel, shares_of
from explainable_recsys.figures.texts import fine_percent, percent
from explainable_recsys.wording.numbers import fixed, significant
from explainable_recsys.wording.phrases import phrase

_USUAL = 10  # the title is about the first threshold from here on that takes something away


def cleaning_figure(steps: pd.DataFrame) -> style.Figure:
    """Draw what the steps of the cleaning left.

    Args:
        steps: What was read, then one row per step: `reason`, `n_ratings`, `n_users`,
            `n_items` left after it.
    """
    last, all_ratings = steps.iloc[-1], max(int(steps["n_ratings"].iloc[0]), 1)
    counts = phrase(
        "{n_ratings} ratings by {n_users} users of {n_items} items",
        **{f"n_{kind}": fixed(last[f"n_{kind}"], 0) for kind in KINDS},
    )
    labels = [phrase("read"), *map(row_label, steps["reason"][1:])]
    left = {
        phrase(name): steps[f"n_{kind}"] / max(int(steps[f"n_{kind}"].iloc[0]), 1)
        for kind, name in KINDS.items()
    }
    return rows_figure(
        labels,
        [share_panel(phrase("Share of what was read"), left)],
        phrase(
            "The cleaning dropped {share} of the ratings and left {counts}",
            share=percent(1 - last["n_ratings"] / all_ratings, 1),
            counts=counts,
        ),
        phrase("What was left after each step; at the right end: ratings."),
        [fixed(n, 0) for n in steps["n_ratings"]],
    )


def cores_figure(cores: pd.DataFrame) -> style.Figure:
    """Draw what would be left if every user and item had to have so many ratings.

    Args:
        cores: By threshold: `k`, `n_ratings`, `n_users`, `n_items`, `density` (0 to 1, may be
            missing), `share_of_ratings`, `share_of_users`, `share_of_items` left (0 to 1).
    """
    figure = style.new_figure()
    places = list(range(len(cores)))
    shares = shares_of(100 * cores.filter(like="share_of_"), *KINDS)
    draw.lines(figure, places, shares)
    full = [
        phrase("nothing left") if pd.isna(density) else f"{significant(100 * density)} %"
        for density in cores["density"]
    ]
    labels = [f"{k}<br>{part}" for k, part in zip(cores["k"], full, strict=True)]
    figure.update_layout(
        xaxis={"tickvals": places, "ticktext": labels},
        yaxis={"range": [-3, 104]} | draw.PERCENT,
    )
    strict = cores[(cores["k"] >= _USUAL) & (cores["share_of_ratings"] < 1)]
    row = strict.iloc[0] if len(strict) else cores.iloc[-1]
    return style.finish(
        figure,
        phrase(
            "With {k} or more ratings per user and item, {ratings} of the ratings, {users} of "
            "the users and {items} of the items would be left",
            k=fixed(row["k"], 0),
            **{kind: fine_percent(row[f"share_of_{kind}"]) for kind in KINDS},
        ),
        phrase(
            "The k-core: those with fewer are taken out until all have as many. In %: how full "
            "it is."
        ),
        phrase("Ratings that every user and every item must have"),
        phrase("Left of what the cleaning keeps"),
    )
