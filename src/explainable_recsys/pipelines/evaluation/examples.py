"""The users whose lists the report shows."""

from __future__ import annotations

from typing import Any

import pandas as pd
from pydantic import Field

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.data import Data
from explainable_recsys.datasets.source import SourceParameters
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.pipelines.judging import stored
from explainable_recsys.reporting.people import (
    choose_users,
    example_user,
    users_histories,
    users_lists,
)


class ReportParameters(Parameters):
    """How many users the report shows, how much of their lists, and of their histories."""

    n_users: int = Field(5, ge=0)
    n_items: int = Field(10, ge=1)
    n_rated: int = Field(10, ge=1)
    seed: Seed = 0


def choose_examples(
    data: Data, source: SourceParameters, parameters: ReportParameters, **tables: Any
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A few users' lists by every approach with reasons, and what these users rated.

    Args:
        data: Titles, years and histories.
        source: Whom to show first, if it says.
        parameters: How many.
        tables: `<recommender>.recommendations` and `<approach>.sentences`.
    """
    sentences, made = stored(tables, "sentences"), stored(tables, "recommendations")
    lists = {name: made[APPROACHES[name].recommender] for name in sentences}
    explained = [table["user_id"] for table in sentences.values() if len(table)]
    first = example_user(source.example_user, explained, data.histories)
    users = choose_users(first, explained, parameters.n_users, parameters.seed)
    return (
        users_lists(lists, sentences, data.items, users, parameters.n_items),
        users_histories(data.histories, data.items, users, parameters.n_rated),
    )
