"""Ctrl-C, and the signal that asks a program to end: in a word, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from explainable_recsys.interface.interruption import (
    TERMINATED,
    ending_in_a_word,
    ending_in_good_order,
)
from tests.command_line import QUIET
from tests.conftest import PROJECT

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


def test_the_package_ends_so_while_it_imports_kedro(tmp_path: Path) -> None:
    fake = tmp_path / "kedro"
    fake.mkdir()
    (fake / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    command = [sys.executable, "-m", "explainable_recsys"]
    path = os.pathsep.join([str(tmp_path), str(PROJECT / "src")])
    done = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": path})
    assert (done.returncode, done.stderr.split(), done.stdout) == (1, ["Aborted!"], "")


def test_afterwards_an_interruption_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["kedro"])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with ending_in_a_word():
        pass
    assert signal.signal(signal.SIGINT, before) is signal.default_int_handler


def test_who_is_asked_to_end_even_twice_does_so_in_good_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = list[str]()

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            done.append("tidied")

    with pytest.raises(SystemExit) as end, ending_in_good_order(lambda: done.append("told")):
        work()
    assert (end.value.code, done) == (143, ["tidied", "told"])
    assert capsys.readouterr().err.split() == ["Aborted!"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_an_interruption_is_left_to_others_once_it_is_told() -> None:
    done = list[str]()
    with pytest.raises(KeyboardInterrupt), ending_in_good_order(lambda: done.append("told")):
        signal.raise_signal(signal.SIGINT)
    assert done == ["told"]


def test_who_answers_the_signal_already_goes_on_doing_so() -> None:
    heard = list[int]()
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    with ending_in_good_order(lambda: None):
        signal.raise_signal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


STOPPED = """
import os, signal
_ended = LiveLine.ended
def ended(self, node):
    _ended(self, node)
    if finished(self._pipeline, self._done)[0]:
        {kill}(os.getpid(), signal.{signal})
LiveLine.ended = ended
"""


@pytest.mark.parametrize(
    ("number", "kill", "options", "code"),
    [
        ("SIGTERM", "os.killpg", [], TERMINATED),
        ("SIGTERM", "os.kill", ["--runner=SequentialRunner"], TERMINATED),
        ("SIGINT", "os.killpg", ["--runner=SequentialRunner"], 1),
    ],
)
def test_a_run_that_is_stopped_says_what_is_kept_and_leaves_nothing_behind(
    number: str, kill: str, options: list[str], code: int, project_copy: Path
) -> None:
    live = project_copy / "src" / "explainable_recsys" / "interface" / "live.py"
    live.write_text(live.read_text() + STOPPED.format(kill=kill, signal=number))
    pipelines = "data_processing,intrinsic_ar,intrinsic_als"
    command = ["-m", "kedro", "run", "--env", "test", "--pipelines", pipelines, *options]
    running = subprocess.Popen(
        [sys.executable, *command],
        cwd=project_copy,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **QUIET, "PYTHONPATH": str(project_copy / "src")},
    )
    _, said = running.communicate(timeout=120)
    assert running.returncode == code
    words = said.split()
    assert "Traceback" not in words
    kept, rest = (words[words.index(word) + 1] for word in ("kept:", "--pipelines"))
    assert {kept.rstrip("."), rest} == {"intrinsic_als", "intrinsic_ar"}
    assert words[-1] == "Aborted!"
    with pytest.raises(ProcessLookupError):
        os.killpg(running.pid, 0)
    assert not list((project_copy / "data").rglob("*.tmp"))
