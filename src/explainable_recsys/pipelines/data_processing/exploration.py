"""Nodes that describe the ratings."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any

import pandas as pd
from pydantic import Field, field_validator

from explainable_recsys.exploration import filters as about_filters
from explainable_recsys.exploration import items as about_items
from explainable_recsys.exploration import ratings as about_ratings
from explainable_recsys.exploration import totals
from explainable_recsys.parameters import Parameters
from explainable_recsys.preprocessing.cleaning import Dropped


class ExplorationParameters(Parameters):
    """Lengths of lists, sizes of figures, thresholds that are tried."""

    damping: float = Field(10, ge=0)
    n_listed: int = Field(20, ge=1, le=100)
    n_genres: int = Field(20, ge=2, le=50)
    n_blocks: int = Field(60, ge=1, le=100)
    cores: tuple[Annotated[int, Field(ge=1)], ...] = Field((1, 2, 5, 10, 20, 50), min_length=1)

    @field_validator("cores")
    @classmethod
    def _rising(cls, cores: tuple[int, ...]) -> tuple[int, ...]:
        if any(low >= high for low, high in pairwise(cores)):
            raise ValueError("accepted: numbers of ratings, rising")
        return cores


def explore_ratings(
    ratings: pd.DataFrame, parameters: ExplorationParameters
) -> tuple[pd.DataFrame, ...]:
    """Totals of users and items, and the sparsity of the ratings."""
    return (
        totals.rating_totals(ratings, "user_id"),
        totals.rating_totals(ratings, "item_id"),
        about_ratings.sparsity(ratings, parameters.n_blocks),
    )


def explore_long_tail(
    user_totals: pd.DataFrame, item_totals: pd.DataFrame
) -> tuple[pd.DataFrame, ...]:
    """How unequally ratings are spread over users and items."""
    concentrations = [
        about_ratings.concentration(item_totals, "items"),
        about_ratings.concentration(user_totals, "users"),
    ]
    return (
        about_ratings.how_many_have(user_totals, "n_users"),
        about_ratings.how_many_have(item_totals, "n_items"),
        pd.concat(concentrations, ignore_index=True),
    )


def explore_items(
    items: pd.DataFrame,
    user_totals: pd.DataFrame,
    item_totals: pd.DataFrame,
    parameters: ExplorationParameters,
) -> tuple[pd.DataFrame, ...]:
    """Genres, release years, the most and the best rated."""
    ranked = about_items.ranked_items(items, item_totals, len(user_totals), parameters.damping)
    return (
        about_items.genres(items, item_totals),
        about_items.genre_pairs(items, parameters.n_genres),
        about_items.releases(items, item_totals, 1),
        about_items.releases(items, item_totals, 10),
        about_items.most_rated(ranked, parameters.n_listed),
        about_items.best_rated(ranked, parameters.n_listed),
    )


def explore_filters(
    ratings: pd.DataFrame, cleaning_report: dict[str, Any], parameters: ExplorationParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the cleaning left, and what stricter filters would leave."""
    dropped = [Dropped.model_validate(step) for step in cleaning_report["dropped"]]
    return (
        about_filters.cleaning_steps(ratings, dropped),
        about_filters.cores(ratings, parameters.cores),
    )
