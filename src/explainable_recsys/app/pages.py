"""The pages for people."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from explainable_recsys.app.held import Held


def router(held: Held) -> APIRouter:
    """The routes of the pages.

    Args:
        held: Who answers.
    """
    routes = APIRouter(default_response_class=HTMLResponse)

    @routes.get("/")
    def explore() -> str:
        return f"<title>{held.service.run.id}</title>"

    return routes
