"""What the API says when something is wrong: problem documents (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.runs import OtherDataError
from explainable_recsys.app.schemas import Near, Problem, WrongMember
from explainable_recsys.app.service import BusyError
from explainable_recsys.errors import InputError

MEDIA_TYPE = "application/problem+json"

SECONDS_TO_WAIT = 1

KINDS: dict[int, tuple[str, str]] = {
    400: ("unreadable", "The body is no JSON."),
    404: ("not-here", "There is no such approach, user, item or address."),
    405: ("wrong-method", "The address takes another method."),
    409: ("other-data", "The results were made from other data than what is served."),
    422: ("not-accepted", "Something in the question is not accepted."),
    429: ("busy", "Too many questions wait; ask again after `Retry-After` seconds."),
    500: ("failure", "Something went wrong here."),
}
"""Name and title of each kind of problem, by its status."""


class ProblemResponse(Response):
    """A problem document."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        """Write it in ASCII: what was sent may hold what UTF-8 has no bytes for."""
        content = json.dumps(problem.model_dump()).encode()
        super().__init__(content, problem.status, dict(headers or {}))


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an operation may have, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": KINDS[status][1], "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def add_problems(api: FastAPI, named: Callable[[], dict[str, str]]) -> None:
    """Answer whatever goes wrong in an application with a problem document.

    Args:
        api: The application.
        named: Run, data and their version.
    """

    def problem(
        status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Response:
        kind, title = KINDS.get(status, ("", HTTPStatus(status).phrase))
        found = Problem(
            type=f"urn:explainable-recsys:{kind}" if kind else "about:blank",
            title=title,
            status=status,
            detail=detail,
            **named(),
            **more,
        )
        return ProblemResponse(found, headers)

    @api.exception_handler(InputError)
    async def not_accepted(_: Request, error: InputError) -> Response:
        return problem(422, str(error))

    @api.exception_handler(NotHereError)
    async def not_here(_: Request, error: NotHereError) -> Response:
        near = [Near(id=name, title=title) for name, title in error.near.items()]
        return problem(404, str(error), near=near)

    @api.exception_handler(OtherDataError)
    async def other_data(_: Request, error: OtherDataError) -> Response:
        return problem(409, str(error))

    @api.exception_handler(BusyError)
    async def busy(_: Request, __: BusyError) -> Response:
        headers = {"Retry-After": str(SECONDS_TO_WAIT)}
        return problem(429, f"accepted: the same in {SECONDS_TO_WAIT} s", headers)

    @api.exception_handler(RequestValidationError)
    async def not_valid(_: Request, error: RequestValidationError) -> Response:
        wrong = wrong_members(error.errors())
        detail = "; ".join(f"{member.where}: {member.detail}" for member in wrong)
        return problem(422, detail, errors=wrong)

    @api.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        path = request.url.path[:200]
        detail = {
            404: f"there is nothing at {path}; accepted: what openapi.json names",
            405: f"{path} does not take {request.method}; accepted: what openapi.json names",
            400: "the body cannot be read; accepted: JSON in UTF-8",
        }.get(error.status_code, str(error.detail))
        return problem(error.status_code, detail, error.headers)

    @api.exception_handler(Exception)
    async def failed(_: Request, __: Exception) -> Response:
        return problem(500, "the server's log says what")


def wrong_members(errors: Sequence[Any]) -> list[WrongMember]:
    """What pydantic found wrong, once for each member; never the values that were sent.

    >>> wrong_members([{"loc": ("body", "history", 0, "rating"), "msg": "not a number"}])
    [WrongMember(where='body.history.0.rating', detail='not a number')]
    """
    found: dict[str, list[str]] = {}
    for error in errors:
        names = [str(part) for part in error["loc"] if not _is_of_union(part)]
        found.setdefault(".".join(names)[:200], []).append(error["msg"])
    return [
        WrongMember(where=where, detail=" or ".join(dict.fromkeys(said)))
        for where, said in found.items()
    ]


def _is_of_union(part: Any) -> bool:
    """Whether a part of a place names a type that was tried, as pydantic has it."""
    return part in ("int", "str") or "constrained" in str(part)
