"""The sentences of a real run keep to rules that are read from its tables and ratings alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from explainable_recsys.answers.pairs import APPROACHES
from tests.sentence_rules import Run, approaches, problems

SHARE = 0.75


@pytest.fixture(scope="module")
def run(full_run: Path) -> Run:
    return Run(full_run, SHARE)


def test_no_sentence_breaks_a_rule(run: Run) -> None:
    told = approaches(run.root)
    assert set(told) == {name for name, pair in APPROACHES.items() if not pair.on_request}
    for approach in told:
        assert list(problems(run, approach)) == []


BROKEN = {
    "Recommended because you liked <{low}> ★{stars} (40 %).": "support is liked",
    "Recommended because you liked <{low}> ★5 (40 %).": "stars are the user's",
    "Recommended because you liked <{high}> ★{best} (140 %).": "no percentage above 100",
    "Recommended because you rated <{high}> ★{best} (40 %).": "support is liked",
    "Because you liked <{low}> (same genre: Drama).": "support is liked",
    "People who liked <{high}> also liked it (1 % of them, 9.0 times as often).": (
        "confidence is of the ratings"
    ),
    "1 of the 10 people whose taste is nearest to yours liked it (★5 × 1).": "enough neighbours",
    "<Nobody's film> shares with what you rated: Drama (40 %).": "titles are of items",
    "Recommended because you liked <{high}> ★{best}; <{high}> ★{best} speaks against it.": (
        "opposition is not liked"
    ),
    "Because you liked <{high}> (2 people liked both).": "a few people are no reason",
    "Without your rating of <{high}> ★{best} it would be number 2 instead of 4.": (
        "without support it falls"
    ),
}


@pytest.mark.parametrize(("said", "rule"), BROKEN.items())
def test_a_sentence_that_breaks_a_rule_is_found(run: Run, said: str, rule: str) -> None:
    items = run.table("03_primary/items").set_index("item_id")["title"]
    known = pd.concat(
        [run.table(f"05_model_input/{part}_ratings") for part in ("train", "validation")]
    )
    of_user = known[known["user_id"] == known["user_id"].mode()[0]]
    low, high = of_user.loc[of_user["rating"].idxmin()], of_user.loc[of_user["rating"].idxmax()]
    assert low["rating"] < run.least <= high["rating"]
    marked = said.replace("<", "\u2068").replace(">", "\u2069")
    sentence = marked.format(
        low=items[low["item_id"]],
        high=items[high["item_id"]],
        stars=f"{low['rating']:g}",
        best=f"{high['rating']:g}",
    )
    user, item = low["user_id"], high["item_id"]
    assert rule in set(run.broken(user, item, sentence))
