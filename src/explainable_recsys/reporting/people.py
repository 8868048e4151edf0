"""Users and items: found by what a person types, and shown with lists, histories and reasons."""

from __future__ import annotations

import difflib
import functools
import logging
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.draws import sample
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.titles import cut_title
from explainable_recsys.wording import markup
from explainable_recsys.wording.phrases import phrase

logger = logging.getLogger(__name__)

N_SUGGESTIONS = 5
KEYS = ["user_id", "item_id"]
EVIDENCE = ["position", "style", "evidence_id", "evidence", "weight", "group", "rated_item_id"]


@dataclass(frozen=True, eq=False)
class Person:
    """A user of one approach.

    Attributes:
        user_id: Who.
        history: What the list was made from, best rated first: `item_id`, `title`, `year`,
            `rating`.
        recommendations: In their order: `rank`, `item_id`, `title`, `year`, `score`,
            `sentence` (missing where nothing explains the recommendation).
        reasons: The evidence of all recommendations, in order: `item_id`, `position`, `style`,
            `evidence_id`, `evidence`, `weight`, `group`, `rated_item_id`.
    """

    user_id: Any
    history: pd.DataFrame
    recommendations: pd.DataFrame
    reasons: pd.DataFrame

    def reasons_for(self, item_id: Any) -> pd.DataFrame:
        """The evidence of one recommendation."""
        of_item: pd.DataFrame = self.reasons[self.reasons["item_id"] == item_id]
        return of_item

    def __str__(self) -> str:
        """The list with its reasons, to print."""
        lines = []
        for row in self.recommendations.to_dict("records"):
            title = titled(row["title"], row["year"], row["item_id"])
            said = row["sentence"]
            reason = markup.plain(said) if markup.is_text(said) else phrase("no explanation")
            lines += [f"{row['rank']}. {title}", f"   {reason}"]
        return "\n".join(lines)


def person(
    user_id: Any,
    histories: Interactions,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    sentences: pd.DataFrame,
    items: pd.DataFrame,
) -> Person:
    """Gather what concerns one user.

    Args:
        user_id: Id of the user.
        histories: Of everybody.
        recommendations: Columns `user_id`, `item_id`, `rank`, `score`.
        explanations: Columns `user_id`, `item_id` and those of the evidence; may have no rows.
        sentences: Columns `user_id`, `item_id`, `sentence`; may have no rows.
        items: Columns `item_id`, `title`, `year`.

    Raises:
        InputError: If the user has no history here.
    """
    (row,) = histories.known_rows(np.array([user_id]))
    rated = histories.ratings[[row]]
    best = np.lexsort((rated.indices, -rated.data))
    columns, ratings = rated.indices[best], rated.data[best]
    listed = _of_user(recommendations, ["rank", "item_id", "score"], user_id, "rank")
    said = _of_user(sentences, ["item_id", "sentence"], user_id)
    reasons = _of_user(explanations, ["item_id", *EVIDENCE], user_id, "position", "item_id")
    return Person(
        user_id,
        _described(
            {"item_id": histories.item_ids[columns], "rating": ratings},
            items,
            ["item_id", "title", "year", "rating"],
        ),
        _described(
            {name: listed[name].array for name in ("rank", "item_id", "score")}
            | facts_of(said, listed["item_id"], ["sentence"]),
            items,
            ["rank", "item_id", "title", "year", "score", "sentence"],
        ),
        reasons,
    )


def _of_user(table: pd.DataFrame, names: Sequence[str], user_id: Any, *order: str) -> pd.DataFrame:
    """Columns of the rows of one user, by some of them, the last of these first."""
    own = np.flatnonzero((table["user_id"] == user_id).to_numpy())
    if order and len(own):
        own = own[np.lexsort([table[name].to_numpy()[own] for name in order])]
    taken = {name: table[name].array.take(own) if name in table else np.nan for name in names}
    return pd.DataFrame(taken, index=range(len(own)))


def _described(
    columns: Mapping[str, Any], items: pd.DataFrame, order: Sequence[str]
) -> pd.DataFrame:
    """Columns of a table about items, with titles and years."""
    known = {**columns, **facts_of(items, columns["item_id"], ["title", "year"])}
    return pd.DataFrame({name: known[name] for name in order})


def facts_of(table: pd.DataFrame, item_ids: Any, names: Sequence[str]) -> dict[str, Any]:
    """Columns of what a table has of some items, missing where it has none.

    Args:
        table: Column `item_id`, each once, and others.
        item_ids: (n,) the items.
        names: Of the columns.
    """
    places = pd.Index(table["item_id"]).get_indexer(pd.Index(item_ids))
    if (places >= 0).all():
        return {name: table[name].array.take(places) for name in names}
    return {name: pd.Series(table[name].array).reindex(places).array for name in names}


def titled(title: Any, year: Any, item_id: Any) -> str:
    """A title with its year, as far as they are known: `Alien (1979)`."""
    text = cut_title(title) if isinstance(title, str) else f"item {item_id}"
    return text if pd.isna(year) else f"{text} ({int(year)})"


def example_user(
    wanted: Any, explained: Sequence[pd.Series[Any]], histories: Interactions
) -> Any | None:
    """The user whom terminal, report and notebooks show first.

    Whom the data name, or of those whom every approach explains something (else: any of them), the
    one who rated nearest to the median number of items; of several the first by id. That one is
    taken too, with a warning, where the user that the data name was filtered out.

    Args:
        wanted: `source.example_user`: the user, if the data name one.
        explained: Of each approach the users that it explains something to, repeated or not.
        histories: What everybody rated.

    Returns:
        The id; None where nobody is explained anything and nobody is wanted.

    Example:
        Three people rated 1, 2 and 3 items, and both approaches explain something to the last two:

        >>> three = Interactions.from_frame(
        ...     pd.DataFrame({"user_id": [1, 2, 2, 3, 3, 3], "item_id": [1, 1, 2, 1, 2, 3],
        ...                   "rating": 4.0})
        ... )
        >>> int(example_user(None, [pd.Series([2, 3]), pd.Series([1, 3, 2])], three))
        2
    """
    if wanted is not None and (found := _same_id(wanted, histories.user_ids)) is not None:
        return found
    if wanted is not None:
        _say_that_another_is_shown(wanted)
    pool = _explained_by_all(explained)
    if not len(pool):
        return None
    lengths = np.diff(histories.ratings.indptr)
    distance = np.abs(lengths[histories.known_rows(pool)] - np.median(lengths))
    return pool[np.argmin(distance)]


def example_item(lists: pd.DataFrame) -> Any | None:
    """The recommendation to one person that is shown with the reasons of several approaches.

    The first of `items_by_reasons`.

    Args:
        lists: Lists of one person as `users_lists` gathers them.

    Returns:
        Id of the item; None if nothing is explained.

    Example:
        Nothing is explained:

        >>> example_item(pd.DataFrame({"item_id": [7], "rank": [1], "sentence": [None]}))
    """
    explained = lists[lists["sentence"].map(markup.is_text).astype(bool)]
    return next(iter(items_by_reasons(explained)), None)


def items_by_reasons(lists: pd.DataFrame) -> list[Any]:
    """What is recommended to one person: first what most approaches recommend and explain.

    Of several that what they (without reasons: all) put further up on average, then by id.

    Args:
        lists: Lists of one person as `users_lists` gathers them.

    Returns:
        Ids of the items.

    Example:
        Both explain item 7, and only the second item 3:

        >>> lists = pd.DataFrame(
        ...     {"approach": ["a", "a", "b", "b"], "item_id": [7, 3, 7, 3], "rank": [2, 1, 2, 1],
        ...      "sentence": ["x", None, "y", "z"]}
        ... )
        >>> items_by_reasons(lists)
        [7, 3]
    """
    told = lists["sentence"].map(markup.is_text).astype(bool)
    table = lists.assign(told=told, of_told=lists["rank"].where(told))
    items = table.groupby("item_id").agg({"told": "sum", "of_told": "mean", "rank": "mean"})
    items["rank"] = items["of_told"].fillna(items["rank"])
    up = {"told": False, "rank": True, "item_id": True}
    items = items.reset_index().sort_values(list(up), ascending=list(up.values()))
    return items["item_id"].tolist()


@functools.cache  # so that it is said once
def _say_that_another_is_shown(wanted: Any) -> None:
    text = phrase("source.example_user: user {user} has no ratings here; another is shown")
    logger.warning(text.format(user=wanted))


def choose_users(
    first: Any, explained: Sequence[pd.Series[Any]], n: int, seed: int
) -> NDArray[Any]:
    """The example user, and more, drawn from those whom every approach explains something.

    Args:
        first: The example user; None without one.
        explained: Of each approach the users that it explains something to, repeated or not.
        n: How many in all; fewer if there are fewer.
        seed: Of the choice.

    Returns:
        Their ids, the example user's first and the others sorted.
    """
    if first is None:
        return np.empty(0)
    others = np.setdiff1d(_explained_by_all(explained), [first])
    return np.append([first], sample(others, max(n - 1, 0), seed, "users shown"))[:n]


def _explained_by_all(explained: Sequence[pd.Series[Any]]) -> NDArray[Any]:
    """Whom every approach explains something; if there is nobody, whom any does. Sorted."""
    if not explained:
        return np.empty(0)
    everybody = [users.unique() for users in explained]
    common = functools.reduce(np.intersect1d, everybody)
    return common if len(common) else functools.reduce(np.union1d, everybody)


def users_lists(
    lists: Mapping[str, pd.DataFrame],
    sentences: Mapping[str, pd.DataFrame],
    items: pd.DataFrame,
    users: Sequence[Any] | NDArray[Any],
    n_items: int,
) -> pd.DataFrame:
    """The first recommendations of some users, with titles and the reasons of every approach.

    Args:
        lists: By approach, those of its recommender: columns `user_id`, `item_id`, `rank`,
            `score`.
        sentences: By approach: columns `user_id`, `item_id`, `sentence`; may have no rows.
        items: Columns `item_id`, `title`, `year`.
        users: Ids of the users.
        n_items: Length of the lists.

    Returns:
        `user_id`, `approach`, `rank`, `item_id`, `title`, `year`, `score`, `sentence` (missing
        where nothing explains the recommendation), in the order of the users, then in this.
    """
    columns = ["user_id", "approach", "rank", "item_id", "title", "year", "score", "sentence"]
    parts = [pd.DataFrame(columns=columns)] if not lists else []
    for approach, table in lists.items():
        first = table[table["user_id"].isin(users) & (table["rank"] <= n_items)]
        said = sentences[approach].reindex(columns=[*KEYS, "sentence"])
        first = first.merge(said, on=KEYS, how="left").merge(items, on="item_id", how="left")
        parts.append(first.assign(approach=approach)[columns])
    table = pd.concat(parts)
    place = pd.Index(users).get_indexer(pd.Index(table["user_id"]))
    table = table.assign(_place=place).sort_values(["_place", "approach", "rank"])
    return table[columns].reset_index(drop=True)


def users_histories(
    histories: Interactions, items: pd.DataFrame, users: NDArray[Any], n_rated: int
) -> pd.DataFrame:
    """What some users rated, best first, ties in the order of the catalogue.

    Args:
        histories: All histories.
        items: Columns `item_id`, `title`, `year`.
        users: Ids of the users.
        n_rated: Most items of one user.

    Returns:
        `user_id`, `item_id`, `title`, `year`, `rating`.
    """
    rows = histories.known_rows(users)
    rated = histories.ratings[rows].tocoo()
    table = pd.DataFrame(
        {
            "user_id": histories.user_ids[rows[rated.row]],
            "item_id": histories.item_ids[rated.col],
            "rating": rated.data,
        }
    ).sort_values(["user_id", "rating", "item_id"], ascending=[True, False, True])
    table = table.groupby("user_id").head(n_rated)
    table = table.merge(items[["item_id", "title", "year"]], on="item_id", how="left")
    return table[["user_id", "item_id", "title", "year", "rating"]]


def find_user(wanted: Any, user_ids: NDArray[Any], data: str = "") -> Any:
    """The id among `user_ids` (sorted, integers or text) that somebody means.

    Args:
        wanted: The id, as typed.
        user_ids: Those that there are.
        data: What the data are called, for the error.

    Raises:
        InputError: If there is none; with the nearest.
    """
    found = _same_id(wanted, user_ids)
    if found is None:
        near = ", ".join(map(str, near_ids(wanted, user_ids)))
        of_data = f" of {data}" if data else ""
        raise InputError(f"unknown user '{wanted}'{of_data}; near: {near}")
    return found


def find_item(wanted: Any, items: pd.DataFrame, rated_by: Any = None) -> Any:
    """The id of the item that somebody means by an id or a title.

    A title counts if it is one item's whole title, upper and lower case being the same, with or
    without the year behind it.

    Args:
        wanted: Id or title.
        items: Columns `item_id`, `title`, `year` (may be missing).
        rated_by: The user of whose history these are the items; None: they are all that there are.

    Raises:
        InputError: If there is none, or if several have the title; with the nearest.
    """
    found = _same_id(wanted, items["item_id"].to_numpy())
    if found is not None:
        return found
    text, titles = _folded(wanted), zip(items["title"], _with_years(items), strict=True)
    rows = items[[text != "" and text in map(_folded, both) for both in titles]]
    if len(rows) == 1:
        return rows["item_id"].iloc[0]
    if len(rows):
        raise InputError(f"several items are called '{wanted}': {_titles(rows)}; accepted: an id")
    near = _titles(_near_items(wanted, items))
    if rated_by is not None:
        raise InputError(f"user {rated_by} has not rated '{wanted}'; near: {near or 'nothing'}")
    raise InputError(f"unknown item '{wanted}'; near: {near}")


def near_ids(wanted: Any, ids: NDArray[Any]) -> list[Any]:
    """The ids that look most like one: the nearest numbers, or the most similar texts."""
    if ids.dtype.kind not in "iu":
        texts = ids.astype(np.str_).tolist()
        return sorted(difflib.get_close_matches(str(wanted), texts, N_SUGGESTIONS, 0.0))
    try:
        number = np.clip(float(wanted), ids.min(), ids.max())
    except (TypeError, ValueError):
        return sorted(ids[:N_SUGGESTIONS].tolist())
    distance = np.abs(ids.astype(np.float64) - number)
    return sorted(ids[np.argsort(distance, kind="stable")[:N_SUGGESTIONS]].tolist())


def _same_id(wanted: Any, ids: NDArray[Any]) -> Any:
    """The id that is written like what is wanted, blanks around it or not; None without one."""
    texts = [str(wanted), str(wanted).strip()]
    if ids.dtype.kind in "iu":
        # Not what int() takes besides: underscores, and more digits than fit into any id.
        number = int(texts[1]) if re.fullmatch(r"[+-]?\d{1,20}", texts[1]) else None
        return number if number is not None and (ids == number).any() else None
    known = ids.astype(np.str_)
    return next((text for text in texts if (known == text).any()), None)


def _near_items(wanted: Any, items: pd.DataFrame) -> pd.DataFrame:
    """Items whose title contains the text, shortest first; else those with similar titles."""
    text, titles = _folded(wanted), items["title"].map(_folded)
    if text.isdigit() and items["item_id"].dtype.kind in "iu":
        near = near_ids(wanted, items["item_id"].to_numpy())
        return items[items["item_id"].isin(near)]
    named = titles[titles != ""]
    inside = named[[text in title for title in named]]
    order = inside.str.len().sort_values(kind="stable").index[:N_SUGGESTIONS]
    if len(order):
        return items.loc[order]
    close = difflib.get_close_matches(text, named.tolist(), N_SUGGESTIONS, 0.0)
    return (items[titles.isin(close)] if close else items).head(N_SUGGESTIONS)


def _titles(rows: pd.DataFrame) -> str:
    titles = zip(rows["item_id"], _with_years(rows), strict=True)
    return ", ".join(f"{item} ({title})" if title else str(item) for item, title in titles)


def _with_years(items: pd.DataFrame) -> list[str]:
    """Titles as people write them: `Alien (1979)`; empty where there is none."""
    pairs = zip(items["title"], items["year"], strict=True)
    return [titled(title, year, "") if isinstance(title, str) else "" for title, year in pairs]


def _folded(title: Any) -> str:
    """A text to compare: without upper case, blanks around it, and other ways to write an é."""
    return "" if pd.isna(title) else unicodedata.normalize("NFKC", str(title)).casefold().strip()
