"""The pages for people, and the parts of them that a script asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from explainable_recsys.app.held import Held
from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.opened import opened_view
from explainable_recsys.app.rendering import STATIC, render, root_of
from explainable_recsys.app.service import BusyError, Service
from explainable_recsys.app.shelf import shelf_of
from explainable_recsys.app.state import MOVED, TO_DO, State
from explainable_recsys.app.tiles import tile
from explainable_recsys.app.views import Explored
from explainable_recsys.errors import InputError
from explainable_recsys.wording.phrases import phrase

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
        """The page; where an address asks for something to be done, the address after that."""
        pairs = request.query_params.multi_items()

        def page(service: Service, state: State) -> Response:
            if any(name.startswith(MOVED) or name in TO_DO for name, _ in pairs):
                return RedirectResponse(f"{root_of(request)}/?{state.query()}", 303)
            seen = Explored(service, state)
            opens = any(row.film.item_id == state.open for row in seen.rows)
            opened = opened_view(seen) if opens else {}
            return render("explore.html.j2", request, service, seen=seen, opened=opened)

        return answered(held.service, request, page, "problem.html.j2")

    @routes.get("/parts")
    def parts(request: Request, light: bool = False) -> Response:
        """What changes with the ratings: if light, the list alone and without its reasons."""

        def page(service: Service, state: State) -> Response:
            seen = Explored(service, state, with_reasons=not light)
            return render("parts.html.j2", request, service, seen=seen, opened=None, light=light)

        return answered(held.service, request, page, "problem_part.html.j2")

    @routes.get("/search")
    def search(request: Request) -> Response:
        """Films by title, to be rated."""

        def page(service: Service, state: State) -> Response:
            seen = Explored(service, state, with_reasons=False)
            return render("found.html.j2", request, service, seen=seen)

        return answered(held.service, request, page, "problem_part.html.j2")

    @routes.get("/static/tmdb-logo.svg")
    def logo() -> Response:
        """Of those whose details are shown."""
        found = shelf_of(held.service).logo
        if found is None:
            return Response(status_code=404)
        return FileResponse(found, headers={"cache-control": FOR_A_DAY})

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
            tile(film.title, film.year, "|".join(film.genres)),
            media_type="image/svg+xml",
            headers={"cache-control": FOR_A_DAY},
        )

    @routes.get("/poster/{item}")
    def poster(item: str) -> Response:
        """A poster that was fetched."""
        try:
            details = shelf_of(held.service).film(item).details
        except NotHereError:
            details = None
        if details is None or details.poster is None or not details.poster.is_file():
            return Response(status_code=404)
        return FileResponse(details.poster, headers={"cache-control": FOR_A_DAY})

    return routes


def answered(
    service: Service, request: Request, page: Callable[[Service, State], Response], problem: str
) -> Response:
    """Answer an address, or say what is wrong with it and how to go on.

    Args:
        service: Who answers.
        request: Who asks.
        page: Makes the answer.
        problem: Template of what is said else.
    """
    state = None
    try:
        state = State.parse(request.query_params.multi_items())
        with service.turn():
            return page(service, state)
    except BusyError:
        text = phrase("Many people ask at the moment; try again.")
        reply = render(problem, request, service, 429, **problem_values(text))
        reply.headers["retry-after"] = "1"
        return reply
    except NotHereError as error:
        near = list(error.near) if state is not None and is_unknown(service, state.user) else []
        values = problem_values(str(error), state, near)
        return render(problem, request, service, 404, **values)
    except InputError as error:
        return render(problem, request, service, 422, **problem_values(str(error), state))


def problem_values(
    error: str, state: State | None = None, near: Sequence[Any] = ()
) -> dict[str, Any]:
    """What the template of a problem shows: what is wrong, of which address, and who is near."""
    return {"error": error, "state": state, "near": near}


def is_unknown(service: Service, user: str | None) -> bool:
    """Whether somebody is named whom the data do not know."""
    return user is not None and user not in service.data.histories.user_ids.astype(str)
