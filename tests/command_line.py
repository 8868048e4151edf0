"""Run the command line in a process of its own that has everything imported already."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SECONDS = 120
QUIET = {"KEDRO_DISABLE_TELEMETRY": "true"}
IMPORTED = [
    "explainable_recsys.interface.explain",
    "explainable_recsys.hooks",
    "explainable_recsys.pipelines.diagnostics",
    "explainable_recsys.pipelines.evaluation",
    "explainable_recsys.settings",
    "explainable_recsys.interface.summary",
    "kedro.framework.cli.cli",
    "kedro.framework.cli.project",
    "kedro.runner",
    "kedro_telemetry.plugin",
    "kedro_viz.integrations.kedro.hooks",
    "kedro_viz.launchers.cli.main",
    "plotly.graph_objects",
    "plotly.io",
]
"""What every command needs; the server imports it once, and every command is a fork of it."""

_CONTEXT = multiprocessing.get_context("forkserver")


def run_prepared(folder: Path, arguments: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run `kedro` in a folder, with the project's code as it is here."""
    _CONTEXT.set_forkserver_preload(IMPORTED)
    with tempfile.TemporaryDirectory() as scratch:
        outputs = [Path(scratch, name) for name in ("stdout", "stderr")]
        process = _CONTEXT.Process(target=_command, args=(folder, arguments, outputs))
        process.start()
        process.join(SECONDS)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(["kedro", *arguments], SECONDS)
        stdout, stderr = (file.read_text(encoding="utf-8") for file in outputs)
        return subprocess.CompletedProcess(arguments, process.exitcode, stdout, stderr)


def run_afresh(
    folder: Path, arguments: tuple[str, ...], **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run `python -m kedro` in a folder, with the code that lies there."""
    return subprocess.run(
        [sys.executable, "-m", "kedro", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **QUIET, "PYTHONPATH": str(folder / "src")},
        **{"timeout": SECONDS, **options},
    )


def _command(folder: Path, arguments: tuple[str, ...], outputs: list[Path]) -> None:
    from kedro.framework.cli.cli import main

    for descriptor, file in enumerate(outputs, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    os.environ.update(QUIET)
    os.chdir(folder)
    sys.argv = ["kedro", *arguments]
    main()
