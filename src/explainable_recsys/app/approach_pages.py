"""The pages about the approaches, and the report."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from explainable_recsys.app.approaches import about, quality
from explainable_recsys.app.held import Held
from explainable_recsys.app.pages import answered
from explainable_recsys.app.rendering import render
from explainable_recsys.app.report import report_of
from explainable_recsys.app.service import Service
from explainable_recsys.app.state import State
from explainable_recsys.reporting.overview import KINDS
from explainable_recsys.wording.numbers import percentage
from explainable_recsys.wording.phrases import phrase


def router(held: Held) -> APIRouter:
    """The routes.

    Args:
        held: Who answers.
    """
    routes = APIRouter(include_in_schema=False)

    @routes.get("/approaches")
    def approaches(request: Request) -> Response:
        """All that are served."""

        def page(service: Service, state: State) -> Response:
            return render(
                "approaches.html.j2",
                request,
                service,
                rows=quality(service),
                kinds=KINDS,
                state=state,
                report=has_report(service),
            )

        return answered(held.service, request, page, "problem.html.j2")

    @routes.get("/approaches/{name}")
    def approach(request: Request, name: str) -> Response:
        """How one works, and how well."""

        def page(service: Service, state: State) -> Response:
            if name not in service.names:
                service.stored(name)  # says which there are
            return render(
                "approach.html.j2",
                request,
                service,
                about=about(service, name),
                percentage=percentage,
                state=state,
                report=has_report(service),
            )

        return answered(held.service, request, page, "problem.html.j2")

    @routes.get("/report")
    def report(request: Request) -> Response:
        """The report of the run."""
        service = held.service
        found = report_of(service.found.root, service.run.id)
        if found is None:
            text = phrase("The run that is served has no report.")
            return render("problem.html.j2", request, service, 404, error=text, near=[], state=None)
        headers = {"content-security-policy": found.policy}
        return FileResponse(found.file, media_type="text/html; charset=utf-8", headers=headers)

    return routes


def has_report(service: Service) -> bool:
    """Whether there is a report of the run."""
    return report_of(service.found.root, service.run.id) is not None
