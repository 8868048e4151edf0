"""Memory: what limits there are, the narrowest counts."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from explainable_recsys.interface import machine
from explainable_recsys.interface.machine import (
    free_memory,
    measure_peak_anew,
    peak_memory,
)


def test_the_narrowest_limit_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit, used = tmp_path / "max", tmp_path / "current"
    limit.write_text("max\n")  # as a group without a limit says
    used.write_text("100\n")
    monkeypatch.setattr(machine, "CGROUPS", [(str(limit), str(used))])
    assert free_memory() > 2**20
    limit.write_text("1100\n")
    assert free_memory() == 1000
    used.write_text("2000\n")
    assert free_memory() == 0


def test_ulimit_counts() -> None:
    allowed = 2**40
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({allowed}, -1)); "
        f"from {machine.__name__} import _free; print(*_free())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert allowed / 2 < float(done.stdout.split()[-1]) < allowed
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


def test_the_peak_is_that_of_the_time_since_it_is_measured() -> None:
    measure_peak_anew()
    before = peak_memory()
    block = b"x" * 2**27
    with_block = peak_memory()
    del block
    measure_peak_anew()
    assert with_block - before > 2**26
    assert with_block - peak_memory() > 2**26


def test_nothing_is_known_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_free", lambda: iter(()))
    assert free_memory() == float("inf")
