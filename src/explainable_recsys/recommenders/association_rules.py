"""Recommend what association rules conclude from the items that a user likes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    Rules,
    TransactionParameters,
    liked_items,
    rules_from_table,
)
from explainable_recsys.parameters import Parameters
from explainable_recsys.ragged import blocks
from explainable_recsys.recommenders.base import Recommender

RULES_AT_ONCE = 4_000_000
"""Users times rules that are compared at once."""


class AssociationRulesParameters(Parameters):
    """From which rating on an item counts as liked; None: every rating."""

    relevance_threshold: float | None = 4.0


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
        parameters: What counts as liked.
    """

    antecedents: NDArray[np.int32]
    consequents: NDArray[np.int32]
    confidence: NDArray[np.float32]
    catalogue_size: int
    parameters: AssociationRulesParameters

    @classmethod
    def from_rules(
        cls, rules: Rules, n_items: int, parameters: AssociationRulesParameters
    ) -> AssociationRules:
        """Take over mined rules."""
        order = np.argsort(rules.consequents, kind="stable")
        return cls(
            rules.antecedents[order],
            rules.consequents[order],
            rules.confidence[order].astype(np.float32),
            n_items,
            parameters,
        )

    @property
    def n_items(self) -> int:
        """Number of items in the catalogue."""
        return self.catalogue_size

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        """Confidence of the best applicable rule, or -inf; see `Recommender.scores`."""
        return self._scores(histories, np.arange(self.n_items))

    def scores_of(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Look at the rules that lead to some items only; see `Recommender.scores_of`."""
        leading = np.flatnonzero(np.isin(self.consequents, columns))
        few = replace(
            self,
            antecedents=self.antecedents[leading],
            consequents=self.consequents[leading],
            confidence=self.confidence[leading],
        )
        return few._scores(histories, columns)

    def _scores(
        self, histories: sparse.csr_array, columns: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Scores (n, m) of different items, to which all rules lead that there are."""
        liked = liked_items(histories, self.parameters.relevance_threshold)
        scores = np.full((liked.shape[0], len(columns)), -np.inf, np.float32)
        begins = np.flatnonzero(np.diff(self.consequents, prepend=-1))
        order = np.argsort(columns, kind="stable")
        led_to = order[np.searchsorted(columns, self.consequents[begins], sorter=order)]
        known, antecedents = self._antecedents
        liked = liked[:, known]
        widths = np.full(liked.shape[0], len(self.consequents) + len(known) + 1)
        for block in blocks(widths, RULES_AT_ONCE):
            applicable = _all_liked(liked[block], antecedents)
            confidence = np.where(applicable, self.confidence, np.float32(-np.inf))
            scores[block, led_to] = np.maximum.reduceat(confidence, begins, axis=1)
        return scores

    @property
    def _antecedents(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The items that rules start from, and the place of each among them; -1 stays."""
        known = np.unique(self.antecedents[self.antecedents >= 0]).astype(np.int64)
        return known, np.where(self.antecedents < 0, -1, np.searchsorted(known, self.antecedents))


def _all_liked(liked: sparse.csr_array, antecedents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rules have all antecedents liked, (b, m)."""
    likes = np.ones((liked.shape[0], liked.shape[1] + 1), dtype=bool)  # -1 is always liked
    likes[:, :-1] = liked.toarray() > 0
    applicable = likes[:, antecedents[:, 0]]
    for column in antecedents[:, 1:].T:
        if (column >= 0).any():
            applicable &= likes[:, column]
    return applicable


def collect_rules(
    rules: pd.DataFrame, interactions: Interactions, transactions: TransactionParameters
) -> AssociationRules:
    """Take the rules mined from all users for a model.

    Args:
        rules: As `rules_table` makes it.
        interactions: The catalogue.
        transactions: What the rules were mined from.
    """
    everybody = rules_from_table(rules[rules["cluster"] == 0], interactions)
    parameters = AssociationRulesParameters(relevance_threshold=transactions.relevance_threshold)
    return AssociationRules.from_rules(everybody, interactions.n_items, parameters)
