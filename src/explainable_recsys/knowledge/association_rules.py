"""Mine association rules such as {Alien, The Terminator} => Aliens from what users like."""

from __future__ import annotations

import itertools
import logging
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field
from scipy import sparse

from explainable_recsys.data import Data
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.itemsets import (
    Itemsets,
    find_rows,
    frequent_itemsets,
    mlxtend_itemsets,
)
from explainable_recsys.parameters import Parameters
from explainable_recsys.threads import one_blas_thread

MOST_ANTECEDENTS = 3

SHOWN_RULES = 1000
"""Rules in the readable table."""

logger = logging.getLogger(__name__)
ANTECEDENTS = [f"antecedent_{place}" for place in range(1, MOST_ANTECEDENTS + 1)]


OrderBy = Literal["confidence", "lift", "support"]


class TransactionParameters(Parameters):
    """What one user's transaction is.

    `liked`: the items that the user likes. `lists`: the recommender's own `list_length` best items
    for the user, rated or not (Peake & Wang 2018). Antecedents are looked for among what the user
    likes.
    """

    source: Literal["liked", "lists"] = "liked"
    list_length: int = Field(50, ge=1)


class RuleParameters(Parameters):
    """Which rules are kept, and which engine counts them.

    A rule that fewer than `min_count` transactions follow is left out whatever its support: in
    small data it would be chance, and would tell who the people are. `max_candidates` bounds
    the itemsets counted per length, and with them time and memory.
    """

    min_support: float = Field(0.01, gt=0, le=1)
    min_count: int = Field(3, ge=1)
    min_confidence: float = Field(0.3, gt=0, le=1)
    min_lift: float = Field(1.5, ge=0)
    max_antecedents: int = Field(1, ge=1, le=MOST_ANTECEDENTS)
    engine: Literal["bitsets", "mlxtend"] = "bitsets"
    max_candidates: int = Field(5_000_000, ge=1)


@dataclass(frozen=True, eq=False)
class Rules:
    """Association rules as arrays.

    Attributes:
        antecedents: (m, 3) int32 columns of the catalogue, ascending, padded with -1.
        consequents: (m,) int32 columns.
        counts: (m,) int64 transactions that hold antecedents and consequent.
        support: (m,) their share of all transactions.
        confidence: (m,) support over the support of the antecedents.
        lift: (m,) confidence over the support of the consequent.
    """

    antecedents: NDArray[np.int32]
    consequents: NDArray[np.int32]
    counts: NDArray[np.int64]
    support: NDArray[np.float64]
    confidence: NDArray[np.float64]
    lift: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of rules."""
        return len(self.consequents)

    @classmethod
    def none(cls) -> Self:
        """No rules."""
        floats, whole = np.empty(0), np.empty(0, np.int64)
        antecedents = np.empty((0, MOST_ANTECEDENTS), np.int32)
        return cls(antecedents, whole.astype(np.int32), whole, floats, floats, floats)

    @classmethod
    def concatenate(cls, parts: list[Self]) -> Self:
        """All rules of several sets, in their order."""
        names = ("antecedents", "consequents", "counts", "support", "confidence", "lift")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Funnel:
    """What each threshold removed, in the order in which they are applied.

    Attributes:
        rare_items: Items in some transaction, but in too few (`min_support`).
        rare_pairs: Pairs of the other items that are too rare (`min_support`).
        uncertain: Rules among frequent itemsets with too little confidence.
        weak: Rules among those left with too little lift.
        kept: Rules that remain.
    """

    rare_items: int
    rare_pairs: int
    uncertain: int
    weak: int
    kept: int


def user_transactions(
    data: Data,
    parameters: TransactionParameters,
    lists: NDArray[np.int64] | None = None,
) -> sparse.csr_array:
    """One transaction per user, (n_users, n_items) CSR of ones.

    Args:
        data: The ratings, and what counts as liked.
        parameters: What a transaction is.
        lists: (n_users, `list_length`) columns of each user's best items, for the source `lists`.

    Raises:
        InputError: If no rating counts as liked, or the source is `lists` and there are none.
    """
    ratings = data.interactions.ratings
    liked = data.liking.items(ratings)
    if liked.nnz == 0:
        raise InputError(
            f"parameter source.liked: no rating reaches {data.liking.at_least:g}; accepted: up to "
            f"{ratings.data.max():g}, the highest, or all"
        )
    if parameters.source == "liked":
        return liked
    if lists is None:
        raise InputError(
            "parameter rules.transactions.source: 'lists', but these rules are nobody's; accepted: "
            "liked; for rules of SVD's lists: kedro run --pipelines posthoc_ar_of_lists"
        )
    columns = np.sort(lists, axis=1)
    starts = np.arange(0, columns.size + 1, columns.shape[1])
    ones = np.ones(columns.size, np.float32)
    return sparse.csr_array((ones, columns.ravel(), starts), shape=liked.shape)


def mine(transactions: sparse.csr_array, parameters: RuleParameters) -> tuple[Rules, Funnel]:
    """Find all rules with one consequent that reach the thresholds (Agrawal & Srikant 1994).

    Args:
        transactions: (n, n_items) CSR of ones.
        parameters: Thresholds and engine.

    Returns:
        The rules, in the order of `preference`, and what the thresholds removed.

    Raises:
        InputError: If too many itemsets would have to be counted.
    """
    length = parameters.max_antecedents + 1
    if parameters.engine == "mlxtend":
        levels = mlxtend_itemsets(
            transactions, parameters.min_support, length, parameters.min_count
        )
    else:
        levels = frequent_itemsets(
            transactions,
            parameters.min_support,
            length,
            parameters.max_candidates,
            parameters.min_count,
        )
    n = transactions.shape[0]
    parts = [Rules.none()]
    uncertain = weak = 0
    for subsets, sets in itertools.pairwise(levels):
        for place in range(sets.items.shape[1]):
            every = rules_with_consequent_at(place, sets, subsets, levels[0], n)
            certain = take(every, every.confidence >= parameters.min_confidence)
            parts.append(take(certain, certain.lift >= parameters.min_lift))
            uncertain += len(every) - len(certain)
            weak += len(certain) - len(parts[-1])
    rules = Rules.concatenate(parts)
    seen = len(np.unique(transactions.indices))
    frequent = len(levels[0].items)
    pairs = frequent * (frequent - 1) // 2 - len(levels[1].items)
    funnel = Funnel(seen - frequent, pairs, uncertain, weak, len(rules))
    return take(rules, preference(rules)), funnel


def rules_with_consequent_at(
    place: int, sets: Itemsets, subsets: Itemsets, singles: Itemsets, n: int
) -> Rules:
    """All rules whose consequent is the item at one place of the itemsets.

    Args:
        place: Which item of each set is the consequent.
        sets: Frequent sets of two or more items.
        subsets: All frequent sets of one item less.
        singles: All frequent items.
        n: Number of transactions.
    """
    antecedents = np.delete(sets.items, place, axis=1)
    consequents = sets.items[:, place]
    of_antecedents = subsets.counts[find_rows(antecedents, subsets.items)]
    of_consequent = singles.counts[find_rows(consequents[:, None], singles.items)]
    support = sets.counts / n
    confidence = support / (of_antecedents / n)
    lift = confidence / (of_consequent / n)
    padded = np.full((len(antecedents), MOST_ANTECEDENTS), -1, np.int32)
    padded[:, : antecedents.shape[1]] = antecedents
    return Rules(padded, consequents, sets.counts, support, confidence, lift)


def take(rules: Rules, chosen: NDArray[Any]) -> Rules:
    """Some of the rules, in the order given."""
    return Rules(
        rules.antecedents[chosen],
        rules.consequents[chosen],
        rules.counts[chosen],
        rules.support[chosen],
        rules.confidence[chosen],
        rules.lift[chosen],
    )


def preference(rules: Rules, order_by: OrderBy = "confidence") -> NDArray[np.int64]:
    """The order from the best rule to the worst; no ties are left to chance.

    After `order_by` the other two measures decide, then fewer antecedents, then the lower column
    of the consequent and of each antecedent.
    """
    measures = {"confidence": rules.confidence, "lift": rules.lift, "support": rules.support}
    first = measures.pop(order_by)
    keys = [*rules.antecedents.T[::-1], rules.consequents, (rules.antecedents >= 0).sum(axis=1)]
    keys += [-measure for measure in reversed(measures.values())]
    return np.lexsort([*keys, -first])


def rules_table(rules: Rules, interactions: Interactions, cluster: int = 0) -> pd.DataFrame:
    """Rules with item ids instead of columns.

    Returns:
        Columns `cluster` (0: mined from all users), `antecedent_1` to `antecedent_3`
        (missing where a rule has fewer), `consequent`, `count`, `support`, `confidence`,
        `lift`.
    """
    table: dict[str, Any] = {"cluster": np.full(len(rules), cluster, np.int32)}
    for place, name in enumerate(ANTECEDENTS):
        columns = rules.antecedents[:, place]
        ids = pd.Series(interactions.item_ids[np.maximum(columns, 0)])
        ids = ids.astype("Int64" if ids.dtype.kind in "iu" else "str")
        table[name] = ids.mask(columns < 0)
    table["consequent"] = interactions.item_ids[rules.consequents]
    table |= {"count": rules.counts, "support": rules.support}
    return pd.DataFrame(table | {"confidence": rules.confidence, "lift": rules.lift})


def rules_from_table(table: pd.DataFrame, interactions: Interactions) -> Rules:
    """The arrays of a rules table, in its order.

    Raises:
        InputError: If a rule names an item that is not in the catalogue.
    """
    antecedents = np.full((len(table), MOST_ANTECEDENTS), -1, np.int32)
    for place, name in enumerate(ANTECEDENTS):
        given = table[name].notna().to_numpy()
        antecedents[given, place] = interactions.known_columns(table.loc[given, name].to_numpy())
    consequents = interactions.known_columns(table["consequent"]).astype(np.int32)
    measures = (table[name].to_numpy() for name in ("count", "support", "confidence", "lift"))
    return Rules(antecedents, consequents, *measures)


def mine_by_cluster(
    transactions: Interactions,
    clusters: NDArray[np.int32],
    parameters: RuleParameters,
) -> tuple[pd.DataFrame, dict[int, Funnel]]:
    """Mine all users together (cluster 0), then each cluster of users by itself.

    Args:
        transactions: One row of ones per user.
        clusters: (n_users,) number of each user's cluster, from 1; 0 for none.
        parameters: Thresholds; a support is a share of the users of the cluster.

    Returns:
        The table of `rules_table`, and what the thresholds removed, by cluster. A rule that
        holds among all users is not repeated for a cluster.
    """
    numbers = np.unique(clusters[clusters > 0]).tolist()
    tables, funnels = [rules_table(Rules.none(), transactions)], {}
    for cluster in [0, *numbers]:
        matrix = transactions.ratings
        members = matrix if cluster == 0 else matrix[clusters == cluster]
        rules, funnels[cluster] = mine(members, parameters)
        table = rules_table(rules, transactions, cluster)
        tables.append(table if cluster == 0 else _without(table, tables[1]))
    return pd.concat(tables, ignore_index=True), funnels


def _without(rules: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """The rules that are not among the others, whatever their measures."""
    names = [*ANTECEDENTS, "consequent"]
    merged = rules.merge(others[names], on=names, how="left", indicator=True)
    return rules[(merged["_merge"] == "left_only").to_numpy()]


def no_rules_message(funnel: Funnel, parameters: RuleParameters) -> str:
    """Why there are no rules: what each threshold removed."""
    return (
        f"no association rules: min_support {parameters.min_support:g} (and min_count "
        f"{parameters.min_count}) left out "
        f"{funnel.rare_items:,} items and {funnel.rare_pairs:,} pairs of the other items, "
        f"min_confidence {parameters.min_confidence:g} {funnel.uncertain:,} rules, and min_lift "
        f"{parameters.min_lift:g} {funnel.weak:,}; no recommendation will be explained"
    )


def readable_rules(rules: pd.DataFrame, items: pd.DataFrame, n: int) -> pd.DataFrame:
    """The first n rules with titles: `Alien + The Terminator => Aliens`.

    Args:
        rules: As `rules_table` makes it.
        items: Columns `item_id`, `title`.
        n: Number of rows.

    Returns:
        Columns `rule`, `cluster`, `count`, `support`, `confidence`, `lift`.
    """
    first = rules.head(n)
    titles = items.set_index("item_id")["title"]
    texts = first["antecedent_1"].map(titles).astype("str")
    for name in ANTECEDENTS[1:]:
        texts += (" + " + first[name].map(titles).astype("str")).where(first[name].notna(), "")
    named = pd.DataFrame({"rule": texts + " ⇒ " + first["consequent"].map(titles)})
    return named.join(first[["cluster", "count", "support", "confidence", "lift"]])


def user_clusters(vectors: NDArray[np.float64], n_clusters: int, seed: int) -> NDArray[np.int32]:
    """Group users with similar vectors by k-means, (n_users,) numbers from 1.

    Args:
        vectors: (n_users, d) what the recommender knows of each user.
        n_clusters: Number of groups, at most the number of users.
        seed: Seed of the starting points.

    Raises:
        InputError: If there are fewer users than groups.
    """
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if n_clusters > len(vectors):
        raise InputError(
            f"parameter scopes.n_clusters: {n_clusters} clusters were asked for, there are "
            f"{len(vectors)} users; accepted: 1 to {len(vectors)}"
        )
    # Sums in one order, so that a seed gives one result.
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        labels = KMeans(n_clusters, n_init=4, random_state=seed).fit_predict(vectors)
    return np.asarray(labels + 1, dtype=np.int32)


def build_baskets(data: Data, transactions: TransactionParameters) -> Interactions:
    """One transaction per user, of what the user liked.

    Raises:
        InputError: As `user_transactions`.
    """
    held = user_transactions(data, transactions)
    return Interactions(held, data.interactions.user_ids, data.interactions.item_ids)


def mine_rules(
    baskets: Interactions,
    items: pd.DataFrame,
    parameters: RuleParameters,
    user_clusters: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Mine among all users, and in each cluster; report what the thresholds removed.

    Args:
        baskets: One row of ones per user.
        items: Columns `item_id`, `title`.
        parameters: Thresholds.
        user_clusters: Columns `user_id`, `cluster`.

    Returns:
        The rules (`rules_table`), the first of them with titles, and the report.
    """
    clusters = np.zeros(baskets.n_users, np.int32)
    if user_clusters is not None:
        clusters[baskets.known_rows(user_clusters["user_id"])] = user_clusters["cluster"]
    rules, funnels = mine_by_cluster(baskets, clusters, parameters)
    if rules.empty:
        logger.warning(no_rules_message(funnels[0], parameters))
    report = {
        "transactions": baskets.n_users,
        "items_per_transaction": baskets.ratings.nnz / baskets.n_users,
        "clusters": {
            str(cluster): asdict(funnel) | {"in_table": int((rules["cluster"] == cluster).sum())}
            for cluster, funnel in funnels.items()
        },
    }
    return rules, readable_rules(rules, items, SHOWN_RULES), report
