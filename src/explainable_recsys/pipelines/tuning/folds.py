"""Parts of the ratings to train on and to validate with, never those for the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from explainable_recsys.errors import InputError
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings

RANDOM_STRATEGIES = ("random_fraction", "predefined", "held_out_users")
"""Strategies that cut the validation part at random, so that there can be several."""


RATINGS = ("train_ratings", "validation_ratings")
"""What folds are made of, and made to."""


class Fold(NamedTuple):
    """What a trial learns from, and what it is measured on."""

    train: pd.DataFrame
    validation: pd.DataFrame


def make_folds(
    train: pd.DataFrame, validation: pd.DataFrame, split: SplitParameters, n: int, seed: int
) -> list[Fold]:
    """The stored parts, and where they were cut at random other cuts of the same ratings.

    Args:
        train: Stored training part.
        validation: Stored validation part.
        split: How they were cut.
        n: Number of folds.
        seed: Of the other cuts.

    Raises:
        InputError: If there is no validation part.
    """
    if validation.empty:
        raise InputError(
            "there are no validation ratings to tune on; set split.validation to true, or choose "
            "a split that leaves some"
        )
    folds = [Fold(train, validation)]
    if split.strategy not in RANDOM_STRATEGIES:
        return folds
    together = pd.concat([train, validation])
    together = together.sort_values(["user_id", "item_id"], ignore_index=True)
    return folds + [
        cut_at_random(together, split.fraction, mixed_seed(seed, fold)) for fold in range(1, n)
    ]


def cut_at_random(ratings: pd.DataFrame, fraction: float, seed: int) -> Fold:
    """Hold out a share of each user's ratings; a user with few keeps all for training."""
    parameters = SplitParameters(
        strategy="random_fraction",
        fraction=fraction,
        validation=False,
        too_short="train",
        seed=seed,
    )
    split = split_ratings(ratings, parameters)
    return Fold(split.train, split.test)


def shared_data(
    train: pd.DataFrame, tables: Mapping[str, pd.DataFrame], fraction: float, seed: int
) -> dict[str, pd.DataFrame]:
    """What the nodes that make models read, when there is no more than the training part of a fold.

    Models learn from all of it, as they learn from training and validation ratings in a run.
    What they choose by themselves on validation ratings they choose on a part of it, never on
    the ratings that the trial is measured on.
    """
    inner = cut_at_random(train, fraction, seed)
    parts = {"train_ratings": inner.train, "validation_ratings": inner.validation}
    return {**tables, **parts, "fold_in_ratings": train.head(0)}


def mixed_seed(seed: int, number: int) -> int:
    """Another seed for each number, the same every time."""
    return int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
