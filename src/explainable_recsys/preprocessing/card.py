"""The dataset card: what the data is, in numbers, and what was left out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import DIFFERENT_RUNS
from explainable_recsys.preprocessing.cleaning import Dropped
from explainable_recsys.preprocessing.splits import Split


def data_version(split: Split) -> str:
    """A fingerprint of who rated what, and how, in which part: 12 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, part in split._asdict().items():
        rows = pd.util.hash_pandas_object(part[["user_id", "item_id", "rating"]], index=False)
        digest.update(f"{name} {len(part)} ".encode() + rows.to_numpy().tobytes())
    return digest.hexdigest()[:12]


def readable_version(version: Mapping[str, Any]) -> str:
    """Name and version of data, for a reader."""
    return f"{version.get('name', 'unknown data')} version {version.get('version', 'not known')}"


def check_same_data(
    made_from: Mapping[str, Any], at_hand: Mapping[str, Any], whose: str = "the stored"
) -> None:
    """Make sure that lists were made from the data that they are judged with.

    Args:
        made_from: `name` and `version` of the data that the lists were made from.
        at_hand: Those of the data at hand.
        whose: Whose lists these are.

    Raises:
        InputError: Naming both versions.
    """
    if readable_version(made_from) != readable_version(at_hand):
        raise InputError(
            f"{whose} lists were made from {readable_version(made_from)}, the data at hand is "
            f"{readable_version(at_hand)}: {DIFFERENT_RUNS}"
        )


def dataset_card(
    name: str, ratings: pd.DataFrame, split: Split, dropped: Sequence[Dropped], n_read: int
) -> dict[str, Any]:
    """Describe cleaned ratings and their split.

    Args:
        name: Name of the data set.
        ratings: The cleaned ratings.
        split: Their parts.
        dropped: What cleaning took away.
        n_read: Ratings in the file.

    Returns:
        JSON-ready: version, counts, density (share of the matrix that is filled), the rating
        distribution, quantiles of the history lengths, the time span, sizes of the parts.
    """
    per_user, per_item = (ratings[c].value_counts() for c in ("user_id", "item_id"))
    distribution = ratings["rating"].value_counts().sort_index()
    return {
        "name": name,
        "version": data_version(split),
        "n_ratings": len(ratings),
        "n_users": len(per_user),
        "n_items": len(per_item),
        "density": len(ratings) / (len(per_user) * len(per_item)),
        "mean_rating": float(ratings["rating"].mean()),
        "rating_distribution": {f"{value:g}": int(n) for value, n in distribution.items()},
        "ratings_per_user": _quantiles(per_user),
        "ratings_per_item": _quantiles(per_item),
        "time_span": _time_span(ratings),
        "split": {part: len(table) for part, table in split._asdict().items() if len(table)},
        "n_read": n_read,
        "dropped": [step.model_dump() for step in dropped],
    }


def _quantiles(counts: pd.Series[int]) -> dict[str, float]:
    names = {"min": 0.0, "median": 0.5, "90%": 0.9, "max": 1.0}
    return {name: float(np.quantile(counts, q)) for name, q in names.items()}


def _time_span(ratings: pd.DataFrame) -> list[str] | None:
    """First and last day, or None without timestamps."""
    if "timestamp" not in ratings:
        return None
    return [f"{day:%Y-%m-%d}" for day in (ratings["timestamp"].min(), ratings["timestamp"].max())]
