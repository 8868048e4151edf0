"""Who may ask, and how often."""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qsl, urlencode

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

TOKEN, SESSION = "token", "session"
"""Names of the cookies; a study has one of its own."""


def study_cookie(slug: str) -> str:
    """Name of the cookie of a study.

    >>> study_cookie("films")
    'study-films'
    """
    return f"study-{slug}"


@dataclass(frozen=True)
class Asked:
    """What is looked at of a request before it is answered.

    Attributes:
        method: Such as `GET`.
        path: Without the query.
        query: As it came, decoded as Latin-1.
        headers: By name in small letters; of several the last.
        client: The address, for as long as the request lasts.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    client: str

    @property
    def cookies(self) -> dict[str, str]:
        """By name; none where they cannot be read.

        >>> Asked("GET", "/", "", {"cookie": "token=abc; session=7"}, "").cookies
        {'token': 'abc', 'session': '7'}
        """
        found = SimpleCookie()
        try:
            found.load(self.headers.get("cookie", ""))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in found.items()}

    @property
    def without_token(self) -> str:
        """The query without the token."""
        pairs = parse_qsl(self.query, keep_blank_values=True)
        return urlencode([(name, value) for name, value in pairs if name != TOKEN])


@dataclass(frozen=True)
class Access:
    """Who may ask.

    Attributes:
        token: What has to be shown; empty where nobody else reaches the machine's own address.
        names: What the machine may be called where there is no token.
        open_paths: Beginnings of paths that ask for none.
    """

    token: str = ""
    names: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    open_paths: tuple[str, ...] = ("/static/", "/api/v1/health", "/api/v1/ready")

    def is_allowed(self, asked: Asked) -> bool:
        """Whether a request shows the token, in a header or a cookie, or needs none.

        >>> access = Access("secret")
        >>> [
        ...     access.is_allowed(Asked("GET", "/", "", headers, ""))
        ...     for headers in ({}, {"authorization": "Bearer secret"}, {"cookie": "token=secre"})
        ... ]
        [False, True, False]
        """
        if not self.token or asked.path.startswith(self.open_paths):
            return True
        kind, _, shown = asked.headers.get("authorization", "").partition(" ")
        given = shown.strip() if kind.lower() == "bearer" else asked.cookies.get(TOKEN, "")
        return self.is_token(given)

    def enters(self, asked: Asked) -> bool:
        """Whether it is the link with the token, which is then kept in a cookie."""
        given = dict(parse_qsl(asked.query)).get(TOKEN, "")
        return bool(self.token) and asked.method == "GET" and self.is_token(given)

    def is_token(self, given: str) -> bool:
        """Whether this is the token; takes as long whatever is wrong."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode())

    def is_of_another_page(self, asked: Asked) -> bool:
        """Whether a page of another site wants something changed, or asks under its own name.

        Where there is no token, a site could point its name at this machine: a request has to
        name the machine itself. Programs send neither header.
        """
        host = asked.headers.get("host", "").rpartition("@")[2].lower()
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if not self.token and name not in self.names:
            return True
        if asked.method in SAFE_METHODS:
            return False
        return asked.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


@dataclass
class Rate:
    """How often somebody may ask: a bucket that fills again, for each.

    Attributes:
        per_second: Requests that fill in a second.
        burst: Most requests at once.
        most: Buckets that are kept; who has not asked for longest goes.
        clock: Seconds.

    >>> now = [0.0]
    >>> rate = Rate(per_second=1, burst=2, clock=lambda: now[0])
    >>> [rate.seconds_to_wait("a") for _ in range(3)], rate.seconds_to_wait("b")
    ([0.0, 0.0, 1.0], 0.0)
    >>> now[0] = 1.0
    >>> rate.seconds_to_wait("a")
    0.0
    """

    per_second: float = 40
    burst: float = 80
    most: int = 10_000
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def seconds_to_wait(self, who: str) -> float:
        """Count a request; how long to wait if it is one too many, which is not counted."""
        now = self.clock()
        left, since = self._left.pop(who, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.per_second)
        enough = left >= 1
        self._left[who] = (left - enough, now)
        if len(self._left) > self.most:
            self._left.popitem(last=False)
        return 0.0 if enough else (1 - left) / self.per_second
