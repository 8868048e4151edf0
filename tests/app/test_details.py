"""Details of movies from a server that is like TMDb, on good days and on bad ones."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from explainable_recsys.app import details as module
from explainable_recsys.app.details import Details, fetch_details, fetch_for, read_links
from explainable_recsys.app.tmdb import Movie, Tmdb, UnreachableError
from explainable_recsys.errors import InputError
from tests.conftest import PROJECT

TOKEN = "eyJ.secret-token"
TODAY = date(2026, 11, 30)
JPEG, PNG = b"\xff\xd8\xff\xe0 a picture", b"\x89PNG\r\n\x1a\n a picture"


@dataclass
class Reply:
    """What the server sends; `cut` bytes fewer than it says, or every byte after a pause."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    pause: float = 0.0


def movie(**found: Any) -> Reply:
    return Reply(json.dumps({"id": 1, "title": "A film", **found}).encode())


def released(*releases: tuple[str, str, int]) -> dict[str, Any]:
    """Releases as TMDb lists them: country, certification, type."""
    return {
        "results": [
            {"iso_3166_1": country, "release_dates": [{"certification": rating, "type": kind}]}
            for country, rating, kind in releases
        ]
    }


class Server:
    """A web server on loopback: by path (without the query) the replies, the last one repeated."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append((self.path, self.headers["Authorization"]))
                waiting = server.replies.get(self.path.partition("?")[0], [Reply(status=404)])
                self.send(waiting.pop(0) if len(waiting) > 1 else waiting[0])

            def send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) + reply.cut))
                self.end_headers()
                try:
                    for byte in reply.body if reply.pause else ():
                        time.sleep(reply.pause)
                        self.wfile.write(bytes([byte]))
                    self.wfile.write(b"" if reply.pause else reply.body)
                except ConnectionError:
                    pass  # nobody waits any more

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=partial(server.http.serve_forever, poll_interval=0.01))
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()
    thread.join()


@pytest.fixture
def waits() -> list[float]:
    """How long the client would have waited."""
    return []


@pytest.fixture
def tmdb(server: Server, waits: list[float]) -> Tmdb:
    return Tmdb(TOKEN, f"{server.url}/3", f"{server.url}/img", timeout_s=5, wait=waits.append)


def fetch(folder: Path, tmdb: Tmdb, *items: Any, today: date = TODAY) -> dict[str, int]:
    """Fetch the movies of some items, whose numbers are a hundred higher."""
    return fetch_details(folder, {item: 100 + int(item) for item in items}, tmdb, today)


def test_what_tmdb_says_is_stored_and_read_again(
    server: Server, tmdb: Tmdb, tmp_path: Path
) -> None:
    rated = released(("DE", "12", 3), ("US", "PG-13", 3))
    server.replies = {
        "/3/movie/101": [
            movie(overview=" Toys live. ", poster_path="/p1.jpg", release_dates=rated)
        ],
        "/3/movie/102": [movie(overview=None, poster_path=None)],
        "/3/movie/104": [movie(overview="<b>4</b>", poster_path="/p4.png", adult=True)],
        "/img/p1.jpg": [Reply(JPEG)],
        "/img/p4.png": [Reply(PNG)],
    }
    counts = fetch(tmp_path, tmdb, 1, 2, 3, 4)
    assert counts == {"stored": 4, "new": 4, "unknown": 1}
    assert Details.read(tmp_path, TODAY) == {
        1: Details(
            item_id=1,
            fetched=TODAY,
            is_known=True,
            overview="Toys live.",
            poster=tmp_path / "1.jpg",
            certification="PG-13 (US)",
            adults_only=False,
        ),
        2: Details(item_id=2, fetched=TODAY, is_known=True),
        4: Details(
            item_id=4,
            fetched=TODAY,
            is_known=True,
            overview="<b>4</b>",
            poster=tmp_path / "4.png",
            adults_only=True,
        ),
    }
    assert (tmp_path / "1.jpg").read_bytes() == JPEG
    assert (tmp_path / "4.png").read_bytes() == PNG


def test_a_movie_is_asked_for_once_and_the_token_goes_nowhere_else(
    server: Server, tmdb: Tmdb, tmp_path: Path
) -> None:
    server.replies = {
        "/3/movie/101": [movie(poster_path="/p.jpg")],
        "/img/p.jpg": [Reply(JPEG)],
    }
    fetch(tmp_path, tmdb, 1)
    asked = "/3/movie/101?append_to_response=release_dates"
    assert server.requests == [(asked, f"Bearer {TOKEN}"), ("/img/p.jpg", None)]
    assert TOKEN not in repr(tmdb)
    assert not [file for file in tmp_path.iterdir() if TOKEN.encode() in file.read_bytes()]


def test_a_redirection_does_not_get_the_token(server: Server, tmdb: Tmdb) -> None:
    away = Reply(status=302, headers={"Location": f"{server.url}/elsewhere"})
    server.replies = {"/3/movie/1": [away], "/elsewhere": [movie()]}
    with pytest.raises(UnreachableError, match="status 302"):
        tmdb.movie(1)
    assert len(server.requests) == 1


def test_retry_after_is_respected(server: Server, tmdb: Tmdb, waits: list[float]) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=60)
    busy = [
        Reply(status=429, headers={"Retry-After": text})
        for text in ("7", format_datetime(soon, usegmt=True), "soon")
    ]
    server.replies = {"/3/movie/1": [*busy, movie(overview="At last.")]}
    found = tmdb.movie(1)
    assert found
    assert found.overview == "At last."
    assert waits[0] == 7
    assert waits[1] == pytest.approx(60, abs=5)
    assert waits[2] == 4  # seconds that nobody asked for, twice as many each time


def test_a_long_pause_is_left_to_the_person_and_what_is_there_stays(
    server: Server, tmdb: Tmdb, waits: list[float], tmp_path: Path
) -> None:
    busy = Reply(status=429, headers={"Retry-After": "86400"})
    server.replies = {"/3/movie/101": [movie()], "/3/movie/102": [busy]}
    with pytest.raises(InputError, match="86400 seconds"):
        fetch(tmp_path, tmdb, 1, 2)
    assert list(Details.read(tmp_path, TODAY)) == [1]
    assert waits == []


BAD = {
    "an error of the server": Reply(status=503),
    "cut off": Reply(b'{"overview":', cut=20),
    "no JSON": Reply(b"<html>moved</html>"),
    "half a character": Reply(b'{"overview": "\xc3"}'),
    "another JSON": Reply(b"[1, 2]"),
    "another type": movie(overview={"en": "text"}),
    "too much": Reply(b" " * (5 << 20)),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_reply_is_asked_for_again_a_few_times(
    name: str, server: Server, tmdb: Tmdb, waits: list[float]
) -> None:
    server.replies = {"/3/movie/1": [BAD[name], movie(overview="Good.")], "/3/movie/2": [BAD[name]]}
    found = tmdb.movie(1)
    assert found
    assert found.overview == "Good."
    with pytest.raises(UnreachableError, match=r"movie/2.*asked 4 times"):
        tmdb.movie(2)
    assert waits == [1, 1, 2, 4]
    assert len(server.requests) == 2 + 4


@pytest.mark.parametrize("pause", [0.05, 1.0])
def test_a_slow_reply_is_not_waited_for(
    pause: float, server: Server, tmdb: Tmdb, waits: list[float]
) -> None:
    server.replies = {"/3/movie/1": [replace(movie(overview="Slow."), pause=pause)]}
    hasty = replace(tmdb, timeout_s=0.2, attempts=2)
    start = time.monotonic()
    with pytest.raises(UnreachableError, match="timed out"):
        hasty.movie(1)
    assert time.monotonic() - start < 2
    assert waits == [1]


def test_nobody_there_is_an_error_with_the_address(
    server: Server, tmdb: Tmdb, waits: list[float]
) -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1/movie/1.*refused"):
        replace(tmdb, api="http://127.0.0.1:1").movie(1)
    assert waits == [1, 2, 4]


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_ends_it_at_once(
    status: int, server: Server, tmdb: Tmdb, tmp_path: Path
) -> None:
    server.replies = {f"/3/movie/{n}": [Reply(status=status)] for n in (101, 102)}
    with pytest.raises(InputError, match=rf"token.*{status}") as error:
        fetch(tmp_path, tmdb, 1, 2)
    assert TOKEN not in str(error.value)
    assert len(server.requests) == 1


def test_a_movie_that_fails_is_left_for_the_next_time(
    server: Server, tmdb: Tmdb, tmp_path: Path
) -> None:
    server.replies = {
        "/3/movie/101": [movie(poster_path="/p.jpg")],
        "/img/p.jpg": [Reply(b"<html>")],  # no picture
        "/3/movie/102": [movie()],
    }
    assert fetch(tmp_path, tmdb, 1, 2) == {"stored": 1, "new": 1, "failed": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["2.json"]
    server.replies["/img/p.jpg"] = [Reply(JPEG)]
    server.requests.clear()
    assert fetch(tmp_path, tmdb, 1, 2) == {"stored": 2, "new": 1}
    assert "/3/movie/102" not in "".join(server.paths())


def test_a_server_that_is_down_is_given_up(server: Server, tmdb: Tmdb, tmp_path: Path) -> None:
    server.replies = {f"/3/movie/{100 + n}": [Reply(status=500)] for n in range(2, 30)}
    server.replies["/3/movie/101"] = [movie()]
    with pytest.raises(UnreachableError, match="status 500"):
        fetch(tmp_path, tmdb, *range(1, 30))
    assert len(server.requests) == 1 + module.MAX_FAILURES * tmdb.attempts
    assert list(Details.read(tmp_path, TODAY)) == [1]


def test_what_is_there_is_not_asked_for_again_for_six_months(
    server: Server, tmdb: Tmdb, tmp_path: Path
) -> None:
    server.replies = {
        "/3/movie/101": [movie(overview="Old.", poster_path="/p.jpg"), movie(overview="New.")],
        "/img/p.jpg": [Reply(JPEG)],
    }
    fetch(tmp_path, tmdb, 1, 2)  # the second is not known, which is kept as well
    asked = len(server.requests)
    half_a_year = TODAY + timedelta(days=182)
    assert fetch(tmp_path, tmdb, 1, 2, today=half_a_year) == {"stored": 2}
    assert len(server.requests) == asked
    assert Details.read(tmp_path, half_a_year)[1].overview == "Old."

    later = half_a_year + timedelta(days=1)
    assert Details.read(tmp_path, later) == {}
    assert fetch(tmp_path, tmdb, 1, 2, today=later) == {"stored": 2, "new": 2, "unknown": 1}
    assert Details.read(tmp_path, later)[1].overview == "New."
    assert not (tmp_path / "1.jpg").exists(), "the poster was as old"


def test_what_is_damaged_is_not_shown_and_mended(
    server: Server, tmdb: Tmdb, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.replies = {"/3/movie/101": [movie(overview="Good.")]}
    fetch(tmp_path, tmdb, 1)
    file = tmp_path / "1.json"
    file.write_bytes(file.read_bytes()[:20])
    assert Details.read(tmp_path, TODAY) == {}
    assert "1.json is damaged" in caplog.text
    fetch(tmp_path, tmdb, 1)
    assert Details.read(tmp_path, TODAY)[1].overview == "Good."


def test_a_missing_poster_is_none(server: Server, tmdb: Tmdb, tmp_path: Path) -> None:
    server.replies = {
        "/3/movie/101": [movie(poster_path="/gone.jpg")],
        "/3/movie/102": [movie(poster_path="/../../etc/passwd")],
        "/3/movie/103": [movie(poster_path="/p.jpg")],
        "/img/p.jpg": [Reply(JPEG)],
    }
    fetch(tmp_path, tmdb, 1, 2, 3)
    (tmp_path / "3.jpg").unlink()
    assert [found.poster for found in Details.read(tmp_path, TODAY).values()] == [None] * 3


def test_a_full_disk_is_named_and_leaves_nothing_half_written(
    server: Server, tmdb: Tmdb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[:3])
        raise OSError(28, "No space left on device")

    server.replies = {"/3/movie/101": [movie()]}
    monkeypatch.setattr(Path, "write_bytes", no_space)
    with pytest.raises(InputError, match="No space left on device"):
        fetch(tmp_path, tmdb, 1)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_loses_nothing(server: Server, tmdb: Tmdb, tmp_path: Path) -> None:
    server.replies = {f"/3/movie/{n}": [movie()] for n in (101, 103)}
    server.replies["/3/movie/102"] = [Reply(status=500), movie()]

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path, replace(tmdb, wait=interrupted), 1, 2, 3)
    assert list(Details.read(tmp_path, TODAY)) == [1]
    assert fetch(tmp_path, tmdb, 1, 2, 3) == {"stored": 3, "new": 2}


def test_ids_may_be_text_of_any_kind(server: Server, tmdb: Tmdb, tmp_path: Path) -> None:
    ids = ["7", "../evil", "a b/ü", ".", "x.json"]
    server.replies = {f"/3/movie/{n}": [movie(overview=str(n))] for n in range(len(ids))}
    folder = tmp_path / "store"
    fetch_details(folder, {item: n for n, item in enumerate(ids)}, tmdb, TODAY)
    found = Details.read(folder, TODAY)
    assert {item: details.overview for item, details in found.items()} == dict(
        zip(ids, "01234", strict=True)
    )
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert Details.read(tmp_path / "nothing") == {}


@pytest.mark.parametrize(
    ("releases", "adult", "expected"),
    [
        ([], False, ("", None)),
        ([], True, ("", True)),
        ([("US", "R", 3)], False, ("R (US)", False)),
        ([("US", "NC-17", 3)], False, ("NC-17 (US)", True)),
        ([("DE", "18", 3), ("FR", "12", 3)], False, ("18 (DE)", True)),
        ([("DE", "16", 3), ("GB", "18", 3)], False, ("18 (GB)", True)),
        ([("US", "NR", 3), ("GB", "15", 3)], False, ("15 (GB)", False)),
        ([("US", "", 3), ("FR", "16", 3)], False, ("", None)),
    ],
)
def test_the_age_rating_is_that_of_the_first_country_that_has_one(
    releases: list[tuple[str, str, int]], adult: bool, expected: tuple[str, bool | None]
) -> None:
    found = Movie.model_validate({"adult": adult, "release_dates": released(*releases)})
    assert found.age_rating == expected


def test_the_age_rating_is_that_of_the_cinemas() -> None:
    at_home, in_cinemas = ({"certification": c, "type": t} for c, t in (("NC-17", 5), ("R", 3)))
    us = {"iso_3166_1": "US", "release_dates": [at_home, in_cinemas]}
    assert Movie.model_validate({"release_dates": {"results": [us]}}).age_rating.text == "R (US)"


def test_links_are_read_by_item_id(tmp_path: Path) -> None:
    (tmp_path / "links.csv").write_text("movieId,imdbId,tmdbId\n1,0114709,862\n2,0113497,\n")
    assert read_links(tmp_path) == {1: 862}
    assert read_links(tmp_path, "text") == {"1": 862}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"links\.csv: no such file"),
        ("movieId,imdbId\n1,2\n", "no column tmdbId"),
        ("", "no column movieId, tmdbId"),
        ("movieId,tmdbId\n1,8x\n", "movie 1 has the tmdbId '8x'"),
        ("movieId,tmdbId\n1,-8\n", "'-8'; accepted: a number"),
        ("movieId,tmdbId\nx,8\n", "movieId 'x' is not a number"),
        (b"movieId,tmdbId\n\xff,8\n", "cannot be read"),
    ],
)
def test_links_that_cannot_be_used_are_named(
    content: str | bytes | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        written = content.encode() if isinstance(content, str) else content
        (tmp_path / "links.csv").write_bytes(written)
    with pytest.raises(InputError, match=message):
        read_links(tmp_path)


def test_the_links_that_come_with_the_project_are_of_its_movies() -> None:
    embedded = PROJECT / "data/01_raw/movielens-small"
    links = read_links(embedded)
    movies = (embedded / "movies.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert set(links) < {int(line.partition(",")[0]) for line in movies}
    assert len(links) == 7_059
    assert links[2571] == 603  # The Matrix


def test_an_environment_fetches_its_most_rated_movies(
    server: Server, tmdb: Tmdb, project_copy: Path
) -> None:
    server.replies = {"/3/movie/13": [movie(overview="A box of chocolates.")]}
    said = fetch_for(project_copy, "test", tmdb, limit=2)
    assert [path.partition("?")[0] for path in server.paths()] == ["/3/movie/13", "/3/movie/680"]
    store = project_copy / "data/test/movie_details"
    assert f"2 of 2 movies are in {store}" in said
    assert f"save one from https://www.themoviedb.org/about/logos-attribution as {store}" in said
    (store / "tmdb-logo.svg").write_text("<svg/>")
    assert "logo" not in fetch_for(project_copy, "test", tmdb, limit=2)
    assert list(Details.read(store)) == [356]


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak"])
def test_what_cannot_be_a_token_is_refused_before_anything_is_asked(token: str) -> None:
    with pytest.raises(InputError, match=r"TMDB_TOKEN.*themoviedb\.org/settings/api"):
        Tmdb(token)


def test_without_a_token_the_command_says_how_to_get_one(
    kedro: Callable[..., Any], project_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMDB_TOKEN", raising=False)
    done = kedro(project_copy, "fetch-details")
    assert done.returncode == 1
    assert "https://www.themoviedb.org/settings/api" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project_copy / "data/movie_details").exists()
