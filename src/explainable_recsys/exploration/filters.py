"""What filters take away: those of this run, and stricter ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from explainable_recsys.preprocessing.cleaning import Dropped, k_core

READ = "read"
"""The first step: the ratings of the file."""


def cleaning_steps(ratings: pd.DataFrame, dropped: Sequence[Dropped]) -> pd.DataFrame:
    """What every step of the cleaning left.

    Args:
        ratings: The cleaned ratings: columns `user_id`, `item_id`.
        dropped: What the steps took away, in their order; steps that took nothing are not
            among them.

    Returns:
        One row for what was read and one per step: `step` (from 0), `reason` of the dropping,
        `n_ratings`, `n_users`, `n_items` left after it.
    """
    steps: dict[str, list[int]] = {}
    for name, left in (
        ("ratings", len(ratings)),
        ("users", ratings["user_id"].nunique()),
        ("items", ratings["item_id"].nunique()),
    ):
        taken = [getattr(step, name) for step in dropped]
        read = left + sum(taken)
        steps[f"n_{name}"] = (read - np.cumsum([0, *taken])).tolist()
    return pd.DataFrame(
        {
            "step": range(len(dropped) + 1),
            "reason": pd.Series([READ, *(step.reason for step in dropped)], dtype="str"),
            **steps,
        }
    )


def cores(ratings: pd.DataFrame, thresholds: Sequence[int]) -> pd.DataFrame:
    """What would be left if every user and item had to have a number of ratings.

    Args:
        ratings: Columns `user_id`, `item_id`, each pair once.
        thresholds: Numbers of ratings, rising.

    Returns:
        One row per threshold: `k` (every user and item that is left has k ratings or more),
        `n_ratings`, `n_users`, `n_items`, `density` (ratings by pairs of user and item; missing
        if nothing is left), and the shares of the ratings, users and items that are left
        `share_of_ratings`, `share_of_users`, `share_of_items` (0 to 1).
    """
    left = ratings[["user_id", "item_id"]]
    rows = []
    for k in thresholds:
        left = left[k_core(left, k)] if len(left) else left  # the cores lie in one another
        rows.append([k, len(left), left["user_id"].nunique(), left["item_id"].nunique()])
    names = ["n_ratings", "n_users", "n_items"]
    table = pd.DataFrame(rows, columns=["k", *names]).astype("int64")
    pairs = (table["n_users"] * table["n_items"]).to_numpy(dtype=np.float64)
    with np.errstate(invalid="ignore"):
        table["density"] = table["n_ratings"].to_numpy(dtype=np.float64) / pairs
    all_of = (len(ratings), ratings["user_id"].nunique(), ratings["item_id"].nunique())
    for name, total in zip(names, all_of, strict=True):
        table[f"share_of_{name.removeprefix('n_')}"] = table[name] / max(total, 1)
    return table
