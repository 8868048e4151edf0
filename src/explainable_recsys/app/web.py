"""The web application: its pages and its API over the service that is held."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI, Request, Response

from explainable_recsys.app import api, approach_pages, cards, pages, reference
from explainable_recsys.app.held import Held
from explainable_recsys.app.pages import problem_values
from explainable_recsys.app.rendering import render
from explainable_recsys.app.study import pages as study_pages
from explainable_recsys.app.study.served import Served
from explainable_recsys.wording.phrases import phrase


def create_app(held: Held, studies: Mapping[str, Served] | None = None) -> FastAPI:
    """Put pages and API together.

    Args:
        held: Who answers.
        studies: That people can take part in, by slug.
    """
    app = FastAPI(title="explainable-recsys", docs_url=None, redoc_url=None, openapi_url=None)
    questions = api.create_api(held)
    app.router.routes.append(api.mounted(questions))
    app.include_router(reference.router(held, questions))
    app.include_router(pages.router(held))
    app.include_router(cards.router(held))
    app.include_router(approach_pages.router(held))
    if studies:
        app.include_router(study_pages.router(studies))

    @app.exception_handler(404)
    def nothing_there(request: Request, _: Exception) -> Response:
        """An address that is none."""
        text = phrase("there is no such page")
        return render("problem.html.j2", request, held.service, 404, **problem_values(text))

    return app
