"""Ranks and scores for parts of histories against building each part by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from explainable_recsys.metrics import counterfactual_ranks as module
from explainable_recsys.metrics.counterfactual_ranks import (
    MaskedHistories,
    Orders,
    counterfactual_ranks,
)
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker

N_ITEMS = 9
RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(0, 2**64, N_ITEMS, dtype=np.uint64)
WEIGHTS = RNG.integers(-2, 3, (N_ITEMS, N_ITEMS)).astype(np.float32)
"""Few different values, so that many scores are equal."""


class Linear(Recommender):
    """Sum of weights x ratings; -inf for items to which no rated item leads, and without any."""

    def __init__(self, weights, led_to=None):
        self.weights = weights
        self.led_to = led_to
        self.seen = []

    @property
    def n_items(self):
        return len(self.weights)

    def scores(self, histories):
        self.seen.append(histories.copy())
        scores = np.asarray(histories @ self.weights, dtype=np.float32)
        scores[np.diff(histories.indptr) == 0] = -np.inf
        if self.led_to is not None:
            scores[histories @ self.led_to == 0] = -np.inf
        return scores


LED_TO = (RNG.random((N_ITEMS, N_ITEMS)) < 0.3).astype(np.float64)
MODELS = {
    "many ties": lambda: Linear(WEIGHTS),
    "no ties": lambda: Linear(RNG.normal(size=(N_ITEMS, N_ITEMS)).astype(np.float32)),
    "all the same": lambda: Linear(np.zeros((N_ITEMS, N_ITEMS), np.float32)),
    "not led to": lambda: Linear(WEIGHTS, LED_TO),
    "never led to": lambda: Linear(WEIGHTS, 0 * LED_TO),
}


def csr(rows):
    """Histories of a list of {column: rating}."""
    columns = [sorted(row) for row in rows]
    values = [row[column] for row, of in zip(rows, columns, strict=True) for column in of]
    starts = np.cumsum([0, *map(len, columns)])
    return sparse.csr_array(
        (np.array(values, np.float32), np.concatenate(columns).astype(np.int32), starts),
        shape=(len(rows), N_ITEMS),
    )


def random_histories(seed, n=6):
    rng = np.random.default_rng(seed)
    return [
        {
            int(column): float(rng.integers(1, 6))
            for column in rng.permutation(N_ITEMS)[: rng.integers(0, N_ITEMS - 1)]
        }
        for _ in range(n)
    ]


def random_orders(rows, rng, n=9):
    """(user, items in order) pairs, and the `Orders` of them by keys with ties."""
    users = rng.integers(0, len(rows), n)
    keys = [{column: float(rng.integers(0, 4)) for column in sorted(rows[u])} for u in users]
    listed = [
        (int(user), sorted(sorted(of), key=of.__getitem__))
        for user, of in zip(users, keys, strict=True)
    ]
    flat = np.array([key for of in keys for key in of.values()])
    return listed, Orders.by_keys(csr(rows), users, flat, NUMBERS)


N_RATINGS = np.array([2, 2, 1, 3, 1, 2, 0, 1, 3])
BARRED = N_RATINGS == 0
N = 3


def ranker_of(model, n_ratings=None, barred=None):
    """All rated once, and none barred, if nothing else is said."""
    ones = np.ones(N_ITEMS, np.int64)
    counts = ones if n_ratings is None else n_ratings
    order = np.argsort(-counts, kind="stable")
    return Ranker(model, counts, ones == 0 if barred is None else barred, order)


def slow_probe(model, rows, user, items, size, kept, asked):
    """Rank and score of one item for one part of one history, in plain Python."""
    part = items[:size] if kept else items[size:]
    scores = model.scores(csr([{column: rows[user][column] for column in part}]))[0]
    nothing = model.scores(csr([{}]))[0]
    candidates = [
        column
        for column in range(N_ITEMS)
        if column not in rows[user]
        and not BARRED[column]
        and scores[column] not in (nothing[column], -np.inf)
        and part
    ]
    if asked not in candidates:
        return 0, -np.inf
    ranked = sorted(candidates, key=lambda c: (-scores[c], -N_RATINGS[c], c))
    alike = [(scores[column], N_RATINGS[column]) for column in ranked]
    rank = ranked.index(asked) + 1
    if len(ranked) > N and alike[N - 1] == alike[N] == alike[rank - 1]:
        rank = max(place for place, of in enumerate(alike, 1) if of == alike[N])
    return rank, scores[asked]


def probe(model, rows, orders, queries):
    ranker = ranker_of(model, N_RATINGS, BARRED)
    return counterfactual_ranks(ranker, csr(rows), orders, queries, N)


def random_case(seed, n_queries=60):
    rng = np.random.default_rng(seed)
    rows = random_histories(seed)
    listed, orders = random_orders(rows, rng)
    of = rng.integers(0, len(listed), n_queries)
    sizes = np.array([rng.integers(0, len(listed[order][1]) + 1) for order in of])
    kept = rng.random(n_queries) < 0.5
    items = np.array(
        [rng.choice([c for c in range(N_ITEMS) if c not in rows[listed[o][0]]]) for o in of]
    )
    return rows, listed, orders, MaskedHistories(items, of, sizes, kept)


def slow_probes(model, rows, listed, queries):
    found = [
        slow_probe(model, rows, *listed[order], size, kept, item)
        for item, order, size, kept in zip(
            queries.items, queries.orders, queries.sizes, queries.kept, strict=True
        )
    ]
    return [rank for rank, _ in found], [score for _, score in found]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MODELS)
def test_equals_building_every_part_by_hand(name, seed):
    model, (rows, listed, orders, queries) = MODELS[name](), random_case(seed)
    ranks, scores = probe(model, rows, orders, queries)
    expected_ranks, expected_scores = slow_probes(model, rows, listed, queries)
    assert ranks.tolist() == expected_ranks
    np.testing.assert_allclose(scores, expected_scores, rtol=1e-6)
    assert (ranks.dtype, scores.dtype) == (np.int64, np.float64)


@pytest.mark.parametrize("at_once", [1, 7, 30, 200])
@pytest.mark.parametrize("name", MODELS)
def test_how_much_is_held_at_once_does_not_matter(name, at_once, monkeypatch):
    model, (rows, _, orders, queries) = MODELS[name](), random_case(11, 200)
    expected = probe(model, rows, orders, queries)
    monkeypatch.setattr(module, "SCORES_AT_ONCE", at_once)
    model.seen.clear()
    found = probe(model, rows, orders, queries)
    for part, whole in zip(found, expected, strict=True):
        np.testing.assert_array_equal(part, whole)
    assert max(seen.shape[0] for seen in model.seen) <= max(1, at_once // N_ITEMS)


def one_user():
    """Ratings of items 1, 4 and 6, and the order 6, 1, 4."""
    rows = [{1: 2.0, 4: 3.0, 6: 5.0}]
    return rows, Orders.by_keys(csr(rows), np.array([0]), np.array([2.0, 3.0, 1.0]), NUMBERS)


def ask(model, rows, orders, asked):
    """Ranks and scores of (item, order, size, kept) tuples."""
    items, of, sizes, kept = zip(*asked, strict=True)
    queries = MaskedHistories(np.array(items), np.array(of), np.array(sizes), np.array(kept))
    return counterfactual_ranks(ranker_of(model), csr(rows), orders, queries, N_ITEMS)


def test_by_hand():
    """Item 0 scores the sum of the ratings, item 2 the rating of item 6, others 7.5."""
    weights = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    weights[:, 0], weights[6, 2] = 1, 1

    class Shifted(Linear):
        def scores(self, histories):
            scores = super().scores(histories)
            scores[:, [3, 5, 7, 8]] += 7.5
            return scores

    rows, orders = one_user()
    asked = [
        (0, 0, 0, False),  # everything: 2 + 3 + 5, best
        (0, 0, 1, False),  # without item 6: 5, behind four of 7.5
        (0, 0, 1, True),  # item 6 alone: 5, as item 2 but a column before
        (2, 0, 1, True),
        (2, 0, 2, False),  # item 4 alone: 0, behind 3 for item 0
        (0, 0, 3, True),
        (7, 0, 1, True),  # 7.5, as items 3 and 5 before it
        (2, 0, 0, True),  # nothing: nothing is recommended
        (2, 0, 3, False),
        (7, 0, 0, True),
    ]
    ranks, scores = ask(Shifted(weights), rows, orders, asked)
    assert ranks.tolist() == [1, 5, 5, 6, 6, 1, 3, 0, 0, 0]
    assert scores.tolist() == [10, 5, 5, 5, 0, 10, 7.5, *[-np.inf] * 3]


def test_items_of_the_history_are_no_candidates_also_without_them():
    """Items 1, 4 and 6 score best of all, whether they are in the part or not."""
    weights = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    weights[:, [1, 4, 6]], weights[:, 8] = 9, 1
    rows, orders = one_user()
    ranks, _ = ask(Linear(weights), rows, orders, [(8, 0, s, k) for s in (1, 2) for k in (0, 1)])
    assert ranks.tolist() == [1] * 4


def test_minus_infinity_is_no_rank():
    led_to = np.zeros((N_ITEMS, N_ITEMS))
    led_to[6, [3, 8]] = 1
    weights = np.zeros((N_ITEMS, N_ITEMS), np.float32)
    weights[6, 8] = 1
    rows, orders = one_user()
    asked = [(3, 0, 0, False), (8, 0, 0, False), (3, 0, 1, False), (0, 0, 0, False)]
    ranks, scores = ask(Linear(weights, led_to), rows, orders, asked)
    assert ranks.tolist() == [2, 1, 0, 0]
    assert scores.tolist() == [0, 5, -np.inf, -np.inf]


def test_every_part_is_scored_once():
    """The same set of items is the same part, whatever order it comes from."""
    rows = [{1: 2.0, 4: 3.0, 6: 5.0}, {1: 2.0, 4: 3.0, 6: 5.0}]
    users = np.array([0, 0, 1])
    keys = np.array([1.0, 2, 3, 2, 1, 3, 1, 2, 3])
    orders = Orders.by_keys(csr(rows), users, keys, NUMBERS)
    asked = [(0, 0, 2, False), (2, 1, 2, False), (3, 0, 2, False), (0, 2, 2, False)]
    model = Linear(WEIGHTS)
    ask(model, rows, orders, asked)
    assert [seen.shape[0] for seen in model.seen if seen.nnz] == [2]  # one for each user
    model.seen.clear()
    ask(model, rows, orders, [*asked, (0, 0, 2, True), (0, 1, 2, True), (0, 1, 1, True)])
    parts = [seen[[row]].indices.tolist() for seen in model.seen for row in range(seen.shape[0])]
    assert sorted(filter(None, parts)) == [[1, 4], [4], [6], [6]]
    for seen in model.seen:
        assert seen.data.tolist() == [rows[0][column] for column in seen.indices]


def test_nothing_is_asked():
    rows, orders = one_user()
    none = np.empty(0, np.int64)
    ranks, scores = counterfactual_ranks(
        ranker_of(Linear(WEIGHTS)),
        csr(rows),
        orders,
        MaskedHistories(none, none, none, none.astype(bool)),
        N,
    )
    assert len(ranks) == len(scores) == 0


def test_the_histories_are_left_alone():
    rows, _, orders, queries = random_case(3)
    histories = csr(rows)
    before = histories.copy()
    counterfactual_ranks(ranker_of(Linear(WEIGHTS)), histories, orders, queries, N)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(histories, name), getattr(before, name))


@pytest.mark.parametrize("seed", range(4))
def test_orders_sort_by_key_and_then_by_column(seed):
    rows = random_histories(seed)
    histories = csr(rows)
    listed, orders = random_orders(rows, np.random.default_rng(seed))
    stops = np.append(orders.starts, len(orders.entries))[1:]
    for (user, items), of, start, stop in zip(
        listed, orders.users, orders.starts, stops, strict=True
    ):
        assert of == user
        entries, places = orders.entries[start:stop], orders.places[start:stop]
        assert entries.tolist() == sorted(entries)
        assert histories.indices[entries[np.argsort(places)]].tolist() == items
        assert sorted(places) == list(range(len(items)))


@settings(max_examples=16, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_fingerprints_are_sums_of_the_numbers_of_the_set(seed):
    rng = np.random.default_rng(seed)
    rows = random_histories(seed)
    listed, orders = random_orders(rows, rng)
    of = rng.integers(0, len(listed), 20)
    sizes = np.array([rng.integers(0, len(listed[order][1]) + 1) for order in of])
    expected = [
        sum(int(NUMBERS[column]) for column in listed[order][1][:size]) % 2**64
        for order, size in zip(of, sizes, strict=True)
    ]
    assert orders.first(of, sizes).tolist() == expected
    together = sum(int(NUMBERS[column]) for _, items in listed for column in items)
    assert orders.prefixes[-1] == together % 2**64
    assert orders.prefixes[0] == 0


def test_histories_of_which_one_is_empty():
    rows = [{}, {0: 4.0, 3: 5.0}, {}]
    users = np.array([0, 1, 2, 0])
    orders = Orders.by_keys(csr(rows), users, np.array([2.0, 1.0]), NUMBERS)
    assert orders.starts.tolist() == [0, 0, 2, 2]
    asked = [(5, 0, 0, False), (5, 1, 1, True), (5, 2, 0, True), (5, 3, 0, True)]
    model = Linear(WEIGHTS)
    items, of, sizes, kept = map(np.array, zip(*asked, strict=True))
    ranks, scores = probe(model, rows, orders, MaskedHistories(items, of, sizes, kept))
    listed = [(0, []), (1, [3, 0]), (2, []), (0, [])]
    expected = [slow_probe(model, rows, *listed[o], s, k, i) for i, o, s, k in asked]
    assert list(zip(ranks, scores, strict=True)) == expected
