"""What the explore page shows of a state: ratings, list, changes, and what is worth saying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.records import Pair
from explainable_recsys.app.items import Wanted
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import Film, shelf_of
from explainable_recsys.app.state import COMPARE, PICK, State
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import ratings_of
from explainable_recsys.interface.what_if import compared
from explainable_recsys.reporting.people import Person
from explainable_recsys.wording import markup

N_PICKS = 24
"""Films that are offered to be rated at once."""

N_RATED = 30
"""Ratings of one of the data's users that are shown, besides those that were changed."""

LENGTHS = (5, 10, 20, 50)
"""Of lists, to choose from."""

N_FOUND = 8
"""Films that a search shows."""


@dataclass(frozen=True)
class Rated:
    """A film that was rated.

    Attributes:
        film: Which.
        rating: None: tried without it.
        was: The rating before others were tried; None: it was not rated.
        mark: Why it is among the ratings, if not because it was given: `more` or `less` like it.
    """

    film: Film
    rating: float | None
    was: float | None
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """A recommendation.

    Attributes:
        film: Which.
        rank: Its place, from 1.
        sentence: Its reason, marked up; empty where there is none, or nobody asked.
        move: Places that it has risen (or, negative, fallen) by what was tried; None: it is new.
    """

    film: Film
    rank: int
    sentence: str = ""
    move: int | None = 0


class Explored:
    """A state, looked at."""

    def __init__(self, service: Service, state: State, with_reasons: bool = True) -> None:
        """Find out whom it is about, and who answers.

        Args:
            service: Who answers.
            state: What was chosen.
            with_reasons: Whether reasons are looked for.

        Raises:
            NotHereError: If the user, an item or the approach is not here.
            InputError: If a rating, a genre or the length of the list is none.
        """
        self.service, self.shelf, self.with_reasons = service, shelf_of(service), with_reasons
        self.is_of_other_run = state.run not in (None, service.run.id)
        for item in (*state.ratings, *state.base, *state.exclude):
            self.shelf.film(item)
        self.state = state = state.but(run=service.run.id)
        self.one = self._history(state)
        if state.view != PICK and not self.n_rated:
            self.state = state.but(view=PICK)
        usual = (name for name in (*service.ready, *service.names) if name not in service.failed)
        self.approach = state.approach or next(usual, service.names[0])
        self.wanted = self._wanted()
        self.stored = service.asked(self.approach, self.wanted)
        self.state = self.state.but(
            approach=None if self.approach == service.names[0] else self.approach,
            n=None if state.n == service.stored(self.approach).recommendation.n else state.n,
        )

    def _history(self, state: State) -> Interactions:
        rated = state.ratings.items()
        given = {item: rating for item, rating in rated if state.user or rating is not None}
        return self.service.history(given, state.user)

    def _wanted(self) -> Wanted:
        state, adults = self.state, self.shelf.adults
        hidden = () if state.adult or adults is None else tuple(adults)
        return Wanted(
            n=state.n,
            exclude=(*state.exclude, *hidden),
            genres=state.genres,
            without_genres=state.without_genres,
        )

    @property
    def n_rated(self) -> int:
        """How many ratings the list is made from."""
        return int(self.one.ratings.nnz)

    @property
    def is_picking(self) -> bool:
        """Whether films to be rated are shown, not the list with its reasons."""
        return self.state.view == PICK

    @property
    def n(self) -> int:
        """Length of the list."""
        return self.stored.recommendation.n

    @property
    def lengths(self) -> list[int]:
        """Lengths to choose from."""
        return sorted({*LENGTHS, self.n})

    @property
    def titles(self) -> Mapping[str, Pair]:
        """What the approaches are called."""
        return APPROACHES

    @cached_property
    def own(self) -> dict[str, float]:
        """All ratings that the list is made from, by item."""
        return {str(item): float(rating) for item, rating in ratings_of(self.one).items()}

    @cached_property
    def old(self) -> dict[str, float]:
        """All ratings before others were tried, by item."""
        return {str(item): float(rating) for item, rating in ratings_of(self.before).items()}

    @property
    def offered(self) -> set[str]:
        """Films that can be rated in the page, besides by what was rated."""
        return {film.item_id for film in (*self.picks, *self.found)}

    @property
    def compares(self) -> bool:
        """Whether the list is shown beside the one before the changes."""
        return self.state.view == COMPARE and bool(self.state.changed)

    @property
    def filters(self) -> bool:
        """Whether some films are left out on request."""
        state = self.state
        return bool(state.exclude or state.genres or state.without_genres)

    @property
    def n_filters(self) -> int:
        """How many films and genres are left out or asked for."""
        state = self.state
        return len(state.exclude) + len(state.genres) + len(state.without_genres)

    @property
    def unfiltered(self) -> State:
        """The same with all films."""
        return self.state.but(exclude=(), genres=(), without_genres=())

    @cached_property
    def before(self) -> Interactions:
        """The history before other ratings were tried."""
        return self._history(self.state.before())

    @cached_property
    def old_list(self) -> pd.DataFrame:
        """`item_id` and `rank` of the list before other ratings were tried."""
        return self._listed(self.before)

    @cached_property
    def new_list(self) -> pd.DataFrame:
        """`item_id`, `rank` and, where they are looked for, `sentence` of the list."""
        if not self.with_reasons or self.is_picking or self.compares or not self.n_rated:
            return self._listed(self.one)
        return self.stored.asked(self.one).recommendations

    def _listed(self, one: Interactions) -> pd.DataFrame:
        if not one.ratings.nnz:
            return pd.DataFrame({"item_id": [], "rank": [], "sentence": []})
        return self.stored.listed(one).table.assign(sentence=None)

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The list."""
        old = self.old_list if self.state.changed else self.new_list
        places = dict(zip(old["item_id"], old["rank"], strict=True))
        columns = (self.new_list[name] for name in ("item_id", "rank", "sentence"))
        return [
            Row(
                self.shelf.film(item),
                int(rank),
                sentence if markup.is_text(sentence) else "",
                int(places[item] - rank) if item in places else None,
            )
            for item, rank, sentence in zip(*columns, strict=True)
        ]

    @cached_property
    def rated(self) -> list[Rated]:
        """What was rated, in the order of the address; of a user the best behind."""
        state = self.state
        old = self.old
        if state.user:
            best = sorted(old, key=lambda item: -old[item])[:N_RATED]
            order = [*(item for item in state.ratings if item not in best), *best]
            now = old | dict(state.ratings)
        else:
            order, now = list(state.ratings), dict(state.ratings)
        return [
            Rated(self.shelf.film(item), now[item], old.get(item), self._mark(item, now[item]))
            for item in order
        ]

    def _mark(self, item: str, rating: float | None) -> str:
        scale = self.service.data.scale
        if item not in self.state.marked:
            return ""
        return {scale.maximum: "more", scale.minimum: "less"}.get(rating or 0, "")

    @property
    def n_not_shown(self) -> int:
        """Ratings of one of the data's users that are not among `rated`."""
        return self.n_rated - sum(one.rating is not None for one in self.rated)

    @property
    def changes(self) -> list[Change]:
        """What is tried, as the library has it."""
        known = self.service.items.known
        return [Change(known(item), rating) for item, rating in self.state.changed.items()]

    @property
    def compared(self) -> list[dict[Any, Any]]:
        """The films of both lists, with their places before and after and how they moved."""
        lists = self.old_list, self.new_list
        before, after = (Person("", pd.DataFrame(), table, pd.DataFrame()) for table in lists)
        table = compared(self.stored, self.before, self.changes, before, after)
        rows = table.astype(object).where(table.notna(), None).to_dict("records")
        return [{**row, "film": self.shelf.film(row["item_id"])} for row in rows]

    @property
    def picks(self) -> list[Film]:
        """Films to be rated, a page of them."""
        shown = self.shelf.shown(self.shelf.picks, self.state.adult)
        return shown[self.state.page * N_PICKS :][:N_PICKS]

    @property
    def has_more_picks(self) -> bool:
        """Whether another page of them follows."""
        return (self.state.page + 1) * N_PICKS < len(self.shelf.picks)

    @property
    def found(self) -> list[Film]:
        """Films whose titles are like what is searched for."""
        if not self.state.text:
            return []
        found = self.service.items.search.find(self.state.text, N_FOUND)
        return self.shelf.shown(found, self.state.adult)
