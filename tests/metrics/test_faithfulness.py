"""Faithfulness by hand, and against slow code that takes items out of one history at a time."""

from functools import cache
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics import counterfactual_ranks as probes
from explainable_recsys.metrics import faithfulness as module
from explainable_recsys.metrics.bootstrap import mean_with_interval
from explainable_recsys.metrics.faithfulness import (
    EVIDENCE,
    METRICS,
    TABLE_COLUMNS,
    FaithfulnessParameters,
    column_name,
    measure_faithfulness,
    reported_columns,
    sampled_users,
)
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import RecommendationParameters, recommend
from tests.explainers.small_models import FITS, small_catalogue
from tests.hashed_alike import digits as digits_of
from tests.hashed_alike import hash_alike
from tests.lists_of import data_of as known_of
from tests.lists_of import lists_of

KINDS = (
    "EASE",
    "ALS",
    "SVD",
    "SVD of ratings",
    "ItemKNN",
    "EMF",
    "rules",
    "popularity",
    "FM",
    "meta-paths",
    "random walk",
)
PIECE = ["user_id", "item_id", "position", "rated_item_id", "weight"]
K = 4
SIZES = (1, 2, 3, 5)


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "n_cited": SIZES,
        "reported": 2,
        "n_users": None,
        "random_draws": 2,
        "curve_users": 40,
        "curve_steps": 4,
        "least_personal": 0.1,
        "seed": 3,
    }
    return FaithfulnessParameters(**(values | changed))


@cache
def catalogue():
    return small_catalogue()


@cache
def model_of(kind):
    return FITS[kind](catalogue())


@cache
def lists_by(kind, min_ratings=0):
    """Lists of 6, of which the first K are looked at."""
    given_ = RecommendationParameters(n=6, min_ratings=min_ratings)
    return recommend(model_of(kind), catalogue(), given_)


def random_evidence(lists, histories, seed=0, share=0.8, most=7):
    """Some rated items for some recommendations, told in no order of weights, some negative."""
    rng = np.random.default_rng(seed)
    rows = []
    for user, item in zip(lists["user_id"], lists["item_id"], strict=True):
        rated = histories.item_ids[histories.ratings[histories.user_rows([user])].indices]
        if rng.random() < share:
            chosen = rng.permutation(rated)[: rng.integers(1, most + 1)]
            rows += [(user, item, p, cited, rng.normal(0.5)) for p, cited in enumerate(chosen, 1)]
    return pd.DataFrame(rows, columns=PIECE).sample(frac=1, random_state=seed)


def faithfulness_of(model, interactions, histories, lists, *arguments):
    data, made = known_of(interactions), lists_of(histories, lists)
    return measure_faithfulness(model, data, made, *arguments)


def measure(kind, evidence, n_resamples=0, min_ratings=0, **changed):
    data, lists = catalogue(), lists_by(kind, min_ratings)
    given_ = parameters(**changed)
    return faithfulness_of(
        model_of(kind), data, data, lists, evidence, K, given_, n_resamples, min_ratings
    )


# The slow version.


def rated_by(histories, row):
    """{column: rating}."""
    of = histories.ratings[[row]]
    return dict(zip(of.indices.tolist(), of.data.tolist(), strict=True))


def scores_for(model, ratings):
    columns = sorted(ratings)
    values = np.array([ratings[column] for column in columns], np.float32)
    starts = np.array([0, len(columns)])
    return model.scores(
        sparse.csr_array((values, np.array(columns, np.int32), starts), shape=(1, model.n_items))
    )[0]


class Slow:
    """Everything about one user's history, one part of it at a time."""

    def __init__(self, model, rated, k, min_ratings):
        self.model, self.rated, self.k = model, rated, k
        ratings, items = catalogue().ratings, range(model.n_items)
        self.counts = [int((ratings.indices == item).sum()) for item in items]
        enough = [item for item in items if self.counts[item] >= min_ratings]
        self.candidates = [item for item in enough if item not in rated]
        self.nothing = scores_for(model, {})
        self.known = {}

    def scores(self, part):
        part = frozenset(part)
        if part not in self.known:
            ratings = {column: self.rated[column] for column in part}
            self.known[part] = scores_for(self.model, ratings)
        return self.known[part]

    def recommended(self, part, item):
        """Whether the part has a say."""
        score = self.scores(part)[item]
        if not self.model.is_personal:
            return True
        return len(part) > 0 and score != -np.inf and score != self.nothing[item]

    def rank(self, part, item):
        """Of equal scores the more rated goes first; full ties at place k all come after it."""
        if not self.recommended(part, item):
            return np.inf
        scores = self.scores(part)
        there = [c for c in self.candidates if self.recommended(part, c)]
        order = sorted(there, key=lambda c: (-scores[c], -self.counts[c], c))
        alike = [(scores[c], self.counts[c]) for c in order]
        rank = 1 + order.index(item)
        if len(order) > self.k and alike[self.k - 1] == alike[self.k] == alike[rank - 1]:
            rank = max(place for place, of in enumerate(alike, 1) if of == alike[self.k])
        return rank

    def personal(self, part, item):
        base = float(self.nothing[item]) if np.isfinite(self.nothing[item]) else 0.0
        return float(self.scores(part)[item]) - base if self.recommended(part, item) else 0.0

    def metrics(self, item, taken, least):
        """The five metrics of one recommendation for one choice of items."""
        rest = set(self.rated) - set(taken)
        whole = self.personal(self.rated, item)
        counts = whole >= least and whole > 0
        rank = self.rank(rest, item)
        return {
            "pos": float(rank <= self.k),
            "ps": float(self.rank(taken, item) <= self.k),
            "cdcg": 1 / np.log2(1 + rank) if rank < np.inf else 0.0,
            "del": self.personal(rest, item) / whole if counts else np.nan,
            "ins": self.personal(taken, item) / whole if counts else np.nan,
        }


def for_curves(pieces, rated):
    """Columns of (column, weight) as told, but what speaks against at the end, the last first."""
    assert {column for column, _ in pieces} == set(rated)
    supporting = [column for column, weight in pieces if weight > 0]
    return supporting + [column for column, weight in pieces[::-1] if weight <= 0]


def mean_metrics(of_recommendations):
    table = pd.DataFrame(of_recommendations, columns=METRICS)
    return {metric: table[metric].mean() for metric in METRICS}  # leaves out NaN


def slow_faithfulness(kind, evidence, given_, min_ratings=0, curves_too=False):
    """By-user columns, and {(user, evidence, share): metrics}, by the definition."""
    data, model = catalogue(), model_of(kind)
    popularity = np.bincount(data.ratings.indices, minlength=data.n_items)
    random_sets = random_sets_of(given_.seed, given_.n_users)
    lists = lists_by(kind, min_ratings)
    drawn = data.user_ids[sampled_users(data, given_)]
    lists = lists[(lists["rank"] <= K) & lists["user_id"].isin(drawn)]
    nothing = scores_for(model, {})
    base = np.where(np.isfinite(nothing), nothing, 0)[data.item_columns(lists["item_id"])]
    least = given_.least_personal * np.abs(lists["score"] - base).mean()
    by_user, points = {}, {}
    for user, own in lists.groupby("user_id"):
        row = int(data.user_rows([user])[0])
        slow = Slow(model, rated_by(data, row), K, min_ratings)
        popular = sorted(slow.rated, key=lambda column: (-popularity[column], column))
        for item_id in own.sort_values("rank")["item_id"]:
            pieces = evidence[(evidence["user_id"] == user) & (evidence["item_id"] == item_id)]
            if pieces.empty:
                continue
            pieces = pieces.sort_values("position")
            item = data.item_columns([item_id])[0]
            columns = data.item_columns(pieces["rated_item_id"]).tolist()
            pieces = list(zip(columns, pieces["weight"], strict=True))
            for size in given_.n_cited:
                n = min(size, len(pieces))
                taken = {
                    "own": [column for column, _ in pieces[:n]],
                    "popular": popular[:n],
                    "random": random_sets[row][n],
                }
                for name, part in taken.items():
                    values = slow.metrics(item, part, least)
                    by_user.setdefault(user, {}).setdefault((name, size), []).append(values)
            for step in range(given_.curve_steps + 1) if curves_too else ():
                share = step / given_.curve_steps
                n = int(share * len(slow.rated) + 0.5)
                taken = {
                    "own": for_curves(pieces, slow.rated)[:n],
                    "popular": popular[:n],
                    "random": random_sets[row][n],
                }
                for name, part in taken.items():
                    values = slow.metrics(item, part, least)
                    points.setdefault((user, name, share), []).append(values)
    table = {
        user: {
            column_name(metric, K, size, name): value
            for (name, size), values in found.items()
            for metric, value in mean_metrics(values).items()
        }
        for user, found in by_user.items()
    }
    curves = {key: mean_metrics(values) for key, values in points.items()}
    return pd.DataFrame.from_dict(table, orient="index"), curves


class Digits(Recommender):
    """Every item scores the sum of base^column over the history, which tells what is in it."""

    def __init__(self, n_items, base):
        self.size, self.base = n_items, base

    @property
    def n_items(self):
        return self.size

    def worth(self):
        return float(self.base) ** np.arange(self.size)

    def scores(self, histories):
        rated = sparse.csr_array(
            (np.ones(histories.nnz), histories.indices, histories.indptr), shape=histories.shape
        )
        sums = rated @ self.worth()
        assert sums.max(initial=0) < 2**24  # exact in 32 bits
        return np.tile(sums[:, None], (1, self.size)).astype(np.float32)

    def lists(self, data, n):
        """All items tie: a list of all, where no tie is cut, and its first n."""
        parameters = RecommendationParameters(n=self.size, min_ratings=0)
        return recommend(self, data, parameters).query("rank <= @n")


def everything_cited(lists, histories, weights=None):
    """All rated items for each recommendation in their order, with weights of their columns."""
    rows = []
    for user, item in zip(lists["user_id"], lists["item_id"], strict=True):
        columns = histories.ratings[histories.user_rows([user])].indices
        given_ = 1.0 / (1 + columns) if weights is None else weights[columns]
        pieces = zip(histories.item_ids[columns], given_, strict=True)
        rows += [(user, item, place, *piece) for place, piece in enumerate(pieces, 1)]
    return pd.DataFrame(rows, columns=PIECE)


def sets_of(ratios, n, model, histories, rows):
    """{row: how often each column is in the n sets whose mean share of `Digits` is known}."""
    rated = (histories.ratings > 0).toarray()
    found = {}
    for row, ratio in zip(rows.tolist(), ratios, strict=True):
        value = ratio * n * (rated[row] @ model.worth())
        assert value == pytest.approx(round(value), abs=1e-4)
        value, found[row] = round(value), []
        for _ in range(model.n_items):
            value, digit = divmod(value, model.base)
            found[row].append(digit)
        assert value == 0
    return found


@cache
def random_sets_of(seed, n_users):
    """{row: {size: columns}}: what the random control takes from the small catalogue.

    It is told from made-up scores, and holds for all approaches.
    """
    data = catalogue()
    model = Digits(data.n_items, 2)
    lists = model.lists(data, 1)
    sizes = tuple(range(1, data.n_items + 1))
    given_ = parameters(
        n_cited=sizes,
        reported=1,
        random_draws=1,
        least_personal=1e-9,
        seed=seed,
        n_users=n_users,
    )
    evidence = everything_cited(lists, data)
    by_user = faithfulness_of(model, data, data, lists, evidence, 1, given_, 0).by_user
    rows = data.user_rows(by_user["user_id"])
    found = {row: {0: []} for row in rows.tolist()}
    for size in sizes:
        ratios = by_user[f"ins@{size}/random"]
        for row, digits in sets_of(ratios, 1, model, data, rows).items():
            found[row][size] = np.flatnonzero(digits).tolist()
    return found


# Against the slow version.


def assert_equals_slow(found, expected):
    by_user = found.by_user.set_index("user_id")
    assert by_user.index.tolist() == expected.index.tolist()
    pd.testing.assert_frame_equal(
        by_user[expected.columns], expected, check_names=False, rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(
    ("kind", "min_ratings"), [*((kind, 0) for kind in KINDS), ("EASE", 14), ("SVD", 14)]
)
def test_equals_the_definition(kind, min_ratings):
    evidence = random_evidence(lists_by(kind, min_ratings), catalogue(), seed=len(kind))
    given_ = parameters(random_draws=1, n_users=18)
    found = measure(kind, evidence, min_ratings=min_ratings, random_draws=1, n_users=18)
    expected, _ = slow_faithfulness(kind, evidence, given_, min_ratings)
    assert len(expected.columns) == len(METRICS) * len(SIZES) * len(EVIDENCE)
    assert len(expected) >= 8
    assert_equals_slow(found, expected)
    means = found.table.set_index(["metric", "evidence", "n_cited"])
    for (metric, name, size), row in means.iterrows():
        of_users = expected[column_name(metric, K, size, name)]
        assert row["value"] == pytest.approx(of_users.mean(), rel=1e-4, nan_ok=True)
        assert row["n_users"] == of_users.notna().sum()


@pytest.mark.parametrize("kind", ["EASE", "SVD", "ItemKNN", "rules"])
def test_curves_equal_the_definition(kind):
    """Everything is cited, for or against, so that no random order is in the own curves."""
    lists, data = lists_by(kind), catalogue()
    evidence = everything_cited(lists, data)
    evidence["weight"] = np.random.default_rng(1).normal(0.5, size=len(evidence))
    changed = {"random_draws": 1, "n_cited": (1,), "reported": 1, "n_users": 18}
    given_ = parameters(**changed)
    found = measure(kind, evidence, **changed)
    expected_by_user, points = slow_faithfulness(kind, evidence, given_, curves_too=True)
    assert_equals_slow(found, expected_by_user)
    expected = pd.DataFrame(
        [
            (metric, name, share, user, value)
            for (user, name, share), values in points.items()
            for metric, value in values.items()
        ],
        columns=["metric", "evidence", "share", "user", "value"],
    )
    by_user = found.by_user.set_index("user_id")
    for (metric, name), curve in expected.groupby(["metric", "evidence"]):
        table = curve.pivot_table(index="user", columns="share", values="value", dropna=False)
        own = found.curves[(found.curves["metric"] == metric) & (found.curves["evidence"] == name)]
        assert own["share"].tolist() == [0, 0.25, 0.5, 0.75, 1]
        np.testing.assert_allclose(own["value"], table.mean(), rtol=1e-4, atol=1e-6)
        assert own["n_users"].tolist() == table.notna().sum().tolist()
        area = sum(
            (left + right) / 2 / given_.curve_steps
            for left, right in zip(table.to_numpy().T, table.to_numpy().T[1:], strict=False)
        )
        found_area = by_user.loc[table.index, column_name(metric, K, "auc", name)]
        np.testing.assert_allclose(found_area, area, rtol=1e-4, atol=1e-6)


# By hand.


class Keys(Recommender):
    """An item scores 1 if its key is in the history; others have the same score for everybody.

    A history without ratings scores the next smaller number, so that all the others have a say.
    """

    def __init__(self, constants, keys, without=0.0):
        self.constants, self.keys, self.without = np.array(constants, np.float32), keys, without

    @property
    def n_items(self):
        return len(self.constants)

    def scores(self, histories):
        scores = np.tile(self.constants, (histories.shape[0], 1))
        rated = histories.toarray() > 0
        for item, key in self.keys.items():
            scores[:, item] = np.where(rated[:, key], 1, self.without)
        empty = ~rated.any(axis=1)
        scores[empty] = np.nextafter(scores[empty], np.float32(-np.inf))
        return scores


def data_of(rated, n_items):
    """Users 0, 1, … and the columns that they rated; the ids of the items are 10, 11, …"""
    matrix = np.zeros((len(rated), n_items), np.float32)
    for user, columns in enumerate(rated):
        matrix[user, columns] = 4
    return Interactions(sparse.csr_array(matrix), np.arange(len(rated)), np.arange(n_items) + 10)


def evidence_of(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rated_item_id", "weight"])


def by_hand(model, data, rows, k=1, lists=None, interactions=None, **changed):
    if lists is None:
        lists = recommend(model, data, RecommendationParameters(n=k, min_ratings=0))
    values = {"n_cited": (1, 2), "reported": 1, "least_personal": 1e-9} | changed
    interactions = data if interactions is None else interactions
    return faithfulness_of(
        model, interactions, data, lists, evidence_of(rows), k, parameters(**values), 0
    )


def values_of(found, name="own"):
    table = found.table[found.table["evidence"] == name]
    return {(row.metric, row.n_cited): round(row.value, 12) for row in table.itertuples()}


KEY_TO_3 = Keys([99, 99, 99, 0, 0.5, 0.5], {3: 0})
"""Item 3 is recommended to who rated item 0; 4 and 5 are in between; 0 to 2 best of all."""


def test_an_item_that_hangs_on_another():
    data = data_of([[0, 1, 2]], 6)
    lists = recommend(KEY_TO_3, data, RecommendationParameters(n=1, min_ratings=0))
    assert lists["item_id"].tolist() == [13]
    found = by_hand(KEY_TO_3, data, [(0, 13, 10, 2.0), (0, 13, 11, 1.0)])
    behind_two = 1 / np.log2(1 + 3)
    assert values_of(found) == {
        (metric, size): value
        for metric, value in {"pos": 0, "ps": 1, "del": 0, "ins": 1, "cdcg": behind_two}.items()
        for size in (1, 2)
    }
    assert (found.table["n_recommendations"] == 1).all()


def test_an_item_that_does_not_hang_on_another():
    """The item it hangs on is cited second."""
    found = by_hand(KEY_TO_3, data_of([[0, 1, 2]], 6), [(0, 13, 12, 1.0), (0, 13, 10, 2.0)])
    assert values_of(found) == {
        (metric, size): value
        for size, values in {1: [1, 0, 1, 0, 1], 2: [0, 1, 0, 1, 0.5]}.items()
        for metric, value in zip(("pos", "ps", "del", "ins", "cdcg"), values, strict=True)
    }


@pytest.mark.parametrize("weights", [(0.1, 7.0), (7.0, 0.1), (0.1, -7.0), (-0.1, 0.05)])
@pytest.mark.parametrize("key_is_told_first", [True, False])
def test_what_is_told_first_is_taken_first_whatever_its_weight(weights, key_is_told_first):
    cited = (10, 12) if key_is_told_first else (12, 10)
    rows = [(0, 13, *piece) for piece in zip(cited, weights, strict=True)]
    found = by_hand(KEY_TO_3, data_of([[0, 1, 2]], 6), rows)
    assert values_of(found)["pos", 1] == (not key_is_told_first)


def test_minus_infinity_is_no_rank_and_the_score_of_nothing():
    model = Keys([0, 0, 0, 0, 0, 0], {3: 0, 4: 1, 5: 2}, without=-np.inf)
    found = by_hand(model, data_of([[0, 1]], 6), [(0, 13, 10, 1.0), (0, 13, 11, 0.5)], k=2)
    expected = {"pos": 0, "ps": 1, "del": 0, "ins": 1, "cdcg": 0}
    assert values_of(found) == {(m, size): v for m, v in expected.items() for size in (1, 2)}
    found = by_hand(model, data_of([[0, 1]], 6), [(0, 13, 11, 1.0)], k=2)
    assert [values_of(found)[metric, 1] for metric in METRICS] == [1, 1, 1, 0, 0]


def test_the_popular_control_takes_what_training_finds_popular():
    """Item 2 has most ratings in training, item 0 most among the histories; then by column."""
    training = data_of([[2], [2], [0], [1]], 6)
    data = data_of([[0, 1, 2], [0, 4]], 6)
    lists = recommend(KEY_TO_3, data, RecommendationParameters(n=1, min_ratings=0))
    rows = [(0, 13, 10, 3.0), (0, 13, 12, 2.0)]
    found = by_hand(KEY_TO_3, data, rows, lists=lists, interactions=training)
    popular = values_of(found, "popular")
    assert (popular["pos", 1], popular["ps", 1]) == (1, 0)  # item 2 alone
    assert (popular["pos", 2], popular["ps", 2]) == (0, 1)  # items 2 and 0
    found = by_hand(KEY_TO_3, data, rows, lists=lists)
    assert values_of(found, "popular")["pos", 1] == 0  # item 0


def test_random_items_are_any_items_of_the_history_alike():
    """The draws are the same for every model, so the shares of four items sum to 1."""
    data, draws = data_of([[0, 1, 2, 3]], 6), 400
    rows = [(0, 14, 10, 1.0), (0, 14, 11, 0.5)]
    lists = pd.DataFrame({"user_id": [0], "item_id": [14], "rank": [1], "score": [1.0]})
    shares = []
    for key in range(4):
        model = Keys([0] * 6, {4: key})
        found = by_hand(model, data, rows, lists=lists, random_draws=draws)
        kept, removed = (values_of(found, "random")[metric, 1] for metric in ("ins", "del"))
        assert kept + removed == pytest.approx(1)
        shares.append(kept)
    assert sum(shares) == pytest.approx(1)
    assert np.abs(np.array(shares) - 1 / 4).max() < 4.5 * np.sqrt(3 / 16 / draws)


# The random control and orders, told from what is kept.


def digits(n=1, base=3):
    """The small catalogue, scores that tell what is in a history, and lists of n."""
    data = catalogue()
    model = Digits(data.n_items, base)
    return data, model, model.lists(data, n)


def measure_digits(n, evidence=None, k=None, base=3, **changed):
    data, model, lists = digits(n, base)
    evidence = everything_cited(lists, data) if evidence is None else evidence
    given_ = parameters(least_personal=1e-9, **changed)
    found = faithfulness_of(model, data, data, lists, evidence, k or n, given_, 0)
    return found, data.user_rows(found.by_user["user_id"])


def test_random_items_are_as_many_as_are_cited_and_of_the_history():
    data, model, _ = digits()
    found, rows = measure_digits(1)
    lengths = np.diff(data.ratings.indptr)
    for size in SIZES:
        for draws in sets_of(found.by_user[f"ins@{size}/random"], 2, model, data, rows).items():
            row, often = draws
            assert sum(often) == 2 * min(size, lengths[row])
            assert max(often) <= 2
            assert set(np.flatnonzero(often)) <= set(rated_by(data, row))
    kept = sets_of(found.by_user["ins@2/random"], 2, model, data, rows)
    left = sets_of(found.by_user["del@2/random"], 2, model, data, rows)
    for row in rows.tolist():
        rated = np.isin(np.arange(data.n_items), list(rated_by(data, row)))
        assert (np.add(kept[row], left[row]) == 2 * rated).all()
    assert any(max(often) == 1 for often in kept.values())  # two draws, not one twice


def test_random_items_are_the_same_for_all_recommendations_of_a_user():
    data, model, _ = digits()
    found, rows = measure_digits(2, random_draws=1)
    for size in SIZES:
        sets = sets_of(found.by_user[f"ins@{size}/random"], 2, model, data, rows)
        assert {digit for row, often in sets.items() for digit in often} == {0, 2}
    fewer, _ = measure_digits(1, random_draws=1)
    users = fewer.by_user["user_id"].isin(found.by_user["user_id"])
    for size in SIZES:
        name = f"ins@{size}/random"
        one = fewer.by_user.loc[users, name]
        np.testing.assert_allclose(one, found.by_user[name], rtol=1e-12)


def test_random_items_are_the_same_for_every_approach():
    """Whatever is recommended and cited; the seed alone changes them."""
    (few, _), (other, _) = (
        measure_digits(n, random_evidence(digits(n)[2], catalogue(), seed=n, share=1, most=1))
        for n in (1, 3)
    )
    (every, _), (again, _) = (measure_digits(1, seed=seed) for seed in (3, 4))
    for name in ("ins@1/random", "del@1/random"):
        np.testing.assert_allclose(few.by_user[name], every.by_user[name], rtol=1e-12)
        np.testing.assert_allclose(other.by_user[name], every.by_user[name], rtol=1e-12)
        assert not np.allclose(again.by_user[name], every.by_user[name])


def test_own_curves_take_supporting_items_first_and_opposing_ones_last():
    data, model, lists = digits(base=2)
    evidence = random_evidence(lists, data, share=1, most=5)
    evidence["weight"] -= 0.3
    steps = 24
    given_ = parameters(least_personal=1e-9, curve_steps=steps)
    seen, rising = set(), []
    for user in lists["user_id"].unique()[:15]:
        one = lists["user_id"] == user
        alone = faithfulness_of(model, data, data, lists[one], evidence, 1, given_, 0)
        row = int(data.user_rows([user])[0])
        order = []
        for ratio in kept_in_curve(alone, steps):
            (often,) = sets_of([ratio], 1, model, data, np.array([row])).values()
            order += sorted(set(np.flatnonzero(often).tolist()) - set(order))
        pieces = evidence[evidence["user_id"] == user].sort_values("position")
        columns = data.item_columns(pieces["rated_item_id"])
        supports = (pieces["weight"] > 0).to_numpy()
        n_for, n_against = int(supports.sum()), int((~supports).sum())
        assert sorted(order) == sorted(rated_by(data, row))
        assert order[:n_for] == columns[supports].tolist()
        assert order[len(order) - n_against :] == columns[~supports][::-1].tolist()
        between = order[n_for : len(order) - n_against]
        rising.append(between == sorted(between))
        seen.add((n_for > 1, n_against > 1, len(order) > len(columns) + 1))
    assert (True, True, True) in seen
    assert not all(rising)


def kept_in_curve(found, steps):
    curves = found.curves
    own = curves[(curves["metric"] == "ins") & (curves["evidence"] == "own")]
    assert len(own) == steps + 1
    return own["value"].tolist()


# Curves.


def test_ends_of_the_curves():
    kind, data = "ALS", catalogue()
    lists = lists_by(kind)
    found = measure(kind, random_evidence(lists, data, share=1))
    assert found.curves.columns.tolist() == [
        *("metric", "evidence", "share", "value", "low", "high", "n_users"),
    ]
    table = found.curves.set_index(["evidence", "metric", "share"])["value"]
    top = lists[lists["rank"] <= K]
    gains = (1 / np.log2(1 + top["rank"])).groupby(top["user_id"]).mean().mean()
    for name in EVIDENCE:
        of = table[name]
        assert [of["pos", 0], of["ps", 1]] == [1, 1]
        assert of["cdcg", 0] == pytest.approx(gains)
        ends = [of["del", 0], of["ins", 1], of["del", 1], of["ins", 0]]
        assert ends == pytest.approx([1, 1, 0, 0], abs=1e-6)
        assert of["pos", 1] == of["ps", 0]  # both with an empty history
        assert [of[m, s] for m, s in (("pos", 1), ("del", 1), ("cdcg", 1))] == [
            table["own"][m, s] for m, s in (("pos", 1), ("del", 1), ("cdcg", 1))
        ]


def test_areas_by_hand():
    """Half of two rated items is the key. Without it item 3 ranks last, as item 2 but after it.

    Without any rating it has no rank.
    """
    model = Keys([99, 99, 0, 0, 0.5, 0.5], {3: 0})
    rows = [(0, 13, 10, 2.0), (0, 13, 11, 1.0)]
    found = by_hand(model, data_of([[0, 1]], 6), rows, curve_steps=2)
    areas = {metric: found.by_user[column_name(metric, 1, "auc", "own")][0] for metric in METRICS}
    gains = (1 / 2 + 1 / np.log2(5)) / 2
    assert areas == pytest.approx(
        {"pos": 1 / 4, "del": 1 / 4, "cdcg": gains, "ps": 3 / 4, "ins": 3 / 4}
    )


def test_curves_are_of_the_first_users():
    data, kind = catalogue(), "ItemKNN"
    evidence = everything_cited(lists_by(kind), data)
    whole = measure(kind, evidence, 20, curve_users=1000)
    for n in (0, 1, 5):
        found = measure(kind, evidence, 20, curve_users=n)
        first = data.user_ids[sampled_users(data, parameters())[:n]]
        areas = found.by_user.set_index("user_id").filter(like="auc")
        have = areas.index[areas["pos@4/auc"].notna()]
        assert set(have) == set(first)
        pd.testing.assert_frame_equal(
            areas.loc[have], whole.by_user.set_index("user_id").loc[have, areas.columns]
        )
        assert (found.curves["n_users"] <= n).all()
        assert found.curves["n_users"].max() == n
        assert found.curves["value"].isna().all() == (n == 0)
        known = found.curves.dropna(subset="value")
        assert known["value"].between(known["low"] - 1e-12, known["high"] + 1e-12).all()
        assert (known["high"] - known["low"] > 1e-9).any() == (n > 1)  # not by rounding alone
        pd.testing.assert_frame_equal(found.table, whole.table)


# What counts.


def test_explanations_that_cite_fewer_items_than_are_taken():
    lists, data = lists_by("EASE"), catalogue()
    found = measure("EASE", random_evidence(lists, data, most=2)).by_user
    for metric in METRICS:
        for name in EVIDENCE:
            two, three, five = (found[column_name(metric, K, n, name)] for n in (2, 3, 5))
            pd.testing.assert_series_equal(two, three, check_names=False)
            pd.testing.assert_series_equal(two, five, check_names=False)
    assert (found["pos@4,1/random"] != found["pos@4,2/random"]).any()


def test_what_is_not_explained_is_left_out():
    """User 0 has two recommendations, one of them explained; user 1 none that is."""
    model = Keys([0] * 5 + [0.5], {3: 0, 4: 1})
    data = data_of([[0, 1], [0, 1], [0, 2]], 6)
    lists = recommend(model, data, RecommendationParameters(n=2, min_ratings=0))
    rows = [(0, 14, 11, 1.0), (2, 13, 10, 1.0), (1, 13, 12, 1.0)]  # user 1 did not rate item 2
    found = by_hand(model, data, rows, k=2, lists=lists)
    assert found.by_user["user_id"].tolist() == [0, 2]
    assert found.by_user["pos@2,1"].tolist() == [0, 0]
    assert (found.table["n_users"] == 2).all()
    assert (found.table["n_recommendations"] == 2).all()
    assert (found.curves["n_users"] == 2).all()


def test_only_the_top_k_count():
    """Explanations of the third recommendation on say nothing."""
    lists, data = lists_by("ItemKNN"), catalogue()
    evidence = random_evidence(lists, data)
    longer = measure("ItemKNN", evidence)
    within = lists[lists["rank"] <= K]
    explained = evidence.merge(within[["user_id", "item_id"]])
    assert len(explained) < len(evidence)
    shorter = faithfulness_of(
        model_of("ItemKNN"), data, data, within, explained, K, parameters(), 0
    )
    for name in ("by_user", "table", "curves"):
        pd.testing.assert_frame_equal(getattr(longer, name), getattr(shorter, name))


class Parts(Recommender):
    """The same score for every history but the empty one, which lacks some part of it."""

    def __init__(self, scores, parts):
        self.whole, self.parts = np.array(scores, np.float32), np.array(parts, np.float32)

    @property
    def n_items(self):
        return len(self.whole)

    def scores(self, histories):
        nobody = np.diff(histories.indptr)[:, None] == 0
        return np.where(nobody, self.whole - self.parts, self.whole)


@pytest.mark.parametrize(
    ("least", "counted"), [(2.4, 1), (1.9, 2), (0.13, 2), (0.12, 3), (1e-9, 3), (3.0, 0)]
)
def test_ratios_leave_out_small_and_negative_personal_parts(least, counted):
    """Personal parts 10, 8, 0.5, -1.5 and nearly 0: 4 on average, in absolute terms."""
    model, data = Parts([9, 8, 7, 6, 5, 0], [10, 8, 0.5, -1.5, -1e-6, 0]), data_of([[5]], 6)
    rows = [(0, item, 15, 1.0) for item in range(10, 15)]
    found = by_hand(model, data, rows, k=5, least_personal=least)
    n = found.table.set_index(["evidence", "metric", "n_cited"])["n_recommendations"]
    for name in EVIDENCE:
        of_metric = {metric: n[name, metric, 1] for metric in METRICS}
        assert of_metric == {"pos": 5, "ps": 5, "cdcg": 5, "del": counted, "ins": counted}
    values = values_of(found)
    assert [values["del", 1], values["ins", 1]] == pytest.approx(
        [0, 1] if counted else [np.nan] * 2, nan_ok=True
    )
    assert values["pos", 1] == 0  # without the only rating nothing is recommended


def test_what_the_average_personal_part_is_taken_over():
    """All lists within the top K, explained or not: 10, 8, 0.5, -1.5 and nearly 0, as above."""
    model, data = Parts([9, 8, 7, 6, 5, 0], [10, 8, 0.5, -1.5, -1e-6, 0]), data_of([[5]], 6)
    found = by_hand(model, data, [(0, 12, 15, 1.0)], k=5, least_personal=0.13)
    assert np.isnan(values_of(found)["del", 1])
    lists = recommend(model, data, RecommendationParameters(n=5, min_ratings=0))[2:3].assign(rank=1)
    found = by_hand(model, data, [(0, 12, 15, 1.0)], k=5, lists=lists, least_personal=0.13)
    assert values_of(found)["del", 1] == 0


def test_a_model_that_ignores_the_user_has_no_ratios():
    model, data = model_of("popularity"), catalogue()
    lists = recommend(model, data, RecommendationParameters(n=K, min_ratings=0))
    evidence = random_evidence(lists, data)
    found = faithfulness_of(model, data, data, lists, evidence, K, parameters(), 0)
    table = found.table.set_index("metric")
    assert table.loc[["del", "ins"], "value"].isna().all()
    assert (table.loc[["del", "ins"], ["n_users", "n_recommendations"]] == 0).all(axis=None)
    assert (table.loc[["pos", "ps"], "value"] == 1).all()


# Tables.


def test_the_table_is_the_mean_over_users_with_its_interval():
    evidence = random_evidence(lists_by("SVD of ratings"), catalogue())
    found = measure("SVD of ratings", evidence, n_resamples=100)
    assert found.table.columns.tolist() == list(TABLE_COLUMNS)
    assert len(found.table) == len(METRICS) * len(SIZES) * len(EVIDENCE)
    expected = mean_with_interval(found.by_user.drop(columns="user_id"), 100, 3)
    lists = lists_by("SVD of ratings")
    explained = lists[lists["rank"] <= K].merge(evidence[["user_id", "item_id"]].drop_duplicates())
    for row in found.table.itertuples():
        name = column_name(row.metric, K, row.n_cited, row.evidence)
        ends = [expected[name + end] for end in ("", "/low", "/high", "/n")]
        assert [row.value, row.low, row.high, row.n_users] == ends
        assert row.low <= row.value <= row.high
        if row.metric in ("pos", "ps", "cdcg"):
            assert row.n_recommendations == len(explained)
        else:
            assert 0 < row.n_recommendations < len(explained)
    without = measure("SVD of ratings", evidence)
    assert without.table[["low", "high"]].isna().all(axis=None)
    pd.testing.assert_frame_equal(without.by_user, found.by_user)


def test_users_count_alike_however_much_is_recommended_to_them():
    """Two recommendations of user 0 stay, the one of user 1 goes."""
    model = Keys([0, 0, 0, 0, 0.5, 0.4], {3: 0})
    data = data_of([[1, 2], [0, 1]], 6)
    rows = [(0, 14, 11, 1.0), (0, 15, 11, 1.0), (1, 13, 10, 1.0)]
    found = by_hand(model, data, rows, k=2)
    assert found.by_user["pos@2,1"].tolist() == [1, 0]
    assert values_of(found)["pos", 1] == 0.5


def assert_nothing_found(found):
    assert found.by_user.empty
    assert found.by_user.columns[0] == "user_id"
    assert len(found.by_user.columns) == 2 + len(METRICS) * len(EVIDENCE) * (len(SIZES) + 1)
    assert found.table[["value", "low", "high"]].isna().all(axis=None)
    assert (found.table[["n_users", "n_recommendations"]] == 0).all(axis=None)
    assert found.curves["value"].isna().all()
    assert (found.curves["n_users"] == 0).all()
    assert len(found.table) == len(METRICS) * len(SIZES) * len(EVIDENCE)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_resamples", [0, 20])
def test_nothing_explained(n_resamples):
    evidence = random_evidence(lists_by("EASE"), catalogue())
    assert_nothing_found(measure("EASE", evidence[:0], n_resamples))
    on_nothing = pd.Series(pd.NA, index=evidence.index, dtype="Int64")
    assert_nothing_found(measure("EASE", evidence.assign(rated_item_id=on_nothing), n_resamples))


@pytest.mark.filterwarnings("error")
def test_nothing_recommended():
    data, evidence = catalogue(), random_evidence(lists_by("EASE"), catalogue())
    lists = lists_by("EASE")[:0]
    model = model_of("EASE")
    assert_nothing_found(faithfulness_of(model, data, data, lists, evidence, K, parameters(), 10))


def test_pieces_that_rest_on_no_rated_item_are_as_if_not_there():
    evidence = random_evidence(lists_by("EASE"), catalogue())
    rests = pd.Series(np.arange(len(evidence)) % 3 > 0, index=evidence.index)
    rated = evidence["rated_item_id"].astype("Int64").where(rests)
    mixed = measure("EASE", evidence.assign(rated_item_id=rated))
    assert_same(mixed, measure("EASE", evidence[rests]))


# What must not matter.


def assert_same(found, expected):
    for name in ("by_user", "table", "curves"):
        pd.testing.assert_frame_equal(
            getattr(found, name), getattr(expected, name), check_exact=True
        )


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 1000), kind=st.sampled_from(["ItemKNN", "rules", "EASE"]))
def test_the_order_of_the_rows_does_not_matter(seed, kind):
    data, lists = catalogue(), lists_by(kind)
    evidence = random_evidence(lists, data)
    expected = measure(kind, evidence)
    shuffled = [table.sample(frac=1, random_state=seed) for table in (lists, evidence)]
    found = faithfulness_of(
        model_of(kind), data, data, shuffled[0], shuffled[1], K, parameters(), 0
    )
    # The average personal part may differ in its last digit.
    for name in ("by_user", "table", "curves"):
        pd.testing.assert_frame_equal(getattr(found, name), getattr(expected, name), rtol=1e-12)


@pytest.mark.parametrize("kind", ["ItemKNN", "rules", "EASE by users", "SVD", "ALS"])
def test_neither_threads_nor_blocks_matter(kind, monkeypatch):
    evidence = random_evidence(lists_by(kind), catalogue())
    expected = measure(kind, evidence, n_resamples=10)
    for n_threads, at_once, cells in ((1, 4000, 50), (3, 25, 2_000_000), ("", 1, 2_000_000)):
        monkeypatch.setenv("OMP_NUM_THREADS", str(n_threads))
        monkeypatch.setattr(module, "RATINGS_AT_ONCE", at_once)
        monkeypatch.setattr(probes, "SCORES_AT_ONCE", cells)
        found = measure(kind, evidence, n_resamples=10)
        for name in ("by_user", "table", "curves"):
            pd.testing.assert_frame_equal(
                getattr(found, name), getattr(expected, name), rtol=1e-5, atol=1e-6
            )
    one = measure(kind, evidence, n_resamples=10)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    assert_same(measure(kind, evidence, n_resamples=10), one)


def stored(found):
    files = [BytesIO() for _ in range(3)]
    for file, table in zip(files, (found.by_user, found.table, found.curves), strict=True):
        table.to_parquet(file)
    return [file.getvalue() for file in files]


@pytest.mark.parametrize("kind", ["EASE", "ALS", "SVD", "FM"])
def test_the_same_seed_gives_identical_files(kind):
    evidence = random_evidence(lists_by(kind), catalogue())
    once, again = (stored(measure(kind, evidence, n_resamples=20)) for _ in range(2))
    assert once == again
    other = measure(kind, evidence, n_resamples=20, seed=4)
    assert all(a != b for a, b in zip(once, stored(other), strict=True))
    first = measure(kind, evidence)
    for metric in METRICS:
        for name, same in (("own", True), ("popular", True), ("random", False)):
            columns = [column_name(metric, K, size, name) for size in SIZES]
            assert first.by_user[columns].equals(other.by_user[columns]) == same


@pytest.mark.parametrize("kind", ["EASE", "SVD"])
def test_one_more_piece_that_is_never_taken_changes_nothing(kind):
    """Told last of a recommendation for which five and more items are cited."""
    data, lists = catalogue(), lists_by(kind)
    evidence = random_evidence(lists, data, share=1)
    of = ["user_id", "item_id"]
    long = evidence.groupby(of).filter(lambda pieces: len(pieces) >= max(SIZES))
    more = []
    for (user, item), pieces in long.groupby(of):
        row = int(data.user_rows([user])[0])
        rated = data.item_ids[sorted(rated_by(data, row))]
        uncited = np.setdiff1d(rated, pieces["rated_item_id"])
        more += [(user, item, 99, cited, -9.0) for cited in uncited[:1]]
    assert len(more) > 10
    found = measure(kind, pd.concat([pd.DataFrame(more, columns=PIECE), evidence]))
    expected = measure(kind, evidence)
    pd.testing.assert_frame_equal(found.table, expected.table, check_exact=True)
    names = [name for name in found.by_user if "auc" not in name]
    pd.testing.assert_frame_equal(found.by_user[names], expected.by_user[names])


def test_text_ids_give_the_same(monkeypatch):
    text = small_catalogue(text=True)
    text = Interactions(
        text.ratings, np.array([f"u{user:02}" for user in text.user_ids]), text.item_ids
    )

    def named(table):
        table = table.assign(user_id=[f"u{user:02}" for user in table["user_id"]])
        ids = [column for column in ("item_id", "rated_item_id") if column in table]
        return table.assign(**{column: "i " + table[column].astype(str) for column in ids})

    lists = lists_by("EASE")
    evidence = random_evidence(lists, catalogue())
    expected = measure("EASE", evidence)
    hash_alike(monkeypatch, digits_of)
    found = faithfulness_of(
        model_of("EASE"), text, text, named(lists), named(evidence), K, parameters(), 0
    )
    assert found.by_user["user_id"].tolist() == [f"u{u:02}" for u in expected.by_user["user_id"]]
    numbers = [each.by_user.drop(columns="user_id") for each in (found, expected)]
    pd.testing.assert_frame_equal(*numbers)


def test_new_users_are_judged_as_known_ones(monkeypatch):
    """The histories of some users under other ids, over the same catalogue."""
    data, lists = catalogue(), lists_by("SVD")
    hash_alike(monkeypatch, lambda number: number % 1000)
    evidence = random_evidence(lists, data)
    known = data.user_ids[5:30]
    new = Interactions(data.ratings[5:30], known + 1000, data.item_ids)
    old = Interactions(data.ratings[5:30], known, data.item_ids)
    first, second = (
        faithfulness_of(
            model_of("SVD"),
            data,
            histories,
            lists[lists["user_id"].isin(known)].assign(user_id=lambda t, by=by: t["user_id"] + by),
            evidence.assign(user_id=evidence["user_id"] + by),
            K,
            parameters(),
            0,
        )
        for histories, by in ((old, 0), (new, 1000))
    )
    pd.testing.assert_frame_equal(
        first.by_user, second.by_user.assign(user_id=second.by_user["user_id"] - 1000)
    )
    pd.testing.assert_frame_equal(first.table, second.table)


def test_a_user_is_judged_alike_in_any_company():
    """Random items of a history do not depend on who else is looked at."""
    data, lists = catalogue(), lists_by("EASE")
    evidence = random_evidence(lists, data)
    whole = measure("EASE", evidence).by_user.set_index("user_id")
    rows = np.array([3, 4, 11, 20, 33])
    some = Interactions(data.ratings[rows], data.user_ids[rows], data.item_ids)
    found = faithfulness_of(
        model_of("EASE"),
        data,
        some,
        lists[lists["user_id"].isin(some.user_ids)],
        evidence[evidence["user_id"].isin(some.user_ids)],
        K,
        parameters(),
        0,
    ).by_user.set_index("user_id")
    # Which ratios are taken depends on how personal all scores are.
    counted = [name for name in found if name.partition("@")[0] in ("pos", "ps", "cdcg")]
    assert sum("random" in name for name in counted) > 10
    pd.testing.assert_frame_equal(found[counted], whole.loc[found.index, counted])


def test_nothing_that_is_given_is_changed():
    data, lists = catalogue(), lists_by("EASE").copy()
    evidence = random_evidence(lists, data)
    held = [data.ratings.data, data.ratings.indices, data.ratings.indptr]
    before = [array.copy() for array in held], lists.copy(), evidence.copy()
    faithfulness_of(model_of("EASE"), data, data, lists, evidence, K, parameters(), 0)
    for now, then in zip(held, before[0], strict=True):
        np.testing.assert_array_equal(now, then)
    pd.testing.assert_frame_equal(lists, before[1])
    pd.testing.assert_frame_equal(evidence, before[2])


# Samples.


@pytest.mark.parametrize("kind", ["ItemKNN", "SVD"])
def test_a_sample_of_users(kind):
    data, lists = catalogue(), lists_by(kind)
    evidence = everything_cited(lists, data)
    everybody = measure(kind, evidence)
    assert_same(measure(kind, evidence, n_users=1000), everybody)
    assert_same(measure(kind, evidence, n_users=data.n_users), everybody)
    for n in (1, 7):
        found = measure(kind, evidence, n_users=n).by_user
        drawn = data.user_ids[sampled_users(data, parameters(n_users=n))]
        assert found["user_id"].tolist() == sorted(drawn)
        assert len(found) == n
        same = everybody.by_user.set_index("user_id").loc[found["user_id"]].reset_index()
        for metric in ("pos", "ps", "cdcg"):
            for name in ("own", "popular"):
                columns = [column_name(metric, K, size, name) for size in (*SIZES, "auc")]
                pd.testing.assert_frame_equal(found[columns], same[columns])


def test_the_same_users_are_drawn_for_all_approaches():
    found = {
        tuple(
            measure(kind, everything_cited(lists_by(kind), catalogue()), n_users=9).by_user.user_id
        )
        for kind in ("ItemKNN", "SVD", "popularity")
    }
    assert len(found) == 1


def test_drawn_users_are_different_and_begin_with_those_of_smaller_samples():
    data = catalogue()
    every, few, more, other = (
        sampled_users(data, parameters(n_users=n, seed=seed)).tolist()
        for n, seed in ((None, 3), (4, 3), (1000, 3), (4, 5))
    )
    assert sorted(every) == list(range(data.n_users))
    assert (few, more) == (every[:4], every)
    assert other != few


# Names and parameters.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("pos", 10, 3, "own"), "pos@10,3"),
        (("ps", 5, 1, "random"), "ps@5,1/random"),
        (("del", 10, 3, "own"), "del@3"),
        (("cdcg", 10, 2, "popular"), "cdcg@2/popular"),
        (("pos", 10, "auc", "own"), "pos@10/auc"),
        (("ps", 10, "auc", "random"), "ps@10/auc/random"),
        (("ins", 10, "auc", "own"), "ins/auc"),
    ],
)
def test_names(arguments, expected):
    assert column_name(*arguments) == expected


def test_reported_columns():
    names = reported_columns(10, parameters())
    own = ["pos@10,2", "del@2", "cdcg@2", "ps@10,2", "ins@2", "pos@10/auc", "ps@10/auc"]
    assert [names.pop(), names.pop()] == ["pos@10,2/strongest", "pos@10,2/greedy"]
    assert [name for name in names if "random" not in name and "popular" not in name] == own
    assert set(names) == {f"{name}{of}" for name in own for of in ("", "/random", "/popular")}
    assert len(names) == 3 * len(own)
    by_user = measure("ItemKNN", random_evidence(lists_by("ItemKNN"), catalogue())).by_user
    assert set(reported_columns(K, parameters())[:-1]) < set(by_user.columns)


@pytest.mark.parametrize("kind", ["EASE", "ItemKNN", "rules"])
def test_the_strongest_pieces_are_those_told_first_if_strength_is_the_order(kind):
    evidence = random_evidence(lists_by(kind), catalogue()).assign(lead=0.0)
    told = measure(kind, evidence).by_user
    assert not told[f"pos@{K},2"].equals(told[f"pos@{K},2/strongest"])
    by_strength = evidence.sort_values("weight", ascending=False, kind="stable")
    again = by_strength.groupby(["user_id", "item_id"]).cumcount() + 1
    retold = measure(kind, by_strength.assign(position=again)).by_user
    expected = retold[f"pos@{K},2"].rename(None)
    pd.testing.assert_series_equal(told[f"pos@{K},2/strongest"].rename(None), expected)
    pd.testing.assert_series_equal(retold[f"pos@{K},2/strongest"].rename(None), expected)


@pytest.mark.parametrize("sizes", [(), (0, 1), (-1,), (2, 1), (1, 1, 2)])
def test_sizes_must_rise_from_1(sizes):
    with pytest.raises(ValidationError, match=r"n_cited\n.*accepted: rising numbers from 1, such"):
        parameters(n_cited=sizes)


def test_what_is_reported_must_be_measured():
    with pytest.raises(ValidationError, match=r"reported: 4 is not among n_cited \(1, 2, 3, 5\)"):
        parameters(reported=4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reported", 0),
        ("n_users", 0),
        ("random_draws", 0),
        ("curve_users", -1),
        ("curve_steps", 1),
        ("least_personal", 0),
        ("least_personal", np.inf),
        ("seed", -1),
        ("draws", 3),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})


def test_lists_of_another_run_are_refused():
    lists = lists_by("EASE")
    with pytest.raises(InputError, match="item_id 7"):
        faithfulness_of(
            model_of("EASE"),
            catalogue(),
            catalogue(),
            lists.assign(item_id=7),
            random_evidence(lists, catalogue()),
            K,
            parameters(),
        )


def test_lists_of_unknown_users_are_refused():
    lists = lists_by("EASE")
    evidence = random_evidence(lists, catalogue())
    with pytest.raises(InputError, match="user_id 1000"):
        faithfulness_of(
            model_of("EASE"),
            catalogue(),
            catalogue(),
            lists.assign(user_id=lists["user_id"] + 1000),
            evidence.assign(user_id=evidence["user_id"] + 1000),
            K,
            parameters(),
        )


def test_columns_that_are_missing_are_named():
    data = data_of([[0, 1, 2]], 6)
    lists = recommend(KEY_TO_3, data, RecommendationParameters(n=1, min_ratings=0))
    cited = evidence_of([(0, 13, 10, 1)])
    measured = KEY_TO_3, data, data, lists, cited, 1, parameters(), 0
    assert faithfulness_of(*measured).table["n_users"].max() == 1
    for place, column in ((3, "score"), (3, "rank"), (4, "weight"), (4, "rated_item_id")):
        lacking = list(measured)
        lacking[place] = measured[place].drop(columns=column)
        with pytest.raises(InputError, match=f"no column {column}; found user_id"):
            faithfulness_of(*lacking)
    with pytest.raises(InputError, match="weights are no numbers"):
        faithfulness_of(*measured[:4], cited.assign(weight="much"), *measured[5:])


def test_citing_nothing_of_the_history_is_said(caplog):
    data = data_of([[0, 1, 2]], 6)
    assert by_hand(KEY_TO_3, data, [(0, 13, 14, 1)]).by_user.empty
    assert "cited items (rated_item_id) of recommendations 0 are in the history" in caplog.text
