"""Draw the people: who they are, what they rate, and how."""

from __future__ import annotations

import pandas as pd

from explainable_recsys.figures import style
from explainable_recsys.figures.exploration_rows import row_label, rows_figure
from explainable_recsys.figures.texts import escape, fine_percent, label

_GENDERS = {"F": "women", "M": "men"}  # MovieLens' codes
_MOST_ROWS = 25  # groups of an attribute, or genres
_FINDINGS = {
    "gender": "{share} of the users are {group}",
    "age": "{share} are of age {group}",
    "occupation": "the most frequent occupation is {group} ({share})",
}


def demographics_figure(demographics: pd.DataFrame) -> style.Figure:
    """Draw which share of the users and ratings each group has, and its mean rating.

    Args:
        demographics: One row per `attribute` ("age", "gender", "occupation") and `group`:
            `share_of_users`, `share_of_ratings` (0 to 1), `mean_rating`, `low`, `high`.
    """
    if demographics.empty:
        return style.message_figure("No demographics: this data set does not describe its users")
    is_gender = demographics["attribute"] == "gender"
    names = demographics["group"].replace(_GENDERS).where(is_gender, demographics["group"])
    demographics = demographics.assign(group=names)
    numbers = ["share_of_users", "share_of_ratings", "mean_rating", "low", "high"]
    heading = pd.DataFrame(float("nan"), index=[-1], columns=numbers)
    parts, labels, findings = [], [], {}
    for attribute, rows in demographics.groupby("attribute", sort=False):
        groups, most = rows.head(_MOST_ROWS), rows.iloc[int(rows["share_of_users"].argmax())]
        parts += [heading, groups[numbers].astype("float64")]
        labels += [f"<b>{str(attribute).capitalize()}</b>", *map(row_label, groups["group"])]
        facts = {"share": fine_percent(most["share_of_users"]), "group": label(most["group"])}
        findings[attribute] = facts
    table = pd.concat(parts, ignore_index=True)
    told = [text.format(**findings[name]) for name, text in _FINDINGS.items() if name in findings]
    title = ", ".join(told)
    return rows_figure(
        labels,
        {"users": table["share_of_users"], "ratings": table["share_of_ratings"]},
        {"mean rating": table},
        (title[:1].upper() + title[1:], "Left: share of all. Bars: 95 % intervals over users."),
        "Share",
    )


def genders_by_genre_figure(genders: pd.DataFrame) -> style.Figure:
    """Draw which share of each gender's ratings the genres have, and their mean ratings.

    Args:
        genders: One row per `genre` and `gender`: `n_ratings`, `share` (0 to 1, of the
            gender's ratings), `mean_rating` (may be missing).
    """
    if genders.empty:
        return style.message_figure("No genders or no genres: this data set does not have both")
    shares, means = (
        genders.pivot_table(index="genre", columns="gender", values=values, dropna=False)
        for values in ("share", "mean_rating")
    )
    most = shares.max(axis=1).sort_values(ascending=False, kind="stable").index[:_MOST_ROWS]
    shares, means = shares.loc[most], means.loc[most]
    names = {gender: _GENDERS.get(str(gender), row_label(gender)) for gender in shares}
    return rows_figure(
        [row_label(genre) for genre in most],
        {name: shares[gender] for gender, name in names.items()},
        {name: means[[gender]].set_axis(["mean_rating"], axis=1) for gender, name in names.items()},
        (
            _genders_finding(shares.rename(columns=names)),
            "Left: which share of a gender's ratings are of a genre. Items may have several.",
        ),
        "Share of ratings",
    )


def _genders_finding(shares: pd.DataFrame) -> str:
    """Title, from the share of each genre (row) in the ratings of each gender (column)."""
    if shares.shape[1] == 1:
        share, name = fine_percent(shares.iloc[0].iloc[0]), shares.columns[0]
        return f"{share} of the ratings by {name} are of {escape(shares.index[0])}"
    gap = shares.max(axis=1) - shares.min(axis=1)
    row = shares.iloc[int(gap.argmax())].sort_values(kind="stable")
    return (
        f"{escape(row.name)} differs most: {fine_percent(row.iloc[-1])} of the ratings by "
        f"{row.index[-1]}, {fine_percent(row.iloc[0])} of those by {row.index[0]}"
    )
