"""`kedro app`: open the last run and listen until somebody ends it."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
import uvicorn
from kedro.io import DataCatalog

from explainable_recsys.app.access import TOKEN, Access
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import STUDIES, Operations, write_log
from explainable_recsys.app.service import open_service
from explainable_recsys.app.study.served import Served, open_study
from explainable_recsys.app.web import create_app
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import local_time
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.threads import limit_threads
from explainable_recsys.wording.numbers import date
from explainable_recsys.wording.phrases import phrase

TOKEN_VARIABLE = "EXPLAINABLE_RECSYS_TOKEN"
"""Environment variable that holds the token; one is made up without it."""

SHARE = 0.0005
"""Seconds that a thread goes on before it lets others: who waits for a page does not wait for those
for whom much is worked out."""


@dataclass(frozen=True)
class Options:
    """How to listen.

    Attributes:
        host: Address to listen on.
        port: 0 for any that is free.
        root_path: Where a proxy shows the app; empty without one.
        is_behind_proxy: Whether a proxy on this machine says who asks, and how.
        log: File for a line about each request; empty: standard error, unless it is a terminal.
        studies: Folders of studies that people can take part in.
        store: Where their answers are kept; empty: a file for each among the results.
        is_trial: Whether their pages are only tried, whatever their days.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    root_path: str = ""
    is_behind_proxy: bool = False
    log: str = ""
    studies: tuple[Path, ...] = ()
    store: str = ""
    is_trial: bool = False

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can ask."""
        return self.is_behind_proxy or self.host not in ("localhost", "127.0.0.1", "::1")


def serve(project: Path, env: str | None, approaches: tuple[str, ...], options: Options) -> None:
    """Serve the last run until Ctrl-C.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        approaches: Names of those to be served; none: all that have explained lists.
        options: How to listen.

    Raises:
        InputError: If no run has explained anything, a study cannot be opened, or nobody can listen
            there.
    """
    sys.setswitchinterval(SHARE)
    limit_threads(1)  # as many questions are answered at once as there are cores
    write_log(_log_handler(options.log))
    token = os.environ.get(TOKEN_VARIABLE) or secrets.token_urlsafe(24)
    access = Access(token if options.is_public else "")
    with bound(options.host, options.port) as listening:
        held = Held(lambda: open_service(quick_catalog(project, env), approaches))
        try:
            studies = _studies(quick_catalog(project, env), held, options)
            if studies:
                access = replace(access, open_paths=(*access.open_paths, STUDIES))
            held.load()
            _say_where(held, listening.getsockname()[1], options, access, studies)
            config = configured(Operations(create_app(held, studies), access), options)
            with contextlib.suppress(KeyboardInterrupt):
                uvicorn.Server(config).run(sockets=[listening])
        finally:
            held.close()
    click.echo(phrase("Ended."))


def configured(app: Operations, options: Options, port: int = 0) -> uvicorn.Config:
    """How the server runs an application.

    Args:
        app: What answers.
        options: How to listen.
        port: Where to, if there is no socket yet.
    """
    return uvicorn.Config(
        app,
        port=port,
        access_log=False,
        log_level="warning",
        root_path=options.root_path,
        proxy_headers=options.is_behind_proxy,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        server_header=False,
    )


def _log_handler(file: str) -> logging.Handler:
    """Where the lines about requests go.

    Raises:
        InputError: If the file cannot be written.
    """
    if file:
        try:
            return logging.FileHandler(file, encoding="utf-8")
        except OSError as error:
            raise InputError(f"--log {file}: {error.strerror}; accepted: a file") from error
    return logging.NullHandler() if sys.stderr.isatty() else logging.StreamHandler()


def _studies(catalog: DataCatalog, held: Held, options: Options) -> dict[str, Served]:
    """The studies that are served, by slug.

    Raises:
        InputError: As `open_study`, or if two have the same slug.
    """
    found: dict[str, Served] = {}
    for folder in options.studies:
        study = open_study(folder, catalog, held.service, options.store, options.is_trial)
        if study.plan.slug in found:
            raise InputError(f"--study {folder}: study '{study.plan.slug}' is there already")
        found[study.plan.slug] = study
    return found


def _say_where(
    held: Held, port: int, options: Options, access: Access, studies: Mapping[str, Served]
) -> None:
    """Print what is served, and the addresses to open."""
    run = phrase("run of {time}", time=local_time(held.service.run.id))
    name = f"[{options.host}]" if ":" in options.host else options.host
    here = f"http://{name}:{port}{options.root_path}/"
    link = here + (f"?{TOKEN}={access.token}" if access.token else "")
    click.echo(f"{held.service.card['name']}, {run}")
    click.echo(link)
    for slug, study in studies.items():
        click.echo(f"{here}study/{slug}")
        if study.today() < study.plan.opens:
            click.echo(phrase("  Opens on {day}; until then nobody can take part, but --try shows "
                              "its pages.", day=date(study.plan.opens.isoformat())))  # fmt: skip
    click.echo(phrase("Ctrl-C ends it."))


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        InputError: If the address is no address here, or another program listens there.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise InputError(
                f"--port {port}: another program listens there; accepted: another port, or 0 for "
                "any that is free"
            ) from error
        raise InputError(f"--host {host} --port {port}: {error.strerror}") from error
    return listening
