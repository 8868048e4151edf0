"""The nodes of a run on small data, without a session and without storing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
from kedro.pipeline import Pipeline

from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.records import Pair
from explainable_recsys.datasets.raw_table import RawTable
from explainable_recsys.datasets.source import TableName
from explainable_recsys.pipelines.parameters import plain_parameters, typed_parameters
from explainable_recsys.pipelines.wiring import part
from tests.conftest import PROJECT

Rows = Sequence[tuple[Any, ...]]

RATINGS = [
    (user, item, 1 + (7 * user + 3 * item + user * item) % 5)
    for user in range(12)
    for item in range(15)
    if (user * item + user + item) % 3
]
"""Twelve users and fifteen items, none of which has been rated by everybody."""

SINGLE = [*RATINGS, *((user, user % 15, 3 + user % 3) for user in range(20, 24))]
"""Four more users, with one rating each."""

SMALL: dict[str, Any] = {
    "cleaning": {"sample_users": None},
    "recommendation": {"n": 3, "min_ratings": 1},
    "evaluation": {"k": 3, "n_resamples": 10},
    "als": {"model": {"factors": 3, "iterations": 4, "regularization": 0.5}},
    "ease": {"model": {"regularization": 5.0}},
    "item_knn": {"model": {"k": 6}},
    "svd": {"model": {"factors": 3}},
    "svd_ratings": {"model": {"factors": 3}},
    "emf": {"model": {"factors": 3, "factor_damping": 1.0}, "map": {"min_ratings": 1}},
    "emf_ratings": {"model": {"factors": 3}},
    "fm": {"model": {"rank": 2, "iterations": 12, "burn_in": 2, "kept_samples": 3}},
    "fm_ratings": {"model": {"rank": 2, "iterations": 12, "burn_in": 2, "kept_samples": 3}},
    "neighbours": {"k": 4},
    "similar_items": {"k": 4, "shrinkage": 1.0},
    "posthoc_fm_lime": {
        "explanation": {"n_samples": 50, "min_held_out_r2": -1e9},
        "stability": {"neighbourhoods": ["item"], "n_samples": [20], "n_users": 2},
    },
}
"""Models and neighbourhoods that such data allows."""

ITEM_GENRES = ["A", "A|B", "B|C", "C"]


def titled(title: str = "Thing {} (19{}3)", genres: bool = True) -> Rows:
    """The fifteen items: of three decades, if the title has a year, and three genres."""
    return [
        (item, title.format(item, 7 + item % 3), ITEM_GENRES[item % 4] if genres else "")
        for item in range(15)
    ]


def merged(given: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    """Nested blocks on top of others."""
    both = dict(given)
    for key, value in changed.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(key), Mapping)
        both[key] = merged(both[key], value) if nested else value
    return both


@cache
def configured(env: str = "test") -> dict[str, Any]:
    """All parameters of an environment; no approach needs a block for how it explains."""
    bootstrap_project(PROJECT)
    with KedroSession.create(PROJECT, env=env) as session:
        given = plain_parameters(session.load_context().config_loader["parameters"])
    return merged({name: {"explanation": {}} for name in APPROACHES}, given)


def cites_ratings(pair: Pair) -> bool:
    """Whether its pieces of evidence are rated items, or rest on some, in the `test` environment.

    What people near give an item is none; nor are the features of the items that LIME perturbs.
    """
    kind = EXPLAINERS[pair.explainer].parameters
    parameters = kind.model_validate(configured()[pair.name]["explanation"])
    perturbed = getattr(parameters, "neighbourhood", "history")
    return pair.explainer != "neighbours" and perturbed in ("groups", "history")


def can_be_taken_away(pair: Pair) -> bool:
    """Whether faithfulness is measured: its reasons come from rated items, cited or not."""
    return cites_ratings(pair) or pair.explainer == "neighbours"


def run_nodes(
    pipeline: Pipeline, given: Mapping[str, Any], changed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Everything that nodes make of some datasets, and these; parameters but for the changed."""
    values = {**given, **typed_parameters(pipeline, merged(configured(), changed or {}))}
    for node in pipeline.nodes:
        values |= node.run({name: values[name] for name in node.inputs})
    return values


def run_small(
    folder: Path,
    names: Sequence[str],
    changed: Mapping[str, Any] | None = None,
    ratings: Rows = RATINGS,
    items: Rows | None = None,
    source: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run some recommenders, knowledge and approaches on small data, from its files on.

    Args:
        folder: For the files.
        names: What to run.
        changed: Parameters other than those of `SMALL`.
        ratings: User, item, rating (of 1 to 5).
        items: Id, title, genres; None: there is no items file.
        source: Keys of its description that differ.
    """
    described = small_source(folder, ratings, items) | dict(source or {})
    parameters = merged(merged(SMALL, changed or {}), {"source": described})
    return run_nodes(part(*names), raw_tables(described), parameters)


def raw_tables(source: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """The tables of a data set, as its description has them."""
    tables = get_args(TableName)
    return {f"raw_{table}": RawTable(source=source, table=table).load() for table in tables}


def embedded_tables() -> dict[str, pd.DataFrame]:
    """Those of the data set that comes with the project."""
    source = configured()["source"]
    return raw_tables(source | {"folder": str(PROJECT / source["folder"])})


def small_source(folder: Path, ratings: Rows, items: Rows | None) -> dict[str, Any]:
    """Write the files of a data set; its description."""
    tables: dict[str, Any] = {"ratings": (ratings, ["user_id", "item_id", "rating"])}
    if items is not None:
        tables["items"] = (items, ["item_id", "title", "genres"])
    for table, (rows, columns) in tables.items():
        pd.DataFrame(rows, columns=columns).to_csv(folder / f"{table}.csv", index=False)
        tables[table] = {"file": f"{table}.csv", "columns": {name: name for name in columns}}
    scale = {"minimum": 1, "maximum": 5}
    return {"name": "small", "folder": str(folder), "rating_scale": scale, **tables}
