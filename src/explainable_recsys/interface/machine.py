"""Memory: how much of it is free, and how much a process used."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
    ),
)
"""Where Linux says what a container may use and uses, in both versions of control groups."""


def free_memory() -> float:
    """Bytes that may still be used, by the system, a container or `ulimit`; infinite if unknown."""
    return max(0.0, min(_free(), default=float("inf")))


def _free() -> Iterator[float]:
    with contextlib.suppress(OSError, ValueError, KeyError):
        yield _kilobytes(Path("/proc/meminfo"), "MemAvailable")
    for limit, used in CGROUPS:
        with contextlib.suppress(OSError, ValueError):
            yield float(Path(limit).read_text()) - float(Path(used).read_text())
    with contextlib.suppress(ImportError, OSError, ValueError, KeyError):
        import resource  # not on every system

        allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
        if allowed != resource.RLIM_INFINITY:
            yield allowed - _kilobytes(Path("/proc/self/status"), "VmSize")


def measure_peak_anew() -> None:
    """Let the highest use of memory by this process be counted from now on, where it can be."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> float:
    """Bytes of memory that this process used at most; 0 where it is not known."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        return _kilobytes(Path("/proc/self/status"), "VmHWM")
    return 0.0


def _kilobytes(file: Path, key: str) -> float:
    """Bytes in a line such as `MemAvailable:  123 kB`."""
    lines = dict(line.split(":", 1) for line in file.read_text().splitlines() if ":" in line)
    return 1024 * float(lines[key].split()[0])
