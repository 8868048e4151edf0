"""Asks The Movie Database (TMDb) for movies: patient where it is slow or busy, but not for ever."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple, TypeVar
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import BaseModel

from explainable_recsys.errors import InputError

T = TypeVar("T")

API = "https://api.themoviedb.org/3"
IMAGES = "https://image.tmdb.org/t/p/w185"
"""Posters 185 pixels wide: sharp at 92 on a screen with two pixels in the place of one."""

KEYS = "https://www.themoviedb.org/settings/api"

MAX_BYTES = 4 << 20
MAX_WAIT_S = 120.0
"""Longest pause that TMDb is granted; asked for a longer one, fetching stops."""

ADULTS = {"US": {"NC-17", "X"}, "GB": {"18", "R18"}, "DE": {"18"}}
"""Countries whose age ratings are shown, in the order in which they are looked for, with those
that are for people of 18 and over."""

UNRATED = {"", "NR", "UR"}
THEATRICAL = 3

_POSTER = re.compile(r"/[\w-]+\.(?:jpe?g|png)")
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")  # how JPEG and PNG begin
_TOKEN = re.compile(r"[\w.~+/=-]+")


class UnreachableError(InputError):
    """TMDb did not answer, or not as it should, however often it was asked."""


class _AgainError(Exception):
    """What may be different next time, and after how many seconds, if TMDb says."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _Release(BaseModel):
    certification: str = ""
    type: int = 0


class _Country(BaseModel):
    iso_3166_1: str
    release_dates: list[_Release]


class _Countries(BaseModel):
    results: list[_Country] = []


class Movie(BaseModel):
    """What TMDb says of a movie, as far as it is shown."""

    overview: str | None = None
    poster_path: str | None = None
    adult: bool = False
    release_dates: _Countries = _Countries()

    @property
    def poster(self) -> str | None:
        """Where the poster is, if there is one and its name is one."""
        path = self.poster_path or ""
        return path if _POSTER.fullmatch(path) else None

    @property
    def age_rating(self) -> AgeRating:
        """That of the first country that has one; of a movie in cinemas before others."""
        by_country = {found.iso_3166_1: found.release_dates for found in self.release_dates.results}
        for country, adults in ADULTS.items():
            releases = sorted(
                by_country.get(country, []), key=lambda release: release.type != THEATRICAL
            )
            for release in releases:
                rating = release.certification.strip()
                if rating not in UNRATED:
                    return AgeRating(f"{rating} ({country})", self.adult or rating in adults)
        return AgeRating("", True if self.adult else None)


class AgeRating(NamedTuple):
    """From which age on, as it is shown, such as `PG-13 (US)`, and whether from 18.

    Empty and None where it is not known.
    """

    text: str
    adults_only: bool | None


class _NoRedirects(HTTPRedirectHandler):
    """The token goes to the address that was given, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class Tmdb:
    """A connection.

    Attributes:
        token: The reader's own; nothing shows or stores it.
        api: Where movies are asked for.
        images: Where posters are.
        timeout_s: How long one answer may take, in seconds.
        attempts: How often the same is asked for, from 1.
        wait: Waits some seconds.
    """

    token: str = field(repr=False)
    api: str = API
    images: str = IMAGES
    timeout_s: float = 10.0
    attempts: int = 4
    wait: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be a token.

        Raises:
            InputError: With what to do.
        """
        if not _TOKEN.fullmatch(self.token):
            found = "holds characters that no token has" if self.token else "is not set"
            raise InputError(
                f"the environment variable TMDB_TOKEN {found}; accepted: a read access token of "
                f"your own, free for non-commercial use: {KEYS}"
            )

    def movie(self, tmdb_id: int) -> Movie | None:
        """What TMDb says of a movie; None if it knows none of that number.

        Raises:
            UnreachableError: If it does not say.
            InputError: If it refuses the token, or asks for too long a pause.
        """
        url = f"{self.api}/movie/{tmdb_id}?append_to_response=release_dates"
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        return self._get(url, headers, lambda reply: Movie.model_validate(json.loads(reply)))

    def poster(self, path: str) -> bytes | None:
        """A picture, JPEG or PNG; None if there is none.

        Raises:
            UnreachableError: If it does not come.
        """
        return self._get(f"{self.images}{path}", {}, _picture)

    def _get(self, url: str, headers: Mapping[str, str], read: Callable[[bytes], T]) -> T | None:
        """What stands at an address; None if nothing does."""
        for attempt in range(self.attempts):
            try:
                content = self._content(Request(url, headers=dict(headers)))
                return None if content is None else _understood(content, read)
            except _AgainError as trouble:
                last = trouble
            if attempt + 1 < self.attempts:
                self.wait(2.0**attempt if last.after is None else last.after)
        raise UnreachableError(f"{url}: {last}; asked {self.attempts} times")

    def _content(self, request: Request) -> bytes | None:
        opener = build_opener(_NoRedirects)
        try:
            with opener.open(request, timeout=self.timeout_s) as reply:
                return _read(reply, time.monotonic() + self.timeout_s)
        except HTTPError as error:
            with error:
                _check_refusal(request, error)
            return None
        except (OSError, HTTPException) as error:  # timeouts are of the first kind
            reason = getattr(error, "reason", None) or error
            raise _AgainError(_first_line(reason) or type(error).__name__) from None


def _understood(content: bytes, read: Callable[[bytes], T]) -> T:
    try:
        return read(content)
    except ValueError as error:  # no JSON, another JSON, no picture
        raise _AgainError(f"another reply than expected ({_first_line(error)})") from None


def _read(reply: HTTPResponse, deadline: float) -> bytes:
    """All of a reply, if it is not too much, comes in time and is not cut off."""
    parts, size = list[bytes](), 0
    while part := reply.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES:
            raise _AgainError(f"more than {MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise _AgainError("timed out")
    if reply.length:
        raise _AgainError(f"cut off, {reply.length} bytes are missing")
    return b"".join(parts)


def _check_refusal(request: Request, error: HTTPError) -> None:
    """Make sure that nothing else is wrong than that nothing stands at an address.

    Raises:
        _AgainError: If the next answer may be another.
        InputError: If the token is refused, or the pause too long.
        UnreachableError: If asking again would not help.
    """
    if error.code == 404:
        return
    if error.code in (401, 403) and request.has_header("Authorization"):
        raise InputError(
            f"TMDb refuses the token in TMDB_TOKEN (status {error.code}); accepted: a read access "
            f"token from {KEYS}"
        )
    if error.code != 429 and error.code < 500:
        raise UnreachableError(f"{request.full_url}: status {error.code}")
    after = _seconds(error.headers.get("Retry-After", ""))
    if after is not None and after > MAX_WAIT_S:
        raise InputError(
            f"TMDb asks for a pause of {after:.0f} seconds; what was fetched is stored: run the "
            "command again after that"
        )
    raise _AgainError(f"status {error.code}", after)


def _seconds(retry_after: str) -> float | None:
    """How long to wait: a number of seconds, or a date; None where it is neither."""
    if re.fullmatch(r"\d{1,9}", retry_after.strip()):
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max((date - datetime.now(UTC)).total_seconds(), 0.0) if date.tzinfo else None


def _picture(content: bytes) -> bytes:
    if not content.startswith(_IMAGES):
        raise ValueError("neither JPEG nor PNG")
    return content


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0]
