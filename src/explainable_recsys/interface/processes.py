"""Processes that run nodes, and how they and the one that started them talk."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

from kedro.framework.project import LOGGING, PACKAGE_NAME
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner.task import Task
from pluggy import PluginManager

from explainable_recsys.interface.clock import NodeClock
from explainable_recsys.interface.live import LiveLine
from explainable_recsys.interface.machine import measure_peak_anew, peak_memory
from explainable_recsys.threads import limit_threads

SECONDS_TO_STOP = 1.5

STOPPING = {signal.SIGINT, signal.SIGTERM}

CONTEXT = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
"""How processes start: where it is safe as copies, which need not import everything anew."""


class Reply(NamedTuple):
    """What a process says when a node is done.

    Attributes:
        node: Its name.
        seconds: How long its function took.
        peak: Bytes of memory that the process used at most meanwhile.
        made: What the node made that is kept in memory, by name.
        errors: What went wrong: the error, what it was raised from, and so on; else nothing.
    """

    node: str
    seconds: float
    peak: float
    made: dict[str, Any]
    errors: list[BaseException]


class Worker:
    """A process that runs one node after the other."""

    def __init__(
        self, pipeline: Pipeline, catalog: DataCatalog, run_id: str | None, threads: int
    ) -> None:
        """Start it."""
        self._arguments = (pipeline, catalog, run_id, threads)
        self.node: Node | None = None
        self.has: set[str] = set()
        self.connection, theirs = CONTEXT.Pipe()
        self.process = CONTEXT.Process(target=_work, args=(theirs, *self._arguments), daemon=True)
        with _undisturbed():
            self.process.start()
        theirs.close()

    def again(self) -> Worker:
        """Another in its place."""
        return Worker(*self._arguments)

    def start(self, node: Node, values: dict[str, Any], gone: set[str]) -> None:
        """Let it run a node, with what it lacks for that, and forget what nobody needs."""
        self.node = node
        self.has = (self.has - gone) | {*values, *node.outputs}
        with contextlib.suppress(OSError):  # a process that has ended is found by who listens
            self.connection.send((node.name, values, gone))

    def stop(self) -> None:
        """End it: at once if it waits, as soon as it can be if it is at work."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.process.join(SECONDS_TO_STOP)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back what may stop this process, and what it starts until that says what to do then."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(
    connection: Connection, pipeline: Pipeline, catalog: DataCatalog, run_id: str, threads: int
) -> None:
    """What a process does: run nodes by name until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
    hooks = Task._run_node_synchronization(PACKAGE_NAME, LOGGING)  # type: ignore[arg-type]
    for plugin in list(hooks.get_plugins()):
        if isinstance(plugin, NodeClock | LiveLine):
            hooks.unregister(plugin)
    clock = NodeClock()
    hooks.register(clock)
    limit_threads(threads)
    _log_to(connection)
    nodes = {node.name: node for node in pipeline.nodes}
    while (message := _next(connection)) is not None:
        name, values, gone = message
        for dataset in gone:
            catalog.release(dataset)
        for dataset, value in values.items():
            catalog.save(dataset, value)
        connection.send(_done(nodes[name], catalog, hooks, clock, run_id))


def _next(connection: Connection) -> Any:
    """What is said next; None, too, once the process that started this one has ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    heard = wait([connection, parent.sentinel])
    return connection.recv() if connection in heard else None


def _done(
    node: Node, catalog: DataCatalog, hooks: PluginManager, clock: NodeClock, run_id: str
) -> Reply:
    """Run a node."""
    measure_peak_anew()
    try:
        Task(node, catalog, is_async=False, hook_manager=hooks, run_id=run_id).execute()
    except Exception as error:
        return Reply(node.name, 0.0, peak_memory(), {}, _portable(error))
    kept = (name for name in node.outputs if isinstance(catalog.get(name), MemoryDataset))
    made = {name: catalog.load(name) for name in kept}
    return Reply(node.name, clock.seconds[node.name], peak_memory(), made, [])


def _stop(*_: Any) -> NoReturn:
    """Leave in good order, and without a word: a file that is half written goes."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it may come twice: to all, and to this one
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    sys.exit(1)


def _log_to(connection: Connection) -> None:
    """Hand what is logged to the process that talks to people, and draw no bars on its terminal."""
    root = logging.getLogger()
    root.handlers = [QueueHandler(SimpleNamespace(put_nowait=connection.send))]
    sys.stderr = open(sys.stderr.fileno(), "w", closefd=False)  # noqa: SIM115
    sys.stderr.isatty = lambda: False  # type: ignore[method-assign]


def _portable(error: BaseException | None) -> list[BaseException]:
    """An error and its causes, as they can be sent; last of all where it came from, as text."""
    chain: list[BaseException] = []
    told = _ElsewhereError("".join(traceback.format_exception(error)))
    while error is not None:
        try:
            chain.append(ForkingPickler.loads(ForkingPickler.dumps(error)))
        except Exception:
            chain.append(RuntimeError(f"{type(error).__name__}: {error}"))
        error = error.__cause__ or error.__context__
    return [*chain, told]


def chained(errors: list[BaseException]) -> BaseException:
    """The first of some errors, with the others as its causes."""
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


class _ElsewhereError(Exception):
    """Where in another process an error was raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"
