"""How many cores there are, and how many threads are used."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread: many small products are several times faster that way.

    The limit holds for the whole process, and is lifted when the last of the blocks ends that run
    at the same time.
    """
    _LIMIT.enter()
    try:
        yield
    finally:
        _LIMIT.leave()


class _Limit:
    """The limit, and how many blocks want it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted_by = 0
        self._limiter: Any = None

    def enter(self) -> None:
        """Set the limit if it is not set."""
        with self._lock:
            if self._wanted_by == 0:
                _take_over()
                self._limiter = _controller().limit(limits=1, user_api="blas")
            self._wanted_by += 1

    def leave(self) -> None:
        """Lift the limit if nobody else wants it."""
        with self._lock:
            self._wanted_by -= 1
            if self._wanted_by == 0:
                _take_over()
                self._limiter.restore_original_limits()


_LIMIT = _Limit()


def _take_over() -> None:
    """Let this thread set the limit: OpenBLAS listens to the first that did, while it lives."""
    OpenBLASController.clear_controlling_thread(force=True)


@functools.cache
def _controller() -> ThreadpoolController:
    """Made once: looking for the libraries takes longer than a small product."""
    import scipy.linalg  # noqa: F401  its BLAS is to be found too

    return ThreadpoolController()


def n_cores() -> int:
    """Cores that this process may use: no more than its affinity and its container's share."""
    cores = float(os.cpu_count() or 1)
    with contextlib.suppress(AttributeError):  # only some systems have it
        cores = len(os.sched_getaffinity(0))
    with contextlib.suppress(OSError, ValueError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        cores = min(cores, float(quota) / float(period))
    return max(1, int(cores))


def limit_threads(n: int) -> None:
    """Let this process, which others run beside, use so many threads, whatever starts them."""
    os.environ["OMP_NUM_THREADS"] = str(n)  # for libraries that are not loaded yet
    _controller().limit(limits=n)


def n_threads() -> int:
    """Threads that work that is shared out should have: `OMP_NUM_THREADS` if set, or `n_cores`."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else n_cores()
