"""What is known of a data set, encoded once: the only thing that methods ask about it."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import model_validator

from explainable_recsys.errors import InputError, require_columns
from explainable_recsys.interactions import Interactions
from explainable_recsys.liking import Liked, Liking, ScaleShare
from explainable_recsys.parameters import Parameters
from explainable_recsys.ragged import place_in_run
from explainable_recsys.titles import short_titles

LIST_COLUMNS = ("user_id", "item_id", "rank", "score")


def check_lists(table: pd.DataFrame) -> None:
    """Make sure that a table of recommendations names each item once and counts from 1.

    Raises:
        InputError: If a column of `user_id`, `item_id`, `rank` is missing, an item is recommended
            to a user twice, or the ranks of a user are not 1, 2, 3, … each once.

    >>> check_lists(pd.DataFrame({"user_id": [7, 7], "item_id": [1, 2], "rank": [0, 1]}))
    Traceback (most recent call last):
    ...
    explainable_recsys.errors.InputError: recommendations table: user 7 has the ranks 0, 1; \
accepted: 1, 2, 3, … each once
    """
    require_columns("recommendations", table, LIST_COLUMNS[:3])
    twice = table[table.duplicated(["user_id", "item_id"])]
    if len(twice):
        user, item = twice[["user_id", "item_id"]].iloc[0]
        raise InputError(
            f"recommendations table: item {item} twice for user {user}; accepted: once each"
        )
    ordered = table[["user_id", "rank"]].sort_values(["user_id", "rank"])
    wrong = ordered["user_id"][ordered["rank"] != ordered.groupby("user_id").cumcount() + 1]
    if len(wrong):
        user = wrong.iloc[0]
        ranks = ", ".join(f"{rank:g}" for rank in ordered["rank"][ordered["user_id"] == user])
        raise InputError(
            f"recommendations table: user {user} has the ranks {ranks}; "
            "accepted: 1, 2, 3, … each once"
        )


class RatingScale(Parameters):
    """Range of the ratings.

    Attributes:
        minimum: Lowest possible rating, such as 0.5.
        maximum: Highest possible rating, such as 5.0.
    """

    minimum: float
    maximum: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not (math.isfinite(self.minimum) and math.isfinite(self.maximum)):
            raise ValueError("minimum and maximum must be finite numbers")
        if self.minimum >= self.maximum:
            raise ValueError(f"minimum {self.minimum} must be less than maximum {self.maximum}")
        return self


@dataclass(frozen=True, eq=False)
class Data:
    """Ratings, and what is known of those who rated and of what was rated.

    Attributes:
        interactions: What models learn from; its columns are the catalogue.
        histories: What lists are made from, over the same catalogue: the same object, unless
            the people who are recommended to were held out.
        items: Columns `item_id`, `title`, `year` (may be missing), `genres` (`|`-joined); a row
            for every item of the catalogue at least.
        users: Column `user_id` and attributes; no rows where the data describes nobody.
        scale: Lowest and highest possible rating.
        liking: From which rating on something is liked.

    >>> ratings = pd.DataFrame({"user_id": [1, 2], "item_id": [7, 9], "rating": [4.0, 2.0]})
    >>> data = Data.from_frames(ratings)
    >>> data.interactions.n_items, list(data.titles(np.array([1, 0])))
    (2, ['item 9', 'item 7'])
    """

    interactions: Interactions
    histories: Interactions
    items: pd.DataFrame
    users: pd.DataFrame
    scale: RatingScale
    liking: Liking

    @classmethod
    def from_frames(
        cls,
        ratings: pd.DataFrame,
        items: pd.DataFrame | None = None,
        users: pd.DataFrame | None = None,
        scale: RatingScale | None = None,
        liked: Liked | None = None,
    ) -> Self:
        """Encode tables.

        Args:
            ratings: Columns `user_id`, `item_id`, `rating`.
            items: Columns `item_id`, `title` and possibly `year` and `genres`; None: items are
                called by their ids.
            users: Column `user_id` and attributes.
            scale: None: from the lowest to the highest rating there is.
            liked: From which rating on something is liked; None: three quarters of the scale.

        Raises:
            InputError: As `Interactions.from_frame` and `Liking.of`.
        """
        interactions = Interactions.from_frame(ratings)
        ids = interactions.item_ids
        if items is None:
            items = pd.DataFrame({"item_id": ids, "title": [f"item {name}" for name in ids]})
        if scale is None:
            low, high = float(ratings["rating"].min()), float(ratings["rating"].max())
            scale = RatingScale(minimum=low, maximum=high if high > low else low + 1)
        people = pd.DataFrame({"user_id": interactions.user_ids[:0]}) if users is None else users
        facts = items.reindex(columns=list(dict.fromkeys([*items.columns, "year", "genres"])))
        liking = Liking.of(ScaleShare() if liked is None else liked, scale.minimum, scale.maximum)
        return cls(interactions, interactions, facts, people, scale, liking)

    def __deepcopy__(self, _: dict[int, Any]) -> Data:
        """Itself: nothing in it is ever changed, and runners copy what they keep in memory."""
        return self

    def of(self, histories: Interactions) -> Data:
        """The same, for other people's histories (over this catalogue)."""
        return self._with(histories=histories)

    def with_liking(self, liking: Liking) -> Data:
        """The same, where something else counts as liked."""
        return self._with(liking=liking)

    def _with(self, **changes: Any) -> Data:
        """The same over this catalogue, with the titles if they are made."""
        other = dataclasses.replace(self, **changes)
        made = {name: value for name, value in vars(self).items() if name == "_titles"}
        vars(other).update(made)
        return other

    def with_items(self, items: pd.DataFrame) -> Data:
        """The same over a larger catalogue: with columns for items that nobody rated.

        Args:
            items: Columns `item_id`, `title` and possibly `year` and `genres`. Items of the
                catalogue may be among them and stay as they are.

        Raises:
            InputError: If a column is missing, or an id is empty, stands there twice, or is no
                integer where those of the catalogue are.
        """
        require_columns("items", items, ("item_id", "title"))
        if items["item_id"].isna().any():
            raise InputError("items table: column item_id has empty values")
        new = items[self.interactions.item_columns(items["item_id"]) < 0]
        added = new["item_id"].to_numpy().astype(self.interactions.item_ids.dtype.type)
        ids, counts = np.unique(added, return_counts=True)
        if (counts > 1).any():
            raise InputError(f"items table: item {ids[counts > 1][0]} stands there twice")
        ids = np.union1d(self.interactions.item_ids, ids)
        interactions = self.interactions.with_items(ids)
        histories = interactions
        if self.histories is not self.interactions:
            histories = self.histories.with_items(ids)
        undescribed = ~np.isin(added, self.items["item_id"])
        facts = new.assign(item_id=added).reindex(columns=self.items.columns)[undescribed]
        return dataclasses.replace(
            self,
            interactions=interactions,
            histories=histories,
            items=pd.concat([self.items, facts], ignore_index=True),
        )

    def titles(self, columns: NDArray[np.int64]) -> pd.Categorical:
        """What the item in each column of the catalogue is called; see `short_titles`.

        Raises:
            InputError: If the items table lacks one of them.
        """
        codes, names = self._titles
        found = codes[columns]
        if (found < 0).any():
            unknown = self.interactions.item_ids[columns[int(np.argmax(found < 0))]]
            raise InputError(f"items table: no item {unknown}, which a user has rated")
        return pd.Categorical.from_codes(found, categories=names)

    @cached_property
    def _titles(self) -> tuple[NDArray[np.int64], pd.Index[Any]]:
        """Which title each column of the catalogue has (-1: none), and the titles."""
        rows = pd.Index(self.items["item_id"]).get_indexer(pd.Index(self.interactions.item_ids))
        codes, names = pd.factorize(short_titles(self.items))
        return np.where(rows < 0, -1, np.append(codes, -1)[rows]), pd.Index(names)


@dataclass(frozen=True, eq=False)
class Lists:
    """Who is recommended what, ids looked up once.

    Attributes:
        histories: Those to whom something is recommended.
        table: Columns `user_id`, `item_id`, and in lists that a recommender made `rank` (from 1)
            and `score`; one row per recommendation.
        users: (m,) row in the histories of each recommendation's user.
        items: (m,) column of the recommended item.
        barred: (n_items,) what could be recommended to nobody; None: nothing.
        n: Length of the lists of which these may be parts; 0: they are whole.
    """

    histories: Interactions
    table: pd.DataFrame
    users: NDArray[np.int64]
    items: NDArray[np.int64]
    barred: NDArray[np.bool_] | None = None
    n: int = 0

    @classmethod
    def of(cls, histories: Interactions, table: pd.DataFrame) -> Self:
        """Look the ids of a recommendations table up.

        Raises:
            InputError: If it lacks a column of ids, or names a user or an item that the histories
                do not know.
        """
        require_columns("recommendations", table, LIST_COLUMNS[:2])
        return cls(
            histories,
            table.reset_index(drop=True),
            histories.known_rows(table["user_id"]),
            histories.known_columns(table["item_id"]),
        )

    def __len__(self) -> int:
        """Number of recommendations."""
        return len(self.users)

    def by_user(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The recommendations gathered by user.

        Returns:
            Two (n_users, longest list) arrays padded with -1: the row of each recommendation in
            the table, in table order, and the column of its item.
        """
        order = np.argsort(self.users, kind="stable")
        rows = self.users[order]
        place = place_in_run(rows)
        shape = (self.histories.n_users, int(place.max(initial=-1)) + 1)
        positions, columns = np.full(shape, -1, np.int64), np.full(shape, -1, np.int64)
        positions[rows, place] = order
        columns[rows, place] = self.items[order]
        return positions, columns

    def positions_of(self, table: pd.DataFrame) -> NDArray[np.int64]:
        """Which recommendation each row of a table with `user_id` and `item_id` is about.

        Returns:
            (n,) positions; -1 for what is not recommended.
        """
        n_items = self.histories.n_items
        users = self.histories.user_rows(table["user_id"])
        items = self.histories.item_columns(table["item_id"])
        wanted = np.where((users < 0) | (items < 0), -1, users * n_items + items)
        made = pd.Index(self.users * n_items + self.items)
        return np.asarray(made.get_indexer(pd.Index(wanted)), np.int64)

    def of_users(self, rows: NDArray[np.int64]) -> Lists:
        """The lists of some users alone, whose rows in the histories are ascending."""
        known = self.histories
        some = Interactions(known.ratings[rows], known.user_ids[rows], known.item_ids)
        places = np.full(known.n_users, -1, np.int64)
        places[rows] = np.arange(len(rows))
        kept = self.take(places[self.users] >= 0)
        return Lists(some, kept.table, places[kept.users], kept.items, self.barred, self.n)

    def without_others(self) -> Lists:
        """The same recommendations, with the histories of those who get any, if anybody does."""
        listed = np.unique(self.users)
        return self if len(listed) in (0, self.histories.n_users) else self.of_users(listed)

    def take(self, chosen: NDArray[Any]) -> Lists:
        """Some of the recommendations, by position or mask."""
        table = self.table.loc[chosen] if chosen.dtype == bool else self.table.iloc[chosen]
        table, users = table.reset_index(drop=True), self.users[chosen]
        return Lists(self.histories, table, users, self.items[chosen], self.barred, self.n)
