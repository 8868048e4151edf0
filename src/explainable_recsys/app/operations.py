"""What happens to every request: an id, a line in the log, safe headers, limits."""

from __future__ import annotations

import asyncio
import datetime
import html
import json
import logging
import math
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from explainable_recsys.app.access import (
    SAFE_METHODS,
    SESSION,
    TOKEN,
    Access,
    Asked,
    Rate,
    study_cookie,
)
from explainable_recsys.wording.phrases import phrase

logger = logging.getLogger(__name__)

REQUESTS = logging.getLogger("requests of explainable-recsys")
"""Of a line for each request; see `write_log`."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
SAFE = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""Headers of every reply that does not set them itself."""

STUDIES = "/study/"
"""Where all pages of studies are, for which nobody has to show the token."""

SERVER_ERROR = 500

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Limits:
    """What a request may be.

    Attributes:
        body: Bytes.
        query: Characters.
        seconds: That its body may take to come.
    """

    body: int = 500_000
    query: int = 32_000
    seconds: float = 10.0


def write_log(handler: logging.Handler) -> None:
    """Write a line of JSON for each request.

    Args:
        handler: Where to; what it cannot write, as on a full disk, is lost.
    """
    logging.raiseExceptions = False
    handler.setFormatter(logging.Formatter("%(message)s"))
    REQUESTS.handlers, REQUESTS.propagate = [handler], False
    REQUESTS.setLevel(logging.INFO)


class Refused(Exception):  # noqa: N818  not an error of the program
    """A request that is not answered.

    Attributes:
        status: Of HTTP.
        why: For people.
        headers: More of them.
    """

    def __init__(self, status: int, why: str, headers: dict[str, str] | None = None) -> None:
        """Say so."""
        super().__init__(why)
        self.status, self.why, self.headers = status, why, headers or {}


@dataclass
class Operations:
    """An ASGI application around another.

    Attributes:
        app: What answers.
        access: Who may ask.
        limits: What may be asked.
        rate: How often.
        crowd: How often those may come together into studies who have no cookie of the study yet,
            which is not before they read about it: a class in a room has one address.
    """

    app: Application
    access: Access = field(default_factory=Access)
    limits: Limits = field(default_factory=Limits)
    rate: Rate = field(default_factory=Rate)
    crowd: Rate = field(default_factory=lambda: Rate(burst=1000))

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = _asked(scope)
        reply = _Reply(send, scope, _id_of(asked))
        try:
            self._enter(asked, reply, scope.get("root_path", ""))
            if asked.method not in SAFE_METHODS:
                receive = await _whole_body(asked, receive, self.limits)
            await self.app(scope, receive, reply.send_but_failures)
        except Refused as refused:
            await _refuse(asked, reply, refused)
        except Exception:
            logger.exception("request %s failed", reply.id)
            if reply.status is None:
                why = phrase("Something went wrong here; the log has it under {id}.", id=reply.id)
                await _refuse(asked, reply, Refused(SERVER_ERROR, why))
        finally:
            _log(asked, scope, reply)

    def _enter(self, asked: Asked, reply: _Reply, root: str) -> None:
        """Look at a request.

        Raises:
            Refused: If it is not to be answered.
        """
        if self.access.is_of_another_page(asked):
            raise Refused(403, phrase("Another site asked for this; open the page itself."))
        is_study, is_static = (asked.path.startswith(place) for place in (STUDIES, "/static/"))
        own = study_cookie(asked.path.split("/")[2]) if is_study else SESSION
        who, rate = asked.cookies.get(own, ""), self.rate
        if not _ID.fullmatch(who):
            who, rate = asked.client, self.crowd if is_study or is_static else self.rate
            if not (is_study or is_static or asked.path.startswith("/api/")):
                reply.cookies[SESSION] = secrets.token_urlsafe(12)
        if wait := rate.seconds_to_wait(who):
            text = phrase("These are more questions than may come at once; wait a moment.")
            raise Refused(429, text, {"retry-after": str(math.ceil(wait))})
        if len(asked.query) > self.limits.query:
            raise Refused(414, phrase("The address is too long."))
        if self.access.enters(asked):
            reply.cookies[TOKEN] = self.access.token
            where = f"{root}{asked.path}?{asked.without_token}".rstrip("?")
            raise Refused(303, phrase("Come in."), {"location": where})
        if not self.access.is_allowed(asked):
            text = phrase("A token is needed: open the link that was printed at the start.")
            raise Refused(401, text, {"www-authenticate": "Bearer"})


async def _whole_body(asked: Asked, receive: Receive, limits: Limits) -> Receive:
    """Receive a body before anybody works on it.

    Raises:
        Refused: If it is too large or too slow, or whoever sent it has gone.
    """
    too_large = phrase("The request is too large; accepted: {n} bytes.", n=f"{limits.body:,}")
    declared = asked.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > limits.body:
        raise Refused(413, too_large)
    parts, n_bytes, is_over = list[bytes](), 0, False
    try:
        async with asyncio.timeout(limits.seconds):
            while not is_over:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, phrase("The request ended before it was complete."))
                parts.append(message.get("body", b""))
                n_bytes += len(parts[-1])
                if n_bytes > limits.body:
                    raise Refused(413, too_large)
                is_over = not message.get("more_body", False)
    except TimeoutError:
        raise Refused(408, phrase("The request took too long to arrive.")) from None
    whole: list[Message] = [{"type": "http.request", "body": b"".join(parts), "more_body": False}]

    async def received() -> Message:
        return whole.pop() if whole else await receive()

    return received


class _Reply:
    """What is sent, with the headers of all replies."""

    def __init__(self, send: Send, scope: Message, request_id: str) -> None:
        self._path = f"{scope.get('root_path', '')}/"
        self._secure = "; Secure" if scope.get("scheme") == "https" else ""
        self.id, self.cookies = request_id, dict[str, str]()
        self.status: int | None = None
        self._fails = False
        self._send, self.n_bytes, self.started = send, 0, time.perf_counter()

    async def send_but_failures(self, message: Message) -> None:
        """Send a part of what answers, but not what Starlette says before it raises an error."""
        self._fails = self._fails or message.get("status") == SERVER_ERROR
        if not self._fails:
            await self.send(message)

    async def send(self, message: Message) -> None:
        """Send a part."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", []))
            there = {name.lower() for name, _ in headers}
            more = {**SAFE, "x-request-id": self.id, "cache-control": "no-store"}
            headers += [
                (k.encode(), v.encode()) for k, v in more.items() if k.encode() not in there
            ]
            for name, value in self.cookies.items():
                cookie = f"{name}={value}; Path={self._path}; HttpOnly; SameSite=Lax{self._secure}"
                headers.append((b"set-cookie", cookie.encode()))
            message = {**message, "headers": headers}
        else:
            self.n_bytes += len(message.get("body", b""))
        await self._send(message)


def _asked(scope: Message) -> Asked:
    headers = {name.decode("latin-1").lower(): v.decode("latin-1") for name, v in scope["headers"]}
    query = scope.get("query_string", b"").decode("latin-1")
    client = (scope.get("client") or ("",))[0]
    path = scope["path"].removeprefix(scope.get("root_path", ""))  # of which servers make a part
    return Asked(scope["method"], path, query, headers, client)


def _id_of(asked: Asked) -> str:
    """The id that a request brings, if it is one, or a new one."""
    given = asked.headers.get("x-request-id", "")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)


async def _refuse(asked: Asked, reply: _Reply, refused: Refused) -> None:
    """Say why, as a problem document (RFC 9457) or as a page."""
    if asked.path.startswith("/api/"):
        problem = {"type": "about:blank", "title": refused.why, "status": refused.status}
        kind, body = "application/problem+json", json.dumps(problem)
    else:
        text = html.escape(refused.why)
        kind = "text/html; charset=utf-8"
        body = f'<!doctype html><html lang="en"><title>{text}</title><h1>{text}</h1></html>'
    headers = {"content-type": kind, **refused.headers}
    start = {
        "type": "http.response.start",
        "status": refused.status,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
    }
    await reply.send(start)
    await reply.send({"type": "http.response.body", "body": body.encode()})


def _log(asked: Asked, scope: Message, reply: _Reply) -> None:
    """One line, which says nothing of who asked and what was rated."""
    route = scope.get("route")
    line = {
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "id": reply.id,
        "method": asked.method,
        "route": getattr(route, "path", None) or "-",
        "status": reply.status,
        "ms": round(1000 * (time.perf_counter() - reply.started), 1),
        "bytes": reply.n_bytes,
    }
    REQUESTS.info("%s", json.dumps(line))
