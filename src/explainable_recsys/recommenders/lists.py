"""The best N unseen items of every user, in blocks of users, and none by accident."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import LIST_COLUMNS, Data, Lists
from explainable_recsys.errors import InputError, require_columns
from explainable_recsys.interactions import DIFFERENT_RUNS, Interactions
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.top_n import top_n

CHECKED_USERS = 100


class RecommendationParameters(Parameters):
    """How long lists are, what may be on them, and how many users are scored at once.

    Items with fewer than `min_ratings` training ratings are never recommended.
    """

    n: int = Field(10, ge=1)
    min_ratings: int = Field(3, ge=0)
    block_size: int = Field(512, ge=1)


@dataclass(frozen=True, eq=False)
class Ranker:
    """Which items a model recommends to whom, and in which order.

    An item is recommended only where the history has a say: not if its score is that of an empty
    history (unless the model is the same for everybody), nor because of its place in the
    catalogue. Of equal scores the more rated item goes first, and what ties in that too with the
    first item that is left out is left out with it. So a list may be shorter than asked for, and
    a user whose ratings count for nothing has none.

    Attributes:
        model: The recommender.
        n_ratings: (n_items,) number of training ratings of each item.
        barred: (n_items,) which items are recommended to nobody.
        order: (n_items,) columns of the items, the most rated first: the order of equal scores.
    """

    model: Recommender
    n_ratings: NDArray[np.int64]
    barred: NDArray[np.bool_]
    order: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        model: Recommender,
        catalogue: Interactions,
        min_ratings: int,
        only: NDArray[Any] | None = None,
        exclude: NDArray[Any] | None = None,
    ) -> Ranker:
        """Bar items with too few ratings, and those that are asked for.

        Args:
            model: Over the same catalogue.
            catalogue: The training ratings.
            min_ratings: Items with fewer of them are barred.
            only: Ids of the items that may be recommended; None: all.
            exclude: Ids of items that may not.

        Raises:
            InputError: If the model has another catalogue, no item has enough ratings, or an id is
                not known.
        """
        if model.n_items != catalogue.n_items:
            raise InputError(
                f"the model knows {model.n_items} items, the interactions have "
                f"{catalogue.n_items}: {DIFFERENT_RUNS}"
            )
        n_ratings = catalogue.n_ratings
        barred = n_ratings < min_ratings
        if barred.all() and len(barred):
            raise InputError(
                f"parameter recommendation.min_ratings: no item has {min_ratings} ratings; "
                f"accepted: 0 to {n_ratings.max()}, as many as the most rated item has"
            )
        if only is not None:
            others = np.ones_like(barred)
            others[catalogue.known_columns(only)] = False
            barred |= others
        if exclude is not None:
            barred[catalogue.known_columns(exclude)] = True
        return cls(model, n_ratings, barred, catalogue.most_rated_first)

    @cached_property
    def offered(self) -> Offered:
        """The same without the barred items, for questions about scores of many histories."""
        columns = np.flatnonzero(~self.barred)
        places = np.full(len(self.barred), -1)
        places[columns] = np.arange(len(columns))
        nobody, order = np.zeros(len(columns), bool), places[self.order]
        n_ratings, order = self.n_ratings[columns], order[order >= 0]
        return Offered(self.model, n_ratings, nobody, order, columns, places)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Scores (n, n_items) for some histories; -inf for what is not recommended."""
        return self.open_to(self._scored(histories), histories)

    def open_to(
        self, scores: NDArray[np.float32], histories: sparse.csr_array
    ) -> NDArray[np.float32]:
        """Set scores of what is not recommended to -inf, in place."""
        lengths = np.diff(histories.indptr)
        if self._nothing is not None:
            scores[scores == self._nothing] = -np.inf
            scores[lengths == 0] = -np.inf
        rows = np.repeat(np.arange(len(lengths)), lengths)
        self.close(scores, rows, histories.indices)
        scores[:, self.barred] = -np.inf
        return scores

    def close(
        self, scores: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[Any]
    ) -> None:
        """Set the scores of some items, one in each of the rows, to -inf."""
        scores[rows, columns] = -np.inf

    def best(
        self, scores: NDArray[np.float32], n: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Columns (b, n) and scores of the lists, padded with -1 and -inf at the end."""
        places, values = top_n(np.take(scores, self.order, axis=1), n + 1)
        columns = np.where(places >= 0, self.order[places], -1)
        if columns.shape[1] > n:
            ties = values == values[:, -1:]
            ties &= self.n_ratings[columns] == self.n_ratings[columns[:, -1:]]
            columns = np.where(ties, -1, columns)[:, :n]
            values = np.where(columns >= 0, values[:, :n], -np.inf)
        return columns, values

    def first_outside(self, lists: Lists, block_size: int = 512) -> NDArray[np.int64]:
        """The best item (n_users,) that is not on each user's list; -1 where there is none.

        If the lists may be parts of others, items of the whole are not outside it.
        """
        histories, (_, listed) = lists.histories.ratings, lists.by_user()
        found = []
        for start in range(0, histories.shape[0], block_size):
            part = slice(start, start + block_size)
            found.append(self.best_outside(self.scores(histories[part]), listed[part], lists.n))
        return np.concatenate([np.empty(0, np.int64), *found])

    def best_outside(
        self, scores: NDArray[np.float32], listed: NDArray[np.int64], n: int
    ) -> NDArray[np.int64]:
        """The best item (b,) that is not listed (b, k), nor one of the n best; see `first_outside`.

        The scores (b, n_items) are changed.
        """
        for on_list in (listed, self.best(scores, n)[0]):
            rows, places = np.nonzero(on_list >= 0)
            scores[rows, on_list[rows, places]] = -np.inf
        best = self.order[np.take(scores, self.order, axis=1).argmax(axis=1)]
        highest = scores[np.arange(len(best)), best]
        return np.where(np.isneginf(highest), -1, best)

    def ranks(self, scores: NDArray[Any], columns: NDArray[np.int64], n: int) -> NDArray[np.int64]:
        """Places of some items among all; up to n just where the item is on the list of n.

        What is left out for a tie with the first item beyond the list has the last of the places
        of those that tie.

        Args:
            scores: (m or 1, n_items), or (n_items,) for all; -inf for what is not recommended.
            columns: (m,) the items.
            n: Length of the list.

        Returns:
            (m,) from 1; 0 for what is not recommended.
        """
        scores = np.broadcast_to(scores, (len(columns), scores.shape[-1]))
        own = scores[np.arange(len(columns)), columns][:, None]
        ranks = 1 + _count(scores > own)
        tied = (_count(scores >= own) > ranks) & ~np.isneginf(own[:, 0])
        if tied.any():
            equal, of_tied = scores[tied] == own[tied], columns[tied, None]
            n_ratings = self.n_ratings[of_tied]
            first = ranks[tied] + _count(equal & (self.n_ratings > n_ratings))
            equal &= self.n_ratings == n_ratings
            last = first + _count(equal) - 1
            place = first + _count(equal & (np.arange(scores.shape[1]) < of_tied))
            ranks[tied] = np.where((first <= n) & (last > n), last, place)
        return np.where(np.isneginf(own[:, 0]), 0, ranks)

    @cached_property
    def _nothing(self) -> NDArray[np.float32] | None:
        """Scores of the empty history, (n_items,); None if everybody's are the same."""
        return self._scored_of_nothing() if self.model.is_personal else None

    def _scored_of_nothing(self) -> NDArray[np.float32]:
        return self.model.scores_of_nothing

    def _scored(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return self.model.scores(histories)


@dataclass(frozen=True, eq=False)
class Offered(Ranker):
    """A ranker of those items only that are not barred.

    Its scores are (n, m): of few of a catalogue's items when most have too few ratings. Questions
    about items name their columns in the whole catalogue.

    Attributes:
        columns: (m,) those of the items.
        places: (n_items,) place of each column among them; -1 of barred items.
    """

    columns: NDArray[np.int64]
    places: NDArray[np.int64]

    def close(
        self, scores: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[Any]
    ) -> None:
        """See `Ranker.close`; barred items have no score."""
        places = self.places[columns]
        scores[rows[places >= 0], places[places >= 0]] = -np.inf

    def ranks(self, scores: NDArray[Any], columns: NDArray[np.int64], n: int) -> NDArray[np.int64]:
        """See `Ranker.ranks`."""
        places = self.places[columns]
        return np.where(places < 0, 0, super().ranks(scores, np.maximum(places, 0), n))

    def _scored_of_nothing(self) -> NDArray[np.float32]:
        empty = sparse.csr_array(np.zeros((1, self.model.n_items), np.float32))
        return np.asarray(self._scored(empty)[0])

    def _scored(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return self.model.scores_of(histories, self.columns)


def _count(flags: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of each row are True, (m,): of bits, in half the time of `count_nonzero`."""
    bits = np.bitwise_count(np.packbits(flags, axis=1))
    return np.asarray(bits.sum(axis=1, dtype=np.int64))


def recommend(
    model: Recommender,
    histories: Interactions,
    parameters: RecommendationParameters,
    only: NDArray[Any] | None = None,
    exclude: NDArray[Any] | None = None,
    catalogue: Interactions | None = None,
) -> pd.DataFrame:
    """Recommend to every user the best items that are not in the user's history; see `Ranker`.

    Args:
        model: Any recommender over the same catalogue.
        histories: Whom to recommend to.
        parameters: List length, what may be recommended, and block size.
        only: Ids of the items that may be recommended; None: all.
        exclude: Ids of items that may not.
        catalogue: The training ratings; None: the histories.

    Returns:
        Columns `user_id`, `item_id`, `rank` (from 1), `score`, sorted by user and rank.

    Raises:
        InputError: If `n` exceeds the catalogue, the model has another catalogue, an id is
            not in it, or no item has enough ratings.
    """
    if parameters.n > histories.n_items:
        raise InputError(
            f"parameter recommendation.n: {parameters.n} items were asked for, the catalogue "
            f"has {histories.n_items}; accepted: 1 to {histories.n_items}"
        )
    training = histories if catalogue is None else catalogue
    ranker = Ranker.of(model, training, parameters.min_ratings, only, exclude)
    found = []
    for start in progress(range(0, histories.n_users, parameters.block_size), "recommend"):
        block = histories.ratings[start : start + parameters.block_size]
        columns, scores = ranker.best(ranker.scores(block), parameters.n)
        rows, places = np.nonzero(columns >= 0)
        found.append((rows + start, places + 1, columns[rows, places], scores[rows, places]))
    rows, ranks, columns, scores = (np.concatenate(part) for part in zip(*found, strict=True))
    return pd.DataFrame(
        {
            "user_id": histories.user_ids[rows],
            "item_id": histories.item_ids[columns],
            "rank": ranks.astype(np.int32),
            "score": scores,
        }
    )


def best_columns(
    model: Recommender, interactions: Interactions, n: int, block_size: int = 512
) -> NDArray[np.int64]:
    """Columns of the n items that score highest for every user, rated or not, best first.

    Returns:
        (n_users, n).
    """
    starts = range(0, interactions.n_users, block_size)
    scores = (model.scores(interactions.ratings[start : start + block_size]) for start in starts)
    return np.concatenate([top_n(block, n)[0] for block in scores])


def check_made_by(
    model: Recommender, interactions: Interactions, recommendations: pd.DataFrame
) -> None:
    """Make sure that stored lists are what the model recommends for these histories.

    The scores of some users' lists are computed again; lists of another run differ.

    Raises:
        InputError: If they do, or if the model has another catalogue.
    """
    if model.n_items != interactions.n_items:
        raise InputError(
            f"the model knows {model.n_items} items, the interactions have "
            f"{interactions.n_items}: {DIFFERENT_RUNS}"
        )
    require_columns("recommendations", recommendations, LIST_COLUMNS)
    positions, columns = Lists.of(interactions, recommendations).by_user()
    step = max(1, interactions.n_users // CHECKED_USERS)
    positions, columns = positions[::step], columns[::step]
    users, places = np.nonzero(positions >= 0)
    scores = model.scores(interactions.ratings[::step])[users, columns[users, places]]
    stored = recommendations["score"].to_numpy()[positions[users, places]]
    if not np.allclose(scores, stored, rtol=1e-3, atol=1e-5):
        raise InputError(
            f"the stored recommendations are not those of the stored model: {DIFFERENT_RUNS}"
        )


def make_lists(
    model: Recommender,
    data: Data,
    data_version: dict[str, Any],
    parameters: RecommendationParameters,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """`recommend`, and with the lists the fingerprint of the data that they were made from."""
    lists = recommend(model, data.histories, parameters, catalogue=data.interactions)
    return lists, data_version
