"""The API: the same questions as on the pages, for programs."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from explainable_recsys.app.held import Held


def router(held: Held) -> APIRouter:
    """The routes under `/api/v1`.

    Args:
        held: Who answers.
    """
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "run": held.service.run.id}

    return routes
