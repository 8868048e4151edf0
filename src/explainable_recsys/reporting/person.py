"""One user: what they rated, what an approach recommends to them, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from explainable_recsys.interactions import Interactions
from explainable_recsys.reporting.selection import users_histories

EVIDENCE = ["position", "style", "evidence_id", "evidence", "weight", "group"]


@dataclass(frozen=True, eq=False)
class Person:
    """A user of one approach.

    Attributes:
        user_id: Who.
        history: What the list was made from, best rated first: `item_id`, `title`, `year`,
            `rating`.
        recommendations: In their order: `rank`, `item_id`, `title`, `year`, `score`,
            `sentence` (missing where nothing explains the recommendation).
        reasons: The evidence of all recommendations, in order: `item_id`, `position`, `style`,
            `evidence_id`, `evidence`, `weight`, `group`.
    """

    user_id: Any
    history: pd.DataFrame
    recommendations: pd.DataFrame
    reasons: pd.DataFrame

    def reasons_for(self, item_id: Any) -> pd.DataFrame:
        """The evidence of one recommendation."""
        of_item: pd.DataFrame = self.reasons[self.reasons["item_id"] == item_id]
        return of_item


def person(
    user_id: Any,
    histories: Interactions,
    recommendations: pd.DataFrame,
    explanations: pd.DataFrame,
    sentences: pd.DataFrame,
    items: pd.DataFrame,
) -> Person:
    """Gather what concerns one user.

    Args:
        user_id: Id of the user.
        histories: Of everybody.
        recommendations: Columns `user_id`, `item_id`, `rank`, `score`.
        explanations: Columns `user_id`, `item_id` and those of the evidence; may have no rows.
        sentences: Columns `user_id`, `item_id`, `sentence`; may have no rows.
        items: Columns `item_id`, `title`, `year`.

    Raises:
        InputError: If the user has no history here.
    """
    history = users_histories(histories, items, np.array([user_id]), histories.n_items)
    facts = items[["item_id", "title", "year"]]
    own = recommendations[recommendations["user_id"] == user_id].sort_values("rank")
    listed = own.merge(facts, on="item_id", how="left").merge(
        _of(sentences, user_id, ["sentence"]), on="item_id", how="left"
    )
    return Person(
        user_id,
        history.merge(facts[["item_id", "year"]], on="item_id", how="left")[
            ["item_id", "title", "year", "rating"]
        ],
        listed[["rank", "item_id", "title", "year", "score", "sentence"]],
        _of(explanations, user_id, EVIDENCE).sort_values(
            ["item_id", "position"], kind="stable", ignore_index=True
        ),
    )


def _of(table: pd.DataFrame, user_id: Any, columns: list[str]) -> pd.DataFrame:
    """The user's rows, with columns that may be missing from a table without rows."""
    own: pd.DataFrame = table[table["user_id"] == user_id]
    return own.reindex(columns=["item_id", *columns])


def titled(title: Any, year: Any, item_id: Any) -> str:
    """A title with its year, as far as they are known: `Alien (1979)`."""
    text = str(title) if isinstance(title, str) else f"item {item_id}"
    return text if pd.isna(year) else f"{text} ({int(year)})"
