"""The one table in which every way of explaining writes its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api.types import is_numeric_dtype

from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError, require_columns
from explainable_recsys.explainers.styles import STYLES, require_styles
from explainable_recsys.ragged import place_in_run

STYLE = pd.CategoricalDtype(pd.Index(list(STYLES)))


@dataclass(frozen=True, eq=False)
class Explained:
    """What an explainer finds out about some lists.

    Attributes:
        evidence: As `evidence_table` makes it.
        details: Other tables of this way of explaining, by name, such as `cited_rules`.
        facts: What wording has to know besides, such as `{"relation": "liked"}`.
    """

    evidence: pd.DataFrame
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def evidence_table(
    lists: Lists,
    rows: NDArray[np.int64],
    style: str | NDArray[Any],
    evidence: pd.Categorical,
    weights: NDArray[Any],
    *,
    rated: NDArray[np.int64] | None = None,
    evidence_ids: pd.Categorical | None = None,
    group: NDArray[Any] | int = 1,
    others: Mapping[str, NDArray[Any]] = {},
) -> pd.DataFrame:
    """Write evidence down.

    Args:
        lists: What is explained.
        rows: (n,) recommendation that each piece is evidence for, ascending; the pieces of one
            in the order in which they are told.
        style: Name of one of `STYLES`, for all pieces or for each.
        evidence: (n,) what the pieces are, for a reader.
        weights: (n,) strength of each piece.
        rated: (n,) column of the rated item that each piece is, or rests on; None: on none.
        evidence_ids: (n,) what the pieces are, for a program; None: ids of the rated items.
        group: Number of the piece's group (a rule, a path) within its explanation, from 1.
        others: (n,) columns that stand behind these, by name.

    Returns:
        Columns `user_id`, `item_id`, `position` (from 1), `style`, `evidence_id` (text),
        `evidence`, `weight`, `group`, `rated_item_id` (of the type of the item ids, missing where
        there is none); the texts are categorical, so millions of rows stay small.

    Raises:
        InputError: If there is no such style.
    """
    require_styles(np.atleast_1d(style))
    styles = pd.Index(STYLES).get_indexer(pd.Index(np.atleast_1d(style)))
    item_ids = lists.histories.item_ids
    if evidence_ids is None:
        codes, distinct = pd.factorize(np.empty(0, np.int64) if rated is None else rated, sort=True)
        names = pd.Index(item_ids[distinct].astype(str), dtype="str")
        evidence_ids = pd.Categorical.from_codes(codes, categories=names)
    return pairs_of(
        lists,
        rows,
        position=(place_in_run(rows) + 1).astype(np.int32),
        style=pd.Categorical.from_codes(np.broadcast_to(styles, len(rows)), dtype=STYLE),
        evidence_id=evidence_ids,
        evidence=evidence,
        weight=weights.astype(np.float32),
        group=np.broadcast_to(np.int32(group), len(rows)),
        rated_item_id=pd.Series(
            None if rated is None else item_ids[rated],
            index=range(len(rows)),
            dtype="Int64" if item_ids.dtype.kind in "iu" else "str",
        ),
        **others,
    )


def check_evidence(evidence: pd.DataFrame, *columns: str) -> None:
    """Make sure that a table of evidence, by whomever, can be read.

    Args:
        evidence: The table.
        columns: Those that are read besides `user_id` and `item_id`.

    Raises:
        InputError: Naming the columns that it lacks, a style that there is not, or weights that
            are no numbers.

    >>> mine = pd.DataFrame({"user_id": [1], "item_id": [7], "style": ["movie"]})
    >>> check_evidence(mine, "style")
    Traceback (most recent call last):
    ...
    explainable_recsys.errors.InputError: evidence table: no style 'movie'; accepted: item, rule, \
feature, neighbour, path, set, change
    """
    require_columns("evidence", evidence, ("user_id", "item_id", *columns))
    if "style" in columns:
        require_styles(evidence["style"])
    if "weight" in columns and len(evidence) and not is_numeric_dtype(evidence["weight"]):
        raise InputError(
            f"evidence table: weights are no numbers ({evidence['weight'].dtype}); accepted: "
            "numbers, above 0 for what speaks for a recommendation"
        )


def pairs_of(lists: Lists, rows: NDArray[np.int64], **others: Any) -> pd.DataFrame:
    """Columns `user_id` and `item_id` of some recommendations (n,), and others beside them."""
    pairs = {name: lists.table[name].array.take(rows) for name in ("user_id", "item_id")}
    return pd.DataFrame(pairs | others)


def categorical(texts: ArrayLike) -> pd.Categorical:
    """Texts that repeat, in little memory."""
    return pd.Categorical(pd.Series(texts, dtype="str"))
