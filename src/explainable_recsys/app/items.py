"""What the app knows of the items: by id, and those that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.app.search import TitleSearch
from explainable_recsys.data import Data
from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.reporting.people import N_SUGGESTIONS, near_ids


class NotHereError(InputError):
    """An approach, a user or an item that is not served."""

    def __init__(self, message: str, near: Mapping[Any, str | None] | None = None) -> None:
        """Say what is not here, and what was perhaps meant.

        Args:
            message: For people.
            near: Names or ids that look most like it, and the titles of items.
        """
        super().__init__(message)
        self.near = dict(near or {})


@dataclass(frozen=True)
class Wanted:
    """What may be on a list, and how long it is.

    Attributes:
        n: Most items; None: as many as in the run.
        candidates: Ids of the items that may be recommended; None: all.
        exclude: Ids of items that may not.
        genres: Only items that have one of them; none: all.
        without_genres: No items that have one of them.
        first_year: Only items of it and later; None: all, those without a year too.
        last_year: Only items of it and before.
    """

    n: int | None = None
    candidates: tuple[Any, ...] | None = None
    exclude: tuple[Any, ...] = ()
    genres: tuple[str, ...] = ()
    without_genres: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None


@dataclass(frozen=True, eq=False)
class Items:
    """The items of the catalogue, in the order of its columns.

    Attributes:
        facts: `item_id`, `title`, `year`, `genres` (`|`-joined), `n_ratings`.
        genres: Which genres each has, (n_items, genres) of booleans.
    """

    facts: pd.DataFrame
    genres: pd.DataFrame

    @classmethod
    def of(cls, data: Data) -> Self:
        """Those of the data.

        >>> ratings = pd.DataFrame({"user_id": [1, 1], "item_id": [7, 9], "rating": [4.0, 2.0]})
        >>> titles = pd.DataFrame(
        ...     {"item_id": [9, 7], "title": ["Up", "Big"], "year": [2009, 1988],
        ...      "genres": ["Comedy|Drama", "Comedy"]}
        ... )
        >>> items = Items.of(Data.from_frames(ratings, titles))
        >>> items.facts["title"].tolist(), list(items.genres)
        (['Big', 'Up'], ['Comedy', 'Drama'])
        >>> items.fitting(Wanted(genres=("Drama",))).tolist()
        [9]
        """
        known = data.interactions
        facts = data.items.drop_duplicates("item_id").set_index("item_id")
        facts = facts.reindex(pd.Index(known.item_ids, name="item_id")).reset_index()
        facts = facts[["item_id", "title", "year", "genres"]].assign(n_ratings=known.n_ratings)
        has = facts["genres"].fillna("").astype("str").str.get_dummies("|").astype(bool)
        return cls(facts, has.drop(columns="", errors="ignore"))

    @cached_property
    def search(self) -> TitleSearch:
        """Finds items by their titles."""
        return TitleSearch.of(self.facts, self.facts.set_index("item_id")["n_ratings"])

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Facts of the item in each column as plain Python values; what is missing is None."""
        columns = [
            self.facts[name].astype(object).where(self.facts[name].notna(), None).tolist()
            for name in self.facts
        ]
        names = [str(name) for name in self.facts]
        return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]

    @cached_property
    def _by_text(self) -> dict[str, int]:
        return {str(row["item_id"]): place for place, row in enumerate(self.rows)}

    def known(self, item_id: Any) -> Any:
        """The id of an item as the data have it, from the same or as text.

        Raises:
            NotHereError: If there is none.
        """
        return self._ids([item_id])[0]

    def row(self, item_id: Any) -> dict[str, Any]:
        """Facts of an item; what is missing is None.

        Raises:
            NotHereError: As `known`.
        """
        return self.rows[int(self._places([item_id])[0])]

    def asked_for(self, wanted: Wanted) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
        """Ids of the only items that may be recommended (None: all), and of those that may not.

        Raises:
            NotHereError: If an item is not known.
            InputError: If a genre is not.
        """
        only = None if wanted.candidates is None else self._ids(wanted.candidates)
        limits = (wanted.genres, wanted.without_genres, wanted.first_year, wanted.last_year)
        if any(limits):
            fitting = self.fitting(wanted)
            only = fitting if only is None else np.intersect1d(only, fitting)
        return only, self._ids(wanted.exclude) if wanted.exclude else None

    def fitting(self, wanted: Wanted) -> NDArray[Any]:
        """Ids of the items of the genres and years that are wanted.

        Raises:
            InputError: If a genre is not known.
        """
        known = self.genres.columns.tolist()
        for name in (*wanted.genres, *wanted.without_genres):
            if name not in known:
                hint = did_you_mean(name, known)
                accepted = ", ".join(known)
                raise InputError(f"there is no genre '{name[:40]}'; {hint}accepted: {accepted}")
        fits = np.ones(len(self.facts), bool)
        if wanted.genres:
            fits &= self.genres[list(wanted.genres)].any(axis=1).to_numpy()
        fits &= ~self.genres[list(wanted.without_genres)].any(axis=1).to_numpy()
        years = self.facts["year"].to_numpy(np.float64, na_value=np.nan)
        if wanted.first_year is not None:
            fits &= years >= wanted.first_year
        if wanted.last_year is not None:
            fits &= years <= wanted.last_year
        ids: NDArray[Any] = self.facts["item_id"].to_numpy()[fits]
        return ids

    @cached_property
    def _item_ids(self) -> NDArray[Any]:
        return self.facts["item_id"].to_numpy()

    def _ids(self, wanted: Iterable[Any]) -> NDArray[Any]:
        ids: NDArray[Any] = self._item_ids[self._places(wanted)]
        return ids

    def _places(self, wanted: Iterable[Any]) -> NDArray[np.int64]:
        """Column of each item; ids may be texts.

        Raises:
            NotHereError: If there is no such item.
        """
        asked = [str(item_id).strip() for item_id in wanted]
        places = [self._by_text.get(text, -1) for text in asked]
        if -1 in places:
            unknown = asked[places.index(-1)][:40]
            raise NotHereError(
                f"there is no item '{unknown}' here; accepted: an id of the catalogue",
                self._near(unknown),
            )
        return np.asarray(places, np.int64)

    def _near(self, unknown: str) -> dict[Any, str | None]:
        """The items with nearly this title, or of a number the nearest ids, with titles."""
        is_number = unknown.isdigit() and self.facts["item_id"].dtype.kind in "iu"
        found = [] if is_number else self.search.find(unknown, N_SUGGESTIONS)
        found = found or near_ids(unknown, self.facts["item_id"].to_numpy())
        return {item_id: self.row(item_id)["title"] for item_id in found}
