"""Overviews, posters and age ratings of movies: fetched beforehand, dated, shown and no more.

TMDb gives them for showing, not for machine learning, and for six months at most: so no pipeline,
no model and no catalog knows of them, older ones are not shown, and whoever has no token does
without.

A movie is a file of JSON in the store, `<item id>.json`, with its poster beside it. A file is
there completely or not at all; fetching goes on where it was interrupted.
"""

from __future__ import annotations

import csv
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from explainable_recsys.app import notices
from explainable_recsys.app.tmdb import Tmdb, UnreachableError
from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.datasets.reading.tables import read_table
from explainable_recsys.datasets.source import parse_source
from explainable_recsys.errors import InputError, require_columns
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.pipelines.judging import results_root
from explainable_recsys.progress import progress
from explainable_recsys.wording.phrases import phrase

FOLDER = "movie_details"
"""The store, below the results of an environment."""

LOGO = "tmdb-logo.svg"
"""TMDb's own, in the store: its terms ask for it, and whoever fetches puts it there."""

LINKS = "links.csv"
"""GroupLens' file of the numbers that others have for its movies, beside the ratings."""

MAX_AGE = timedelta(days=182)
MAX_FAILURES = 5
"""After so many movies one after another that could not be fetched, fetching stops."""

logger = logging.getLogger(__name__)


class Details(BaseModel):
    """What is shown of a movie.

    Attributes:
        item_id: Which, an integer or text.
        fetched: When it was asked for.
        is_known: Whether TMDb knows the movie.
        overview: What it is about; may be empty.
        poster: Its poster, JPEG or PNG, 185 pixels wide; None without one.
        certification: From which age on, with the country, such as `PG-13 (US)`; may be empty.
        adults_only: Whether that is from 18 on; None where nothing is known.
    """

    model_config = ConfigDict(frozen=True)

    item_id: int | str
    fetched: date
    is_known: bool
    overview: str = ""
    poster: Path | None = None
    certification: str = ""
    adults_only: bool | None = None

    @staticmethod
    def read(folder: Path, today: date | None = None) -> dict[Any, Details]:
        """What is stored and may be shown.

        Args:
            folder: The store; it need not be there.
            today: To tell what is too old.

        Returns:
            By item id, those that TMDb knows; posters with the folder before their names.
        """
        stored = (found for _, found in _stored(folder, today or _today()) if found)
        return {
            found.item_id: found.model_copy(update={"poster": _existing(folder, found.poster)})
            for found in stored
            if found.is_known
        }


def read_links(folder: Path, ids: Literal["integer", "text"] = "integer") -> dict[Any, int]:
    """TMDb's numbers of the movies that have one, by item id.

    Args:
        folder: Where `links.csv` is, with the columns `movieId` and `tmdbId`.
        ids: What item ids are.

    Raises:
        InputError: If there is no such file, or it holds something else.
    """
    path = folder / LINKS
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file)
            require_columns(str(path), lines.fieldnames or (), ("movieId", "tmdbId"))
            rows = {line["movieId"]: line["tmdbId"] for line in lines}
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such file; it says which movie of TMDb an item is (movieId,imdbId,tmdbId) "
            "and comes with the embedded data, ml-20m, ml-25m, ml-32m and ml-latest"
        ) from None
    except (OSError, UnicodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from None
    wanted = {item: number for item, number in rows.items() if number}
    for item, number in wanted.items():
        if not (number.isascii() and number.isdigit()):
            raise InputError(f"{path}: movie {item} has the tmdbId '{number}'; accepted: a number")
    if ids == "text":
        return {item: int(number) for item, number in wanted.items()}
    if wrong := [item for item in wanted if not (item.isascii() and item.isdigit())]:
        raise InputError(f"{path}: movieId '{wrong[0]}' is not a number, as the ids of items are")
    return {int(item): int(number) for item, number in wanted.items()}


def fetch_for(project: Path, env: str | None, tmdb: Tmdb, limit: int | None = None) -> str:
    """Fetch details of an environment's movies, of the most rated first.

    Args:
        project: Root of the project.
        env: Environment; None: the data that comes with the project.
        tmdb: Who is asked.
        limit: Of how many of the most rated; None: of all.

    Returns:
        What is stored now, in a sentence.

    Raises:
        InputError: As `read_links` and `fetch_details`.
    """
    catalog = quick_catalog(project, env)
    source = parse_source(catalog.load("params:source"))
    links = read_links(project / source.folder, source.ratings.ids)
    rated = read_table(source, "ratings", project / source.folder)["item_id"].value_counts()
    wanted = [item for item in rated.index.tolist() if item in links][:limit]
    folder = results_root(catalog) / FOLDER
    counts = fetch_details(folder, {item: links[item] for item in wanted}, tmdb)
    said = phrase(
        "{n} of {wanted} movies are in {folder}, {new} of them new",
        n=f"{counts['stored']:,}",
        wanted=f"{len(wanted):,}",
        folder=folder,
        new=f"{counts['new']:,}",
    )
    if counts["unknown"]:
        said += phrase("; TMDb does not know {n} of these", n=f"{counts['unknown']:,}")
    if counts["failed"]:
        said += phrase("; {n} failed: run the command again", n=f"{counts['failed']:,}")
    if not (folder / LOGO).is_file():
        said += phrase(
            ".\nIts terms ask for its logo: save one from {page} as {file}, and the app shows it",
            page=notices.TMDB_LOGOS,
            file=folder / LOGO,
        )
    return said


def fetch_details(
    folder: Path, links: Mapping[Any, int], tmdb: Tmdb, today: date | None = None
) -> Counter[str]:
    """Fetch what is not in the store, or too old, one movie after another.

    Args:
        folder: The store, made if missing.
        links: TMDb's number of each movie, by item id, in the order in which they are fetched.
        tmdb: Who is asked.
        today: The date that is stored.

    Returns:
        How many are `stored`, of these how many are `new` and `unknown` to TMDb, and how many
        `failed`.

    Raises:
        InputError: If the token is refused, TMDb cannot be reached, or the folder cannot be written
            to; what was fetched until then stays.
    """
    today, counts, in_a_row = today or _today(), Counter[str](), 0
    try:
        there = _remove_old(folder, today)
        counts["stored"] = sum(_name(item) in there for item in links)
        due = [item for item in links if _name(item) not in there]
        for item in progress(due, "movie details", unit="movie"):
            try:
                is_known = _fetch_one(folder, item, links[item], tmdb, today)
            except UnreachableError as error:
                logger.warning("movie %s: %s", item, error)
                counts["failed"], in_a_row = counts["failed"] + 1, in_a_row + 1
                if in_a_row == MAX_FAILURES:
                    raise
                continue
            in_a_row = 0
            counts.update(["stored", "new"] if is_known else ["stored", "new", "unknown"])
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to ({error})") from None
    return counts


def _fetch_one(folder: Path, item_id: Any, tmdb_id: int, tmdb: Tmdb, today: date) -> bool:
    """Store a movie, its poster first; whether TMDb knows it."""
    movie, poster = tmdb.movie(tmdb_id), None
    if movie is None:
        found = Details(item_id=item_id, fetched=today, is_known=False)
    else:
        if movie.poster and (picture := tmdb.poster(movie.poster)):
            poster = Path(_name(item_id) + Path(movie.poster).suffix)
            _write(folder / poster, picture)
        found = Details(
            item_id=item_id,
            fetched=today,
            is_known=True,
            overview=(movie.overview or "").strip(),
            poster=poster,
            certification=movie.age_rating.text,
            adults_only=movie.age_rating.adults_only,
        )
    _write(folder / f"{_name(item_id)}.json", found.model_dump_json().encode())
    return found.is_known


def _stored(folder: Path, today: date) -> Iterator[tuple[Path, Details | None]]:
    """All files of movies; with None what is damaged, too old, or from the future."""
    for path in sorted(folder.glob("*.json")):
        try:
            found = Details.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            logger.warning("%s is damaged and not shown; kedro fetch-details mends it", path)
            yield path, None
        else:
            yield path, found if timedelta(0) <= today - found.fetched <= MAX_AGE else None


def _remove_old(folder: Path, today: date) -> set[str]:
    """Remove what may not be kept, and what is damaged; names of the movies that stay."""
    folder.mkdir(parents=True, exist_ok=True)
    staying = set[str]()
    for path, found in _stored(folder, today):
        if found:
            staying.add(path.stem)
        else:
            for suffix in (".json", ".jpg", ".jpeg", ".png"):
                path.with_suffix(suffix).unlink(missing_ok=True)
    return staying


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    unfinished = temporary(path)
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _name(item_id: Any) -> str:
    """An id as the name of a file."""
    return quote(str(item_id), safe="").replace(".", "%2E")


def _existing(folder: Path, poster: Path | None) -> Path | None:
    path = None if poster is None else folder / poster.name
    return path if path is not None and path.is_file() else None


def _today() -> date:
    return datetime.now(UTC).date()
