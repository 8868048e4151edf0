"""What if: changes of a history as people ask for them, and what becomes of the list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import Change, what_if
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import Stored, ratings_of
from explainable_recsys.reporting.people import Person, facts_of, find_item
from explainable_recsys.wording.numbers import enumerated, short
from explainable_recsys.wording.phrases import phrase


def wanted_changes(
    without: Sequence[str], rate: Sequence[str], items: pd.DataFrame, someone: Person
) -> list[Change]:
    """The changes that are asked for by titles or ids.

    Args:
        without: What is to be taken back, of what the person rated.
        rate: What is to be rated, and how: `Alien=2`.
        items: Columns `item_id`, `title`, `year`.
        someone: Whose ratings are changed.

    Raises:
        InputError: If there is no such item, or it is not rated, with the nearest titles; or if a
            rating is missing.

    Example:
        Ann rated Alien, and asks what if she had not, but E=mc2:

        >>> items = pd.DataFrame({"item_id": [1, 2], "title": ["Alien", "E=mc2"], "year": None})
        >>> ann = Person("ann", items.head(1), pd.DataFrame(), pd.DataFrame())
        >>> changes = wanted_changes(["alien"], ["E=mc2=5"], items, ann)
        >>> [(int(item), rating) for item, rating in changes]
        [(1, None), (2, 5.0)]
    """
    rated = someone.history
    taken = [Change(find_item(text, rated, someone.user_id), None) for text in without]
    return taken + [_rated(text, items) for text in rate]


def _rated(text: str, items: pd.DataFrame) -> Change:
    title, _, value = text.rpartition("=")
    try:
        rating = float(value)
    except ValueError:
        title = ""
    if not title.strip():
        raise InputError(
            f"--rate '{text}': no rating at its end; accepted: a title or an id and a rating, such "
            'as "Alien=4"'
        )
    return Change(find_item(title, items), rating)


def words_of(stored: Stored, one: Interactions, changes: Iterable[Change]) -> str:
    """Changes of a history as the beginning of a sentence: Without Big, with Up rated ★5."""
    taken, rated, before = [], [], ratings_of(one)
    for item_id, rating in changes:
        title = stored.titled(item_id)
        if rating is None:
            taken.append(title)
            continue
        now = phrase("{title} rated ★{rating}", title=title, rating=short(rating))
        old = before.get(item_id)
        rated.append(
            now if old is None else phrase("{now} instead of ★{old}", now=now, old=short(old))
        )
    titles, ratings = enumerated(taken), enumerated(rated)
    if not rated:
        return phrase("Without {titles}", titles=titles)
    if not taken:
        return phrase("With {ratings}", ratings=ratings)
    return phrase("Without {titles}, with {ratings}", titles=titles, ratings=ratings)


def compared(
    stored: Stored, one: Interactions, changes: Iterable[Change], before: Person, after: Person
) -> pd.DataFrame:
    """The items of a list before and after changes of the history.

    Args:
        stored: Who answers.
        one: The history before.
        changes: What is different.
        before: With the list before.
        after: With the list after.

    Returns:
        Columns `item_id`, `title`, `year`, `old_rank`, `new_rank` (among all that may be
        recommended; missing where the item may not) and `move` (`new`, `up`, `down`, `same`;
        `gone`; or `changed` for what is on neither list, but rated otherwise), in the order of the
        list after; what is gone comes then, in the order before.
    """
    n, least = stored.recommendation.n, stored.recommendation.min_ratings
    found = what_if(
        stored.lister,
        stored.data,
        ratings_of(one),
        changes,
        n,
        min_ratings=least,
        only=stored.only,
        exclude=stored.exclude,
    )
    table = found.affected
    ids, old, new = table["item_id"].to_numpy(), table["old_rank"].array, table["new_rank"].array
    was, listed = (np.isin(ids, who.recommendations["item_id"]) for who in (before, after))
    if not found.personal:  # then the ranks are those of the most popular
        ranks = after.recommendations.set_index("item_id")["rank"]
        new = table["item_id"].map(ranks).astype("Int64").array
    old_place, new_place = (ranks.to_numpy(np.float64, na_value=np.nan) for ranks in (old, new))
    rise = np.nan_to_num(old_place - new_place)
    moves = {
        "new": listed & ~was,
        "gone": was & ~listed,
        "changed": ~was & ~listed,
        "up": rise > 0,
        "down": rise < 0,
    }
    move = np.select(list(moves.values()), list(moves), "same")
    part = np.select([listed, was], [0, 1], 2)
    place = np.nan_to_num(np.where(listed, new_place, old_place), nan=np.inf, posinf=np.inf)
    order = np.lexsort([place, part])
    facts = facts_of(stored.data.items, ids[order], ["title", "year"])
    ranks_of_both = {"old_rank": old.take(order), "new_rank": new.take(order)}
    return pd.DataFrame({"item_id": ids[order], **facts, **ranks_of_both, "move": move[order]})
