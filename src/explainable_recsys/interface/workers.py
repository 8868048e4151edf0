"""Runs independent nodes at the same time, in as many processes as cores and memory allow."""

from __future__ import annotations

import logging
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from itertools import chain
from multiprocessing.connection import wait
from typing import Any, TypeVar

from kedro.io import CatalogProtocol, DataCatalog, MemoryDataset
from kedro.pipeline import Node, Pipeline
from kedro.runner import AbstractRunner, SequentialRunner
from pluggy import PluginManager

from explainable_recsys.interface.clock import NodeClock, expected_seconds, latest_manifest
from explainable_recsys.interface.live import LiveLine, first_shown
from explainable_recsys.interface.machine import free_memory
from explainable_recsys.interface.processes import Reply, Worker, chained
from explainable_recsys.threads import n_cores

logger = logging.getLogger(__name__)

Plugin = TypeVar("Plugin")

UNKNOWN_NODE = 500 * 2**20
"""Bytes that a node may need of which no run has said how much it did."""

SECONDS_BETWEEN_LOOKS = 0.5


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
        assert isinstance(catalog, DataCatalog)
        if at_once == 1:
            SequentialRunner()._run(pipeline, catalog, hook_manager, run_id)
        else:
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
        self.clocks, self.lines = plugins(hook_manager, NodeClock), plugins(hook_manager, LiveLine)
        self.in_memory = {
            name for name in pipeline.datasets() if isinstance(catalog.get(name), MemoryDataset)
        }
        manifest = latest_manifest(catalog)
        self.needs = manifest.get("node_megabytes", {})
        self.parents = pipeline.node_dependencies
        self.loads = Counter(chain.from_iterable(node.inputs for node in pipeline.nodes))
        self.todo = in_order_of_urgency(pipeline, expected_seconds(pipeline, manifest))
        self.done: set[Node] = set()
        self.beside_others: set[Node] = set()
        self.alone: set[Node] = set()
        threads = max(1, n_cores() // n_workers)
        theirs = DataCatalog({name: catalog[name] for name in pipeline.datasets()})
        self.workers = [Worker(pipeline, theirs, run_id, threads) for _ in range(n_workers)]

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
            self.beside_others.update([node, *busy] if busy else [])
            for line in self.lines:
                line.started(node.name)
            gone = {name for name in worker.has if self.loads[name] < 1}
            worker.start(node, self._in_memory_for(worker, node), gone)

    def _fits(self, node: Node, busy: list[Node]) -> bool:
        """Whether a node may run beside others."""
        if not busy:
            return True
        needed = 2**20 * self.needs.get(node.name, UNKNOWN_NODE / 2**20)
        return node not in self.alone and needed <= free_memory()

    def _in_memory_for(self, worker: Worker, node: Node) -> dict[str, Any]:
        """What a node reads from memory and its process has not: what others have made or noted."""
        needed = self.in_memory.intersection(node.inputs)
        made = needed - self.pipeline.inputs()
        noted = {name for name in needed - made if not name.startswith("param")}
        return {name: self.catalog.load(name) for name in noted | (made - worker.has)}

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
        """Another process in its place, where it was killed as for want of memory beside others."""
        node = worker.node
        assert node is not None
        worker.process.join()
        code = worker.process.exitcode
        if code == -signal.SIGKILL and self._again_alone(node):
            self.workers[self.workers.index(worker)] = worker.again()
            return None
        error = RuntimeError(f"the process that ran {node.name} ended (exit code {code})")
        return Reply(node.name, 0.0, 0.0, {}, [error])

    def _again_alone(self, node: Node) -> bool:
        """Let a node that ran beside others and lacked memory run again, alone."""
        if node not in self.beside_others - self.alone:
            return False
        logger.warning("%s lacked memory beside others; it runs again, alone", node.name)
        self.alone.add(node)
        self.todo.insert(0, node)
        return True

    def _finish(self, reply: Reply) -> list[BaseException]:
        """Note what a node made; what it raised, if it failed."""
        node = next(node for node in self.pipeline.nodes if node.name == reply.node)
        if reply.errors:
            lacked = isinstance(reply.errors[0], MemoryError) and self._again_alone(node)
            return [] if lacked else [chained(reply.errors)]
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
        AbstractRunner._release_datasets(node, self.catalog, self.loads, self.pipeline)
        return []


def plugins(hook_manager: PluginManager | None, kind: type[Plugin]) -> list[Plugin]:
    """The hooks of a kind; none where there is no manager, or one that manages nothing."""
    known = hook_manager.get_plugins() if hook_manager else None
    return [plugin for plugin in known or () if isinstance(plugin, kind)]


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
