"""The pages for people, and the parts of them that a script asks for."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from markupsafe import escape

from explainable_recsys.app.held import Held
from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.opened import opened_view
from explainable_recsys.app.rendering import STATIC, render
from explainable_recsys.app.service import Service
from explainable_recsys.app.shelf import shelf_of
from explainable_recsys.app.state import DROP, LIKE, UNDO, State
from explainable_recsys.app.views import Explored
from explainable_recsys.errors import InputError
from explainable_recsys.reporting.people import near_ids

FOR_GOOD = "public, max-age=31536000, immutable"
FOR_A_DAY = "public, max-age=86400"


def router(held: Held) -> APIRouter:
    """The routes of the pages.

    Args:
        held: Who answers.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    def explore(request: Request) -> Response:
        """The page, or where it is if the address asks for something to be done."""
        service, pairs = held.service, request.query_params.multi_items()
        state = None
        try:
            state = State.parse(pairs)
            if any("." in name or name in (DROP, LIKE, UNDO) for name, _ in pairs):
                root = str(request.scope.get("root_path", "")).rstrip("/")
                return RedirectResponse(f"{root}/?{state.query()}", 303)
            with service.turn():
                seen = Explored(service, state)
                opens = any(row.film.item_id == state.open for row in seen.rows)
                opened = opened_view(service, state) if opens else {}
                return render("explore.html.j2", request, service, seen=seen, opened=opened)
        except InputError as error:
            return problem(request, service, error, state, "problem.html.j2")

    @routes.get("/parts")
    def parts(request: Request, light: bool = False) -> Response:
        """What changes with the ratings: if light, the list alone and without its reasons."""
        service = held.service
        try:
            state = State.parse(request.query_params.multi_items())
            with service.turn():
                seen = Explored(service, state, with_reasons=not light)
                return render(
                    "parts.html.j2", request, service, seen=seen, opened=None, light=light
                )
        except InputError as error:
            return problem(request, service, error, None, "problem_part.html.j2")

    @routes.get("/search")
    def search(request: Request) -> Response:
        """Films by title, to be rated."""
        service = held.service
        try:
            state = State.parse(request.query_params.multi_items())
            seen = Explored(service, state, with_reasons=False)
            return render("found.html.j2", request, service, seen=seen)
        except InputError as error:
            return problem(request, service, error, None, "problem_part.html.j2")

    @routes.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            return Response(status_code=404)
        return FileResponse(STATIC[name], headers={"cache-control": FOR_GOOD})

    @routes.get("/tile/{item}.svg")
    def picture(item: str) -> Response:
        """What stands for a poster."""
        try:
            film = shelf_of(held.service).film(item)
        except NotHereError:
            return Response(status_code=404)
        return Response(
            _tile(film.title),
            media_type="image/svg+xml",
            headers={"cache-control": FOR_A_DAY},
        )

    return routes


def problem(
    request: Request, service: Service, error: InputError, state: State | None, template: str
) -> Response:
    """Say what is wrong with a request, and how to go on.

    Args:
        request: Who asks.
        service: Who answers.
        error: What is wrong.
        state: What was asked for, if it could be read.
        template: How it is said.
    """
    is_unknown = isinstance(error, NotHereError)
    near = []
    if is_unknown and state is not None and state.user is not None and "user" in str(error):
        near = near_ids(state.user, service.data.histories.user_ids)
    values = {"error": str(error), "state": state, "near": near}
    return render(template, request, service, 404 if is_unknown else 422, **values)


def _tile(title: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 92 138"><rect width="92" height="138"'
        f' fill="#31475e"/><text x="8" y="30" fill="#fff">{escape(title)}</text></svg>'
    )
