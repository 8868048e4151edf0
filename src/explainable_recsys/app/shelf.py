"""What the pages know of the films of a run: facts, pictures, what is asked about first."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import numpy as np

from explainable_recsys.app.details import FOLDER, LOGO, Details
from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.picks import picking_order
from explainable_recsys.app.service import Service
from explainable_recsys.data import Data
from explainable_recsys.interface.stored import stored_example
from explainable_recsys.titles import cut_title

N_STARS = 5


class Film(NamedTuple):
    """What is known of a film; its id is as addresses have it."""

    item_id: str
    title: str
    year: int | None
    genres: tuple[str, ...]
    details: Details | None = None

    @property
    def has_poster(self) -> bool:
        """Whether there is more than a tile with its title."""
        return self.details is not None and self.details.poster is not None

    @property
    def picture(self) -> str:
        """Where its picture is."""
        return quote(f"/poster/{self.item_id}") if self.has_poster else self.tile

    @property
    def tile(self) -> str:
        """Where what stands for a poster is."""
        return quote(f"/tile/{self.item_id}.svg")


@dataclass(frozen=True, eq=False)
class Shelf:
    """The films of a run.

    Attributes:
        films: By id as text, in the order of the catalogue.
        picks: Ids, in the order in which they are offered to be rated.
        genres: Those that there are.
        step: Between two ratings of the scale.
        stars: Ratings that a film is given at first.
        example: The user who is shown first; None without one.
        adults: Films for 18 and over; None where age ratings are not known.
        logo: TMDb's, whose details are shown; None where nobody has put it there.
    """

    films: Mapping[str, Film]
    picks: tuple[str, ...]
    genres: tuple[str, ...]
    step: float
    stars: tuple[float, ...]
    example: Any
    adults: frozenset[str] | None
    logo: Path | None

    @classmethod
    def of(cls, service: Service) -> Self:
        """That of a run."""
        data, step = service.data, step_of(service.data)
        store = service.found.root / FOLDER
        details, logo = Details.read(store), store / LOGO
        films = [_film(row, details.get(row["item_id"])) for row in service.items.rows]
        adults = [film.item_id for film in films if film.details and film.details.adults_only]
        return cls(
            films={film.item_id: film for film in films},
            picks=tuple(map(str, picking_order(data).tolist())),
            genres=tuple(map(str, service.items.genres)),
            step=step,
            stars=stars_of(data.scale.minimum, data.scale.maximum, step),
            example=stored_example(service.run.catalog, data.histories),
            adults=frozenset(adults) if details else None,
            logo=logo if logo.is_file() else None,
        )

    @property
    def has_numbers(self) -> bool:
        """Whether people are called by numbers."""
        return isinstance(self.example, int | np.integer)

    def film(self, item_id: Any) -> Film:
        """A film.

        Raises:
            NotHereError: If there is none.
        """
        found = self.films.get(str(item_id))
        if found is None:
            raise NotHereError(f"there is no film '{str(item_id)[:40]}' here")
        return found

    def shown(self, items: Iterable[Any], adult: bool) -> list[Film]:
        """Those films that may be shown."""
        left_out = frozenset[str]() if adult or self.adults is None else self.adults
        return [self.films[name] for one in items if (name := str(one)) not in left_out]


@functools.lru_cache(maxsize=4)
def shelf_of(service: Service) -> Shelf:
    """The films of a run, gathered once."""
    return Shelf.of(service)


def step_of(data: Data) -> float:
    """The smallest difference between two ratings of the data.

    >>> import pandas as pd
    >>> ratings = pd.DataFrame({"user_id": [1, 1, 1], "item_id": [1, 2, 3], "rating": [1, 2.5, 3]})
    >>> step_of(Data.from_frames(ratings))
    0.5
    """
    values = np.unique(data.interactions.ratings.data)
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def stars_of(minimum: float, maximum: float, step: float) -> tuple[float, ...]:
    """A handful of ratings up to the highest.

    >>> stars_of(0.5, 5, 0.5), stars_of(1, 3, 1)
    ((1.0, 2.0, 3.0, 4.0, 5.0), (1.0, 2.0, 3.0))
    """
    start = min(0.0, minimum)
    even = start + (maximum - start) * np.arange(1, N_STARS + 1) / N_STARS
    values = np.unique(minimum + np.round((even - minimum) / step) * step)
    return tuple(values[values >= minimum].tolist())


def _film(row: Mapping[str, Any], details: Details | None) -> Film:
    item, title = row["item_id"], row["title"]
    genres = tuple(filter(None, (row["genres"] or "").split("|")))
    return Film(
        str(item), cut_title(title) if title else f"item {item}", row["year"], genres, details
    )
