"""Add people to a trained model, or train it again with them: do they get the same lists?

A recommender here is a function of a history, so that somebody new is served without training
(fold-in). What that leaves out is what their ratings would have taught the model about the items.
Some people are left out of training altogether; their histories are folded in, and the lists are
compared with those of a model that was trained on everybody. Two comparisons say what overlap to
expect where nobody is folded in: of other people, who were trained on both times, so that what
their lists lose is due to chance and to the ratings of all who were left out; and of two models
that were trained on everybody, with other seeds.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys import draws
from explainable_recsys.data import Data, RatingScale
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ratings import rating_errors
from explainable_recsys.parameters import Parameters, Seed
from explainable_recsys.recommenders.base import RatingPredictor, Recommender
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters

LARGEST_SHARE = 0.1
"""Of all people, how many are left out at most: without more of them a model is another one."""

ARTICLE = {"seconds_fold_in": 0.14, "seconds_training": 10 * 60 + 53.0}
"""The same times in V. Kuosmanen's dissertation: on 20 million ratings, and another machine."""


class FoldInParameters(Parameters):
    """How many people are left out of training, and how long the lists are that are compared."""

    n_people: int = Field(20, ge=1)
    n: int = Field(30, ge=1)
    seed: Seed = 0


def leave_people_out(
    train_ratings: pd.DataFrame, validation_ratings: pd.DataFrame, fold_in: FoldInParameters
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The ratings that models learn from, without all those of some people, drawn by hash.

    They are `n_people`, but no more than a tenth of all, and one at least.

    Raises:
        InputError: If there is one person only.
    """
    everybody = train_ratings["user_id"].unique()
    if len(everybody) < 2:
        raise InputError(f"ratings table: {len(everybody)} people; to leave one out, 2 are needed")
    n = max(1, min(fold_in.n_people, int(LARGEST_SHARE * len(everybody))))
    people = draws.sample(everybody, n, fold_in.seed, "fold-in")
    train, validation = (
        table[~table["user_id"].isin(people)].reset_index(drop=True)
        for table in (train_ratings, validation_ratings)
    )
    return train, validation


def fold_people_in(
    without: Recommender,
    data_without: Data,
    model: Recommender,
    data: Data,
    test_ratings: pd.DataFrame,
    recommendation: RecommendationParameters,
    fold_in: FoldInParameters,
    again: Recommender | None = None,
    **training: float,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Compare the lists of people who are folded in with those after training with them.

    Args:
        without: The model that has learned nothing from these people.
        data_without: What it has learned from. Who lacks in it is folded in.
        model: The same, trained on everybody.
        data: What that has learned from.
        test_ratings: Ratings that no model has learned from: columns `user_id`, `item_id`,
            `rating`. What those of these people are predicted to be is compared too.
        recommendation: Which items may be recommended.
        fold_in: Length of the lists, and the seed that the other people are drawn with.
        again: The model trained on everybody with other seeds; None: it depends on no seed.
        training: Seconds that each step of training `without` took.

    Returns:
        One row per person: `user_id`; `overlap` of the list folded in with that after training;
        `overlap_of_others`, the same of as many other people, who were trained on both times;
        `overlap_of_two_trainings`, of the lists of the two models trained on everybody (1 without
        seeds); they are missing where neither list has an item. `squared_fold_in` and
        `squared_retrained`, sums of squared errors over `n_held_out` ratings (missing where no
        ratings are predicted); `is_deterministic`. And the times: `seconds_fold_in`, of one person
        from the history to the list (median), and `seconds_training`.
    """
    everybody = _Trained(model, data.interactions, recommendation.min_ratings)
    before = _Trained(without, data_without.interactions, recommendation.min_ratings)
    people, others = _left_out_and_others(data.interactions, data_without.interactions, fold_in)
    folded, seconds = before.lists(people, fold_in.n)
    retrained, of_others = (everybody.lists(some, fold_in.n)[0] for some in (people, others))
    reseeded = retrained
    if again is not None:
        reseeded = dataclasses.replace(everybody, model=again).lists(people, fold_in.n)[0]
    held_out = test_ratings[test_ratings["user_id"].isin(people.user_ids)]
    found = pd.DataFrame(
        {
            "user_id": people.user_ids,
            "overlap": list(map(overlap, folded, retrained)),
            "overlap_of_others": list(map(overlap, before.lists(others, fold_in.n)[0], of_others)),
            "overlap_of_two_trainings": list(map(overlap, reseeded, retrained)),
            "squared_fold_in": before.squared_errors(people, held_out, data.scale),
            "squared_retrained": everybody.squared_errors(people, held_out, data.scale),
            "n_held_out": _counted(people.user_rows(held_out["user_id"]), people),
            "is_deterministic": again is None,
        }
    )
    times = {"seconds_fold_in": seconds, "seconds_training": sum(training.values())}
    return found, times


def overlap(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Items that are on both of two lists, as a share of the longer one; NaN if both are empty.

    >>> overlap(np.array([1, 2, 3, 4]), np.array([4, 5, 1]))
    0.5
    """
    longer = max(len(first), len(second))
    return len(np.intersect1d(first, second)) / longer if longer else float("nan")


@dataclass(frozen=True, eq=False)
class _Trained:
    """A model and what it has learned from; items with fewer ratings are not recommended."""

    model: Recommender
    catalogue: Interactions
    min_ratings: int

    def lists(self, people: Interactions, n: int) -> tuple[list[NDArray[Any]], float]:
        """The ids of the n best items for each person; the seconds that a list takes (median)."""
        ranker = Ranker.of(self.model, self.catalogue, self.min_ratings)
        histories, lists, seconds = self._histories(people), [], []
        for row in range(people.n_users):
            start = time.perf_counter()
            columns, _ = ranker.best(ranker.scores(histories[[row]]), n)
            seconds.append(time.perf_counter() - start)
            lists.append(self.catalogue.item_ids[columns[columns >= 0]])
        return lists, float(np.median(seconds))

    def squared_errors(
        self, people: Interactions, held_out: pd.DataFrame, scale: RatingScale
    ) -> NDArray[np.float64]:
        """Sums of squared errors (n_people,); missing if the model predicts no ratings."""
        if not (isinstance(self.model, RatingPredictor) and self.model.predicts_ratings):
            return np.full(people.n_users, np.nan)
        rows = people.user_rows(held_out["user_id"])
        columns = self.catalogue.item_columns(held_out["item_id"])
        predicted = self.model.predict_ratings(self._histories(people), rows, columns)
        actual = held_out["rating"].to_numpy()
        errors = rating_errors(predicted, actual, scale.minimum, scale.maximum)
        return _counted(rows, people, np.square(errors))

    def _histories(self, people: Interactions) -> sparse.csr_array:
        """What people rated, over the catalogue of the model; without items that it lacks."""
        rated = people.ratings.tocoo()
        table = {
            "user_id": people.user_ids[rated.row],
            "item_id": people.item_ids[rated.col],
            "rating": rated.data,
        }
        return self.catalogue.histories(pd.DataFrame(table)).ratings


def _left_out_and_others(
    known: Interactions, without: Interactions, fold_in: FoldInParameters
) -> Iterator[Interactions]:
    """The people who lack in what a model has learned from, and as many who do not."""
    rows = np.flatnonzero(without.user_rows(known.user_ids) < 0)
    others = draws.sample(without.user_ids, len(rows), fold_in.seed, "fold-in: others")
    for some in (rows, known.known_rows(others)):
        yield Interactions(known.ratings[some], known.user_ids[some], known.item_ids)


def _counted(
    rows: NDArray[np.int64], people: Interactions, weights: NDArray[np.float64] | None = None
) -> NDArray[Any]:
    """How often each person (n_people,) is among some rows, or the sum of the weights there."""
    return np.bincount(rows, weights, minlength=people.n_users)
