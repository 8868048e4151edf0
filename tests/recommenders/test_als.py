"""ALS against brute force, against `implicit`, and the invariants of an exact user side."""

import implicit.cpu.als
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from threadpoolctl import threadpool_limits

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.recommenders.als import ALS, ALSParameters

pytestmark = pytest.mark.filterwarnings("ignore:OpenBLAS is configured:RuntimeWarning")

N_USERS, N_ITEMS, FACTORS = 25, 18, 4


def als(confidence, alpha, **parameters):
    """Nothing that a test relies on is left to the defaults."""
    values = {"factors": FACTORS, "regularization": 2.0, "iterations": 10, "seed": 0}
    return ALSParameters(confidence=confidence, alpha=alpha, **(values | parameters))


CASES = {
    "binary": als("binary", 3.0, regularization=0.5),
    "rating": als("rating", 0.7),
    "binary, threshold": als("binary", 1.0, relevance_threshold=3.5),
    "rating, threshold": als("rating", 40.0, relevance_threshold=2.0),
}


def random_interactions(seed=0, n_users=N_USERS, density=0.4):
    """Ratings 0, 0.5, …, 5; users 0 and 1 have the same ones."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 11, (n_users, N_ITEMS)) / 2
    rated = rng.random((n_users, N_ITEMS)) < density
    rated[n_users - 1] = True
    ratings[1], rated[1] = ratings[0], rated[0]
    users, items = np.nonzero(rated)
    return Interactions.from_frame(
        pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings[users, items]})
    )


def random_model(parameters, seed=0):
    rng = np.random.default_rng(seed)
    factors = rng.normal(0.3, 0.6, (N_ITEMS, parameters.factors)).astype(np.float32)
    return ALS(factors, parameters)


def confidence_and_preference(columns, ratings, parameters):
    """c and p of every item of the catalogue for one history, as the parameters define them."""
    c, p = np.ones(N_ITEMS), np.zeros(N_ITEMS)
    for column, rating in zip(columns, ratings, strict=True):
        if parameters.relevance_threshold is None or rating >= parameters.relevance_threshold:
            p[column] = 1
            times = float(rating) if parameters.confidence == "rating" else 1.0
            c[column] += parameters.alpha * times
    return c, p


def brute_force_user(model, columns, ratings):
    """(Y'C_u Y + lambda I)^-1 Y'C_u p_u with dense matrices."""
    y = model.item_factors.astype(float)
    c, p = confidence_and_preference(columns, ratings, model.parameters)
    ridge = model.parameters.regularization * np.eye(y.shape[1])
    return np.linalg.inv(y.T @ np.diag(c) @ y + ridge) @ y.T @ np.diag(c) @ p


def row(matrix, user):
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return matrix.indices[entries], matrix.data[entries]


def implicit_confidences(interactions, parameters):
    """The matrix that `implicit` wants: c where p = 1."""
    dense = np.zeros(interactions.ratings.shape)
    for user in range(interactions.n_users):
        c, p = confidence_and_preference(*row(interactions.ratings, user), parameters)
        dense[user] = c * p
    return sparse.csr_matrix(dense, dtype=np.float32)


def library_model(model):
    """`implicit`'s own class around the same item factors."""
    library = implicit.cpu.als.AlternatingLeastSquares(
        factors=model.parameters.factors,
        regularization=model.parameters.regularization,
        dtype=np.float32,
        num_threads=1,
    )
    library.item_factors = model.item_factors
    return library


def all_contributions(model, interactions, items):
    """(n_users, k, n_items): the contributions, spread over the catalogue."""
    dense = np.zeros((interactions.n_users, items.shape[1], N_ITEMS))
    for block in padded_blocks(interactions.ratings, cells=40):
        parts = model.contributions(block, items[block.rows])
        assert parts.dtype == np.float64
        assert parts.shape == (len(block.rows), items.shape[1], block.columns.shape[1])
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        for place, user in enumerate(block.rows):
            kept = block.filled[place]
            dense[user][:, block.columns[place, kept]] = parts[place][:, kept]
    return dense


def every_item(interactions):
    return np.tile(np.arange(N_ITEMS), (interactions.n_users, 1))


@pytest.mark.parametrize("case", CASES)
def test_user_side_equals_a_dense_solve(case):
    model, data = random_model(CASES[case]), random_interactions()
    expected = [brute_force_user(model, *row(data.ratings, u)) for u in range(data.n_users)]
    np.testing.assert_allclose(model.user_factors(data.ratings), expected, atol=1e-10)
    scores = np.array(expected) @ model.item_factors.T
    np.testing.assert_allclose(model.scores(data.ratings), scores, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_user_side_equals_implicit_recalculate_user(case):
    model, data = random_model(CASES[case]), random_interactions()
    confidences = implicit_confidences(data, model.parameters)
    expected = library_model(model).recalculate_user(np.arange(data.n_users), confidences)
    np.testing.assert_allclose(model.user_factors(data.ratings), expected, atol=2e-4)


@pytest.mark.parametrize("case", CASES)
def test_contributions_equal_implicit_explain(case):
    model, data = random_model(CASES[case]), random_interactions()
    library, confidences = library_model(model), implicit_confidences(data, model.parameters)
    contributions = all_contributions(model, data, every_item(data))
    for user in range(0, data.n_users, 4):
        for item in range(0, N_ITEMS, 5):
            total, terms, _ = library.explain(user, confidences, item, N=N_ITEMS)
            expected = np.zeros(N_ITEMS)
            expected[[i for i, _ in terms]] = [weight for _, weight in terms]
            np.testing.assert_allclose(contributions[user, item], expected, atol=1e-4)
            np.testing.assert_allclose(contributions[user, item].sum(), total, atol=1e-4)


@settings(max_examples=13, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    density=st.floats(0.05, 0.9),
    case=st.sampled_from(sorted(CASES)),
)
def test_contributions_sum_to_the_score(seed, density, case):
    model = random_model(CASES[case], seed)
    data = random_interactions(seed, n_users=6, density=density)
    contributions = all_contributions(model, data, every_item(data))
    unrated = np.ones(data.ratings.shape, dtype=bool)
    for user in range(data.n_users):
        unrated[user, row(data.ratings, user)[0]] = False
    assert not contributions.transpose(0, 2, 1)[unrated].any()
    exact = model.user_factors(data.ratings) @ model.item_factors.astype(float).T
    np.testing.assert_allclose(contributions.sum(axis=2), exact, atol=1e-9)
    np.testing.assert_allclose(model.scores(data.ratings), exact, atol=1e-5)


def test_contributions_of_chosen_items_only():
    model, data = random_model(CASES["rating"]), random_interactions()
    items = np.random.default_rng(0).integers(0, N_ITEMS, (data.n_users, 3))
    every = all_contributions(model, data, every_item(data))
    chosen = all_contributions(model, data, items)
    np.testing.assert_allclose(chosen, every[np.arange(data.n_users)[:, None], items], atol=1e-12)


@pytest.mark.parametrize("case", ["binary, threshold", "rating, threshold"])
def test_rating_below_the_threshold_counts_as_unrated(case):
    model, data = random_model(CASES[case]), random_interactions()
    contributions = all_contributions(model, data, every_item(data))
    low = data.ratings.toarray() < model.parameters.relevance_threshold
    assert not contributions.transpose(0, 2, 1)[low].any()
    liked = data.ratings.copy()
    liked.data[liked.data < model.parameters.relevance_threshold] = 0
    liked.eliminate_zeros()
    np.testing.assert_allclose(
        model.user_factors(liked), model.user_factors(data.ratings), atol=1e-12
    )


def test_rating_of_zero_is_a_preference_without_extra_confidence():
    model = random_model(CASES["rating"])
    history = sparse.csr_array(([0.0], [3], [0, 1]), shape=(1, N_ITEMS), dtype=np.float32)
    y = model.item_factors.astype(float)
    expected = np.linalg.solve(y.T @ y + 2.0 * np.eye(FACTORS), y[3])
    np.testing.assert_allclose(model.user_factors(history)[0], expected, atol=1e-12)


def test_empty_history_scores_zero():
    model = random_model(CASES["binary"])
    scores = model.scores(sparse.csr_array((2, N_ITEMS), dtype=np.float32))
    np.testing.assert_array_equal(scores, np.zeros((2, N_ITEMS)))


def test_new_user_with_the_same_ratings_gets_the_same_scores():
    data = random_interactions()
    model = ALS.fit(data, CASES["rating"])
    columns, ratings = row(data.ratings, 0)
    new = data.histories(
        pd.DataFrame({"user_id": 777, "item_id": data.item_ids[columns], "rating": ratings})
    )
    known = model.scores(data.ratings)
    np.testing.assert_array_equal(known[0], known[1])
    np.testing.assert_allclose(model.scores(new.ratings)[0], known[0], rtol=1e-6, atol=1e-7)


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(range(N_USERS)), case=st.sampled_from(sorted(CASES)))
def test_permuting_users_permutes_rows(order, case):
    model, data = random_model(CASES[case]), random_interactions()
    permuted = model.user_factors(data.ratings[np.array(order)])
    np.testing.assert_allclose(permuted, model.user_factors(data.ratings)[order], atol=1e-12)


def test_users_solved_together_or_alone_come_out_the_same():
    model, data = random_model(CASES["rating"]), random_interactions()
    together = model.user_factors(data.ratings)
    alone = [model.user_factors(data.ratings[u : u + 1])[0] for u in range(data.n_users)]
    np.testing.assert_allclose(alone, together, atol=1e-12)


def test_same_seed_same_factors_whatever_the_number_of_threads():
    data, parameters = random_interactions(), als("rating", 2.0, seed=5)
    first = ALS.fit(data, parameters).item_factors
    with threadpool_limits(1):
        one_thread = ALS.fit(data, parameters).item_factors
    with threadpool_limits(4):
        four_threads = ALS.fit(data, parameters).item_factors
    np.testing.assert_array_equal(first, one_thread)
    np.testing.assert_array_equal(first, four_threads)
    assert first.dtype == np.float32
    other = ALS.fit(data, parameters.model_copy(update={"seed": 6})).item_factors
    assert not np.array_equal(first, other)


def test_fit_learns_what_implicit_learns():
    data, parameters = random_interactions(), CASES["rating, threshold"]
    library = implicit.cpu.als.AlternatingLeastSquares(
        factors=FACTORS,
        regularization=parameters.regularization,
        iterations=parameters.iterations,
        random_state=parameters.seed,
        num_threads=1,
    )
    library.fit(implicit_confidences(data, parameters), show_progress=False)
    model = ALS.fit(data, parameters)
    np.testing.assert_allclose(model.item_factors, library.item_factors, atol=1e-5)


def test_fit_counts_a_rating_of_zero_as_seen():
    """Item 2 is rated 0 by everybody: with confidence `rating` that is still p = 1, c = 1."""
    rows = [(user, item, 0.0 if item == 2 else 4.0) for user in range(6) for item in range(3)]
    data = Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))
    model = ALS.fit(data, als("rating", 1.0, regularization=0.1))
    assert model.scores(data.ratings)[0, 2] > 0.8


def test_user_factors_at_convergence_equal_the_library_without_cg():
    """With exact solves, the last user factors of a converged fit are the closed form."""
    data = random_interactions()
    parameters = als("binary", 2.0, factors=2, regularization=1.0)
    confidences = implicit_confidences(data, parameters)
    library = implicit.cpu.als.AlternatingLeastSquares(
        factors=2, regularization=1.0, iterations=300, use_cg=False, random_state=0, num_threads=1
    )
    library.fit(confidences, show_progress=False)
    model = ALS(library.item_factors, parameters)
    closed_form = model.scores(data.ratings)
    np.testing.assert_allclose(
        closed_form, library.user_factors @ library.item_factors.T, atol=2e-3
    )


def low_rank_data(seed, n_users=120, n_items=60, rank=4):
    """Each user takes the 15 items that a rank-4 preference likes best; 3 are held out."""
    rng = np.random.default_rng(seed)
    liking = rng.normal(size=(n_users, rank)) @ rng.normal(size=(rank, n_items))
    liking += 0.3 * rng.normal(size=liking.shape)
    best = np.argsort(-liking, axis=1)[:, :15]
    best = rng.permuted(best, axis=1)
    users = np.repeat(np.arange(n_users), 12)
    frame = pd.DataFrame({"user_id": users, "item_id": best[:, 3:].ravel(), "rating": 4.0})
    return Interactions.from_frame(frame), best[:, :3]


def recall(scores, data, held_out):
    scores = scores.copy()
    users = np.repeat(np.arange(data.n_users), np.diff(data.ratings.indptr))
    scores[users, data.ratings.indices] = -np.inf
    top = np.argsort(-scores, axis=1, kind="stable")[:, :5]
    return np.mean([np.isin(held_out[u], top[u]).mean() for u in range(data.n_users)])


def objective(users, items, confidences, regularization):
    """Hu, Koren & Volinsky 2008, eq. 3, per user and without the items' own penalty."""
    c = np.where(confidences > 0, confidences, 1.0)
    errors = (c * ((confidences > 0) - users @ items.T) ** 2).sum(axis=1)
    return errors + regularization * (users**2).sum(axis=1)


@pytest.mark.parametrize("seed", [7, 8])
def test_closed_form_user_side_is_at_least_as_good_as_the_library(seed):
    """It fits every user at least as well, and finds the held-out items as often."""
    data, held_out = low_rank_data(seed)
    parameters = als("binary", 1.0, factors=6, regularization=1.0, iterations=15)
    confidences = (data.ratings.toarray() > 0) * 2.0
    library = implicit.cpu.als.AlternatingLeastSquares(
        factors=6, regularization=1.0, iterations=15, random_state=0, num_threads=1
    )
    library.fit(sparse.csr_matrix(confidences, dtype=np.float32), show_progress=False)
    model = ALS.fit(data, parameters)
    np.testing.assert_allclose(model.item_factors, library.item_factors, atol=1e-5)
    items = model.item_factors.astype(float)
    own = objective(model.user_factors(data.ratings), items, confidences, 1.0)
    theirs = objective(library.user_factors.astype(float), items, confidences, 1.0)
    assert (own <= theirs + 1e-6).all()
    held_out = data.item_columns(np.arange(60))[held_out]
    own_recall = recall(model.scores(data.ratings), data, held_out)
    their_recall = recall(library.user_factors @ library.item_factors.T, data, held_out)
    assert own_recall >= their_recall - 0.01
    assert own_recall > 0.5


def test_rating_equal_to_the_threshold_reaches_it_in_single_precision():
    """3.3 as float32 lies a little below 3.3 as float64."""
    model = random_model(als("binary", 1.0, relevance_threshold=3.3))
    history = sparse.csr_array(([3.3], [3], [0, 1]), shape=(1, N_ITEMS), dtype=np.float32)
    assert model.scores(history).any()


def test_threshold_above_all_ratings():
    with pytest.raises(InputError, match=r"relevance_threshold: no rating reaches 5\.5.*is 5"):
        ALS.fit(random_interactions(), ALSParameters(relevance_threshold=5.5))


def test_negative_ratings_cannot_weigh_the_confidence():
    data = Interactions.from_frame(
        pd.DataFrame({"user_id": [1, 2], "item_id": [1, 1], "rating": [-2.0, 3.0]})
    )
    with pytest.raises(InputError, match=r"confidence: 'rating' needs .* found -2; .*binary"):
        ALS.fit(data, als("rating", 1.0))
    accepted = ALSParameters(confidence="binary", relevance_threshold=0, regularization=0.01)
    ALS.fit(data, accepted)


def test_a_regularization_that_leaves_nothing_to_learn():
    with pytest.raises(InputError, match=r"regularization: 1000 is so strong .*; try 100"):
        ALS.fit(random_interactions(), ALSParameters(regularization=1000))
