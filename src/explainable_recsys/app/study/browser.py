"""A browser without pictures: it follows links, fills forms in, and loses requests on purpose."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

PATIENCE = 120.0
"""Seconds for which a server that is gone is waited for."""

FAULTS = ("lost", "unanswered", "twice", "late")
"""What happens to a request that is cut: it does not arrive; it arrives, but the answer does not;
it arrives twice at once; or a copy of it arrives again after later ones."""


class LostError(Exception):
    """No answer came."""


class EndedError(Exception):
    """Nobody is to take part any more."""


@dataclass(frozen=True)
class Form:
    """A form: where it is sent, and what it holds as it comes."""

    action: str
    method: str
    values: Mapping[str, str]
    names: frozenset[str]

    def goes_to(self, place: str) -> bool:
        """Whether it is sent to an address that ends so, but for what stands behind a ?."""
        return urlsplit(self.action).path.endswith(place)


@dataclass(frozen=True)
class Page:
    """A page that was shown.

    Attributes:
        status: Of HTTP.
        path: Its address on the server.
        text: Its source.
        forms: In order.
    """

    status: int
    path: str
    text: str
    forms: list[Form]

    @property
    def name(self) -> str:
        """The last part of its address."""
        return urlsplit(self.path).path.rstrip("/").rpartition("/")[2]

    def form(self, place: str) -> Form:
        """The form that is sent to an address that ends so."""
        return next(form for form in self.forms if form.goes_to(place))


@dataclass
class Count:
    """What was asked, and what became of it, of all browsers together.

    Attributes:
        seconds: For which pages were waited for, without faults.
        faults: How many of each there were.
        ended: Set when nobody is to take part any more.
    """

    seconds: list[float] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*FAULTS, "gone"), 0))
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def add(self, fault: str) -> None:
        """One more."""
        with self.lock:
            self.faults[fault] += 1


class Browser:
    """One window, with its cookies."""

    def __init__(self, host: str, port: int, cut: float, seed: int, count: Count) -> None:
        """Open it.

        Args:
            host: Of the server.
            port: Of the server.
            cut: Share of the requests to which something happens, each of `FAULTS` equally often.
            seed: Of what happens.
            count: What happened.
        """
        self._where, self._cut, self._count = (host, port), cut, count
        self._random = random.Random(seed)  # threads decide what comes next, so not `draws`
        self._late: list[tuple[str, str, str]] = []
        self._connection: http.client.HTTPConnection | None = None
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        """Open a page, and again until it comes."""
        return self._until_answered("GET", path, "")

    def send(self, page: Page, form: Form, values: Mapping[str, str]) -> Page:
        """Send a form; without an answer send the same again, or open the page anew.

        Returns:
            What comes then: the next page, or the same one to be filled in again.
        """
        body = urlencode({**form.values, **values})
        where = f"{form.action}?{body}" if form.method == "GET" else form.action
        sent = form.method, where, "" if form.method == "GET" else body
        try:
            return self._followed(*self._faulty(*sent))
        except LostError:
            if self._random.random() < 0.5:
                return self._until_answered(*sent)
        return self.get(page.path)

    def pause(self, seconds: float = 0.0) -> None:
        """Look at a page for a while.

        Raises:
            EndedError: If that is to end.
        """
        if self._count.ended.wait(seconds):
            raise EndedError

    def close(self) -> None:
        """Send what is late, and close it."""
        self._send_late()
        if self._connection is not None:
            self._connection.close()

    def _until_answered(self, method: str, path: str, body: str) -> Page:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self._followed(*self._faulty(method, path, body))
            except LostError:
                if time.monotonic() > end:
                    raise
                self.pause(0.1)

    def _faulty(self, method: str, path: str, body: str) -> tuple[int, str, str, str]:
        """One request, to which something may happen."""
        if self._random.random() >= self._cut:
            if method == "POST" and self._random.random() < 0.5:
                self._send_late()
            start = time.perf_counter()
            answered = self._ask(method, path, body)
            with self._count.lock:
                self._count.seconds.append(time.perf_counter() - start)
            return answered
        fault = self._random.choice(FAULTS)
        self._count.add(fault)
        if fault == "lost":
            raise LostError
        if fault == "twice":
            again = threading.Thread(target=self._alone, args=(method, path, body))
            again.start()
            try:
                return self._ask(method, path, body)
            finally:
                again.join()
        before = dict(self.cookies)
        answered = self._ask(method, path, body)
        if fault == "unanswered":
            self.cookies = before
            raise LostError
        if method == "POST":
            self._late.append((method, path, body))
        return answered

    def _send_late(self) -> None:
        late, self._late = self._late, []
        for request in late:
            self._alone(*request)

    def _alone(self, method: str, path: str, body: str) -> None:
        """A request whose answer nobody reads."""
        connection = http.client.HTTPConnection(*self._where, timeout=30)
        try:
            connection.request(method, path, body or None, self._headers(body))
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            self._count.add("gone")
        finally:
            connection.close()

    def _ask(self, method: str, path: str, body: str) -> tuple[int, str, str, str]:
        """Status, address, where to, and text.

        Raises:
            LostError: If the server is gone, or could not keep something.
            EndedError: If nobody is to take part any more.
        """
        self.pause()
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._where, timeout=60)
        try:
            self._connection.request(method, path, body or None, self._headers(body))
            answer = self._connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            self._count.add("gone")
            raise LostError from error
        for cookie in answer.headers.get_all("set-cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value.strip('"')
        if answer.status >= 500 or answer.status == 429:
            raise LostError
        return answer.status, path, answer.headers.get("location", ""), text

    def _followed(self, status: int, path: str, to: str, text: str) -> Page:
        if status in (301, 302, 303, 307):
            return self.get(urljoin(path, to))
        return Page(status, path, text, read_forms(text, path))

    def _headers(self, body: str) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items() if value)
        form = {"content-type": "application/x-www-form-urlencoded"} if body else {}
        origin = {"origin": f"http://{self._where[0]}:{self._where[1]}"}
        return {**form, **origin, **({"cookie": cookies} if cookies else {})}


class _Reader(HTMLParser):
    """Gathers the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._open: dict[str, Any] | None = None
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A form or a field begins."""
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = {"action": has.get("action", ""), "method": has.get("method", "get")}
            self._open |= {"values": {}, "names": set()}
            self.forms.append(self._open)
        if self._open is None or not (name := has.get("name")):
            return
        self._open["names"].add(name)
        if tag == "textarea":
            self._area, self._open["values"][name] = name, ""
        if tag == "input" and (
            has.get("type") not in ("radio", "checkbox", "submit") or "checked" in has
        ):
            self._open["values"][name] = has.get("value", "")

    def handle_data(self, data: str) -> None:
        """The text of an area."""
        if self._open is not None and self._area:
            self._open["values"][self._area] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        """A form or an area ends."""
        if tag == "form":
            self._open = None
        if tag == "textarea":
            self._area = ""


def read_forms(text: str, path: str = "/") -> list[Form]:
    """The forms of a page, with what their fields hold as it comes.

    >>> read_forms('<form action="/a" method="post"><input name="key" value="1"></form>')[0].values
    {'key': '1'}
    """
    reader = _Reader()
    reader.feed(text)
    return [
        Form(
            urljoin(path, one["action"]), one["method"].upper(), one["values"],
            frozenset(one["names"]),
        )
        for one in reader.forms
    ]  # fmt: skip
