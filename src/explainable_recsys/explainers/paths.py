"""Explain by paths: from a liked item over what both have in common to the recommended one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.explainers.tables import Explained, categorical, evidence_table, pairs_of
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand, place_in_run
from explainable_recsys.recommenders.item_graph import PEOPLE
from explainable_recsys.recommenders.meta_paths import MetaPaths

PATH_COLUMNS = [
    "user_id",
    "item_id",
    "position",
    "from_item",
    "relation",
    "entity",
    "label",
    "n_sharing",
    "weight",
]

PATHS_AT_ONCE = 4_000_000  # of a dense block, or rows of a table of paths
_UNNAMED = re.compile(r"[mg]\.[01][0-9a-z_]+")  # ids of Freebase: m.0343h, g.11b71tsxrv


class PathParameters(Parameters):
    """Which paths are shown.

    The `n_paths` with the largest weights, no more than `max_per_relation` over one relation,
    and none through an entity that more than `max_share` of the items have (and more than two):
    it would explain everything; nor one over fewer than `min_people` people, who say little and
    could be told from it; nor one over a `hidden` relation. A sentence names `n_cited` of the items
    that they start from.
    """

    n_paths: int = Field(5, ge=1)
    max_per_relation: int = Field(2, ge=1)
    max_share: float = Field(0.25, gt=0, le=1)
    min_people: int = Field(5, ge=1)
    hidden: tuple[str, ...] = ("decade",)
    n_cited: int = Field(3, ge=1)


class _Paths:
    """Columns of a growing table of paths, one row each."""

    def __init__(self) -> None:
        self.columns: dict[str, list[NDArray[Any]]] = {}

    def add(self, **columns: NDArray[Any]) -> None:
        """Append rows."""
        for name, values in columns.items():
            self.columns.setdefault(name, []).append(values)

    def table(self) -> pd.DataFrame:
        """All rows."""
        return pd.DataFrame({name: np.concatenate(parts) for name, parts in self.columns.items()})


def explain_by_paths(
    model: MetaPaths, data: Data, lists: Lists, parameters: PathParameters
) -> Explained:
    """Find the paths that carry most of each recommendation's score.

    The weight of a path is its exact part in the score: the paths of a recommendation, shown or
    not, sum to it. Paths over people who liked both items are one path for all these people. Who
    likes nothing gets no explanation, although the model starts from all that they rated.

    Args:
        model: What recommends.
        data: What it learned from; says what the items are called.
        lists: What is explained, with ranks.
        parameters: Which paths are shown.

    Returns:
        Evidence of style `path`, in the order of users and ranks: `rated_item_id` is the item that
        a path starts from, `group` the number of the path. And `paths`: `user_id`, `item_id`,
        `position`, `from_item`, `relation`, `entity` (empty for people), `label` (what both have
        in common, in words), `n_sharing` (items that have the entity, or people), `weight`. The
        fact `relation` says what the user did to the items that paths start from.
    """
    lists = lists.take(np.lexsort((lists.table["rank"], lists.users)))
    starts = data.liking.items(lists.histories.ratings)
    found = _Paths()
    n_links = np.diff(model.row_starts)
    costs = np.bincount(
        starts.nonzero()[0], n_links[starts.indices], minlength=len(starts.indptr) - 1
    )
    edges = np.searchsorted(lists.users, np.arange(lists.histories.n_users + 1))
    for block in progress(list(blocks(costs.astype(np.int64) + 1, PATHS_AT_ONCE)), "paths"):
        rows = slice(edges[block.start], edges[block.stop])
        if rows.start < rows.stop:
            kept = _of_block(model, starts, lists.users[rows], lists.items[rows], parameters)
            found.add(**{name: kept[name] + (rows.start if name == "made" else 0) for name in kept})
    evidence, paths = _tables(model, data, lists, found)
    relation = "rated" if data.liking.everything else "liked"
    return Explained(evidence, {"paths": paths}, {"relation": relation})


def _of_block(
    model: MetaPaths,
    starts: sparse.csr_array,
    users: NDArray[np.int64],
    columns: NDArray[np.int64],
    parameters: PathParameters,
) -> dict[str, NDArray[Any]]:
    """The paths shown of some recommendations, sorted."""
    paths = _Paths()
    paths.add(**_over_entities(model, starts, users, columns, parameters))
    for part in _over_people(model, starts, users, columns, parameters):
        paths.add(**part)
    table = paths.table()
    table = table[table["weight"] > 0]
    order = np.lexsort(
        (table["entity"], table["start"], -table["weight"], table["relation"], table["made"])
    )
    table = table.iloc[order]
    n_relations = len(model.relation_names)
    kinds = (table["made"] * n_relations + table["relation"]).to_numpy(np.int64)
    table = table[place_in_run(kinds) < parameters.max_per_relation]
    order = np.lexsort((table["entity"], table["start"], -table["weight"], table["made"]))
    table = table.iloc[order]
    place = place_in_run(table["made"].to_numpy(np.int64))
    table = table.assign(place=place)[place < parameters.n_paths]
    return {str(name): values.to_numpy() for name, values in table.items()}


def _over_entities(
    model: MetaPaths,
    starts: sparse.csr_array,
    users: NDArray[np.int64],
    columns: NDArray[np.int64],
    parameters: PathParameters,
) -> dict[str, NDArray[Any]]:
    """Paths over entities: of each the best items to start from, as many as can be shown."""
    shown = model.link_degrees <= max(2, parameters.max_share * model.n_items)
    shown &= model.relations > 0
    shown &= ~np.isin(model.relation_names, parameters.hidden)[model.relations]
    outward, inward = _only(model.outward, shown), _only(model.inward, shown)
    n_links = len(model.relations)
    somebody = np.unique(users)
    of_user, cells = _run(starts, somebody)
    item = starts.indices[cells].astype(np.int64)
    rated, links = _run(outward, item)
    keys = somebody[of_user[rated]] * n_links + outward.indices[links]
    weights = starts.data[cells][rated].astype(np.float64) * outward.data[links]
    order = np.lexsort((item[rated], -weights, keys))
    keys, weights, begins = keys[order], weights[order], item[rated][order]
    made, ends = _run(inward, columns)
    wanted = users[made] * n_links + inward.indices[ends]
    first = np.searchsorted(keys, wanted)
    n = np.minimum(np.searchsorted(keys, wanted, side="right") - first, parameters.n_paths)
    path, place = expand(first, n)
    entity = inward.indices[ends][path].astype(np.int64)
    return {
        "made": made[path],
        "relation": model.relations[entity].astype(np.int64),
        "start": begins[place],
        "entity": entity,
        "n_sharing": model.link_degrees[entity],
        "weight": weights[place] * inward.data[ends][path],
    }


def _over_people(
    model: MetaPaths,
    starts: sparse.csr_array,
    users: NDArray[np.int64],
    columns: NDArray[np.int64],
    parameters: PathParameters,
) -> Iterator[dict[str, NDArray[Any]]]:
    """Paths over all people who liked both items, for some recommended items at a time."""
    people = model.relations == 0
    outward = sparse.csr_array(model.outward[:, people])
    inward = sparse.csr_array(model.inward[:, people])
    liked, likes = _pattern(outward), _pattern(inward)
    rated = np.unique(starts[np.unique(users)].indices)
    step = max(1, PATHS_AT_ONCE // max(1, len(rated)))
    targets = np.unique(columns)
    for begin in range(0, len(targets), step):
        some = targets[begin : begin + step]
        values = (outward[rated] @ inward[some].T).toarray()
        counts = (liked[rated] @ likes[some].T).toarray()
        made = np.flatnonzero((columns >= some[0]) & (columns <= some[-1]))
        pair, cells = _run(starts, users[made])
        item = starts.indices[cells].astype(np.int64)
        where = np.searchsorted(rated, item), np.searchsorted(some, columns[made][pair])
        enough = np.rint(counts[where]) >= parameters.min_people
        weights = np.where(enough, starts.data[cells].astype(np.float64) * values[where], 0.0)
        order = np.lexsort((item, -weights, pair))
        best = order[place_in_run(pair[order]) < parameters.max_per_relation]
        yield {
            "made": made[pair[best]],
            "relation": np.zeros(len(best), np.int64),
            "start": item[best],
            "entity": np.full(len(best), -1),
            "n_sharing": np.rint(counts[where][best]).astype(np.int64),
            "weight": weights[best],
        }


def _pattern(matrix: sparse.csr_array) -> sparse.csr_array:
    """1 where something is stored."""
    ones = np.ones(matrix.nnz, np.float32)
    return sparse.csr_array((ones, matrix.indices, matrix.indptr), matrix.shape)


def _run(matrix: sparse.csr_array, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """What is stored in some rows: the place among them of each cell, and the cell."""
    starts = matrix.indptr[rows].astype(np.int64)
    return expand(starts, matrix.indptr[rows + 1].astype(np.int64) - starts)


def _only(matrix: sparse.csr_array, columns: NDArray[np.bool_]) -> sparse.csr_array:
    """The matrix without the entries of other columns; these stay where they are."""
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    kept = columns[matrix.indices]
    row_starts = np.concatenate(
        [[0], np.cumsum(np.bincount(rows[kept], minlength=matrix.shape[0]))]
    )
    return sparse.csr_array((matrix.data[kept], matrix.indices[kept], row_starts), matrix.shape)


def _tables(
    model: MetaPaths, data: Data, lists: Lists, found: _Paths
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The evidence and the table of paths."""
    names = ["made", "relation", "start", "entity", "n_sharing", "weight", "place"]
    empty = pd.DataFrame({name: np.empty(0, np.int64) for name in names})
    table = found.table() if found.columns else empty
    rows, start, entity = (table[name].to_numpy(np.int64) for name in ("made", "start", "entity"))
    labels = pd.Series(link_texts(model)[entity], dtype="str")
    people = entity < 0
    labels[people] = table["n_sharing"][people].map(_people).astype("str")
    texts = data.titles(start).astype("str") + np.array(" → ") + labels.to_numpy()
    evidence = evidence_table(
        lists,
        rows,
        "path",
        categorical(texts),
        table["weight"].to_numpy(),
        rated=start,
        group=table["place"].to_numpy() + 1,
    )
    paths = pairs_of(
        lists,
        rows,
        position=evidence["position"],
        from_item=lists.histories.item_ids[start],
        relation=pd.Categorical(model.relation_names[table["relation"].to_numpy(np.int64)]),
        entity=pd.Categorical(np.where(people, "", model.link_names[entity])),
        label=pd.Categorical(labels),
        n_sharing=table["n_sharing"].to_numpy(np.int32),
        weight=evidence["weight"],
    )
    return evidence, paths[PATH_COLUMNS]


def _people(n: int) -> str:
    """What two items have in common that n people liked, in words."""
    return "liked by the same " + ("person" if n == 1 else f"{n:,} people")


def link_texts(model: MetaPaths) -> NDArray[np.object_]:
    """What two items have in common, in words, for every link: same genre: Horror.

    Entities without a name, as those of Freebase, are only said to be the same.
    """
    texts = []
    for relation, label in zip(
        model.relation_names[model.relations], model.link_labels, strict=True
    ):
        name = label.removeprefix(f"{relation} ")
        if relation == PEOPLE:
            texts.append("")
        elif label.startswith("from "):
            texts.append(f"both {label}")
        elif _UNNAMED.fullmatch(name):
            texts.append(f"same {relation}")
        else:
            texts.append(f"same {relation}: {name}")
    return np.array([*texts, ""], dtype=object)[:-1]
