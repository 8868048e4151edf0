"""What the last run of each approach left in the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import DataCatalog

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.pipelines.ask import ANSWERS
from explainable_recsys.preprocessing.card import check_same_data
from explainable_recsys.reporting.people import Person, person


@dataclass(frozen=True, eq=False)
class Lists:
    """What an approach recommends to everybody, and why.

    Attributes:
        approach: Its name.
        histories: What the lists were made from.
        items: Columns `item_id`, `title`, `year`, `genres`.
        recommendations: Columns `user_id`, `item_id`, `rank`, `score`.
        explanations: Columns `user_id`, `item_id`, `position`, `style`, `evidence_id`,
            `evidence`, `weight`, `group`.
        sentences: Columns `user_id`, `item_id`, `sentence`.
    """

    approach: str
    histories: Interactions
    items: pd.DataFrame
    recommendations: pd.DataFrame
    explanations: pd.DataFrame
    sentences: pd.DataFrame

    def of(self, user_id: Any) -> Person:
        """History, list and reasons of one user.

        Raises:
            InputError: If the user has no history or is recommended nothing, or the reasons are
                those of another list.
        """
        tables = self.recommendations, self.explanations, self.sentences
        found = person(user_id, self.histories, *tables, self.items)
        if found.recommendations.empty:
            raise InputError(f"{self.approach} recommends nothing to user {user_id}")
        if not found.reasons["item_id"].isin(found.recommendations["item_id"]).all():
            raise InputError(
                f"{self.approach}'s stored explanations are not of its stored lists: "
                f"{DIFFERENT_RUNS}"
            )
        return found


def stored_approaches(catalog: DataCatalog) -> list[str]:
    """Approaches whose explained lists are stored: those of the data at hand, highest nDCG first.

    Those whose lists were made from other data come last.

    Raises:
        InputError: If there is none.
    """
    lists = catalog.get("any.recommendations")
    assert lists is not None  # there is a pattern for it
    folder = Path(str(lists._describe()["filepath"])).parent.parent
    names = [file.parent.name for file in sorted(folder.glob("*/sentences.parquet"))]
    names = [name for name in names if catalog.exists(f"{name}.sentences")]
    if not names:
        raise InputError(
            f"{folder}: no explanations are stored there yet; first kedro run in this environment"
        )
    at_hand = catalog.load("data_version")
    return sorted(names, key=lambda name: _place(catalog, name, at_hand))


def check_approach(catalog: DataCatalog, approach: str) -> None:
    """Make sure that an approach has left explained lists.

    Raises:
        InputError: Naming those that have.
    """
    names = stored_approaches(catalog)
    if approach in names:
        return
    if catalog.exists(f"{approach}.recommendations"):
        raise InputError(f"{approach} recommends, but explains nothing; {_known(names)}")
    hint = did_you_mean(approach, names)
    raise InputError(f"nothing is stored of an approach '{approach}'; {hint}{_known(names)}")


def load_lists(catalog: DataCatalog, approach: str) -> Lists:
    """An approach's lists with their reasons.

    Raises:
        InputError: If the approach has left none, or they were made from other data than are
            stored.
        kedro.io.DatasetError: If something is not stored.
    """
    check_approach(catalog, approach)
    made_from, at_hand = catalog.load(f"{approach}.made_from"), catalog.load("data_version")
    check_same_data(made_from, at_hand, f"{approach}'s stored")
    tables = (catalog.load(f"{approach}.{name}") for name in ANSWERS)
    return Lists(approach, catalog.load("histories"), catalog.load("items"), *tables)


def _known(names: list[str]) -> str:
    return f"explained lists are stored of: {', '.join(names)}"


def _place(catalog: DataCatalog, approach: str, at_hand: Any) -> tuple[bool, float]:
    """Whether the approach's lists are of other data, and its nDCG (the highest comes first)."""
    made_from, metrics = (
        catalog.load(entry) if catalog.exists(entry) else {}
        for entry in (f"{approach}.made_from", f"{approach}.metrics")
    )
    values = (metrics[key] for key in metrics if key.startswith("ndcg@") and "/" not in key)
    return made_from != at_hand, -next((value for value in values if value is not None), -1.0)
