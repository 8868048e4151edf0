"""`kedro app`: open the last run and listen until somebody ends it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import click
import uvicorn

from explainable_recsys.app.held import Held
from explainable_recsys.app.service import open_service
from explainable_recsys.app.web import create_app
from explainable_recsys.errors import InputError
from explainable_recsys.interface.runs import local_time
from explainable_recsys.interface.stored import quick_catalog
from explainable_recsys.threads import limit_threads
from explainable_recsys.wording.phrases import phrase


def serve(
    project: Path, env: str | None, host: str, port: int, approaches: tuple[str, ...]
) -> None:
    """Serve the last run until Ctrl-C.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        host: Address to listen on.
        port: 0 for any that is free.
        approaches: Names of those to be served; none: all that have explained lists.

    Raises:
        InputError: If no run has explained anything, or nobody can listen there.
    """
    limit_threads(1)  # as many questions are answered at once as there are cores
    listening = bound(host, port)
    with listening:
        held = Held(lambda: open_service(quick_catalog(project, env), approaches))
        try:
            held.load()
            port = listening.getsockname()[1]
            run = local_time(held.service.run.id)
            where = phrase("run of {time}: http://{host}:{port}", time=run, host=host, port=port)
            click.echo(where)
            click.echo(phrase("Ctrl-C ends it."))
            config = uvicorn.Config(create_app(held), access_log=False, log_level="warning")
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            held.close()


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
