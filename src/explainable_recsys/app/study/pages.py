"""The pages of studies: plain forms, each answer kept at once, each page come back to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from explainable_recsys.app.items import NotHereError
from explainable_recsys.app.study.databases import StoreError
from explainable_recsys.app.study.served import Served
from explainable_recsys.app.study.session import Form
from explainable_recsys.app.study.store import RefusedError
from explainable_recsys.app.study.visit import Visit, message
from explainable_recsys.errors import InputError
from explainable_recsys.wording.phrases import nearest, phrase, speaking

logger = logging.getLogger(__name__)


async def _form(request: Request) -> Form:
    try:
        return Form.read(await request.body())
    except ValueError as error:
        raise HTTPException(413) from error


Sent = Annotated[Form, Depends(_form)]


def router(studies: Mapping[str, Served]) -> APIRouter:
    """The routes of some studies.

    Args:
        studies: By slug.
    """
    routes = APIRouter(prefix="/study", include_in_schema=False)

    def answered(request: Request, slug: str, act: Callable[[Visit], Response]) -> Response:
        """Answer, or say what is wrong."""
        if slug not in studies:
            return message(request, 404, phrase("There is no such page."))
        study = studies[slug]
        try:
            visit = Visit(request, study)
        except StoreError as error:
            with speaking(nearest(study.languages[0])):
                return not_kept(request, slug, error)
        with speaking(visit.spoken):
            return acted(request, slug, lambda: act(visit))

    def not_kept(request: Request, slug: str, error: StoreError) -> Response:
        """The store does not answer."""
        logger.warning("study %s: %s", slug, error)
        text = phrase("Your answer could not be kept just now. Go back and send it again.")
        reply = message(request, 503, text)
        reply.headers["retry-after"] = "2"
        return reply

    def acted(request: Request, slug: str, act: Callable[[], Response]) -> Response:
        """The same, in the language that is spoken here."""
        try:
            return act()
        except StoreError as error:
            return not_kept(request, slug, error)
        except NotHereError:
            return message(request, 404, phrase("There is no such page."), slug)
        except InputError as error:
            status = 409 if isinstance(error, RefusedError) else 422
            return message(request, status, str(error), slug)

    @routes.get("/{slug}")
    @routes.get("/{slug}/")
    def start(request: Request, slug: str) -> Response:
        """Where somebody is, or what it is about."""
        return answered(request, slug, Visit.start)

    @routes.get("/{slug}/tile/{item}.svg")
    def picture(request: Request, slug: str, item: str) -> Response:
        """What stands for a poster."""
        return answered(request, slug, lambda visit: visit.picture(item))

    @routes.get("/{slug}/poster/{item}")
    def poster(request: Request, slug: str, item: str) -> Response:
        """A poster that was fetched."""
        return answered(request, slug, lambda visit: visit.poster(item))

    @routes.get("/{slug}/resume")
    def ask_to_resume(request: Request, slug: str) -> Response:
        """The token stands behind # in the link, so that it is in no log."""
        return answered(request, slug, lambda visit: visit.page("study_resume.html.j2"))

    @routes.post("/{slug}/resume")
    def resume(request: Request, slug: str, form: Sent) -> Response:
        """Go on, on this device or another."""
        return answered(request, slug, lambda visit: visit.resume(form))

    @routes.post("/{slug}/leave")
    def leave(request: Request, slug: str) -> Response:
        """Somebody else goes on at this device."""
        return answered(request, slug, Visit.leave)

    @routes.get("/{slug}/withdraw")
    def ask_to_withdraw(request: Request, slug: str) -> Response:
        """By the code of the last page."""
        return answered(request, slug, lambda visit: visit.page("study_withdraw.html.j2"))

    @routes.post("/{slug}/withdraw")
    def withdraw(request: Request, slug: str, form: Sent) -> Response:
        """Delete everything of somebody."""
        return answered(request, slug, lambda visit: visit.withdraw(form))

    @routes.get("/{slug}/{name}")
    def show(request: Request, slug: str, name: str) -> Response:
        """A page of a session."""
        return answered(request, slug, lambda visit: visit.show(name))

    @routes.post("/{slug}/{name}")
    def answer(request: Request, slug: str, name: str, form: Sent) -> Response:
        """The answers of a page."""
        return answered(request, slug, lambda visit: visit.answer(name, form))

    @routes.get("/{path:path}")
    def nothing(request: Request, path: str) -> Response:
        """An address that is none."""
        return message(request, 404, phrase("There is no such page."))

    return routes
