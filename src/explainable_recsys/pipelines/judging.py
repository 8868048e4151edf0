"""Compare what is stored, without what is not."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline

from explainable_recsys.datasets.absent import NOT_STORED, AbsentDataset
from explainable_recsys.errors import InputError
from explainable_recsys.pipelines.wrapped import Wrapped

EVALUATION_TAG = "evaluation"
"""Of the nodes that judge what others have made."""

SHOWN = ("_figure", "stability", "fold_in", "fold_in_seconds")
"""How names end of what a report shows if it is stored."""

logger = logging.getLogger(__name__)


class IfStored(Wrapped):
    """A node's function that of one output that makes nothing of what is not stored."""

    def __call__(self, *inputs: Any, **named: Any) -> Any:
        """Call it, or hand the mark on."""
        if any(value is NOT_STORED for value in (*inputs, *named.values())):
            return NOT_STORED
        return self.run(*inputs, **named)


def judges_of(name: str) -> str:
    """Namespace of the nodes that judge somebody, all within one box in kedro-viz."""
    return f"{EVALUATION_TAG}.{name}"


def whose(node: Node) -> str:
    """Name of the recommender, knowledge or approach that a node makes or judges."""
    return str(node.namespace).removeprefix(judges_of(""))


def is_absent(catalog: DataCatalog, name: str) -> bool:
    """Whether a run does without a dataset that is not stored."""
    return isinstance(catalog.get(name), AbsentDataset)


def stored(tables: Mapping[str, Any], dataset: str) -> dict[str, Any]:
    """One dataset of every recommender or approach that has it, by name.

    Args:
        tables: By full name, such as `als.metrics`; those that are not stored are left out.
        dataset: Such as `metrics`.
    """
    end = f".{dataset}"
    return {
        name.removesuffix(end): table
        for name, table in sorted(tables.items())
        if name.endswith(end) and table is not NOT_STORED
    }


def leave_out_what_is_not_stored(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Let a run judge or compare all that is stored, and say what is not.

    Raises:
        InputError: If nothing is.
    """
    judges = [node for node in pipeline.nodes if EVALUATION_TAG in node.tags and node.namespace]
    needed = {name for name in pipeline.inputs() if "." in name and ":" not in name}
    compared = {
        name.partition(".")[0]
        for node in pipeline.nodes
        if node.namespace == EVALUATION_TAG
        for name in needed.intersection(node.inputs)
    }
    judged = compared | {whose(node) for node in judges}
    absent = {
        name.partition(".")[0]
        for name in needed
        if not (name.endswith(SHOWN) or _is_stored(catalog, name))
    }
    for node in judges:  # in the order in which they run: who needs somebody absent is absent too
        if absent.intersection(name.partition(".")[0] for name in node.inputs):
            absent.add(whose(node))
    if not absent & judged:
        return
    if absent >= judged:
        raise InputError(
            earlier_results(results_root(catalog))
            or "nothing is stored yet that could be compared; first kedro run, or one approach: "
            "kedro run --pipelines intrinsic_als"
        )
    logger.warning("not stored, so not compared: %s", ", ".join(sorted(absent & judged)))
    names = (name for name in pipeline.datasets() if ":" not in name)
    _put_absent(catalog, [name for name in names if name.partition(".")[0] in absent])


def _is_stored(catalog: DataCatalog, name: str) -> bool:
    """Whether a result is stored; one of which a version was asked for has to be."""
    version = getattr(catalog.get(name), "_version", None)
    return bool(version and version.load) or catalog.exists(name)


def results_root(catalog: DataCatalog) -> Path:
    """The folder below which an environment's results are stored."""
    manifest = catalog.get("run_manifest")
    return Path(str(manifest._describe()["filepath"])).parent.parent  # type: ignore[union-attr]


def earlier_results(root: Path) -> str | None:
    """What to say where all results are of the version before; None where they are not.

    It noted in other files which data lists were made from.
    """
    lists = root / "07_model_output"
    if any(lists.glob("*/data_fingerprint.json")) or not any(lists.glob("*/made_from.json")):
        return None
    return (
        f"{root}: these results are of an earlier version, which stored them under other names; "
        "run again: kedro run"
    )


def leave_out_what_is_only_shown(pipeline: Pipeline, catalog: DataCatalog) -> None:
    """Let a report be written without figures and diagnostics that are not stored."""
    shown = (name for name in pipeline.inputs() if name.endswith(SHOWN))
    _put_absent(catalog, [name for name in shown if not catalog.exists(name)])


def _put_absent(catalog: DataCatalog, names: list[str]) -> None:
    """Let datasets be absent, without a warning of Kedro's for each that it is replaced."""
    kedro = logging.getLogger("kedro.io.data_catalog")
    level = kedro.level
    kedro.setLevel(logging.ERROR)
    for name in names:
        catalog[name] = AbsentDataset()
    kedro.setLevel(level)
