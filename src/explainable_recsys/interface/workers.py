"""Runs independent nodes at the same time, in as many processes as cores and memory allow."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import pickle
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import chain, pairwise
from logging.handlers import QueueHandler
from multiprocessing.connection import Connection, wait
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

from kedro.framework.project import LOGGING, PACKAGE_NAME
from kedro.io import CatalogProtocol, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, SequentialRunner
from kedro.runner.task import Task
from pluggy import PluginManager

from explainable_recsys.interface.clock import NodeClock, expected_seconds, latest_manifest
from explainable_recsys.interface.live import LiveLine, first_shown
from explainable_recsys.interface.machine import (
    free_memory,
    measure_peak_anew,
    n_cores,
    peak_memory,
)
from explainable_recsys.threads import limit_threads

logger = logging.getLogger(__name__)

UNKNOWN_NODE = 500 * 2**20
"""Bytes that a node may need of which no run has said how much it did."""

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_STOP = 3.0


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


class WorkersRunner(AbstractRunner):
    """Runs nodes in processes of its own; with one core, or memory for one, in this one.

    What is stored is the same as with the sequential runner. A node that fails lets those that
    run beside it finish and keep their results, and then fails the run with the same error.
    """

    def __init__(self, is_async: bool = False, n_workers: int | None = None) -> None:
        """Prepare.

        Args:
            is_async: Ignored: a process loads, computes and saves one after the other.
            n_workers: Most processes; None: one for each core.
        """
        super().__init__(is_async=False)
        self.n_workers = n_workers or n_cores()

    @property
    def _logger(self) -> logging.Logger:
        return logging.getLogger("kedro.runner")  # as quiet as Kedro's own runners

    def _get_executor(self, max_workers: int) -> Executor | None:
        return None

    def _run(
        self,
        pipeline: Pipeline,
        catalog: CatalogProtocol[Any, Any],
        hook_manager: PluginManager | None = None,
        run_id: str | None = None,
    ) -> None:
        at_once = min(self.n_workers, max(1, int(free_memory() // UNKNOWN_NODE)))
        if at_once < self.n_workers:
            logger.info(
                "memory is free for %d of %d processes: fewer nodes run at once",
                at_once,
                self.n_workers,
            )
        if at_once == 1:
            SequentialRunner()._run(pipeline, catalog, hook_manager, run_id)
            return
        assert isinstance(catalog, DataCatalog)
        Schedule(pipeline, catalog, hook_manager, run_id, at_once).run()


class Schedule:
    """One run: who does what, what is done, and what is still to do."""

    def __init__(
        self,
        pipeline: Pipeline,
        catalog: DataCatalog,
        hook_manager: PluginManager | None,
        run_id: str | None,
        n_workers: int,
    ) -> None:
        """Order the nodes: what people see first, then the longest way to the end."""
        self.pipeline, self.catalog = pipeline, catalog
        plugins = hook_manager.get_plugins() if hook_manager else set()
        self.clocks = [plugin for plugin in plugins if isinstance(plugin, NodeClock)]
        self.lines = [plugin for plugin in plugins if isinstance(plugin, LiveLine)]
        self.in_memory = {
            name for name in pipeline.datasets() if isinstance(catalog.get(name), MemoryDataset)
        }
        self.needs = latest_manifest(catalog).get("node_megabytes", {})
        self.parents = pipeline.node_dependencies
        self.loads = Counter(chain.from_iterable(node.inputs for node in pipeline.nodes))
        self.todo = in_order_of_urgency(pipeline, expected_seconds(pipeline, catalog))
        self.done: set[Node] = set()
        self.alone: set[Node] = set()
        threads = max(1, n_cores() // n_workers)
        self.workers = [Worker(pipeline, catalog, run_id, threads) for _ in range(n_workers)]

    def run(self) -> None:
        """Run all nodes.

        Raises:
            Exception: What the first node that failed raised.
        """
        try:
            failed: list[BaseException] = []
            while self.todo or any(worker.node for worker in self.workers):
                if not failed:
                    self._start_what_can_run()
                for reply in self._replies():
                    failed = failed or self._finish(reply)
                if failed and not any(worker.node for worker in self.workers):
                    raise failed[0]
        except BaseException:
            for worker in self.workers:
                worker.process.terminate()
            raise
        finally:
            for worker in self.workers:
                worker.stop()

    def _start_what_can_run(self) -> None:
        """Give nodes to processes that wait, as long as memory lasts."""
        for worker in self.workers:
            busy = [other.node for other in self.workers if other.node]
            if worker.node or self.alone.intersection(busy):
                continue
            ready = (node for node in self.todo if self.parents[node] <= self.done)
            node = next((node for node in ready if self._fits(node, busy)), None)
            if node is None:
                return
            self.todo.remove(node)
            for line in self.lines:
                line.started(node.name)
            worker.start(node, self._in_memory_for(worker, node))

    def _fits(self, node: Node, busy: list[Node]) -> bool:
        """Whether a node may run beside others."""
        if not busy:
            return True
        needed = 2**20 * self.needs.get(node.name, UNKNOWN_NODE / 2**20)
        return node not in self.alone and needed <= free_memory()

    def _in_memory_for(self, worker: Worker, node: Node) -> dict[str, Any]:
        """What a node reads from memory and its process has not: what others have made or noted."""
        needed = self.in_memory.intersection(node.inputs)
        changing = {name for name in needed if name == "run"}
        names = {name for name in needed - worker.has if name not in self.pipeline.inputs()}
        return {name: self.catalog.load(name) for name in names | changing}

    def _replies(self) -> Iterator[Reply]:
        """What processes have to say by now, or after a moment."""
        busy = {worker.connection: worker for worker in self.workers if worker.node}
        for line in self.lines:
            line.show()
        for connection in wait(list(busy), timeout=SECONDS_BETWEEN_LOOKS):
            worker = busy[connection]  # type: ignore[index]
            try:
                message = worker.connection.recv()
            except (EOFError, OSError):
                message = self._after_the_death_of(worker)
            if isinstance(message, logging.LogRecord):
                for line in self.lines:
                    line.clear()
                logging.getLogger(message.name).handle(message)
            elif message is not None:
                worker.node = None
                yield message

    def _after_the_death_of(self, worker: Worker) -> Reply | None:
        """Try again alone where a process was killed beside others, as for want of memory."""
        node = worker.node
        assert node is not None
        worker.process.join()
        code = worker.process.exitcode
        index = self.workers.index(worker)
        if code == -signal.SIGKILL and node not in self.alone:
            logger.warning(
                "%s was killed, as systems do that have no memory left; it runs again, alone",
                node.name,
            )
            self.alone.add(node)
            self.todo.insert(0, node)
            self.workers[index] = worker.again()
            return None
        error = RuntimeError(f"the process that ran {node.name} ended (exit code {code})")
        return Reply(node.name, 0.0, 0.0, {}, [error])

    def _finish(self, reply: Reply) -> list[BaseException]:
        """Note what a node made; what it raised, if it failed."""
        node = next(node for node in self.pipeline.nodes if node.name == reply.node)
        if reply.errors:
            if isinstance(reply.errors[0], MemoryError) and node not in self.alone:
                logger.warning("%s lacks memory beside others; it runs again, alone", node.name)
                self.alone.add(node)
                self.todo.insert(0, node)
                return []
            return [_chained(reply.errors)]
        for name, value in reply.made.items():
            self.catalog.save(name, value)
        self.done.add(node)
        for clock in self.clocks:
            clock.seconds[node.name] = reply.seconds
            clock.megabytes[node.name] = round(reply.peak / 2**20)
        for line in self.lines:
            line.ended(node.name)
            for name in node.outputs:
                line.saved(name)
        self._release_datasets(node)
        return []

    def _release_datasets(self, node: Node) -> None:
        AbstractRunner._release_datasets(node, self.catalog, self.loads, self.pipeline)


class Worker:
    """A process that runs one node after the other."""

    def __init__(
        self, pipeline: Pipeline, catalog: DataCatalog, run_id: str | None, threads: int
    ) -> None:
        """Start it."""
        self._arguments = (pipeline, catalog, run_id, threads)
        self.node: Node | None = None
        self.has: set[str] = set()
        self.connection, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.Process(
            target=_work, args=(theirs, *self._arguments), daemon=True
        )
        self.process.start()
        theirs.close()

    def again(self) -> Worker:
        """Another in its place."""
        return Worker(*self._arguments)

    def start(self, node: Node, values: dict[str, Any]) -> None:
        """Let it run a node, with what it lacks for that."""
        self.node = node
        self.has |= {*values, *node.outputs}
        with contextlib.suppress(OSError):  # a process that has ended is found by who listens
            self.connection.send((node.name, values))

    def stop(self) -> None:
        """End it: at once if it waits, as soon as it can be if it is at work."""
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.process.join(SECONDS_TO_STOP)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()


def in_order_of_urgency(pipeline: Pipeline, seconds: dict[str, float]) -> list[Node]:
    """The nodes of a pipeline: what people see first, then what the longest way to the end needs.

    Args:
        pipeline: Its nodes.
        seconds: What each of them is expected to take.
    """
    way: dict[Node, float] = {}
    children: dict[Node, list[Node]] = {node: [] for node in pipeline.nodes}
    for child, parents in pipeline.node_dependencies.items():
        for parent in parents:
            children[parent].append(child)
    for node in reversed(pipeline.nodes):  # children first
        way[node] = seconds[node.name] + max((way[child] for child in children[node]), default=0)
    turn: dict[Node, int] = {}
    for place, name in enumerate(first_shown(pipeline)):
        for node in pipeline.to_outputs(name).nodes:
            turn.setdefault(node, place)
    return sorted(pipeline.nodes, key=lambda node: (turn.get(node, len(turn)), -way[node]))


def _work(
    connection: Connection, pipeline: Pipeline, catalog: DataCatalog, run_id: str, threads: int
) -> None:
    """What a process does: run nodes by name until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it decides
    signal.signal(signal.SIGTERM, _stop)
    hooks = Task._run_node_synchronization(PACKAGE_NAME, LOGGING)  # type: ignore[arg-type]
    for plugin in list(hooks.get_plugins()):
        if isinstance(plugin, NodeClock | LiveLine):
            hooks.unregister(plugin)
    clock = NodeClock()
    hooks.register(clock)
    limit_threads(threads)
    _log_to(connection)
    nodes = {node.name: node for node in pipeline.nodes}
    with contextlib.suppress(EOFError):  # the process that started it has ended
        while (message := connection.recv()) is not None:
            name, values = message
            for dataset, value in values.items():
                catalog.save(dataset, value)
            connection.send(_done(nodes[name], catalog, hooks, clock, run_id))


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
    """Leave in good order: a file that is half written goes."""
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
            chain.append(pickle.loads(pickle.dumps(error)))
        except Exception:
            chain.append(RuntimeError(f"{type(error).__name__}: {error}"))
        error = error.__cause__ or error.__context__
    return [*chain, told]


def _chained(errors: list[BaseException]) -> BaseException:
    """The first of some errors, with the others as its causes."""
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    return errors[0]


class _ElsewhereError(Exception):
    """Where in another process an error was raised."""

    def __str__(self) -> str:
        return f"\n{self.args[0]}"
