"""Neighbourhoods and explainability against plain loops over exact fractions."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge import neighbours as module
from explainable_recsys.knowledge.neighbours import (
    NeighbourhoodParameters,
    explainability,
    nearest_items,
    nearest_users,
    shares_of_similarity,
)
from explainable_recsys.liking import Liking

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_USERS, N_ITEMS, K = 16, 11, 4
LIKING = Liking(4.0)


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "form": "users",
        "k": K,
        "similarity": "cosine",
        "shrinkage": 0.0,
        "weighting": "share",
    }
    return NeighbourhoodParameters(**(values | changed))


SIMILARITIES = [
    pytest.param({"similarity": similarity, "shrinkage": shrinkage}, id=f"{similarity}-{shrinkage}")
    for similarity, shrinkage in itertools.product(("cosine", "pearson"), (0.0, 2.5))
]
WEIGHTINGS = list(itertools.product(("share", "rating"), (-math.inf, 4.0, 3.5, math.nan)))
"""What a rating counts for, and from which on; NaN: from the mean of whoever rated."""


def matrix(rows, dtype=np.float32):
    """CSR of a list of {column: rating}; a rating of 0 is stored."""
    entries = [(row, column) for row, rated in enumerate(rows) for column in rated]
    values = np.array([value for rated in rows for value in rated.values()], dtype)
    places = np.array(entries, dtype=np.int32).reshape(-1, 2).T
    built = sparse.csr_array((values, (places[0], places[1])), shape=(len(rows), N_ITEMS))
    built.sort_indices()
    assert built.nnz == len(entries)
    return built


def random_rows(seed=0, n_users=N_USERS):
    """Ratings 0.5, …, 5. Users 0 and 1 have the same, 2 rated one item, 3 all alike, 4 none."""
    rng = np.random.default_rng(seed)
    rated = rng.random((n_users, N_ITEMS)) < 0.4
    ratings = rng.integers(1, 11, (n_users, N_ITEMS)) / 2
    rows = [
        {column: float(ratings[user, column]) for column in np.flatnonzero(rated[user]).tolist()}
        for user in range(n_users)
    ]
    rows[1] = dict(rows[0])
    rows[2] = {5: 3.5}
    rows[3] = dict.fromkeys([0, 3, 5, 8], 4.0)
    rows[4] = {}
    return rows


def by_item(rows):
    return [
        {user: rated[item] for user, rated in enumerate(rows) if item in rated}
        for item in range(N_ITEMS)
    ]


def squared_similarity(a, b, given):
    """The similarity's square with the similarity's sign, without any rounding."""
    common = a.keys() & b.keys()
    if not common:
        return Fraction(0)
    a, b = ({key: Fraction(value) for key, value in rated.items()} for rated in (a, b))
    if given.similarity == "pearson":
        mean_a, mean_b = sum(a.values()) / len(a), sum(b.values()) / len(b)
        a, b = {key: a[key] - mean_a for key in common}, {key: b[key] - mean_b for key in common}
    dot = sum(a[key] * b[key] for key in common)
    lengths = sum(value**2 for value in a.values()) * sum(value**2 for value in b.values())
    if lengths == 0:
        return Fraction(0)
    shrunk = Fraction(len(common)) / (len(common) + Fraction(given.shrinkage))
    return (1 if dot > 0 else -1) * dot**2 / lengths * shrunk**2


def loop_neighbours(queries, others, given, is_excluded):
    """Rows and similarities, (n, k) lists, best first, by comparing all with all."""
    found, similar = [], []
    for place, query in enumerate(queries):
        candidates = [
            (-squared_similarity(query, other, given), row)
            for row, other in enumerate(others)
            if not is_excluded(place, row)
        ]
        best = sorted(entry for entry in candidates if entry[0] < 0)[: given.k]
        missing = given.k - len(best)
        found.append([row for _, row in best] + [-1] * missing)
        similar.append([math.sqrt(-square) for square, _ in best] + [0.0] * missing)
    return found, similar


def loop_nearest_users(histories, rows, given):
    return loop_neighbours(histories, rows, given, lambda u, v: histories[u] == rows[v])


def loop_nearest_items(rows, given):
    items = by_item(rows)
    return loop_neighbours(items, items, given, lambda i, j: i == j)


def loop_explainability(histories, rows, given, liked_from=LIKING.at_least):
    """E as the docstring defines it, (n, n_items)."""
    highest = max(value for rated in rows for value in rated.values())

    def spoken(rated, item):
        if item not in rated:
            return Fraction(0)
        least = liked_from
        if math.isnan(liked_from):
            least = sum(Fraction(value) for value in rated.values()) / len(rated)
        if rated[item] < least:
            return Fraction(0)
        share = Fraction(rated[item]) / Fraction(highest)
        return share if given.weighting == "rating" else Fraction(1)

    if given.form == "users":
        near, _ = loop_nearest_users(histories, rows, given)
    else:
        near, _ = loop_nearest_items(rows, given)
    shares = np.zeros((len(histories), N_ITEMS))
    for user, item in np.ndindex(shares.shape):
        if given.form == "users":
            told = [spoken(rows[v], item) for v in near[user] if v >= 0]
        else:
            told = [spoken(histories[user], j) for j in near[item] if j >= 0]
        shares[user, item] = sum(told) / Fraction(given.k)
    return shares


@pytest.mark.parametrize("options", SIMILARITIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nearest_users_equal_plain_loops(options, seed):
    rows, new, given = random_rows(seed), random_rows(seed + 50, 7), parameters(**options)
    for histories in (rows, new):
        found, similar = nearest_users(matrix(histories), matrix(rows), given)
        expected, expected_similar = loop_nearest_users(histories, rows, given)
        assert found.tolist() == expected
        np.testing.assert_allclose(similar, expected_similar, atol=1e-10)
        assert (found.dtype, similar.dtype) == (np.int64, np.float64)
        assert found.shape == similar.shape == (len(histories), K)
    assert (found == -1).any()


@pytest.mark.parametrize("options", SIMILARITIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_nearest_items_equal_plain_loops(options, seed):
    rows, given = random_rows(seed), parameters(**options, form="items")
    found, similar = nearest_items(matrix(rows), given)
    expected, expected_similar = loop_nearest_items(rows, given)
    assert found.tolist() == expected
    np.testing.assert_allclose(similar, expected_similar, atol=1e-10)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("form", ["users", "items"])
def test_explainability_equals_plain_loops(similarity, form):
    rows, new = (
        [{item: min(rating, 4.5) for item, rating in rated.items()} for rated in some]
        for some in (random_rows(3), random_rows(60, 6))
    )
    for (weighting, liked_from), histories in itertools.product(WEIGHTINGS, (rows, new)):
        given = parameters(form=form, **similarity, weighting=weighting)
        computed = explainability(matrix(histories), matrix(rows), given, Liking(liked_from))
        expected = loop_explainability(histories, rows, given, liked_from)
        np.testing.assert_allclose(computed.toarray(), expected, atol=1e-12)
        assert isinstance(computed, sparse.csr_array)
        assert computed.dtype == np.float64
        assert computed.nnz == np.count_nonzero(expected)
        assert (computed.data > 0).all()
        assert expected.max() > 0


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("k", [9, 11, 18, 20])
def test_a_neighbourhood_that_agrees_explains_to_exactly_one(form, k):
    """Adding 1/k up k times would give more than 1 for these k."""
    ratings = np.random.default_rng(0).integers(8, 11, (k + 2, k + 2)) / 2
    computed = explainability(*2 * (sparse.csr_array(ratings),), parameters(form=form, k=k), LIKING)
    assert computed.nnz == computed.shape[0] * computed.shape[1]
    assert (computed.data == 1).all()


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_on_complete_ratings_similarities_are_the_libraries(form, similarity):
    ratings = np.random.default_rng(5).integers(1, 11, (N_USERS, N_ITEMS)) / 2
    dense = ratings if form == "users" else ratings.T
    truth = cosine_similarity(dense) if similarity == "cosine" else np.corrcoef(dense)
    np.fill_diagonal(truth, -np.inf)
    stored, given = sparse.csr_array(ratings.astype(np.float32)), parameters(similarity=similarity)
    if form == "users":
        found, similar = nearest_users(stored, stored, given)
    else:
        found, similar = nearest_items(stored, given)
    best = np.maximum(-np.sort(-truth, axis=1)[:, :K], 0)
    np.testing.assert_allclose(similar, best, atol=1e-10)
    rows, places = np.nonzero(found >= 0)
    near = found[rows, places]
    np.testing.assert_allclose(truth[rows, near], similar[rows, places], atol=1e-10)


def test_pearson_centres_by_all_ratings_of_a_row_and_measures_over_common_ones():
    """By hand: means 3 and 3; common items 0 and 1, deviations (2, 0) and (1, 1)."""
    rows = [{0: 5, 1: 3, 2: 1}, {0: 4, 1: 4, 3: 1}, {7: 3}]
    given = parameters(k=1, similarity="pearson")
    found, similar = nearest_users(matrix(rows), matrix(rows), given)
    assert found.tolist() == [[1], [0], [-1]]
    np.testing.assert_allclose(similar, [[2 / (2 * math.sqrt(2))]] * 2 + [[0]], atol=1e-12)


def test_cosine_measures_over_all_ratings_and_is_shrunk_by_common_ones():
    """By hand: dot 3*4 + 1*2, lengths over all ratings, two ratings in common."""
    rows = [{0: 3, 1: 1, 2: 5}, {0: 4, 1: 2}, {7: 3}]
    _, similar = nearest_users(matrix(rows), matrix(rows), parameters(k=1, shrinkage=3.0))
    expected = 14 / math.sqrt(35 * 20) * 2 / 5
    np.testing.assert_allclose(similar.ravel(), [expected, expected, 0], atol=1e-12)


def test_ratings_at_the_threshold_count():
    """3.3 is another number in 32 bits than in 64."""
    rows = [{0: 1}, {0: 1.5, 1: 3.3, 2: 3.2, 3: 3.4}]
    histories, ratings = matrix(rows[:1]), matrix(rows)
    at, below = (
        explainability(histories, ratings, parameters(k=1), Liking(threshold))
        for threshold in (3.3, 3.4)
    )
    assert at.toarray()[0, :4].tolist() == [0, 1, 0, 1]
    assert below.toarray()[0, :4].tolist() == [0, 0, 0, 1]


def test_equal_similarities_go_to_the_lower_row():
    """All point the same way as the history; each other's order is that of the rows."""
    alike = [{0: 1, 1: 2}, {0: 2, 1: 4}, {0: 0.5, 1: 1}, {0: 1.5, 1: 3}, {0: 2.5, 1: 5}]
    given = parameters(k=3)
    found, similar = nearest_users(matrix(alike), matrix(alike), given)
    assert found.tolist() == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    np.testing.assert_allclose(similar, 1.0)


def test_pearson_of_one_common_rating_is_one_whatever_the_rating():
    """In floating point some of these are a little below 1, and their order would be chance."""
    ratings = [0.5, 4, 1.5, 3.5, 2, 1, 4.5, 3, 2.5]
    rows = [{0: 5.0, 1 + place: rating, 10: 1.0} for place, rating in enumerate(ratings)]
    histories = [{0: 4.5, 1 + item: 1.5} for item in range(9)]
    given = parameters(k=8, similarity="pearson")
    found, similar = nearest_users(matrix(histories), matrix(rows), given)
    assert found.tolist() == loop_nearest_users(histories, rows, given)[0]
    np.testing.assert_allclose(similar, 1.0)


@pytest.mark.parametrize(
    ("history", "other"),
    [
        ({0: 0.5, 1: 1, 2: 1}, {0: 2.5, 1: 2, 3: 4.5}),
        ({0: 4, 1: 3, 2: 4}, {0: 3.5, 1: 3, 3: 1}),
        ({0: 4, 1: 5, 2: 5}, {0: 1.5, 1: 1, 3: 3.5}),
    ],
)
def test_pearson_of_nothing_but_rounding_is_no_similarity(history, other):
    """The products of these deviations, in thirds and sixths, cancel out exactly."""
    given = parameters(similarity="pearson", k=1)
    assert squared_similarity(history, other, given) == 0
    found, similar = nearest_users(matrix([history]), matrix([other, {7: 1}]), given)
    assert (found.tolist(), similar.tolist()) == ([[-1]], [[0]])


@pytest.mark.parametrize("options", SIMILARITIES)
def test_a_user_with_the_same_ratings_is_no_neighbour(options):
    rows, given = random_rows(4), parameters(**options, k=N_USERS - 1)
    found, _ = nearest_users(matrix(rows), matrix(rows), given)
    for user, near in enumerate(found.tolist()):
        assert user not in near
    assert 1 not in found[0]
    assert 0 not in found[1]
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("options", SIMILARITIES)
@pytest.mark.parametrize("n_items", [5, 400])
def test_the_same_decimal_ratings_are_the_same(options, n_items):
    """Sums of squares of such ratings depend on the order in which they are added."""
    rng = np.random.default_rng(0)
    ratings = sparse.csr_array(rng.uniform(1, 5, (30, n_items)).round(2).astype(np.float32))
    found, _ = nearest_users(ratings, ratings, parameters(**options, k=29))
    for user, near in enumerate(found.tolist()):
        assert user not in near


def test_the_same_ratings_of_other_items_are_not_the_same():
    rows = [{0: 4, 1: 4, 2: 3}, {0: 4, 1: 4, 3: 3}, {0: 4, 1: 4}, {7: 4}]
    found, _ = nearest_users(matrix(rows), matrix(rows), parameters(k=2))
    assert found.tolist() == [[2, 1], [2, 0], [0, 1], [-1, -1]]
    every = [dict(enumerate(ratings)) for ratings in itertools.product((1, 4.5, 5), repeat=4)]
    found, _ = nearest_users(matrix(every), matrix(every), parameters(k=len(every) - 1))
    assert (found >= 0).all()


@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_a_rating_of_zero_is_a_rating(similarity):
    """Users 0 and 1 agree where both rated, but only user 0 rated item 2."""
    rows = [{0: 5, 1: 3, 2: 0}, {0: 5, 1: 3}, {5: 1}]
    found, _ = nearest_users(matrix(rows), matrix(rows), parameters(k=1, similarity=similarity))
    assert found.tolist() == [[1], [0], [-1]]


@pytest.mark.parametrize("options", SIMILARITIES)
def test_items_with_the_same_ratings_are_neighbours(options):
    rows = [{0: rating, 1: rating, 2: 6 - rating} for rating in (1, 2.5, 5)]
    found, similar = nearest_items(matrix(rows), parameters(**options, k=1, form="items"))
    assert found[:2].tolist() == [[1], [0]]
    shrunk = 3 / (3 + options["shrinkage"])
    np.testing.assert_allclose(similar[:2], shrunk)
    assert found[3:].tolist() == [[-1]] * (N_ITEMS - 3)


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("form", ["users", "items"])
def test_known_and_new_user_with_the_same_ratings_get_the_same(similarity, form):
    rows, given = random_rows(7), parameters(**similarity, form=form)
    frame = pd.DataFrame(
        [(user, item, rating) for user, rated in enumerate(rows) for item, rating in rated.items()],
        columns=["user_id", "item_id", "rating"],
    )
    known = Interactions.from_frame(frame)
    new = known.histories(
        frame[frame["user_id"].isin([1, 6])].assign(user_id=lambda t: -t["user_id"])
    )
    of_known = explainability(known.ratings, known.ratings, given, LIKING).toarray()
    of_new = explainability(new.ratings, known.ratings, given, LIKING).toarray()
    rows_of_new = known.user_rows(-new.user_ids)
    np.testing.assert_array_equal(of_new, of_known[rows_of_new])
    np.testing.assert_array_equal(of_known[0], of_known[1])
    assert of_new.max() > 0


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("cells", [1, 7, 40, N_USERS * 3])
def test_size_of_blocks_does_not_matter(similarity, cells, monkeypatch):
    stored, given = matrix(random_rows(8)), parameters(**similarity)
    by_form = [given.model_copy(update={"form": form}) for form in ("users", "items")]

    def everything():
        shares = [explainability(stored, stored, each, LIKING).toarray() for each in by_form]
        return *nearest_users(stored, stored, given), *nearest_items(stored, given), *shares

    at_once = everything()
    monkeypatch.setattr(module, "SIMILARITIES_AT_ONCE", cells)
    for whole, in_blocks in zip(at_once, everything(), strict=True):
        np.testing.assert_allclose(in_blocks, whole, atol=1e-12)


@pytest.mark.parametrize("value", [1.0, 1.1, 4.1, 5.0])
@pytest.mark.parametrize("shrinkage", [0.0, 2.5])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_who_rates_all_alike_has_no_neighbours_by_pearson(value, shrinkage, dtype):
    """Also where, in 64 bits, the mean of seven ratings of 1.1 is not quite 1.1."""
    constant = dict.fromkeys([0, 1, 2, 3, 5, 6, 7], value)
    rows = [constant, {0: 1.1, 1: 4.7, 2: 3.3}, {0: 2.2, 1: 3.9, 4: 1.0}, {2: value}]
    given = parameters(similarity="pearson", shrinkage=shrinkage, k=2)
    stored = matrix(rows, dtype)
    found, similar = nearest_users(stored, stored, given)
    assert found.tolist() == [[-1, -1], [2, -1], [1, -1], [-1, -1]]
    assert np.isfinite(similar).all()
    assert (similar[[0, 3]] == 0).all()
    shares = explainability(stored, stored, given, LIKING)
    assert np.diff(shares.indptr)[[0, 3]].tolist() == [0, 0]
    assert np.isfinite(shares.data).all()


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_users_of_one_item(form, similarity):
    rows = [{0: 4}, {0: 5}, {0: 2}, {1: 4}]
    given = parameters(form=form, similarity=similarity, k=2)
    shares = explainability(matrix(rows), matrix(rows), given, Liking()).toarray()
    expected = np.zeros((4, N_ITEMS))
    if (form, similarity) == ("users", "cosine"):
        expected[:3, 0] = 1  # each of the three has the other two
    np.testing.assert_array_equal(shares, expected)


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_a_history_with_nothing_in_common_has_an_empty_row(form, similarity):
    rows = [{0: 4, 1: 5, 2: 1}, {0: 5, 1: 4, 2: 2}, {0: 4, 1: 3.5, 2: 1}]
    histories = [{9: 5, 10: 4}, {}, {0: 5, 1: 4.5, 2: 2}]
    for weighting, liked_from in WEIGHTINGS:
        given = parameters(form=form, similarity=similarity, k=1, weighting=weighting)
        liking = Liking(liked_from)
        shares = explainability(matrix(histories), matrix(rows), given, liking)
        assert np.diff(shares.indptr)[:2].tolist() == [0, 0]
        assert shares.toarray()[2].max() > 0
        nobody = explainability(matrix(histories)[:0], matrix(rows), given, liking)
        assert (nobody.shape, nobody.nnz) == ((0, N_ITEMS), 0)
    found, similar = nearest_users(matrix(histories), matrix(rows), given)
    assert found[:2].tolist() == [[-1], [-1]]
    assert similar[:2].tolist() == [[0], [0]]


@pytest.mark.parametrize(
    ("form", "n"), [("users", N_USERS), ("items", N_ITEMS)], ids=["users", "items"]
)
def test_k_must_leave_someone_out(form, n):
    stored = matrix(random_rows())
    for k in (n, n + 100):
        with pytest.raises(InputError) as caught:
            explainability(stored, stored, parameters(form=form, k=k), LIKING)
        assert str(caught.value) == (
            f"parameter neighbours.k: {k} neighbours were asked for, there are {n} {form}; "
            f"accepted: 1 to {n - 1}"
        )
    rows = random_rows()
    given = parameters(form=form, k=n - 1)
    computed = explainability(stored, stored, given, LIKING).toarray()
    np.testing.assert_allclose(computed, loop_explainability(rows, rows, given), atol=1e-12)


def test_k_is_checked_against_the_training_users_not_the_histories():
    rows = random_rows()
    found, _ = nearest_users(matrix(rows[:1]), matrix(rows), parameters(k=N_USERS - 1))
    assert found.shape == (1, N_USERS - 1)
    with pytest.raises(InputError, match="there are 3 users; accepted: 1 to 2"):
        nearest_users(matrix(rows), matrix(rows[:3]), parameters(k=3))


def arrays_of(*matrices):
    return [getattr(each, name) for each in matrices for name in ("data", "indices", "indptr")]


def loop_shares(a, b, given):
    """What each common rating adds to the similarity, by its definition."""
    common = a.keys() & b.keys()
    if given.similarity == "pearson":
        mean_a, mean_b = (sum(rated.values()) / len(rated) for rated in (a, b))
        a, b = (
            {key: rated[key] - mean for key in common} for rated, mean in ((a, mean_a), (b, mean_b))
        )
    lengths = math.sqrt(sum(v**2 for v in a.values()) * sum(v**2 for v in b.values()))
    shrunk = len(common) / (len(common) + given.shrinkage)
    return {key: a[key] * b[key] / lengths * shrunk for key in common}


def near_pairs(rows, given):
    """(row, neighbour, similarity) of all."""
    found, similar = nearest_users(matrix(rows), matrix(rows), given)
    users, places = np.nonzero(found >= 0)
    return users, found[users, places], similar[users, places]


@pytest.mark.parametrize("options", SIMILARITIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_shares_of_similarity_are_those_of_the_definition_and_sum_to_it(options, seed):
    rows, given = random_rows(seed), parameters(**options)
    users, others, similarities = near_pairs(rows, given)
    stored = matrix(rows)
    shares = shares_of_similarity(stored[users], stored[others], similarities, given)
    assert shares.shape == (len(users), N_ITEMS)
    np.testing.assert_allclose(shares.sum(axis=1), similarities, atol=1e-11)
    expected = np.zeros(shares.shape)
    for place, (user, other) in enumerate(zip(users, others, strict=True)):
        for item, share in loop_shares(rows[user], rows[other], given).items():
            expected[place, item] = share
    np.testing.assert_allclose(shares.toarray(), expected, atol=1e-10)
    assert len(users) > 20
    if given.similarity == "pearson":
        assert (shares.data < 0).any()
    else:
        assert (shares.data > 0).all()


def test_shares_of_similarity_by_hand():
    """Deviations from 3 and from 3: (2, 0, -2) and (1, 1, -2), of common items 0 and 1."""
    rows = [{0: 5, 1: 3, 2: 1}, {0: 4, 1: 4, 3: 1}]
    stored = matrix(rows)
    given = parameters(similarity="pearson", shrinkage=2.0)
    similarity = np.array([2 / (2 * math.sqrt(2)) * 2 / 4])
    shares = shares_of_similarity(stored[[0]], stored[[1]], similarity, given).toarray()[0]
    np.testing.assert_allclose(shares[:4], [similarity[0], 0, 0, 0], atol=1e-12)
    given = parameters(shrinkage=2.0)
    similarity = np.array([(20 + 12) / math.sqrt(35 * 33) / 2])
    shares = shares_of_similarity(stored[[0]], stored[[1]], similarity, given).toarray()[0]
    np.testing.assert_allclose(shares[:4], [*np.array([20, 12]) / math.sqrt(35 * 33) / 2, 0, 0])


@pytest.mark.parametrize("options", SIMILARITIES)
def test_shares_of_similarity_change_nothing_and_take_no_pairs(options):
    rows, given = random_rows(3), parameters(**options)
    users, others, similarities = near_pairs(rows, given)
    stored = matrix(rows)
    held = [stored[users], stored[others]]
    before = [array.copy() for array in arrays_of(*held)], similarities.copy()
    shares_of_similarity(*held, similarities, given)
    for now, then in zip(arrays_of(*held), before[0], strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(similarities, before[1])
    nothing = shares_of_similarity(stored[[]], stored[[]], np.empty(0), given)
    assert (nothing.shape, nothing.nnz) == ((0, N_ITEMS), 0)


@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_shares_of_similarity_where_ratings_are_zero_or_below(similarity):
    rows = [{0: 5, 1: -3, 2: 0, 3: 2}, {0: 4, 1: -2, 2: 1, 4: 3}, {9: 1}]
    given = parameters(similarity=similarity, k=1)
    users, others, similarities = near_pairs(rows, given)
    assert users.tolist() == [0, 1]
    stored = matrix(rows)
    shares = shares_of_similarity(stored[users], stored[others], similarities, given).toarray()
    for place in range(2):
        expected = loop_shares(rows[0], rows[1], given)
        np.testing.assert_allclose(
            shares[place], [expected.get(item, 0) for item in range(N_ITEMS)], atol=1e-11
        )


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_what_is_given_is_never_changed(similarity, form, is_sorted):
    """Nor does the order of a row's entries matter, or what becomes of the result."""
    ratings, histories = matrix(random_rows(9)), matrix(random_rows(70, 5))
    turned = [each if is_sorted else from_last_to_first(each) for each in (histories, ratings)]
    held = arrays_of(*turned)
    before = [array.copy() for array in held]
    for weighting, liked_from in WEIGHTINGS:
        given = parameters(form=form, **similarity, weighting=weighting)
        shares = explainability(*turned, given, Liking(liked_from))
        expected = explainability(histories, ratings, given, Liking(liked_from))
        np.testing.assert_allclose(shares.toarray(), expected.toarray(), atol=1e-12)
        shares.data[:] = 7
        shares.indices[:] = 0
    for near, expected in (
        (nearest_users(turned[1], ratings, given), nearest_users(ratings, ratings, given)),
        (nearest_items(turned[1], given), nearest_items(ratings, given)),
    ):
        np.testing.assert_array_equal(near[0], expected[0])
    for array, now, then in zip(held, arrays_of(*turned), before, strict=True):
        assert now is array
        assert now.dtype == then.dtype
        np.testing.assert_array_equal(now, then)


def from_last_to_first(stored):
    """The same matrix with the entries of each row in the other order."""
    order = [
        entry
        for start, stop in itertools.pairwise(stored.indptr)
        for entry in reversed(range(start, stop))
    ]
    turned = sparse.csr_array(
        (stored.data[order], stored.indices[order], stored.indptr.copy()), shape=stored.shape
    )
    assert not turned.has_sorted_indices
    return turned


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("liked_from", [-math.inf, 3.5, math.nan])
def test_shares_are_of_the_highest_training_rating_whoever_asks(form, liked_from):
    """Who never rates above 4 is told no more than others, nor is one asked about alone."""
    rows = random_rows(3)
    assert max(max(rated.values(), default=0) for rated in rows) == 5
    careful = [
        {item: min(rating, 4.0) for item, rating in rated.items()} for rated in random_rows(60, 6)
    ]
    given, liking = parameters(form=form, weighting="rating"), Liking(liked_from)
    together = explainability(matrix(careful), matrix(rows), given, liking).toarray()
    expected = loop_explainability(careful, rows, given, liked_from)
    np.testing.assert_allclose(together, expected, atol=1e-12)
    assert together.max() > 0
    for user, history in enumerate(careful):
        alone = explainability(matrix([history]), matrix(rows), given, liking).toarray()
        np.testing.assert_array_equal(alone[0], together[user])


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_shares_of_the_highest_rating_stay_between_0_and_1(form, similarity):
    """With ratings of 0 and below, and of a new user above all that training has."""
    rng = np.random.default_rng(2)
    ratings = sparse.csr_array(rng.integers(-10, 9, (8, N_ITEMS)).astype(np.float32))
    histories = sparse.csr_array(rng.integers(-10, 11, (8, N_ITEMS)).astype(np.float32))
    given = parameters(form=form, similarity=similarity, weighting="rating", k=1)
    shares = explainability(histories, ratings, given, Liking())
    assert shares.nnz > 0
    assert shares.data.min() > 0
    assert shares.data.max() <= 1


@pytest.mark.parametrize("form", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
@pytest.mark.parametrize("weighting", ["share", "rating"])
@pytest.mark.parametrize("value", [0, -3])
def test_ratings_of_which_none_is_above_zero(form, similarity, weighting, value):
    rows = [{0: value, 1: value}, {0: value}, {0: value, 2: value}]
    given = parameters(form=form, similarity=similarity, weighting=weighting, k=1)
    for liked_from in (-math.inf, 4.0, math.nan):
        shares = explainability(matrix(rows), matrix(rows), given, Liking(liked_from))
        assert np.isfinite(shares.data).all()
        if weighting == "rating" or liked_from == 4.0 or value == 0:
            assert shares.nnz == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("form", "both"),
        ("k", 0),
        ("similarity", "jaccard"),
        ("shrinkage", -0.1),
        ("shrinkage", np.inf),
        ("weighting", "votes"),
        ("neighbours", 3),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
