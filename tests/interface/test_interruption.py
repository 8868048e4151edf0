"""Ctrl-C while modules are imported ends the program in a word."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explainable_recsys.interface.interruption import ending_in_a_word

PROGRAM = """
import os, signal, sys
sys.argv[0] = {name!r}
from explainable_recsys.interface.interruption import ending_in_a_word
with ending_in_a_word():
    os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.mark.parametrize(("name", "said"), [("bin/kedro", "Aborted!"), ("notebook", "Traceback")])
def test_a_command_ends_in_a_word_and_others_as_they_like(name: str, said: str) -> None:
    program = PROGRAM.format(name=name)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.split()[0] == said
    assert (done.returncode, done.stderr.count("\n")) == (1, 2) or said == "Traceback"


def test_kedro_ends_so_while_it_imports_the_project(project_copy: Path) -> None:
    hooks = project_copy / "src" / "explainable_recsys" / "hooks.py"
    hooks.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [sys.executable, "-m", "kedro", "run", "--env", "test"]
    done = subprocess.run(
        command,
        cwd=project_copy,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(project_copy / "src"), "KEDRO_DISABLE_TELEMETRY": "true"},
    )
    assert (done.returncode, done.stderr.split(), done.stdout) == (1, ["Aborted!"], "")


def test_afterwards_an_interruption_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["kedro"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ending_in_a_word():
        pass
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler
