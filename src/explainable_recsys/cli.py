"""The project's own commands, and `kedro run` with errors a person can read."""

from __future__ import annotations

import copy
import errno
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.startup import ProjectMetadata

from explainable_recsys.errors import InputError

CANNOT_WRITE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@click.group(name="explainable-recsys")
def cli() -> None:
    """Commands of explainable-recsys."""


def with_plain_errors(command: click.Command) -> click.Command:
    """A copy of a command that reports bad input in one message and exits with status 1."""
    callback = command.callback
    assert callback is not None

    @functools.wraps(callback)
    def run_and_report(*args: Any, **kwargs: Any) -> Any:
        try:
            return callback(*args, **kwargs)
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            click.secho(f"Error: {message}", fg="red", err=True)
            sys.exit(1)

    plain = copy.copy(command)
    plain.callback = run_and_report
    return plain


def user_message(error: BaseException) -> str | None:
    """What to tell the user about an error; None for one that is the program's fault."""
    from kedro.validation import ParameterValidationError

    for cause in _chain(error):
        if isinstance(cause, InputError | ParameterValidationError):
            return str(cause)
        if isinstance(cause, OSError) and cause.errno in CANNOT_WRITE:
            return f"cannot write {cause.filename}: {cause.strerror}; nothing was changed there"
        if "Failed to find the pipeline named" in str(cause):
            return str(cause)
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, what it was raised from, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


cli.add_command(with_plain_errors(kedro_run))


def _fetch_data(metadata: ProjectMetadata, name: str) -> None:
    from omegaconf import OmegaConf

    from explainable_recsys.datasets.fetch import fetch
    from explainable_recsys.hooks import check_environment

    conf = metadata.project_path / "conf"
    check_environment(conf, name)
    settings = conf / name / "globals.yml"
    block: Any = OmegaConf.to_container(OmegaConf.load(settings)) if settings.exists() else {}
    source = block.get("source", {})
    if not source.get("fetch"):
        raise InputError(f"environment '{name}' needs no download (no source.fetch in {settings})")
    files = fetch(source["fetch"], metadata.project_path / Path(source["folder"]))
    click.echo("\n".join(str(file) for file in files))
    click.echo(f"Now: kedro run --env {name}")


@click.command(name="fetch-data")
@click.argument("name")
@click.pass_obj
def fetch_data(metadata: ProjectMetadata, name: str) -> None:
    """Download the data set of environment NAME, for example ml-100k."""
    _fetch_data(metadata, name)


cli.add_command(with_plain_errors(fetch_data))
