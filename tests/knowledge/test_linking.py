"""The same movies in two data sets, and links between them."""

from __future__ import annotations

import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.knowledge.linking import carry_links, check_links, same_items


def items_of(*titles: str, first: int = 1) -> pd.DataFrame:
    """Items with ids from `first` on."""
    return pd.DataFrame({"item_id": range(first, first + len(titles)), "title": titles})


def links_of(*pairs: tuple[int, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["item_id", "entity_id"])


@pytest.mark.parametrize(
    ("title", "other"),
    [
        ("Alien (1979)", "Alien (1979)"),
        ("Usual Suspects, The (1995)", "The Usual Suspects (1995)"),
        ("Cérémonie, La (1995) ", "La Ceremonie (1995)"),
        ("Blood & Wine (1997)", "Blood and Wine (Blood & Wine) (1996)"),
        ("Star Wars (1977)", "Star Wars: Episode IV - A New Hope (1977)"),
        (
            "Empire Strikes Back, The (1980)",
            "Star Wars: Episode V - The Empire Strikes Back (1980)",
        ),
        ("Braindead (1992)", "Dead Alive (Braindead) (1992)"),
        ("Twelve Monkeys (1995)", "12 Monkeys (a.k.a. Twelve Monkeys) (1995)"),
        ("Nikita (La Femme Nikita) (1990)", "Femme Nikita, La (Nikita) (1990)"),
        ("Howling, The (1981)", "Howling, The (1980)"),
    ],
)
def test_the_same_movie_is_found(title: str, other: str) -> None:
    for left, right in ((title, other), (other, title)):
        found = same_items(items_of(left), items_of("Another (1980)", right, first=50))
        assert found.to_dict("list") == {"item_id": [1], "linked_id": [51]}


@pytest.mark.parametrize(
    ("title", "others"),
    [
        ("Alien (1979)", ["Aliens (1986)", "Alien (1982)"]),
        ("Alien", ["Alien", "Alien (1979)"]),
        ("", ["", "(1979)"]),
        ("Hamlet (1996)", ["Hamlet (1996)", "Hamlet (1996)"]),
        ("Big (1988)", ["It: Big (1988)"]),
        ("2001 (1968)", []),
    ],
)
def test_another_movie_is_not_taken_for_it(title: str, others: list[str]) -> None:
    found = same_items(items_of(title), items_of(*others))
    assert found.empty
    assert list(found.columns) == ["item_id", "linked_id"]


def test_the_best_agreement_comes_first() -> None:
    ours = items_of("Sabrina (1995)", "Sabrina (1954)", "Sabrina (1996)")
    others = items_of("Sabrina (1954)", "Sabrina: The Ball (1954)", "Sabrina (1995)", first=50)
    found = same_items(ours, others)
    assert found.to_dict("list") == {"item_id": [1, 2], "linked_id": [52, 50]}


def test_a_movie_listed_twice_is_found_twice() -> None:
    found = same_items(items_of("Alien (1979)", "Alien (1979)"), items_of("Alien (1979)", first=50))
    assert found.to_dict("list") == {"item_id": [1, 2], "linked_id": [50, 50]}


def test_links_are_carried_over() -> None:
    ours = items_of("Star Wars (1977)", "Event Horizon (1997)", "Star Wars (1977)")
    theirs = pd.DataFrame({"item_id": [260, 1591], "title": ["Star Wars (1977)", "Spawn (1997)"]})
    carried = carry_links(links_of((260, "m.wars"), (1591, "m.spawn"), (9, "m.x")), theirs, ours)
    assert carried.to_dict("list") == {"item_id": [1, 3], "entity_id": ["m.wars", "m.wars"]}


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([(1, "a"), (2, "b"), (1, "c")], "line 3: item 1 is listed again"),
        ([(1, "a"), (2, "a")], "line 2: entity a is listed again"),
        ([(1, "a"), (4, "b"), (5, "c")], r"line 2: item 4 is not in the items file \(2 such links"),
    ],
)
def test_a_broken_link_is_named(links: list[tuple[int, str]], message: str) -> None:
    items = pd.Series([1, 2, 3])
    with pytest.raises(InputError, match=message):
        check_links(links_of(*links), items, lambda row: f"line {row + 1}")


def test_without_an_items_file_every_item_may_be_linked() -> None:
    check_links(links_of((1, "a")), pd.Series([], dtype="int64"), str)
