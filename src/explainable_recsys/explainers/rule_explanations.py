"""Explain recommendations by the association rules that lead from the history to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.tables import Explained, evidence_table, pairs_of
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.association_rules import (
    OrderBy,
    RuleParameters,
    Rules,
    TransactionParameters,
    preference,
    rules_from_table,
    take,
)
from explainable_recsys.knowledge.local_rules import local_rules
from explainable_recsys.parameters import Parameters
from explainable_recsys.progress import progress
from explainable_recsys.ragged import blocks, expand, place_in_run

LOOKUPS = 50_000
"""Keys looked up at once."""

CANDIDATES = 1_000_000
"""Rules compared at once."""

SCOPES = ("global", "cluster", "local")


class RuleExplanationParameters(Parameters):
    """How many rules an explanation lists, and which come first."""

    n_rules: int = Field(3, ge=1)
    order_by: OrderBy = "confidence"


@dataclass(frozen=True, eq=False)
class CitedRules:
    """Rules cited for recommendations, best first within each recommendation.

    Attributes:
        recommendations: (m,) row of the recommendations table, ascending.
        scopes: (m,) int8 position in `SCOPES`.
        rules: (m,) the rules.
    """

    recommendations: NDArray[np.int64]
    scopes: NDArray[np.int8]
    rules: Rules


@dataclass(frozen=True, eq=False)
class RuleIndex:
    """Rules sorted by cluster, consequent and rarest antecedent, so that none is searched for.

    The rarest antecedent of a rule is the one that the fewest rules have: looked up by it, a
    rule is least often found for a user who does not like the others.

    Attributes:
        rules: The rules in that order.
        ranks: (m,) place of each rule in the order of preference, from 0; rules of all users
            come before rules of a cluster.
        keys: (n_keys,) distinct keys, ascending.
        starts: (n_keys + 1,) where the rules of each key begin.
        scopes: (m,) int8 position in `SCOPES`.
        n_items: Size of the catalogue.
    """

    rules: Rules
    ranks: NDArray[np.int64]
    keys: NDArray[np.int64]
    starts: NDArray[np.int64]
    scopes: NDArray[np.int8]
    n_items: int

    @classmethod
    def build(
        cls,
        rules: Rules,
        clusters: NDArray[np.int32],
        n_items: int,
        order_by: OrderBy = "confidence",
    ) -> RuleIndex:
        """Sort the rules.

        Args:
            rules: (m,) rules.
            clusters: (m,) the cluster each was mined from; 0 for all users.
            n_items: Size of the catalogue.
            order_by: The measure by which rules are preferred.
        """
        scopes = (clusters > 0).astype(np.int8)
        ranks = np.empty(len(rules), np.int64)
        best_first = preference(rules, order_by)
        ranks[best_first[np.argsort(scopes[best_first], kind="stable")]] = np.arange(len(rules))
        given = rules.antecedents >= 0
        n_rules = np.bincount(rules.antecedents[given], minlength=n_items)
        rarity = np.where(given, n_rules[rules.antecedents], len(rules) + 1)
        rarest = rules.antecedents[np.arange(len(rules)), rarity.argmin(axis=1)]
        keys = _key(clusters, rules.consequents, rarest, n_items)
        order = np.argsort(keys, kind="stable")
        begins = np.flatnonzero(np.diff(keys[order], prepend=-1))
        return cls(
            take(rules, order),
            ranks[order],
            keys[order][begins],
            np.append(begins, len(rules)),
            scopes[order],
            n_items,
        )

    @classmethod
    def of(
        cls, table: pd.DataFrame, data: Data, parameters: RuleExplanationParameters
    ) -> RuleIndex:
        """Sort the rules of a table, as `rules_table` makes it.

        Raises:
            InputError: If a rule names an item that is not in the catalogue.
        """
        rules = rules_from_table(table, data.interactions)
        clusters = table["cluster"].to_numpy(np.int32)
        return cls.build(rules, clusters, data.interactions.n_items, parameters.order_by)

    def segments(
        self, clusters: NDArray[np.int64], consequents: NDArray[np.int64], rarest: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First rule and number of rules of each (cluster, consequent, rarest antecedent)."""
        wanted = _key(clusters, consequents, rarest, self.n_items)
        if len(self.keys) == 0:
            return np.zeros_like(wanted), np.zeros_like(wanted)
        found = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        starts = self.starts[found]
        lengths = np.where(self.keys[found] == wanted, self.starts[found + 1] - starts, 0)
        return starts, lengths


def look_up(
    index: RuleIndex,
    liked: sparse.csr_array,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    clusters: NDArray[np.int32],
    n_rules: int,
) -> CitedRules:
    """Find for each recommendation the best rules whose antecedents the user likes.

    Args:
        index: The rules.
        liked: (n_users, n_items) CSR of ones.
        users: (r,) row of each recommendation's user.
        items: (r,) column of each recommended item.
        clusters: (n_users,) cluster of each user; 0 for none.
        n_rules: Most rules per recommendation.
    """
    n_liked = np.diff(liked.indptr).astype(np.int64)
    parts = []
    for block in progress(list(blocks(n_liked[users], LOOKUPS)), "look up rules"):
        rows, found = _look_up_block(index, liked, users[block], items[block], clusters, n_rules)
        parts.append((rows + block.start, found))
    recommendations, found = _joined(parts)
    return CitedRules(recommendations, index.scopes[found], take(index.rules, found))


def explain_by_rules(
    model: object,
    data: Data,
    lists: Lists,
    parameters: RuleExplanationParameters,
    *,
    rules: pd.DataFrame | RuleIndex,
    transactions: TransactionParameters,
    baskets: Interactions | None = None,
    user_clusters: pd.DataFrame | None = None,
    neighbours: pd.DataFrame | None = None,
    thresholds: RuleParameters | None = None,
) -> Explained:
    """Cite for each recommendation the best rules that lead to it from what the user likes.

    Rules mined from all users come first, then those of the user's cluster, then local ones:
    the fewer users a rule rests on, the more its confidence owes to chance.

    Args:
        model: Whatever made the lists; rules do not ask it.
        data: What the rules were mined from; says what the items are called.
        lists: What is explained.
        parameters: Number of rules and their order.
        rules: As `rules_table` makes it, or sorted once for many questions.
        transactions: What the rules were mined from.
        baskets: What local rules are mined from; needed with neighbours.
        user_clusters: Columns `user_id`, `cluster`; none if rules of clusters are not used.
        neighbours: Columns `user_id`, `neighbour_id`, equally many rows for every user, in the
            order of the users; none if local rules are not used.
        thresholds: Which local rules are kept; needed with neighbours.

    Returns:
        Evidence of style `rule`: one row per antecedent, `group` numbering the rules from 1 and
        `weight` the rule's confidence. And `cited_rules`: `user_id`, `item_id`, `group`, `scope`
        (`global`, `cluster` or `local`), `n_antecedents`, `support`, `confidence`, `lift`. The
        fact `relation` says what rules are about: what people `liked`, `rated` or their `lists`.

    Raises:
        InputError: If the rules are of another run, if rules of clusters or neighbours are asked
            for users who are in none, or if too many itemsets would have to be counted for local
            rules.
    """
    liked = data.liking.interactions(lists.histories)
    scoped = [table for table in (user_clusters, neighbours) if table is not None and len(table)]
    if scoped and not np.array_equal(liked.user_ids, data.interactions.user_ids):
        raise InputError(
            "parameters rules_of_svd.scopes: held-out users are in no cluster and have no nearest "
            "users; with split.strategy held_out_users accepted: n_clusters 0 and n_neighbours 0"
        )
    clusters = np.zeros(liked.n_users, np.int32)
    if user_clusters is not None:
        clusters[liked.known_rows(user_clusters["user_id"])] = user_clusters["cluster"]
    index = rules if isinstance(rules, RuleIndex) else RuleIndex.of(rules, data, parameters)
    cited = look_up(index, liked.ratings, lists.users, lists.items, clusters, parameters.n_rules)
    if neighbours is not None and len(neighbours):
        assert baskets is not None
        assert thresholds is not None
        nearest = liked.known_rows(neighbours["neighbour_id"]).reshape(liked.n_users, -1)
        local = (baskets.ratings, liked.ratings, nearest, lists.users, lists.items, thresholds)
        found = local_rules(*local, parameters.n_rules, parameters.order_by)
        cited = _with_local(cited, *found, parameters.n_rules)
    all_rated = transactions.source == "liked" and data.liking.everything
    return Explained(
        _evidence(cited, data, lists),
        {"cited_rules": _cited_rules(cited, lists)},
        {"relation": "rated" if all_rated else transactions.source},
    )


def _with_local(
    cited: CitedRules, recommendations: NDArray[np.int64], rules: Rules, n_rules: int
) -> CitedRules:
    """Fill up with other, local rules where fewer than n rules are cited."""
    rows = np.concatenate([cited.recommendations, recommendations])
    local = np.full(len(recommendations), SCOPES.index("local"), np.int8)
    scopes = np.concatenate([cited.scopes, local])
    everything = Rules.concatenate([cited.rules, rules])
    named = np.column_stack([rows, everything.antecedents])
    new = np.sort(np.unique(named, axis=0, return_index=True)[1])
    order = new[np.argsort(rows[new], kind="stable")]
    order = order[place_in_run(rows[order]) < n_rules]
    return CitedRules(rows[order], scopes[order], take(everything, order))


def _evidence(cited: CitedRules, data: Data, lists: Lists) -> pd.DataFrame:
    """A row per antecedent."""
    given = cited.rules.antecedents >= 0
    of_rule = np.nonzero(given)[0]
    antecedents = cited.rules.antecedents[given].astype(np.int64)
    return evidence_table(
        lists,
        cited.recommendations[of_rule],
        "rule",
        data.titles(antecedents),
        cited.rules.confidence[of_rule],
        rated=antecedents,
        group=place_in_run(cited.recommendations)[of_rule] + 1,
    )


def _cited_rules(cited: CitedRules, lists: Lists) -> pd.DataFrame:
    """A row per rule."""
    rows, rules = cited.recommendations, cited.rules
    return pairs_of(
        lists,
        rows,
        group=(place_in_run(rows) + 1).astype(np.int32),
        scope=pd.Categorical.from_codes(cited.scopes, categories=pd.Index(SCOPES)),
        n_antecedents=(rules.antecedents >= 0).sum(axis=1).astype(np.int32),
        support=rules.support,
        confidence=rules.confidence,
        lift=rules.lift,
    )


Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def _look_up_block(
    index: RuleIndex,
    liked: sparse.csr_array,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    clusters: NDArray[np.int32],
    n_rules: int,
) -> Pairs:
    """Recommendation and position in the index of each cited rule."""
    begins = liked.indptr[users].astype(np.int64)
    asked, entries = expand(begins, np.diff(liked.indptr)[users].astype(np.int64))
    antecedents = liked.indices[entries].astype(np.int64)
    own = clusters[users][asked].astype(np.int64)
    clustered = own > 0
    asked = np.concatenate([asked, asked[clustered]])
    antecedents = np.concatenate([antecedents, antecedents[clustered]])
    own = np.concatenate([np.zeros_like(own), own[clustered]])
    starts, lengths = index.segments(own, items[asked], antecedents)
    order = np.argsort(asked, kind="stable")
    asked, starts, lengths = asked[order], starts[order], lengths[order]
    candidates = np.bincount(asked, weights=lengths, minlength=len(users)).astype(np.int64)
    parts = []
    for lists in blocks(candidates, CANDIDATES):
        part = slice(*np.searchsorted(asked, [lists.start, lists.stop]))
        origin, found = expand(starts[part], lengths[part])
        recommendations = asked[part][origin]
        applies = _all_liked(index.rules.antecedents[found], users[recommendations], liked)
        parts.append(_best(recommendations[applies], found[applies], index.ranks, n_rules))
    return _joined(parts)


def _best(
    recommendations: NDArray[np.int64],
    found: NDArray[np.int64],
    ranks: NDArray[np.int64],
    n_rules: int,
) -> Pairs:
    """The n best-ranked rules of each recommendation, best first."""
    order = np.argsort(recommendations * len(ranks) + ranks[found])
    recommendations, found = recommendations[order], found[order]
    kept = place_in_run(recommendations) < n_rules
    return recommendations[kept], found[kept]


def _all_liked(
    antecedents: NDArray[np.int32], users: NDArray[np.int64], liked: sparse.csr_array
) -> NDArray[np.bool_]:
    """Whether each user likes all antecedents of a row; -1 is none, (m,)."""
    distinct, rows = np.unique(users, return_inverse=True)
    likes = np.ones((len(distinct), liked.shape[1] + 1), dtype=bool)  # -1 is always liked
    likes[:, :-1] = liked[distinct].toarray() > 0
    applies = likes[rows, antecedents[:, 0]]
    for column in antecedents[:, 1:].T:
        applies &= likes[rows, column]
    return applies


def _joined(parts: list[Pairs]) -> Pairs:
    nothing = np.empty(0, np.int64)
    first, second = zip((nothing, nothing), *parts, strict=True)
    return np.concatenate(first), np.concatenate(second)


def _key(
    clusters: NDArray[Any], consequents: NDArray[Any], antecedents: NDArray[Any], n_items: int
) -> NDArray[np.int64]:
    """One number per (cluster, consequent, antecedent)."""
    return np.asarray((clusters.astype(np.int64) * n_items + consequents) * n_items + antecedents)
