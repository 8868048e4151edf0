"""`kedro viz run`, which opens with an overview here: kedro-viz has no setting for that."""

from __future__ import annotations

import copy
import socket
import webbrowser
from typing import Any

import click
from kedro_viz.launchers.cli.run import run as kedro_viz_run

from explainable_recsys.wording.phrases import phrase

OVERVIEW = "types=nodes&expandAllPipelines=false&pid=__default__"
"""Boxes and what leads from one to another; with every dataset nobody sees them."""


def run_with_overview(host: str, port: int, browser: bool, **options: Any) -> None:
    """Serve as kedro-viz does; print and open the address of the overview."""
    while _is_taken(host, port):
        port += 1
    assert kedro_viz_run.callback is not None
    kedro_viz_run.callback(host=host, port=port, browser=False, **options)
    address = f"http://{host}:{port}/?{OVERVIEW}"
    click.echo(phrase("The overview: {address}", address=address))
    if browser:
        webbrowser.open_new(address)


def _is_taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0


run = copy.copy(kedro_viz_run)
run.callback = run_with_overview
