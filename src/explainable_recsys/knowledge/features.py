"""What items and users are like, as sparse 0/1 columns with names that people can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, field_validator
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.parameters import Parameters

ItemGroup = Literal["genres", "decade", "popularity"]
UserGroup = Literal["age", "gender", "occupation", "mean_rating", "taste"]

Group = TypeVar("Group", ItemGroup, UserGroup)

ROUNDING = 1e-9  # 0.28 of 25 is 7, also in binary

GENDERS = {"F": "female", "M": "male"}


class FeatureParameters(Parameters):
    """Which groups of features there are, and where numbers are cut into bins.

    `item` and `user` name the groups; None stands for all of the usual ones that the data has.
    With `ages_per_bin` None ages are codes of groups, as in MovieLens 1M, and stay as they are.
    """

    item: tuple[ItemGroup, ...] | None = Field(None, min_length=1)
    user: tuple[UserGroup, ...] | None = Field(None, min_length=1)
    years_per_bin: int = Field(10, ge=1)
    ages_per_bin: int | None = Field(10, ge=1)
    rating_bin: float = Field(0.5, ge=0.01)
    popularity_bins: tuple[float, ...] = (0.01, 0.05, 0.2, 0.5)
    taste_lift: float = Field(1.25, gt=1)

    @field_validator("popularity_bins")
    @classmethod
    def _rising_shares(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in zip((0.0, *shares), (*shares, 1.0), strict=True)):
            raise ValueError("accepted: shares of the catalogue between 0 and 1, rising")
        return shares


@dataclass(frozen=True, eq=False)
class Features:
    """A sparse 0/1 matrix whose columns have names and belong to groups.

    Attributes:
        matrix: (n, d) CSR of float32, 1 where a row has a feature.
        groups: (d,) name of each column's group, such as "genres".
        names: (d,) what a column stands for within its group, such as "Sci-Fi".
        labels: (d,) the same after "it is" or "you are", such as "from the 1970s".
    """

    matrix: sparse.csr_array
    groups: tuple[str, ...]
    names: tuple[str, ...]
    labels: tuple[str, ...]

    @property
    def ids(self) -> NDArray[np.str_]:
        """(d,) group and name of each column, such as "genres=Sci-Fi"."""
        pairs = zip(self.groups, self.names, strict=True)
        return np.array([f"{group}={name}" for group, name in pairs], dtype=np.str_)

    @property
    def group_sizes(self) -> list[int]:
        """Number of columns of each group, in order."""
        return [self.groups.count(group) for group in dict.fromkeys(self.groups)]

    def only(self, groups: tuple[str, ...], where: str) -> Features:
        """The columns of some groups.

        Raises:
            InputError: If there is no column of a group; `where` is the parameter that names it.
        """
        for group in groups:
            if group not in self.groups:
                raise InputError(
                    f"parameter {where}: there is no feature of group '{group}'; accepted: "
                    f"{', '.join(dict.fromkeys(self.groups)) or 'none, this data set has none'}"
                )
        chosen = [column for column, group in enumerate(self.groups) if group in groups]
        names = (self.groups, self.names, self.labels)
        return Features(
            sparse.csr_array(self.matrix[:, chosen]),
            *(tuple(texts[column] for column in chosen) for texts in names),
        )

    @classmethod
    def side_by_side(cls, parts: list[Features], n_rows: int) -> Features:
        """All columns of some matrices with the same n_rows rows."""
        none = sparse.csr_array((n_rows, 0), dtype=np.float32)
        matrix = sparse.hstack([none, *(part.matrix for part in parts)], format="csr")
        return cls(
            sparse.csr_array(matrix.astype(np.float32)),
            tuple(group for part in parts for group in part.groups),
            tuple(name for part in parts for name in part.names),
            tuple(label for part in parts for label in part.labels),
        )


def item_features(
    interactions: Interactions,
    items: pd.DataFrame,
    parameters: FeatureParameters,
    usual: tuple[ItemGroup, ...],
    where: str = "features.item",
) -> Features:
    """Features of the items of the catalogue.

    Args:
        interactions: The catalogue, and how often its items were rated.
        items: Columns `item_id`, `year` (nullable), `genres` (`|`-joined).
        parameters: Groups and bins.
        usual: The groups meant by None; those that the data lacks are left out.
        where: Name of the parameter, for errors.

    Raises:
        InputError: If a group is asked for by name that the data lacks.
    """
    table = items.set_index("item_id").reindex(interactions.item_ids)
    make: dict[ItemGroup, Callable[[], Features]] = {
        "genres": lambda: _genres(table["genres"]),
        "decade": lambda: _years(table["year"], parameters.years_per_bin),
        "popularity": lambda: _popularity(interactions, parameters.popularity_bins),
    }
    return _chosen(make, parameters.item, usual, interactions.n_items, where, "item")


def user_features(
    interactions: Interactions,
    users: pd.DataFrame,
    items: pd.DataFrame,
    parameters: FeatureParameters,
    usual: tuple[UserGroup, ...],
    where: str = "features.user",
) -> Features:
    """Features of the users: who they are, and what their ratings say about them.

    Args:
        interactions: The histories.
        users: Column `user_id`, and of `age` (years), `gender`, `occupation` those that the
            data set has.
        items: Columns `item_id`, `genres`, for the users' taste.
        parameters: As `item_features`.
        usual: As `item_features`.
        where: As `item_features`.

    Raises:
        InputError: As `item_features`.
    """
    table = users.set_index("user_id").reindex(interactions.user_ids)
    for column in ("age", "gender", "occupation"):
        if column not in table:
            table[column] = None
    make: dict[UserGroup, Callable[[], Features]] = {
        "age": lambda: _ages(table["age"], parameters.ages_per_bin),
        "gender": lambda: _one_hot("gender", table["gender"], lambda name: GENDERS.get(name, name)),
        "occupation": lambda: _one_hot(
            "occupation", table["occupation"], lambda name: f"of occupation {name}"
        ),
        "mean_rating": lambda: _mean_ratings(interactions.ratings, parameters.rating_bin),
        "taste": lambda: _taste(interactions, items, parameters.taste_lift),
    }
    return _chosen(make, parameters.user, usual, interactions.n_users, where, "user")


def _chosen(
    make: Mapping[Group, Callable[[], Features]],
    named: tuple[Group, ...] | None,
    usual: tuple[Group, ...],
    n_rows: int,
    where: str,
    kind: str,
) -> Features:
    parts = []
    for group in usual if named is None else dict.fromkeys(named):
        part = make[group]()
        if part.matrix.shape[1]:
            parts.append(part)
        elif named is not None:
            found = [other for other, build in make.items() if build().matrix.shape[1]]
            raise InputError(
                f"parameter {where}: '{group}' was asked for, but no {kind} of this data set has "
                f"one; accepted: {', '.join(found)}, or null for all that the data has"
            )
    return Features.side_by_side(parts, n_rows)


def _genres(genres: pd.Series[Any]) -> Features:
    lists = genres.fillna("").astype("str").str.split("|")
    names = lists.reset_index(drop=True).explode()
    names = names[names != ""]
    return _indicators("genres", len(lists), names.index.to_numpy(), names)


def _years(years: pd.Series[Any], width: int) -> Features:
    def label(first: str) -> str:
        if width == 1:
            return f"from {first}"
        last = int(first) + width - 1
        return f"from the {first}s" if width == 10 else f"from {first} to {last}"

    return _one_hot("decade", _floor(years, width), label)


def _ages(ages: pd.Series[Any], width: int | None) -> Features:
    def label(first: str) -> str:
        if width is None:
            return f"of age group {first}"
        return f"aged {first}" if width == 1 else f"aged {first} to {int(first) + width - 1}"

    return _one_hot("age", _floor(ages, width or 1), label)


def _floor(numbers: pd.Series[Any], width: int) -> pd.Series[Any]:
    """Lower end of each number's bin, missing where the number is."""
    floats = pd.to_numeric(numbers, errors="coerce").astype("float64")
    return ((floats // width) * width).astype("Int64")


def _popularity(interactions: Interactions, shares: tuple[float, ...]) -> Features:
    """Bins of the rank by number of ratings; equally often rated items share the worst rank.

    So no bin holds a larger share of the catalogue than its name says.
    """
    counts = np.bincount(interactions.ratings.indices, minlength=interactions.n_items)
    ordered = np.sort(counts)
    ranks = len(counts) - np.searchsorted(ordered, counts, side="left")
    cuts = np.array(shares) * len(counts) + ROUNDING
    bins = np.searchsorted(cuts, ranks, side="left")
    names = [f"top {100 * share:g} %" for share in shares] + ["rest"]
    labels = [f"among the {100 * share:g} % most often rated" for share in shares]
    labels.append("rarely rated" if shares else "an item")
    return _coded("popularity", bins, names, labels)


def _mean_ratings(ratings: sparse.csr_array, width: float) -> Features:
    counts = np.diff(ratings.indptr)
    means = ratings.sum(axis=1, dtype=np.float64) / np.maximum(counts, 1)
    low = np.floor(means / width + ROUNDING).astype(np.int64)
    bins, codes = np.unique(low, return_inverse=True)
    highest = ratings.data.max(initial=-np.inf)
    bounds = [(width * place, width * (place + 1)) for place in bins.tolist()]
    names = [f"{low:g} to {high:g}" if low < highest else f"{low:g}" for low, high in bounds]
    labels = [f"rating {name} on average" for name in names]
    return _coded("mean_rating", codes, names, labels)


def _taste(interactions: Interactions, items: pd.DataFrame, lift: float) -> Features:
    """Genres that make up `lift` times as much of a user's history as of all ratings."""
    genres = _genres(items.set_index("item_id")["genres"].reindex(interactions.item_ids))
    ratings = interactions.ratings
    rated = sparse.csr_array(
        (np.ones_like(ratings.data), ratings.indices, ratings.indptr), shape=ratings.shape
    )
    counts = np.asarray((rated @ genres.matrix).todense(), dtype=np.float64)
    lengths = np.maximum(np.diff(ratings.indptr), 1)[:, None]
    overall = counts.sum(axis=0) / max(ratings.nnz, 1)
    fond = (counts > 0) & (counts / lengths >= lift * overall)
    held = np.flatnonzero(fond.any(axis=0))
    names = tuple(genres.names[column] for column in held)
    matrix = sparse.csr_array(fond[:, held].astype(np.float32))
    labels = tuple(f"fond of {name}" for name in names)
    return Features(matrix, ("taste",) * len(names), names, labels)


def _one_hot(group: str, values: pd.Series[Any], label: Callable[[str], str]) -> Features:
    known = (values.notna() & (values.astype("str") != "")).to_numpy()
    rows = np.flatnonzero(known)
    return _indicators(group, len(values), rows, values[known], label)


def _indicators(
    group: str,
    n_rows: int,
    rows: NDArray[np.int64],
    values: pd.Series[Any],
    label: Callable[[str], str] = str,
) -> Features:
    """1 in each (row, value), a column per distinct value in ascending order."""
    codes, found = pd.factorize(values, sort=True)
    names = tuple(str(name) for name in found)
    matrix = sparse.csr_array(
        (np.ones(len(rows), np.float32), (rows, codes)), shape=(n_rows, len(names))
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1.0  # a genre listed twice is still one genre
    return Features(matrix, (group,) * len(names), names, tuple(map(label, names)))


def _coded(group: str, codes: NDArray[Any], names: list[str], labels: list[str]) -> Features:
    """1 in column codes[row]; columns that no row has are left out."""
    used, columns = np.unique(codes, return_inverse=True)
    n = len(codes)
    matrix = sparse.csr_array(
        (np.ones(n, np.float32), (np.arange(n), columns)), shape=(n, len(used))
    )
    return Features(
        matrix,
        (group,) * len(used),
        tuple(names[code] for code in used),
        tuple(labels[code] for code in used),
    )


USUAL_ITEM_GROUPS: tuple[ItemGroup, ...] = ("genres", "decade", "popularity")
USUAL_USER_GROUPS: tuple[UserGroup, ...] = ("age", "gender", "occupation", "mean_rating", "taste")


def describe(data: Data, parameters: FeatureParameters) -> tuple[Features, Features]:
    """Features of the items of the catalogue, and of the users whom models learn from.

    Raises:
        InputError: If a group is asked for by name that the data lacks.
    """
    of_items = item_features(data.interactions, data.items, parameters, USUAL_ITEM_GROUPS)
    return of_items, describe_users(data, data.interactions, parameters)


def describe_users(data: Data, histories: Interactions, parameters: FeatureParameters) -> Features:
    """Features of the users with some histories, whoever they are.

    Raises:
        InputError: As `describe`.
    """
    return user_features(histories, data.users, data.items, parameters, USUAL_USER_GROUPS)
