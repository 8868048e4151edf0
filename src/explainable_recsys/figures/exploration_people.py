"""Draw the people: who they are, what they rate, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from explainable_recsys.figures.exploration_rows import (
    fine_percent,
    row_label,
    rows_figure,
    short_label,
)
from explainable_recsys.figures.style import escape, message_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

_GENDERS = {"F": "women", "M": "men"}  # MovieLens' codes
_MOST_ROWS = 25  # groups of an attribute, or genres


def demographics_figure(demographics: pd.DataFrame) -> go.Figure:
    """Draw which share of the users and ratings each group has, and its mean rating.

    Args:
        demographics: One row per `attribute` ("age", "gender", "occupation") and `group`:
            `share_of_users`, `share_of_ratings` (0 to 1), `mean_rating`, `low`, `high`.
    """
    if demographics.empty:
        return message_figure("No demographics: this data set does not describe its users")
    parts, labels = [], []
    for attribute, rows in demographics.groupby("attribute", sort=False):
        groups = rows.head(_MOST_ROWS)
        parts += [pd.DataFrame(index=[-1], columns=groups.columns), groups]
        labels.append(f"<b>{str(attribute).capitalize()}</b>")
        shown = groups["group"]
        labels += [row_label(_GENDERS.get(g, g) if attribute == "gender" else g) for g in shown]
    table = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    numbers = table[["share_of_users", "share_of_ratings", "mean_rating", "low", "high"]].astype(
        "float64"
    )
    return rows_figure(
        labels,
        {"users": numbers["share_of_users"], "ratings": numbers["share_of_ratings"]},
        {"mean rating": numbers},
        (
            _demographics_finding(demographics),
            "Left: share of all. Bars: 95 % intervals over users.",
        ),
        "Share",
    )


def _demographics_finding(demographics: pd.DataFrame) -> str:
    findings = []
    texts = {
        "gender": "{share} of the users are {group}",
        "age": "{share} are of age {group}",
        "occupation": "the most frequent occupation is {group} ({share})",
    }
    for attribute, text in texts.items():
        rows = demographics[demographics["attribute"] == attribute]
        if len(rows):
            most = rows.iloc[int(rows["share_of_users"].argmax())]
            group = _GENDERS.get(most["group"], most["group"])
            findings.append(
                text.format(share=fine_percent(most["share_of_users"]), group=short_label(group))
            )
    title = ", ".join(findings)
    return title[:1].upper() + title[1:]


def genders_by_genre_figure(genders: pd.DataFrame) -> go.Figure:
    """Draw which share of each gender's ratings the genres have, and their mean ratings.

    Args:
        genders: One row per `genre` and `gender`: `n_ratings`, `share` (0 to 1, of the
            gender's ratings), `mean_rating` (may be missing).
    """
    if genders.empty:
        return message_figure("No genders or no genres: this data set does not have both")
    shares, means = (
        genders.pivot_table(index="genre", columns="gender", values=values, dropna=False)
        for values in ("share", "mean_rating")
    )
    most = shares.max(axis=1).sort_values(ascending=False, kind="stable").index[:_MOST_ROWS]
    shares, means = shares.loc[most], means.loc[most]
    names = {str(gender): _GENDERS.get(str(gender), row_label(gender)) for gender in shares}
    return rows_figure(
        [row_label(genre) for genre in most],
        {name: shares[gender] for gender, name in names.items()},
        {name: means[[gender]].set_axis(["mean_rating"], axis=1) for gender, name in names.items()},
        (
            _genders_finding(shares, names),
            "Left: which share of a gender's ratings are of a genre. Items may have several.",
        ),
        "Share of ratings",
    )


def _genders_finding(shares: pd.DataFrame, names: dict[str, str]) -> str:
    if len(names) == 1:
        (name,) = names.values()
        top = shares.iloc[0]
        return (
            f"{fine_percent(top.iloc[0])} of the ratings by {name} are of {escape(shares.index[0])}"
        )
    gap = shares.max(axis=1) - shares.min(axis=1)
    genre = str(gap.index[int(gap.argmax())])
    row = {name: shares[gender][genre] for gender, name in names.items()}
    (less, fewest), *_, (more, most) = sorted(row.items(), key=lambda pair: pair[1])
    return (
        f"{escape(genre)} differs most: {fine_percent(most)} of the ratings by {more}, "
        f"{fine_percent(fewest)} of those by {less}"
    )
