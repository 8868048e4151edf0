"""The one table in which every way of explaining writes its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from explainable_recsys.errors import InputError

STYLES = ("item", "rule", "feature", "neighbour", "path")


@dataclass(frozen=True, eq=False)
class Explained:
    """What an explainer finds out about some lists.

    Attributes:
        evidence: The explanations table: one row per piece, in the order of telling.
        details: Other tables of this way of explaining, by name, such as `cited_rules`.
        facts: What wording has to know besides, such as `{"relation": "liked"}`.
    """

    evidence: pd.DataFrame
    details: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def explanation_table(
    recommendations: pd.DataFrame,
    *,
    place: NDArray[Any],
    evidence_ids: NDArray[Any],
    weights: NDArray[Any],
    style: str,
    items: pd.DataFrame,
    group: NDArray[Any] | int = 1,
) -> pd.DataFrame:
    """Assemble explanations whose evidence are items.

    Args:
        recommendations: (n rows) the explained `user_id` and `item_id`, one row per piece
            of evidence.
        place: (n,) position of the piece in its explanation, from 1.
        evidence_ids: (n,) item ids.
        weights: (n,) strength of each piece.
        style: One of `STYLES`.
        items: Columns `item_id`, `title`.
        group: Number of the piece's group (a rule, a path) within its explanation, from 1.

    Returns:
        Columns `user_id`, `item_id`, `position`, `style`, `evidence_id`, `evidence`,
        `weight`, `group`; the texts are categorical, so millions of rows stay small.
    """
    return evidence_table(
        recommendations,
        place=place,
        evidence_ids=evidence_ids,
        evidence=item_titles(items, evidence_ids),
        weights=weights,
        style=style,
        group=group,
    )


def evidence_table(
    recommendations: pd.DataFrame,
    *,
    place: NDArray[Any],
    evidence_ids: NDArray[Any],
    evidence: pd.Categorical,
    weights: NDArray[Any],
    style: str,
    group: NDArray[Any] | int = 1,
) -> pd.DataFrame:
    """Assemble explanations whose evidence are not items: as `explanation_table`, with texts.

    Args:
        recommendations: As there.
        place: As there.
        evidence_ids: (n,) what the evidence is, for a program.
        evidence: (n,) the same for a reader.
        weights: As there.
        style: As there.
        group: As there.
    """
    return pd.DataFrame(
        {
            "user_id": recommendations["user_id"].to_numpy(),
            "item_id": recommendations["item_id"].to_numpy(),
            "position": place.astype(np.int32),
            "style": pd.Categorical.from_codes(
                np.full(len(place), STYLES.index(style)), categories=pd.Index(STYLES)
            ),
            "evidence_id": evidence_ids,
            "evidence": evidence,
            "weight": weights.astype(np.float32),
            "group": np.broadcast_to(np.int32(group), len(place)),
        }
    )


def item_titles(items: pd.DataFrame, item_ids: NDArray[Any]) -> pd.Categorical:
    """Title of each item id.

    Raises:
        InputError: If an id is not in the items table.
    """
    rows = pd.Index(items["item_id"]).get_indexer(pd.Index(item_ids))
    if (rows < 0).any():
        unknown = item_ids[int(np.argmax(rows < 0))]
        raise InputError(f"items table: no item {unknown}, which a user has rated")
    codes, titles = pd.factorize(items["title"])
    return pd.Categorical.from_codes(codes[rows], categories=titles)
