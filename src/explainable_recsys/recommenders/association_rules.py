"""Recommend what association rules conclude from the items that a user likes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.interactions import PaddedBlock
from explainable_recsys.knowledge.association_rules import (
    Rules,
    rules_from_table,
)
from explainable_recsys.liking import Liking
from explainable_recsys.ragged import blocks, expand
from explainable_recsys.recommenders.base import Recommender

RULES_AT_ONCE = 4_000_000
"""Rules that are looked at at once."""


@dataclass(frozen=True, eq=False)
class AssociationRules(Recommender):
    """Score an item by the confidence of the best rule that leads to it.

    A rule applies if the user likes all its antecedents. An item to which no rule leads has
    the score -inf and is never recommended, so lists can be short, or empty.

    Attributes:
        antecedents: (m, 3) int32 columns, padded with -1; rules are sorted by consequent.
        consequents: (m,) int32 columns.
        confidence: (m,) float32.
        catalogue_size: () number of items.
        liked_from: Lowest liked rating, as `Liking` has it.
    """

    antecedents: NDArray[np.int32]
    consequents: NDArray[np.int32]
    confidence: NDArray[np.float32]
    catalogue_size: int
    liked_from: float

    @classmethod
    def from_rules(cls, rules: Rules, n_items: int, liking: Liking) -> AssociationRules:
        """Take over mined rules."""
        order = np.argsort(rules.consequents, kind="stable")
        return cls(
            rules.antecedents[order],
            rules.consequents[order],
            rules.confidence[order].astype(np.float32),
            n_items,
            liking.at_least,
        )

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return self.catalogue_size

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Confidence of the best applicable rule, or -inf; see `Recommender.scores`."""
        liked = Liking(self.liked_from).items(histories)
        scores = np.full(liked.shape, -np.inf, np.float32)
        n_rules = np.diff(self._starts)[liked.indices]
        widths = np.diff(np.append(0, np.cumsum(n_rules))[liked.indptr])
        for block in blocks(widths, RULES_AT_ONCE):
            users, rules = self._applicable(liked[block])
            found = scores[block]
            np.maximum.at(found, (users, self.consequents[rules]), self.confidence[rules])
        return scores

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Look only at the rules that lead to some items; see `Recommender.scores_of`."""
        few = self._leading_to(columns)
        users, rules = few._applicable(Liking(self.liked_from).items(histories))
        different, places = np.unique(columns, return_inverse=True)
        scores = np.full((histories.shape[0], len(different)), -np.inf, np.float32)
        led_to = np.searchsorted(different, few.consequents)[rules]
        np.maximum.at(scores, (users, led_to), few.confidence[rules])
        return scores[:, places]

    def losses(self, histories: PaddedBlock, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """What scores of items (b, k) lose without each rating, (b, k, length).

        Only the ratings that the best rule needs matter: without one, the best rule that does
        without it counts, and where there is none the score is lost. This takes what else is liked
        to stay liked, so not the mean of a history for what is liked from.
        """
        users, places = np.nonzero(Liking(self.liked_from).padded(histories))
        columns, shape = histories.columns, (len(items), self.n_items)
        ones = np.ones(len(users), np.float32)
        liked = sparse.csr_array((ones, (users, columns[users, places])), shape=shape)
        few = self._leading_to(items)
        users, rules = few._applicable(liked)
        keys = np.arange(len(items))[:, None] * self.n_items + items
        pairs, asked = np.unique(keys, return_inverse=True)
        led_to = users * self.n_items + few.consequents[rules]
        of = np.minimum(np.searchsorted(pairs, led_to), len(pairs) - 1)
        of, rules = of[pairs[of] == led_to], rules[pairs[of] == led_to]
        order = np.lexsort((-few.confidence[rules], of))
        of, rules = of[order], rules[order]
        confidence, antecedents = few.confidence[rules].astype(np.float64), few.antecedents[rules]
        explained, first = np.unique(of, return_index=True)
        lost = np.zeros((len(pairs), columns.shape[1]))
        for needed in antecedents[first].T:
            without = np.full(len(pairs), -1)
            without[explained] = needed
            others = np.flatnonzero((antecedents != without[of, None]).all(axis=1))
            next_best = np.full(len(pairs), -np.inf)
            np.maximum.at(next_best, of[others], confidence[others])
            rated = columns[pairs[explained] // self.n_items] == needed[:, None]
            rated &= histories.filled[pairs[explained] // self.n_items]
            of_pair, place = np.nonzero(rated)
            best = confidence[first[of_pair]]
            lost[explained[of_pair], place] = best - next_best[explained[of_pair]]
        return lost[asked].reshape(*items.shape, -1)

    def _leading_to(self, columns: NDArray[np.int64]) -> AssociationRules:
        """The rules that lead to some items alone."""
        leading = np.flatnonzero(np.isin(self.consequents, columns))
        return replace(
            self,
            antecedents=self.antecedents[leading],
            consequents=self.consequents[leading],
            confidence=self.confidence[leading],
        )

    def _applicable(self, liked: sparse.csr_array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Users (rows) and rules all of whose antecedents they like."""
        owners = np.repeat(np.arange(liked.shape[0]), np.diff(liked.indptr))
        starts = self._starts[liked.indices]
        entry, place = expand(starts, self._starts[liked.indices + 1] - starts)
        users, rules = owners[entry], self._by_antecedent[place]
        if (self.antecedents[:, 1:] >= 0).any():
            likes = np.ones((liked.shape[0], liked.shape[1] + 1), dtype=bool)  # -1: always liked
            likes[:, :-1] = liked.toarray() > 0
            for column in self.antecedents[:, 1:].T:
                applies = likes[users, column[rules]]
                users, rules = users[applies], rules[applies]
        return users, rules

    @cached_property
    def _by_antecedent(self) -> NDArray[np.int64]:
        """The rules (m,) ordered by their first antecedent."""
        return np.argsort(self.antecedents[:, 0], kind="stable")

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """(n_items + 1,) where the rules of each first antecedent begin in that order."""
        counts = np.bincount(self.antecedents[:, 0], minlength=self.catalogue_size)
        return np.append(0, np.cumsum(counts))


def collect_rules(rules: pd.DataFrame, data: Data) -> AssociationRules:
    """Take the rules mined from all users for a model.

    Args:
        rules: As `rules_table` makes it.
        data: The catalogue, and what counts as liked.
    """
    everybody = rules_from_table(rules[rules["cluster"] == 0], data.interactions)
    return AssociationRules.from_rules(everybody, data.interactions.n_items, data.liking)
