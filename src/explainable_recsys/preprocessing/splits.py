"""Split ratings into training, validation and test parts."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from explainable_recsys import draws
from explainable_recsys.errors import InputError
from explainable_recsys.parameters import Parameters, Seed

ROUNDING = 1e-9  # 0.7 of 10 is 7, also in binary

Strategy = Literal["random_fraction", "latest_n", "global_time", "predefined", "held_out_users"]


class SplitParameters(Parameters):
    """How ratings are held out; the validation part is cut from the rest in the same way.

    `random_fraction` holds out a random `fraction` of each user's ratings, `latest_n` the
    last `n` of each user (of equal times the higher item ids), `global_time` the latest `fraction`
    of all ratings, `predefined` those of the data set's own test file (and a random fraction of the
    rest as validation).
    `held_out_users` holds out a random `fraction` of the users (strong generalization, Marlin
    2004): models never see them, a random share `fold_in` of each one's ratings is the history that
    they are recommended from, and the others are the test; the validation part is a random fraction
    of the other users' ratings.
    What is random depends on the seed and the ids alone (see `draws`): not on the order of the
    ratings, nor does a user's `random_fraction` on other users.
    `too_short` says what happens to users of whom nothing could be held out without leaving
    them no training rating: `error`, `train` (all their ratings are for training) or `drop`.
    """

    strategy: Strategy = "random_fraction"
    fraction: float = Field(0.1, gt=0, lt=1)
    fold_in: float = Field(0.8, gt=0, lt=1)
    n: int = Field(5, ge=1)
    validation: bool = True
    too_short: Literal["error", "train", "drop"] = "error"
    seed: Seed = 0


class Split(NamedTuple):
    """The parts; each keeps the columns and the order of the ratings.

    `fold_in` are the histories of held-out users; without such users it is empty.
    """

    train: pd.DataFrame
    validation: pd.DataFrame
    test: pd.DataFrame
    fold_in: pd.DataFrame


def split_ratings(
    ratings: pd.DataFrame,
    parameters: SplitParameters,
    predefined_train: pd.DataFrame | None = None,
    predefined_test: pd.DataFrame | None = None,
) -> Split:
    """Split a ratings table as the parameters say.

    Args:
        ratings: Columns `user_id`, `item_id`, `rating` and possibly `timestamp`; one row
            per pair, sorted by user and item.
        parameters: Strategy and sizes.
        predefined_train: Pairs of the training file, for `predefined`.
        predefined_test: Pairs of the test file, for `predefined`.

    Returns:
        Parts in which every user with a held-out rating has a training rating (or a fold-in one).

    Raises:
        InputError: If timestamps or split files are needed and missing, if users are too
            short to split and `too_short` is `error`, or if nothing is held out.
    """
    if parameters.strategy == "held_out_users":
        return _hold_out_users(ratings, parameters)
    if parameters.strategy == "predefined":
        part = _predefined_part(ratings, predefined_train, predefined_test)
        ratings, in_test = ratings[part >= 0], part[part >= 0] == 1
        inner = parameters.model_copy(update={"strategy": "random_fraction"})
    else:
        in_test = _held_out(ratings, parameters, "test")
        inner = parameters
    rest, test = ratings[~in_test], ratings[in_test]
    in_validation = np.zeros(len(rest), dtype=bool)
    if parameters.validation and not rest.empty:
        in_validation = _held_out(rest, inner, "validation")
    train, validation = rest[~in_validation], rest[in_validation]
    nobody = ratings[:0]
    split = _with_training_data(Split(train, validation, test, nobody), ratings, parameters)
    return _checked(split, ratings, parameters)


def _checked(split: Split, ratings: pd.DataFrame, parameters: SplitParameters) -> Split:
    """The parts with rows numbered anew.

    Raises:
        InputError: If nothing is held out.
    """
    if split.test.empty:
        remedy = "raise split.fraction or split.n"
        if parameters.strategy == "held_out_users":
            remedy = "lower split.fold_in"
        raise InputError(
            f"parameters split: {parameters.strategy} holds out no rating of {len(ratings):,}; "
            f"{remedy}, or add ratings"
        )
    return Split(*(part.reset_index(drop=True) for part in split))


def _hold_out_users(ratings: pd.DataFrame, parameters: SplitParameters) -> Split:
    """Hold out a share of the users, at least one and not all of them."""
    users = ratings["user_id"].unique()
    if len(users) < 2:
        raise InputError(
            f"parameter split.strategy: 'held_out_users' needs 2 users or more, found {len(users)}"
        )
    n_held_out = int(np.clip(np.floor(parameters.fraction * len(users) + 0.5), 1, len(users) - 1))
    chosen = draws.sample(users, n_held_out, parameters.seed, "held-out users")
    held_out = ratings["user_id"].isin(chosen)
    # Their histories are what is left when the share that is not folded in is held out.
    inner = parameters.model_copy(
        update={"strategy": "random_fraction", "fraction": round(1 - parameters.fold_in, 9)}
    )
    of_others = parameters.model_copy(update={"strategy": "random_fraction"})
    others, own = ratings[~held_out], ratings[held_out]
    in_test = _held_out(own, inner, "test")
    in_validation = np.zeros(len(others), dtype=bool)
    if parameters.validation:
        in_validation = _held_out(others, of_others, "validation")
    split = Split(others[~in_validation], others[in_validation], own[in_test], own[~in_test])
    return _checked(_with_training_data(split, ratings, parameters), ratings, parameters)


def _held_out(
    ratings: pd.DataFrame, parameters: SplitParameters, part: Literal["validation", "test"]
) -> NDArray[np.bool_]:
    """Mask of the ratings that the strategy holds out for a part."""
    if parameters.strategy == "random_fraction":
        ids = ratings["user_id"], ratings["item_id"]
        drawn = draws.hashes(*ids, seed=parameters.seed, purpose=f"{part} ratings")
        place, length = _place_in_history(ratings["user_id"], drawn)
        wanted = np.floor(parameters.fraction * length + 0.5)
        return np.asarray(place < np.minimum(wanted, length - 1))
    times = _timestamps(ratings, parameters.strategy)
    if parameters.strategy == "latest_n":
        items = pd.factorize(ratings["item_id"], sort=True)[0]
        place, length = _place_in_history(ratings["user_id"], times, items)
        return np.asarray(place >= length - parameters.n)
    n_latest = min(int(parameters.fraction * len(times) + ROUNDING), len(times) - 1)
    cut = np.sort(times)[len(times) - n_latest - 1]
    return np.asarray(times > cut)


def _timestamps(ratings: pd.DataFrame, strategy: str) -> NDArray[np.int64]:
    if "timestamp" not in ratings:
        raise InputError(
            f"parameter split.strategy: '{strategy}' needs timestamps and the ratings have none; "
            "name their column in source.ratings.columns.timestamp, or use 'random_fraction'"
        )
    return ratings["timestamp"].to_numpy().astype(np.int64)


def _place_in_history(
    users: pd.Series[Any], *keys: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Place of each rating in its user's history ordered by keys, and the history's length."""
    codes = pd.factorize(users)[0]
    order = np.lexsort((*keys[::-1], codes))
    place = np.empty(len(codes), dtype=np.int64)
    place[order] = np.arange(len(codes)) - np.searchsorted(codes[order], codes[order])
    return place, np.bincount(codes)[codes]


def _predefined_part(
    ratings: pd.DataFrame, train: pd.DataFrame | None, test: pd.DataFrame | None
) -> NDArray[np.int64]:
    """0 where the pair is in the training file, 1 in the test file, -1 in neither."""
    if train is None or test is None or train.empty or test.empty:
        raise InputError(
            "parameter split.strategy: 'predefined' needs the data set's own split files; name "
            "them in source.splits (train, test)"
        )
    pair = ["user_id", "item_id"]
    parts = pd.concat([train[pair].assign(part=0), test[pair].assign(part=1)])
    both = parts.duplicated(pair)
    if both.any():
        user, item = parts[both].iloc[0][pair]
        raise InputError(f"split files: user {user} and item {item} stand there twice")
    found = ratings[pair].merge(parts, on=pair, how="left")["part"]
    return found.fillna(-1).to_numpy(np.int64)


def _with_training_data(split: Split, ratings: pd.DataFrame, parameters: SplitParameters) -> Split:
    """Make sure that nobody is tested or validated without a training rating."""
    lengths = ratings["user_id"].value_counts()
    known = pd.concat([split.train["user_id"], split.fold_in["user_id"]])
    too_short = set(lengths.index) - set(known.unique())
    if parameters.strategy in ("random_fraction", "latest_n", "held_out_users"):
        too_short |= set(lengths.index[lengths < 2])
    if not too_short:
        return split
    if parameters.too_short == "error":
        raise InputError(_too_short_message(too_short, lengths, parameters))
    affected = [part["user_id"].isin(too_short) for part in split]
    kept = [part[~mask] for part, mask in zip(split, affected, strict=True)]
    if parameters.too_short == "train":
        moved = [part[mask] for part, mask in zip(split, affected, strict=True)]
        kept[0] = pd.concat([kept[0], *moved]).sort_index()
    return Split(*kept)


def _too_short_message(
    users: set[Any], lengths: pd.Series[int], parameters: SplitParameters
) -> str:
    example = min(users)
    needed = {
        "random_fraction": 2,
        "held_out_users": 2,
        "latest_n": 1 + parameters.n * (2 if parameters.validation else 1),
    }.get(parameters.strategy)
    filtered = f"set cleaning.min_user_ratings to {needed} or more, or " if needed else "set "
    return (
        f"parameter split.too_short: {len(users):,} of {len(lengths):,} users cannot be split by "
        f"'{parameters.strategy}' and keep a training rating, for example user {example} with "
        f"{lengths[example]} rating(s); {filtered}"
        "split.too_short to 'train' or 'drop'"
    )
