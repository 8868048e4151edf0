"""What somebody has chosen: all of it stands in the address of the page, nothing at the server."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Self
from urllib.parse import urlencode

from explainable_recsys.errors import InputError

LONGEST_LIST = 100
"""Films that a list on the page has at most."""

PICK, COMPARE = "pick", "compare"
"""Views besides the list with its reasons: films to be rated, and the list before and after."""

DROP, UNDO, LIKE = TO_DO = ("drop", "undo", "like")
"""What a button asks for: to try it without a rating, to take back what was said of a film, or for
more or less like one, which rates it."""

MOVED = "r."
"""How the name of a slider or a star begins; its item follows."""

Ratings = Mapping[str, float | None]
"""By item id as text; None: what was rated is taken back."""

NAMES = {
    "u": "user",
    "r": "ratings",
    "b": "base",
    "m": "marked",
    "a": "approach",
    "n": "n",
    "x": "exclude",
    "g": "genres",
    "ng": "without_genres",
    "adult": "adult",
    "v": "view",
    "p": "page",
    "q": "text",
    "open": "open",
    "run": "run",
}
"""Fields by their names in an address."""


@dataclass(frozen=True)
class State:
    """What somebody has chosen.

    Attributes:
        user: Id of one of the data's users; None for somebody new.
        ratings: Given, or changed by a user of the data.
        base: What somebody new had given before trying other ratings.
        marked: Items that were rated by asking for more or less like them.
        approach: Its name; None for the best.
        n: Length of the list; None for the usual one.
        exclude: Items that are not to be recommended.
        genres: Only films of one of them; none: all.
        without_genres: No films of them.
        adult: Whether films for 18 and over are shown.
        view: `pick`, `compare`, or empty.
        page: Of the films to be rated, from 0.
        text: A title that is searched for.
        open: The recommendation that is unfolded.
        run: Id of the run that the address was made with.
    """

    user: str | None = None
    ratings: Ratings = field(default_factory=dict)
    base: Ratings = field(default_factory=dict)
    marked: tuple[str, ...] = ()
    approach: str | None = None
    n: int | None = None
    exclude: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    without_genres: tuple[str, ...] = ()
    adult: bool = False
    view: str = ""
    page: int = 0
    text: str = ""
    open: str | None = None
    run: str | None = None

    @classmethod
    def parse(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Read an address.

        A slider or a star sends a number alone, so that its item stands in its name: `r.318=4` is
        `r=318:4`, and stands over that. What it stood at comes with it as `b=318:4`; if that is
        the same, nothing was changed. Buttons send what is to be done: `drop=318`, `undo=318` and
        `like=318:5`. Names that are not known are passed over.

        Args:
            pairs: Names and values, in any order.

        Raises:
            InputError: If a value is none, or two contradict each other.

        >>> State.parse([("r", "318:4"), ("r.50", "2.5"), ("b", "50:3"), ("n", "20")]).query()
        'r=318%3A4&r=50%3A2.5&b=50%3A3&n=20'
        """
        several = _by_name(pairs)
        state = cls._said(several)
        for item in several[DROP]:
            state = state.dropped(item)
        for item in several[UNDO]:
            state = state.undone(item)
        for item, rating in _ratings(LIKE, several[LIKE]).items():
            state = state.liked(item, rating)
        return state

    @classmethod
    def _said(cls, several: Mapping[str, list[str]]) -> Self:
        ratings = _ratings("r", several["r"]) | _ratings("r", several[MOVED])
        base, user = _ratings("b", several["b"]), _one("u", several["u"])
        if user is not None:
            same = {item for item, rating in base.items() if ratings.get(item) == rating}
            ratings, base = {i: r for i, r in ratings.items() if i not in same}, {}
        ratings = {i: r for i, r in ratings.items() if user or r is not None or i in base}
        view = _one("v", several["v"]) or ""
        if view not in ("", PICK, COMPARE):
            raise InputError(f"v={view[:40]}: no such view; accepted: {PICK}, {COMPARE}")
        return cls(
            user=user,
            ratings=ratings,
            base={i: r for i, r in base.items() if i in ratings and ratings[i] != r},
            marked=tuple(dict.fromkeys(item for item in several["m"] if item in ratings)),
            approach=_one("a", several["a"]),
            n=_number("n", several["n"], 1, LONGEST_LIST),
            exclude=tuple(dict.fromkeys(several["x"])),
            genres=tuple(dict.fromkeys(several["g"])),
            without_genres=tuple(dict.fromkeys(several["ng"])),
            adult=bool(_number("adult", several["adult"], 0, 1)),
            view=view,
            page=_number("p", several["p"], 0, 10_000) or 0,
            text=_one("q", several["q"]) or "",
            open=_one("open", several["open"]),
            run=_one("run", several["run"]),
        )

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Names and values in an address, of what is not as usual."""
        usual = {one.name: one.default for one in fields(self)}
        for name, attribute in NAMES.items():
            value = getattr(self, attribute)
            if isinstance(value, Mapping):
                yield from ((name, f"{item}:{_written(rating)}") for item, rating in value.items())
            elif isinstance(value, tuple):
                yield from ((name, one) for one in value)
            elif value != usual[attribute]:
                yield name, str(int(value)) if isinstance(value, bool) else str(value)

    def query(self) -> str:
        """The part of an address behind the question mark."""
        return urlencode(list(self.pairs()))

    def but(self, **changes: object) -> Self:
        """The same, with other values of some fields."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def dropped(self, item: str) -> Self:
        """The same, trying it without a rating that can be put back."""
        base = self.base if self.user else {item: self.ratings.get(item), **self.base}
        return self.but(ratings={**self.ratings, item: None}, base=base)

    def undone(self, item: str) -> Self:
        """The same without what was tried or said of an item."""
        ratings = {**self.ratings, item: self.base.get(item)}
        if ratings[item] is None:
            del ratings[item]
        return self.but(
            ratings=ratings,
            base={one: rating for one, rating in self.base.items() if one != item},
            marked=tuple(one for one in self.marked if one != item),
        )

    def liked(self, item: str, rating: float | None) -> Self:
        """The same, with a rating that asks for more or less like an item; it stands first."""
        marked = (item, *(one for one in self.marked if one != item))
        return self.but(ratings={item: rating, **self.ratings} | {item: rating}, marked=marked)

    def before(self) -> Self:
        """The same before other ratings were tried."""
        rated = {} if self.user else {**self.ratings, **self.base}
        ratings = {item: rating for item, rating in rated.items() if rating is not None}
        return self.but(ratings=ratings, base={}, marked=() if self.user else self.marked)

    def kept(self) -> Self:
        """The same, where what was tried is what is meant."""
        return self.but(ratings={i: r for i, r in self.ratings.items() if r is not None}, base={})

    @property
    def changed(self) -> Ratings:
        """The ratings that were tried, those taken back included."""
        return self.ratings if self.user else {item: self.ratings[item] for item in self.base}


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each name that is known; with `MOVED` as `r` has them."""
    several: dict[str, list[str]] = {name: [] for name in (*NAMES, MOVED, *TO_DO)}
    for name, value in pairs:
        item = name.removeprefix(MOVED)
        if item != name:
            several[MOVED].append(f"{item}:{value}")
        elif name in several and value.strip():
            several[name].append(value.strip())
    return several


def _ratings(key: str, values: list[str]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for value in values:
        name, _, text = value.rpartition(":")
        item, rating = name.strip(), None if text.strip() == "-" else _rating(key, value, text)
        if not item:
            raise InputError(f"{key}={value[:40]}: no film before the colon; accepted: 318:4")
        if item in found and found[item] != rating:
            raise InputError(f"{key}: film {item[:40]} is rated twice; accepted: once")
        found[item] = rating
    return found


def _rating(name: str, value: str, text: str) -> float:
    try:
        rating = float(text)
    except ValueError:
        rating = math.nan
    if not math.isfinite(rating):
        raise InputError(
            f"{name}={value[:40]}: no rating behind the colon; accepted: film and rating, such as "
            "318:4, or 318:- to take one back"
        )
    return rating


def _written(rating: float | None) -> str:
    return "-" if rating is None else f"{rating:g}"


def _one(name: str, values: list[str]) -> str | None:
    if len(set(values)) > 1:
        raise InputError(f"{name}: {len(values)} values; accepted: one")
    return values[0] if values else None


def _number(name: str, values: list[str], least: int, most: int) -> int | None:
    value = _one(name, values)
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or not least <= int(value[:9]) <= most:
        raise InputError(f"{name}={value[:40]}; accepted: a number from {least} to {most}")
    return int(value)
