"""Ask an approach about a history or an item that its last run did not answer."""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pandas as pd
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.pipelines.discovery import approach_names, every_approach
from explainable_recsys.pipelines.parameters import PREFIX
from explainable_recsys.pipelines.rerun import needed_part, rerun

MODEL = ".model"
ANSWERS = ("recommendations", "explanations", "sentences")


@dataclass(frozen=True, eq=False)
class Answer:
    """What an approach says; tables without rows where it explains nothing.

    Attributes:
        recommendations: Columns `user_id`, `item_id`, `rank`, `score`.
        explanations: Columns `user_id`, `item_id`, `position`, `style`, `evidence_id`,
            `evidence`, `weight`, `group`.
        sentences: Columns `user_id`, `item_id`, `sentence`.
    """

    recommendations: pd.DataFrame
    explanations: pd.DataFrame
    sentences: pd.DataFrame


def ask(
    catalog: DataCatalog,
    approach: str,
    histories: Interactions,
    recommendations: pd.DataFrame | None = None,
) -> Answer:
    """Recommend and explain with the models that are stored; nothing is trained or written.

    The nodes of the approach that depend on the histories run again, with everything else as
    its last run left it: for somebody with the ratings of a known user the answer is the same.

    Args:
        catalog: Where the results of a run are.
        approach: Name of the approach.
        histories: Of whom to ask, over the catalogue's items; known users or not.
        recommendations: What to explain instead of the approach's own lists; columns `user_id`,
            `item_id`, `rank`, `score`.

    Raises:
        InputError: If there is no such approach, or a parameter is not accepted.
        kedro.io.DatasetError: If something that is needed is not stored.
    """
    approaches = _approaches()
    _check_name(approaches, approach)
    lists = f"{approach}.recommendations"
    given: dict[str, Any] = {"histories": histories}
    if recommendations is not None:
        given[lists] = recommendations
    made = approaches.all_outputs()
    wanted = [full for name in ANSWERS if (full := f"{approach}.{name}") in made]
    fixed = (approaches.datasets() - _downstream(approaches, given)) | set(given)
    outputs = [name for name in wanted if name not in given]
    needed = needed_part(approaches, fixed, outputs).inputs()
    stored = {
        name: catalog.load(name)
        for name in sorted(needed - set(given))
        if not name.startswith(PREFIX)
    }
    answers = given | rerun(approaches, given | stored, catalog.load("parameters"), outputs)
    nothing = pd.DataFrame(columns=["user_id", "item_id"])
    return Answer(*(answers.get(f"{approach}.{name}", nothing) for name in ANSWERS))


def model_entry(approach: str) -> str:
    """Catalog entry of the model that makes an approach's lists; it may be another approach's.

    Raises:
        InputError: If there is no such approach.
    """
    approaches = _approaches()
    _check_name(approaches, approach)
    makers = {name: node for node in approaches.nodes for name in node.outputs}
    node = makers[f"{approach}.recommendations"]
    return next(name for name in node.inputs if name.endswith(MODEL))


@functools.cache
def _approaches() -> Pipeline:
    """All approaches; made once, which takes longer than many an answer."""
    return every_approach()


def _check_name(approaches: Pipeline, approach: str) -> None:
    made = approaches.all_outputs()
    if f"{approach}.recommendations" not in made:
        names = sorted(
            name for name in approach_names(approaches) if f"{name}.recommendations" in made
        )
        raise InputError(f"there is no approach '{approach}'; there are: {', '.join(names)}")


def _downstream(pipeline: Pipeline, changed: Collection[str]) -> set[str]:
    """The datasets that depend on some others, and these themselves; models stay as trained."""
    found = set(changed)
    for node in pipeline.nodes:  # in the order in which they can run
        if found.intersection(node.inputs):
            found.update(name for name in node.outputs if not name.endswith(MODEL))
    return found
