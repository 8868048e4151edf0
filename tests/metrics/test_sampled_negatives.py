"""Ranking among sampled items against plain loops."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics import sampled_negatives as module
from explainable_recsys.metrics.sampled_negatives import sampled_ranking_per_user
from explainable_recsys.recommenders.base import Recommender
from tests.hashed_alike import digits, hash_alike

N_USERS, N_ITEMS, K = 12, 30, 3


class Scores(Recommender):
    """Scores[i, j] of item j is what rated item i adds."""

    def __init__(self, weights):
        self.weights = np.asarray(weights, np.float32)

    @property
    def n_items(self):
        return len(self.weights)

    def scores(self, histories):
        return np.asarray(histories @ self.weights, dtype=np.float32)


class Fixed(Scores):
    """The same for everybody; weights are the scores."""

    def scores(self, histories):
        return np.tile(self.weights, (histories.shape[0], 1))


def random_data(seed=0):
    """Histories over items 100, 110, …, and held-out ratings of other items."""
    rng = np.random.default_rng(seed)
    rated, held_out = [], []
    for user in range(N_USERS):
        items = 100 + 10 * rng.permutation(N_ITEMS)[: rng.integers(5, 15)]
        ratings = rng.integers(1, 6, len(items)).astype(float)
        n = int(rng.integers(0, 5))
        rows = list(zip([7 * user] * len(items), items.tolist(), ratings, strict=True))
        held_out += rows[:n]
        rated += rows[n:]
    columns = ["user_id", "item_id", "rating"]
    rated += [(999, 100 + 10 * item, 3.0) for item in range(N_ITEMS)]  # so that all are known
    histories = Interactions.from_frame(pd.DataFrame(rated, columns=columns))
    held_out = pd.DataFrame(held_out, columns=columns).sample(frac=1, random_state=seed)
    return histories, held_out


HISTORIES, HELD_OUT = random_data()
RANDOM = Scores(np.random.default_rng(1).normal(size=(N_ITEMS, N_ITEMS)))
TIES = Scores(np.random.default_rng(1).integers(0, 2, (N_ITEMS, N_ITEMS)))


def ranked(model=RANDOM, histories=HISTORIES, held_out=HELD_OUT, relevant_from=0.0, **changed):
    values = {"k": K, "n_negatives": 5, "seed": 0} | changed
    relevant = held_out["rating"].to_numpy() >= relevant_from
    return sampled_ranking_per_user(model, histories, held_out, relevant, **values)


def slowly(model, histories, held_out, k, threshold):
    """Recall and nDCG among all items that are neither rated nor held out."""
    scores = model.scores(histories.ratings)
    found = {}
    for user, own in held_out.groupby("user_id"):
        row = histories.user_ids.tolist().index(user)
        rated = set(histories.item_ids[histories.ratings[[row]].indices])
        negatives = set(histories.item_ids) - rated - set(own["item_id"])
        score = dict(zip(histories.item_ids, scores[row], strict=True))
        gains = []
        for item, rating in zip(own["item_id"], own["rating"], strict=True):
            if rating >= threshold:
                rank = 1 + sum(score[other] >= score[item] for other in negatives)
                gains.append((rank <= k, 1 / np.log2(1 + rank) if rank <= k else 0))
        if gains:
            found[user] = np.mean(gains, axis=0)
    return found


@pytest.mark.parametrize("threshold", [0.0, 3.0])
@pytest.mark.parametrize("model", [RANDOM, TIES], ids=["random", "ties"])
@pytest.mark.parametrize("n_negatives", [N_ITEMS, 99])
@pytest.mark.parametrize("k", [1, 5])
def test_with_all_negatives_it_equals_plain_loops(model, threshold, n_negatives, k):
    found = ranked(model, k=k, relevant_from=threshold, n_negatives=n_negatives)
    expected = slowly(model, HISTORIES, HELD_OUT, k, threshold)
    assert found.index.tolist() == sorted(expected)
    assert found.index.name == "user_id"
    assert found.columns.tolist() == [
        f"sampled_{n_negatives}_recall@{k}",
        f"sampled_{n_negatives}_ndcg@{k}",
    ]
    np.testing.assert_allclose(found, [expected[user] for user in found.index], rtol=1e-12)
    assert (found.dtypes == np.float64).all()
    assert 0 < found.to_numpy().mean() < 1


@pytest.mark.parametrize("seed", range(3))
def test_any_of_the_held_out_ratings_may_be_relevant(seed):
    """Not only the high ones, as where the mean of each history decides."""
    relevant = np.random.default_rng(seed).random(len(HELD_OUT)) < 0.5
    found = sampled_ranking_per_user(RANDOM, HISTORIES, HELD_OUT, relevant, K, N_ITEMS, 0)
    expected = slowly(RANDOM, HISTORIES, HELD_OUT.assign(rating=relevant * 1.0), K, 1.0)
    assert found.index.tolist() == sorted(expected)
    np.testing.assert_allclose(found, [expected[user] for user in found.index], rtol=1e-12)


def test_by_hand():
    """Items 0 to 5 score 5 to 0; user 1 rated 0, and 1 and 4 are held out: 2, 3, 5 are drawn."""
    data = pd.DataFrame({"user_id": [1] + [2] * 6, "item_id": [0, *range(6)], "rating": 3.0})
    histories = Interactions.from_frame(data)
    held_out = pd.DataFrame({"user_id": [1, 1], "item_id": [4, 1], "rating": [5.0, 2.0]})
    model = Fixed([5, 4, 3, 2, 1, 0])
    for k, recall, ndcg in ((1, 1 / 2, 1 / 2), (3, 1, (1 + 1 / 2) / 2), (2, 1 / 2, 1 / 2)):
        found = ranked(model, histories, held_out, k=k, n_negatives=3)
        assert found.loc[1].tolist() == pytest.approx([recall, ndcg])
    relevant = ranked(model, histories, held_out, n_negatives=3, relevant_from=5.0)
    assert relevant.loc[1].tolist() == pytest.approx([1, 1 / 2])  # item 1 is still not drawn
    assert ranked(model, histories, held_out, relevant_from=5.5).empty


def test_neither_rated_nor_held_out_items_are_drawn():
    """Those score best of all; then every held-out item ranks first."""
    for user in HELD_OUT["user_id"].unique():
        own = HELD_OUT[HELD_OUT["user_id"] == user]
        rated = HISTORIES.ratings[HISTORIES.user_rows([user])].indices
        best = np.zeros(N_ITEMS)
        best[rated] = 9
        best[HISTORIES.item_columns(own["item_id"])] = 1
        for n in (5, N_ITEMS):
            found = ranked(Fixed(best), held_out=own, n_negatives=n, k=1)
            assert found.to_numpy().tolist() == [[1, 1]]
            # Also where only one of them is asked about.
            found = ranked(Fixed(best), held_out=own, relevant_from=own["rating"].max(), k=1)
            assert found.to_numpy().tolist() == [[1, 1]]


def test_perfect_and_worst_model():
    class Told(Scores):
        """Held-out items score 1 or -1, others 0."""

        def scores(self, histories):
            rows = [key_of[tuple(histories[[row]].indices)] for row in range(histories.shape[0])]
            scores = np.zeros(histories.shape, np.float32)
            for place, row in enumerate(rows):
                own = HELD_OUT[HELD_OUT["user_id"] == HISTORIES.user_ids[row]]
                scores[place, HISTORIES.item_columns(own["item_id"])] = self.weights
            return scores

        @property
        def n_items(self):
            return N_ITEMS

    key_of = {tuple(HISTORIES.ratings[[row]].indices): row for row in range(HISTORIES.n_users)}
    assert len(key_of) == HISTORIES.n_users
    for score, expected in ((1, 1), (-1, 0), (0, 0)):  # who scores the same ranks before
        found = ranked(Told(score), n_negatives=6)
        assert (found == expected).all(axis=None)
        assert len(found) == HELD_OUT["user_id"].nunique()


def test_more_negatives_are_harder_and_random_ones_as_chance_has_it():
    """A random score is the best of n others and itself once in n + 1 times."""
    rng = np.random.default_rng(0)
    n_users, n_items, n = 1500, 40, 4
    rated = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(n_users), 2),
            "item_id": (np.arange(n_users)[:, None] + [[0, 1]]).ravel() % n_items,
            "rating": 3.0,
        }
    )
    held_out = pd.DataFrame({"user_id": np.arange(n_users), "rating": 3.0})
    held_out["item_id"] = (held_out["user_id"] + 5) % n_items
    histories = Interactions.from_frame(rated)
    model = Scores(rng.normal(size=(n_items, n_items)))
    found = ranked(Fixed(rng.normal(size=n_items)), histories, held_out, k=1, n_negatives=n)
    assert found.iloc[:, 0].mean() == pytest.approx(1 / (n + 1), abs=0.05)
    harder = [
        ranked(model, histories, held_out, n_negatives=n_negatives).iloc[:, 0].mean()
        for n_negatives in (4, 10, 30)
    ]
    assert sorted(harder, reverse=True) == harder
    assert len(set(harder)) == 3


def test_seeds():
    first, again, other = (ranked(seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    assert not first.equals(other)
    whole = [ranked(seed=seed, n_negatives=99) for seed in (1, 2)]
    pd.testing.assert_frame_equal(*whole)


def test_the_order_of_the_rows_does_not_matter():
    expected = ranked()
    for seed in range(3):
        shuffled = HELD_OUT.sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(ranked(held_out=shuffled), expected)


def test_other_users_do_not_matter():
    expected = ranked()
    for user in expected.index:
        rows = HISTORIES.user_rows([user])
        alone = Interactions(HISTORIES.ratings[rows], np.array([user]), HISTORIES.item_ids)
        pd.testing.assert_frame_equal(ranked(histories=alone), expected.loc[[user]])


@pytest.mark.parametrize("cells", [1, N_ITEMS, 100])
def test_the_size_of_blocks_does_not_matter(cells, monkeypatch):
    expected = ranked()
    monkeypatch.setattr(module, "CANDIDATES_AT_ONCE", cells)
    pd.testing.assert_frame_equal(ranked(), expected)


def test_users_and_items_that_the_histories_do_not_know_are_left_out():
    strange = pd.DataFrame(
        {"user_id": [5000, 7, 5000], "item_id": [110, 5, 5], "rating": [5.0, 5.0, 5.0]}
    )
    both = pd.concat([strange, HELD_OUT, strange[:0]])
    pd.testing.assert_frame_equal(ranked(held_out=both), ranked())
    nobody = ranked(held_out=strange)
    assert nobody.empty
    assert nobody.columns.tolist() == ranked().columns.tolist()


def test_a_user_who_rated_or_held_out_everything_has_nothing_to_lose_against():
    rated = pd.DataFrame({"user_id": 1, "item_id": range(5), "rating": 4.0})
    histories = Interactions.from_frame(pd.concat([rated[:4], rated.assign(user_id=2)]))
    found = ranked(Fixed(range(5)), histories, rated[4:], n_negatives=3)
    assert found.loc[1].tolist() == [1, 1]


def test_text_ids(monkeypatch):
    text = [
        table.assign(
            user_id="u" + table["user_id"].astype(str).str.zfill(3),
            item_id="i" + table["item_id"].astype(str),
        )
        for table in (frame_of(HISTORIES), HELD_OUT)
    ]
    expected = ranked()
    hash_alike(monkeypatch, digits)
    found = ranked(histories=Interactions.from_frame(text[0]), held_out=text[1])
    assert found.index.tolist() == [f"u{user:03}" for user in expected.index]
    np.testing.assert_array_equal(found, expected)


def frame_of(histories):
    matrix = sparse.coo_array(histories.ratings)
    users, items = histories.user_ids[matrix.row], histories.item_ids[matrix.col]
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": matrix.data})


def test_nothing_that_is_given_is_changed():
    before = HISTORIES.ratings.copy(), HELD_OUT.copy()
    ranked()
    np.testing.assert_array_equal(HISTORIES.ratings.data, before[0].data)
    np.testing.assert_array_equal(HISTORIES.ratings.indices, before[0].indices)
    pd.testing.assert_frame_equal(HELD_OUT, before[1])
