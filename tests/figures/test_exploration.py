"""The figures of the exploration, from the tables up: findings, hostile names, missing parts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.io
import pytest

from explainable_recsys.exploration import filters
from explainable_recsys.figures.exploration_filters import cleaning_figure
from explainable_recsys.figures.exploration_ratings import sparsity_figure
from explainable_recsys.preprocessing.cleaning import Dropped
from tests.figures.exploration_of import ITEMS, RATINGS, TITLE, USERS, figures_of
from tests.figures.texts import subtitle_of, title_of


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return figures_of()


def message_of(figure: Any) -> str | None:
    """What a figure without data says instead."""
    return None if figure.data else str(figure.layout.annotations[0].text)


FINDINGS = {
    "distribution": "75 % of the ratings are above the middle of the scale (3); the most frequent "
    "is 4 (50 %)",
    "long_tail": "Median number of ratings: 2 per item, 2 per user",
    "concentration": "Half of all ratings go to 33 % of the items and come from 50 % of the users",
    "activity": "2000-01 was the busiest, with 75 % of the ratings; the mean rating went "
    "between 3.50 and 4.50",
    "sparsity": "67 % of the pairs of user and item have a rating; in the upper left corner, 100 %",
    "genres": "Drama is the most frequent genre (67 % of the items)",
    "pairs": "&lt;i&gt; and Drama come together 1.5 times as often as by chance (1 item)",
    "releases": "67 % of the ratings are of items from the 1990s",
    "most_rated": "&lt;b&gt;X&lt;/b&gt; &amp; the very long… (1994) is rated "
    "most, by 100 % of the users",
    "best_rated": "B is rated best (4.12); by the raw mean its rank is 1",
    "demographics": "Most frequent among the users: 25-34 (50 %), men (50 %) and 3 (50 %)",
    "genders": "&lt;i&gt; differs most: 50 % of the ratings by men, 33 % of those by women",
    "cleaning": "The cleaning dropped 0.0 % of the ratings and left 8 ratings by 4 users of "
    "3 items",
    "cores": "With 20 or more ratings per user and item, 0 % of the ratings, 0 % of the users and "
    "0 % of the items would be left",
}


def test_titles_say_the_findings(figures: dict[str, Any]) -> None:
    assert {name: title_of(figure) for name, figure in figures.items()} == FINDINGS


def test_every_figure_says_how_to_read_it(figures: dict[str, Any]) -> None:
    for name, figure in figures.items():
        assert message_of(figure) or subtitle_of(figure), name


def test_names_are_no_html(figures: dict[str, Any]) -> None:
    for figure in figures.values():
        text = plotly.io.to_json(figure, engine="json")
        assert TITLE[:4] not in text
        assert "<i>" not in text


@pytest.mark.parametrize(
    ("given", "silent"),
    [
        ({"titles": ITEMS.assign(genres="")}, {"genres", "pairs", "genders"}),
        ({"titles": ITEMS.assign(genres="Drama")}, {"pairs"}),
        ({"titles": ITEMS.assign(year=pd.array([None] * 3, dtype="Int16"))}, {"releases"}),
        ({"table": RATINGS.drop(columns="timestamp")}, {"activity"}),
        ({"table": RATINGS.assign(timestamp=pd.NaT)}, {"activity"}),
        ({"users": USERS.head(0)}, {"demographics", "genders"}),
        ({"users": USERS[["user_id", "age"]]}, {"genders"}),
        ({"table": RATINGS.head(1)}, set()),
        ({"table": RATINGS.assign(rating=4.0)}, set()),
    ],
    ids=["genres", "pairs", "years", "times", "NaT", "users", "genders", "one rating", "one value"],
)
def test_what_the_data_lacks_is_said(given: dict[str, pd.DataFrame], silent: set[str]) -> None:
    found = figures_of(**given)
    assert {name for name in found if message_of(found[name])} == silent
    assert all((message_of(found[name]) or "").startswith("No ") for name in silent)
    for figure in found.values():
        assert "NaN" not in plotly.io.to_json(figure, engine="json")
        assert "nan" not in title_of(figure)


def test_one_rating() -> None:
    found = figures_of(RATINGS.head(1))
    assert title_of(found["distribution"]).endswith("the most frequent is 5 (100 %)")
    assert title_of(found["activity"]).startswith("2000-01 was the busiest, with 100 %")
    assert title_of(found["sparsity"]).startswith("100 % of the pairs")


def test_years_and_many_empty_pairs() -> None:
    times = pd.to_datetime(RATINGS["item_id"].map({10: "1999", 11: "2004", 12: "2010"}))
    figure = figures_of(RATINGS.assign(timestamp=times))["activity"]
    assert figure.layout.xaxis.title.text == "Year"
    assert figure.data[0].x == tuple(range(1999, 2011))
    sparse = pd.DataFrame(
        {
            "user_block": [0, 0],
            "item_block": [0, 1],
            "n_users": [1000, 1000],
            "n_items": [1000, 1000],
            "n_ratings": [200, 0],
            "share_filled": [0.0002, 0],
        }
    )
    figure = sparsity_figure(sparse)
    assert title_of(figure).startswith("0.01 % of the pairs")
    assert figure.data[0].z[0][1] is None


def test_cleaning_that_drops() -> None:
    step = Dropped(reason="<too few>", ratings=8, users=1, items=0)
    figure = cleaning_figure(filters.cleaning_steps(RATINGS, [step]))
    assert title_of(figure) == (
        "The cleaning dropped 50.0 % of the ratings and left 8 ratings by 4 users of 3 items"
    )
    assert figure.layout.yaxis.ticktext == ("read", "&lt;too few&gt;")
    assert [bar.x for bar in figure.data] == [(100, 50), (100, 80), (100, 100)]


def test_rows_show_shares_and_means_of_the_same_groups(figures: dict[str, Any]) -> None:
    figure = figures["demographics"]
    labels = figure.layout.yaxis.ticktext
    assert labels[:4] == ("<b>Age</b>", "18-24", "25-34", "56+")
    assert labels[4:8] == ("<b>Gender</b>", "men", "women", "not known")
    users, means = (
        next(trace for trace in figure.data if trace.name == name)
        for name in ("users", "mean rating")
    )
    assert dict(zip(users.y, users.x, strict=True))[5] == 50
    assert dict(zip(means.y, means.x, strict=True))[6] == pytest.approx(13 / 3)
    assert 4 not in users.y
