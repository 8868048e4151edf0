"""Draw the people: who they are, what they rate, and how."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import style
from explainable_recsys.figures.rows import (
    mean_panel,
    row_label,
    rows_figure,
    share_panel,
    shares_of,
)
from explainable_recsys.figures.texts import escape, fine_percent, label
from explainable_recsys.wording.numbers import enumerated
from explainable_recsys.wording.phrases import later, phrase

_GENDERS = {"F": later("women"), "M": later("men")}  # MovieLens' codes
_MOST_ROWS = 25  # groups of an attribute, or genres
_ATTRIBUTES = {"age": later("Age"), "gender": later("Gender"), "occupation": later("Occupation")}


def _gender(code: object) -> str:
    return phrase(_GENDERS[str(code)]) if code in _GENDERS else row_label(code)


def demographics_figure(demographics: pd.DataFrame) -> style.Figure:
    """Draw which share of the users and ratings each group has, and its mean rating.

    Args:
        demographics: One row per `attribute` ("age", "gender", "occupation") and `group`:
            `share_of_users`, `share_of_ratings` (0 to 1), `mean_rating`, `low`, `high`.
    """
    if demographics.empty:
        return style.message_figure(
            phrase("No demographics: this data set does not describe its users")
        )
    parts, labels, most = [], [], []
    for attribute, rows in demographics.groupby("attribute", sort=False):
        name = _gender if attribute == "gender" else label
        groups, first = rows.head(_MOST_ROWS), rows.iloc[int(rows["share_of_users"].argmax())]
        parts += [pd.DataFrame(index=[-1]), groups]  # a row without values for the heading
        labels += [f"<b>{phrase(_ATTRIBUTES[str(attribute)])}</b>", *map(name, groups["group"])]
        most.append(f"{name(first['group'])} ({fine_percent(first['share_of_users'])})")
    table = pd.concat(parts, ignore_index=True)
    shares = shares_of(table, "users", "ratings")
    return rows_figure(
        labels,
        [
            share_panel(phrase("Share"), shares),
            mean_panel({phrase("mean rating"): table}),
        ],
        phrase("Most frequent among the users: {groups}", groups=enumerated(most)),
        phrase("Left: share of all. Bars: 95 % intervals over users."),
    )


def genders_by_genre_figure(genders: pd.DataFrame) -> style.Figure:
    """Draw which share of each gender's ratings the genres have, and their mean ratings.

    Args:
        genders: One row per `genre` and `gender`: `n_ratings`, `share` (0 to 1, of the
            gender's ratings), `mean_rating` (may be missing).
    """
    if genders.empty:
        return style.message_figure(
            phrase("No genders or no genres: this data set does not have both")
        )
    of_rows = genders["gender"].map(_gender)
    names = sorted(set(of_rows))
    shares, means = (
        genders.assign(gender=of_rows).pivot_table(values, "genre", "gender", dropna=False)
        for values in ("share", "mean_rating")
    )
    most = shares.max(axis=1).sort_values(ascending=False, kind="stable").index[:_MOST_ROWS]
    shares, means = shares.loc[most], means.loc[most]
    return rows_figure(
        [row_label(genre) for genre in most],
        [
            share_panel(phrase("Share of ratings"), {name: shares[name] for name in names}),
            mean_panel({name: means[name].to_frame("mean_rating") for name in names}),
        ],
        _genders_finding(shares),
        phrase("Left: which share of a gender's ratings are of a genre. Items may have several."),
    )


def _genders_finding(shares: pd.DataFrame) -> str:
    """Title, from the share of each genre (row) in the ratings of each gender (column)."""
    gap = shares.max(axis=1) - shares.min(axis=1)
    row = shares.iloc[int(gap.argmax())].sort_values(kind="stable")
    return phrase(
        "{genre} differs most: {most} of the ratings by {who}, {least} of those by {others}",
        genre=escape(row.name),
        most=fine_percent(row.iloc[-1]),
        who=row.index[-1],
        least=fine_percent(row.iloc[0]),
        others=row.index[0],
    )
