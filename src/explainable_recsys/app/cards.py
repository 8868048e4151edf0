"""The parts of an opened recommendation, asked for by a script, or as pages of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from explainable_recsys.app.held import Held
from explainable_recsys.app.opened import opened_view, others_view, smallest_view
from explainable_recsys.app.pages import answered
from explainable_recsys.app.rendering import render
from explainable_recsys.app.service import Service
from explainable_recsys.app.state import State
from explainable_recsys.app.views import Explored


def router(held: Held) -> APIRouter:
    """The routes: the address of a list with `open=ID`, and `part=1` for a part alone.

    Args:
        held: Who answers.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/opened")
    def opened(request: Request) -> Response:
        """Evidence, and what hangs on it; a part."""
        return _answer(held, request, opened_view, "opened.html.j2", part=True)

    @routes.get("/opened/smallest")
    def smallest(request: Request, part: bool = False) -> Response:
        """The smallest change that takes it off the list."""
        return _answer(held, request, smallest_view, "smallest.html.j2", part)

    @routes.get("/opened/others")
    def others(request: Request, part: bool = False) -> Response:
        """What the other approaches say of it."""
        return _answer(held, request, others_view, "others.html.j2", part)

    return routes


def _answer(
    held: Held,
    request: Request,
    view: Callable[[Explored], dict[str, Any]],
    template: str,
    part: bool,
) -> Response:
    """A part, alone or in a page."""

    def page(service: Service, state: State) -> Response:
        seen = Explored(service, state, with_reasons=False)
        shown = template if part else "opened_page.html.j2"
        return render(shown, request, service, seen=seen, opened=view(seen), part=template)

    return answered(
        held.service, request, page, "problem_part.html.j2" if part else "problem.html.j2"
    )
