"""Pages from their templates."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from explainable_recsys.app import notices, remarks
from explainable_recsys.app.service import Service
from explainable_recsys.interface.runs import local_time
from explainable_recsys.reporting.people import titled
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import short
from explainable_recsys.wording.phrases import language, phrase, plural

STATIC = {file.name: file for file in sorted((Path(__file__).parent / "static").iterdir())}
"""Styles and scripts, by name."""


def render(
    template: str, request: Request, service: Service, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page about a run, or a part of one.

    Its template knows `service` and `run_time` besides what all know; see `page`.

    Args:
        template: Its name.
        request: Who asks.
        service: Who answers.
        status: Of HTTP.
        values: What the template shows.
    """
    of_run = {"service": service, "run_time": local_time(service.run.id)}
    return page(template, request, status, **of_run, **values)


def page(template: str, request: Request, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one.

    Every template knows `root` (what stands before each address, behind a proxy), `asset(name)`,
    `phrase`, `plural`, `short`, `titled`, and the filter `sentence`.

    Args:
        template: Its name.
        request: Who asks.
        status: Of HTTP.
        values: What the template shows.
    """
    root = root_of(request)

    def asset(name: str) -> str:
        return f"{root}/static/{name}?v={_digest(name)}"

    text = _environment().get_template(template).render(root=root, asset=asset, **values)
    return HTMLResponse(text, status)


def root_of(request: Request) -> str:
    """What stands before each address, behind a proxy."""
    return str(request.scope.get("root_path", "")).rstrip("/")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("explainable_recsys.app", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["sentence"] = markup.html
    environment.globals |= {"phrase": phrase, "plural": plural, "language": language}
    environment.globals |= {"titled": titled, "short": short, "notices": notices}
    environment.globals |= {"remarks": remarks}
    return environment


@functools.cache
def _digest(name: str) -> str:
    return hashlib.sha256(STATIC[name].read_bytes()).hexdigest()[:12]
