"""EMF against its stated objective, written out pair by pair, and the invariants of the model."""

import io
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse
from scipy.optimize import minimize

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions, padded_blocks
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters, explainability
from explainable_recsys.liking import Liking
from explainable_recsys.recommenders import emf
from explainable_recsys.recommenders.base import (
    FactorRecommender,
    RatingPredictor,
    load_recommender,
)
from explainable_recsys.recommenders.emf import (
    EMF,
    EMFParameters,
    EMFRatingsParameters,
    fit_emf,
    fit_mf,
)
from explainable_recsys.threads import one_blas_thread
from tests.lists_of import data_of

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_USERS, N_ITEMS, FACTORS = 12, 8, 3
LIKING = Liking(3.0)
OBJECTIVES = [("pull", 0.0), ("pull", 0.3), ("pull", 5.0), ("l2", 0.0), ("l2", 0.3), ("l2", 5.0)]
both_forms = pytest.mark.parametrize(("form", "weight"), OBJECTIVES)


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults; all penalties differ."""
    values = {
        "objective": "rating",
        "factors": FACTORS,
        "iterations": 4,
        "regularization": 0.07,
        "factor_damping": 0.5,
        "user_bias_damping": 1.3,
        "item_bias_damping": 0.9,
        "contrast": 0.3,
        "explainability_weight": 0.4,
        "form": "pull",
        "target": 2.5,
        "confidence": 0.8,
        "seed": 0,
    }
    return EMFParameters(**(values | changed))


def neighbourhood(**changed):
    values = {
        "form": "users",
        "k": 3,
        "similarity": "cosine",
        "shrinkage": 0.5,
        "weighting": "share",
    }
    return NeighbourhoodParameters(**(values | changed))


def random_frame(seed=0, n_users=N_USERS):
    """Ratings with many digits, so no two neighbours are equally near, and some ratings of 0.

    Users 0 and 1 have the same.
    """
    rng = np.random.default_rng(seed)
    ratings = rng.uniform(0.5, 5, (n_users, N_ITEMS))
    ratings[rng.random(ratings.shape) < 0.1] = 0
    rated = rng.random((n_users, N_ITEMS)) < 0.5
    rated[n_users - 1] = True
    rated[:, 0] |= ~rated.any(axis=1)
    ratings[1], rated[1] = ratings[0], rated[0]
    users, items = np.nonzero(rated)
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings[users, items]})


def random_interactions(seed=0, n_users=N_USERS):
    return Interactions.from_frame(random_frame(seed, n_users))


def random_model(seed=0, **changed):
    """An item side out of thin air: the user side does not care how it was learned."""
    rng = np.random.default_rng(seed)
    learned = parameters(**changed)
    training = random_interactions(seed).ratings
    return EMF(
        mean=3.1,
        item_biases=rng.normal(0, 0.5, N_ITEMS).astype(np.float32),
        item_factors=rng.normal(0, 0.8, (N_ITEMS, learned.factors)).astype(np.float32),
        parameters=learned,
        neighbourhood=neighbourhood(),
        liked_from=LIKING.at_least,
        training_ratings=training.data,
        training_columns=training.indices,
        training_starts=training.indptr.astype(np.int64),
    )


def sides(model):
    return np.column_stack([model.item_biases, model.item_factors]).astype(float)


def objective(users, items, ratings, explained, mean, given):
    """What the class says it minimises, one pair at a time; a side's rows are (bias, factors)."""
    there = stored(ratings)
    total = 0.0
    for (user, item), rating in zip(np.argwhere(there), ratings.data.tolist(), strict=True):
        predicted = mean + users[user, 0] + items[item, 0] + users[user, 1:] @ items[item, 1:]
        total += (rating - predicted) ** 2
    for side, counts, bias_damping in (
        (users, there.sum(axis=1), given.user_bias_damping),
        (items, there.sum(axis=0), given.item_bias_damping),
    ):
        for w, count in zip(side, counts.tolist(), strict=True):
            total += bias_damping * w[0] ** 2
            total += (given.regularization * count + given.factor_damping) * (w[1:] @ w[1:])
    if given.explainability_weight == 0:
        return total
    for user, item in np.argwhere(explained > 0):
        p, q = users[user, 1:], items[item, 1:]
        cost = (given.target - p @ q) ** 2 if given.form == "pull" else (p - q) @ (p - q)
        total += given.explainability_weight * explained[user, item] * cost
    if given.form == "pull":
        every_pair = (users[:, 1:] @ items[:, 1:].T) ** 2
        total += given.explainability_weight * given.contrast * every_pair.sum()
    return total


def stored(ratings):
    """(n_users, n_items) True where there is a rating, also one of 0."""
    there = np.zeros(ratings.shape, dtype=bool)
    there[np.repeat(np.arange(ratings.shape[0]), np.diff(ratings.indptr)), ratings.indices] = True
    return there


def gradient(function, place):
    """Central differences, which are exact for quadratic functions, however long the step."""
    steps = np.eye(len(place))
    return np.array([(function(place + step) - function(place - step)) / 2 for step in steps])


def minimum(function, size):
    """Where a quadratic function is smallest, by a general optimizer."""
    found = minimize(
        function, np.zeros(size), jac=partial(gradient, function), method="BFGS", tol=1e-9
    )
    return found.x


def one_users_objective(model, columns, values, explained):
    """The objective as a function of one user's (bias, factors)."""
    history = sparse.csr_array((values, columns, [0, len(columns)]), shape=(1, N_ITEMS))

    def function(w):
        items = sides(model)
        return objective(w[None], items, history, explained[None], model.mean, model.parameters)

    return function


def closed_form_users(model, ratings, explained):
    """The users' side, each from its own dense system."""
    given, items = model.parameters, sides(model)
    solved = np.zeros((ratings.shape[0], 1 + given.factors))
    there, dense = stored(ratings), ratings.toarray()
    for user, has in enumerate(there):
        z = np.column_stack([np.ones(has.sum()), items[has, 1:]])
        above = dense[user, has] - model.mean - items[has, 0]
        penalty = np.full(z.shape[1], given.regularization * has.sum() + given.factor_damping)
        penalty[0] = given.user_bias_damping
        system, right = z.T @ z + np.diag(penalty), z.T @ above
        if given.form == "pull":
            every_pair = given.explainability_weight * given.contrast
            system[1:, 1:] += every_pair * (items[:, 1:].T @ items[:, 1:])
        for item in np.flatnonzero(explained[user]):
            weight = given.explainability_weight * explained[user, item]
            q = np.append(0.0, items[item, 1:])
            if given.form == "pull":
                system, right = system + weight * np.outer(q, q), right + weight * given.target * q
            else:
                system = system + weight * np.diag([0] + [1] * given.factors)
                right = right + weight * q
        solved[user] = np.linalg.solve(system, right)
    return solved


@both_forms
def test_user_side_is_where_a_general_optimizer_finds_the_minimum(form, weight):
    model = random_model(form=form, explainability_weight=weight)
    histories = random_interactions(5, n_users=5).ratings
    explained = model.explainability(histories).toarray()
    assert (explained.max() > 0) == (weight > 0)
    solved = model.user_factors(histories)
    assert solved.shape == (5, 1 + FACTORS)
    assert solved.dtype == np.float64
    for user in range(5):
        entries = slice(histories.indptr[user], histories.indptr[user + 1])
        function = one_users_objective(
            model, histories.indices[entries], histories.data[entries], explained[user]
        )
        np.testing.assert_allclose(solved[user], minimum(function, 1 + FACTORS), atol=1e-5)
        np.testing.assert_allclose(gradient(function, solved[user]), 0, atol=1e-4)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    factors=st.integers(1, 12),
    form=st.sampled_from(["pull", "l2"]),
    weight=st.sampled_from([0.0, 0.01, 1.0, 100.0]),
    regularization=st.sampled_from([0.0, 0.1]),
)
def test_user_side_equals_closed_form_on_any_data(seed, factors, form, weight, regularization):
    model = random_model(
        seed,
        factors=factors,
        form=form,
        explainability_weight=weight,
        regularization=regularization,
    )
    histories = random_interactions(seed + 1, n_users=6).ratings
    expected = closed_form_users(model, histories, model.explainability(histories).toarray())
    np.testing.assert_allclose(model.user_factors(histories), expected, atol=1e-5)


@both_forms
@pytest.mark.parametrize("iterations", [1, 3])
def test_the_item_side_is_optimal_for_the_users_it_was_solved_for(form, weight, iterations):
    """Those are the users that are optimal for the items of one iteration less."""
    data, near = random_interactions(), neighbourhood()
    learn = parameters(form=form, explainability_weight=weight, iterations=iterations)
    after = EMF.fit(data, learn, near, LIKING)
    explained = explainability(data.ratings, data.ratings, near, LIKING).toarray()
    start = EMF.fit(
        data, learn.model_copy(update={"iterations": max(1, iterations - 1)}), near, LIKING
    )
    if iterations == 1:
        start = untrained(start)
    users = closed_form_users(start, data.ratings, explained)

    def function(items):
        shaped = items.reshape(N_ITEMS, 1 + FACTORS)
        mean = float(data.ratings.data.mean(dtype=np.float64))
        return objective(users, shaped, data.ratings, explained, mean, learn)

    solved = sides(after).ravel()
    slope = gradient(function, solved)
    np.testing.assert_allclose(slope, 0, atol=2e-4)
    assert np.abs(gradient(function, solved + 0.01)).max() > 0.01
    assert np.abs(gradient(function, sides(start).ravel())).max() > 0.01


def untrained(model):
    """The model as it starts: no biases and small random factors."""
    rng = np.random.default_rng(model.parameters.seed)
    factors = rng.normal(0, 0.1, model.item_factors.shape)
    return EMF(
        mean=model.mean,
        item_biases=np.zeros_like(model.item_biases),
        item_factors=factors,
        parameters=model.parameters,
        neighbourhood=model.neighbourhood,
        liked_from=model.liked_from,
        training_ratings=model.training_ratings,
        training_columns=model.training_columns,
        training_starts=model.training_starts,
    )


@both_forms
def test_the_objective_never_increases(form, weight):
    data = random_interactions(2)
    reached = []
    for iterations in range(1, 8):
        learn = parameters(form=form, explainability_weight=weight, iterations=iterations)
        model = EMF.fit(data, learn, neighbourhood(), LIKING)
        explained = explainability(data.ratings, data.ratings, neighbourhood(), LIKING).toarray()
        users = model.user_factors(data.ratings)
        reached.append(objective(users, sides(model), data.ratings, explained, model.mean, learn))
    assert (np.diff(reached) <= 1e-6 * reached[0]).all()
    assert reached[-1] < reached[0] * 0.999


def test_the_mean_is_that_of_the_ratings():
    data = random_interactions()
    model = EMF.fit(data, parameters(), neighbourhood(), LIKING)
    assert model.mean == pytest.approx(data.ratings.data.astype(float).mean(), abs=1e-12)
    assert model.item_biases.dtype == model.item_factors.dtype == np.float32
    assert model.item_factors.shape == (N_ITEMS, FACTORS)
    assert model.n_items == N_ITEMS


def test_explainability_that_is_given_is_used():
    data, learn = random_interactions(), parameters(contrast=0.0)
    computed = explainability(data.ratings, data.ratings, neighbourhood(), LIKING)
    by_itself = EMF.fit(data, learn, neighbourhood(), LIKING)
    with_it = EMF.fit(data, learn, neighbourhood(), LIKING, computed)
    np.testing.assert_array_equal(with_it.item_factors, by_itself.item_factors)
    other = EMF.fit(data, learn, neighbourhood(), LIKING, computed * 0.5)
    halved = EMF.fit(
        data, parameters(contrast=0.0, explainability_weight=0.2), neighbourhood(), LIKING, computed
    )
    np.testing.assert_allclose(other.item_factors, halved.item_factors, atol=1e-6)
    assert np.abs(other.item_factors - by_itself.item_factors).max() > 1e-3


PLAIN = [
    ({"form": "l2"}, {}),
    ({"target": 0.1}, {}),
    ({}, {"form": "items"}),
    ({}, {"k": 1, "similarity": "pearson", "weighting": "rating"}),
    ({}, {"k": 1_000}),
]


@pytest.mark.parametrize(("learning", "near"), PLAIN)
def test_without_weight_it_is_plain_matrix_factorization(learning, near):
    """Whatever the rest says; and then nobody's ratings are kept."""
    data = random_interactions()
    plain = EMF.fit(data, parameters(explainability_weight=0), neighbourhood(), LIKING)
    model = EMF.fit(
        data, parameters(explainability_weight=0, **learning), neighbourhood(**near), LIKING
    )
    everything = sparse.csr_array(np.ones((N_USERS, N_ITEMS)))
    told = EMF.fit(
        data,
        parameters(explainability_weight=0, **learning),
        neighbourhood(**near),
        LIKING,
        everything,
    )
    for other in (model, told):
        np.testing.assert_array_equal(other.item_biases, plain.item_biases)
        np.testing.assert_array_equal(other.item_factors, plain.item_factors)
        np.testing.assert_array_equal(other.scores(data.ratings), plain.scores(data.ratings))
        assert len(other.training_ratings) == len(other.training_columns) == 0
        assert other.training_starts.tolist() == [0]
        assert other.explainability(data.ratings).nnz == 0
        assert other.explainability(data.ratings).shape == data.ratings.shape


def test_with_weight_the_training_ratings_are_kept():
    data = random_interactions()
    model = EMF.fit(data, parameters(), neighbourhood(), LIKING)
    np.testing.assert_array_equal(model.training_ratings, data.ratings.data)
    np.testing.assert_array_equal(model.training_columns, data.ratings.indices)
    np.testing.assert_array_equal(model.training_starts, data.ratings.indptr)
    expected = explainability(data.ratings, data.ratings, neighbourhood(), LIKING)
    explained = model.explainability(data.ratings)
    np.testing.assert_array_equal(explained.toarray(), expected.toarray())
    rated = stored(data.ratings)
    assert explained.toarray()[rated].max() > 0
    assert explained.toarray()[~rated].max() > 0


@pytest.mark.parametrize("liking", [Liking(), Liking(4.0), Liking(math.nan)])
def test_what_is_liked_can_be_explained(liking):
    data = random_interactions()
    model = EMF.fit(data, parameters(), neighbourhood(), liking)
    expected = explainability(data.ratings, data.ratings, neighbourhood(), liking)
    found = model.explainability(data.ratings)
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    other = explainability(data.ratings, data.ratings, neighbourhood(), LIKING)
    assert (found.toarray() != other.toarray()).any()


@pytest.mark.parametrize("near", ["users", "items"])
@pytest.mark.parametrize("liked_from", [-math.inf, 4.0, math.nan])
def test_what_is_liked_in_the_data_decides(liked_from, near):
    """Also where what is stored is of other users, and is computed anew."""
    interactions, around = random_interactions(), neighbourhood(form=near)
    data = data_of(interactions, liked_from=liked_from)
    ids = interactions.user_ids, interactions.item_ids
    by_form = [
        Interactions(
            explainability(
                interactions.ratings, interactions.ratings, neighbourhood(form=form), data.liking
            ).astype(np.float32),
            *ids,
        )
        for form in ("users", "items")
    ]
    others = [Interactions(each.ratings[:3], ids[0][:3], ids[1]) for each in by_form]
    expected = EMF.fit(interactions, parameters(), around, data.liking)
    for stored_ in (by_form, others):
        model = fit_emf(data, *stored_, parameters(), around)
        np.testing.assert_equal(model.liked_from, liked_from)
        np.testing.assert_allclose(model.item_factors, expected.item_factors, atol=1e-5)
    ratings = EMFRatingsParameters(factors=2, iterations=2)
    assert fit_mf(data, ratings, around).parameters.explainability_weight == 0


def test_same_seed_same_arrays_another_seed_others():
    data = random_interactions()
    first, again, other = (
        EMF.fit(data, parameters(seed=seed), neighbourhood(), LIKING) for seed in (5, 5, 6)
    )
    for name, array in first.to_arrays().items():
        np.testing.assert_array_equal(array, again.to_arrays()[name])
    np.testing.assert_array_equal(first.scores(data.ratings), again.scores(data.ratings))
    assert not np.array_equal(first.item_factors, other.item_factors)
    assert not np.array_equal(first.item_biases, other.item_biases)


@pytest.mark.parametrize("near", ["users", "items"])
@both_forms
def test_known_and_new_user_with_the_same_ratings_get_the_same(form, weight, near):
    frame = random_frame()
    data = Interactions.from_frame(frame)
    learn = parameters(form=form, explainability_weight=weight)
    model = EMF.fit(data, learn, neighbourhood(form=near), LIKING)
    new = data.histories(frame[frame["user_id"].isin([1, 7])].assign(user_id=lambda t: -t.user_id))
    known = model.user_factors(data.ratings)
    np.testing.assert_allclose(model.user_factors(new.ratings), known[[7, 1]], atol=1e-10)
    np.testing.assert_allclose(known[0], known[1], atol=1e-10)
    scores = model.scores(data.ratings)
    np.testing.assert_allclose(model.scores(new.ratings), scores[[7, 1]], atol=1e-6)


@pytest.mark.parametrize("near", ["users", "items"])
@both_forms
def test_permuting_users_permutes_rows(form, weight, near):
    """In training and afterwards: the items' random start knows nothing of users."""
    frame = random_frame()
    order = np.random.default_rng(1).permutation(N_USERS)
    turned = frame.assign(user_id=np.argsort(order)[frame["user_id"]])
    learn = parameters(form=form, explainability_weight=weight)
    data, permuted = Interactions.from_frame(frame), Interactions.from_frame(turned)
    np.testing.assert_array_equal(permuted.ratings.toarray(), data.ratings.toarray()[order])
    model, other = (
        EMF.fit(each, learn, neighbourhood(form=near), LIKING) for each in (data, permuted)
    )
    solved = model.user_factors(data.ratings)
    assert np.ptp(solved[:, 1:], axis=0).min() > 1e-3
    np.testing.assert_allclose(model.user_factors(permuted.ratings), solved[order], atol=1e-8)
    np.testing.assert_allclose(other.item_factors, model.item_factors, atol=1e-6)
    np.testing.assert_allclose(other.user_factors(permuted.ratings), solved[order], atol=1e-6)


@both_forms
@pytest.mark.parametrize("near", ["users", "items"])
def test_empty_history_gets_mean_and_item_bias(form, weight, near):
    data = random_interactions()
    learn = parameters(form=form, explainability_weight=weight)
    model = EMF.fit(data, learn, neighbourhood(form=near), LIKING)
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    expected = model.mean + model.item_biases
    np.testing.assert_allclose(model.scores(empty), [expected], atol=1e-6)
    among_others = sparse.vstack([data.ratings[:3], empty, data.ratings[3:]], format="csr")
    np.testing.assert_allclose(model.scores(among_others)[3], expected, atol=1e-6)
    assert model.scores(data.ratings[:0]).shape == (0, N_ITEMS)
    pairs = (np.zeros(N_ITEMS, np.int64), np.arange(N_ITEMS))
    np.testing.assert_allclose(
        model.predict_ratings(empty, *pairs), model.mean + model.item_biases, atol=1e-6
    )


@pytest.mark.parametrize("weight", [0.0, 0.4])
@pytest.mark.parametrize("liked_from", [-math.inf, 3.5, math.nan])
def test_round_trip_through_a_file(weight, liked_from):
    data = random_interactions()
    near = neighbourhood(form="items", k=2, similarity="pearson", weighting="rating")
    model = EMF.fit(
        data, parameters(form="l2", explainability_weight=weight), near, Liking(liked_from)
    )
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as held:
        loaded = load_recommender(dict(held))
    assert type(loaded) is EMF
    assert loaded.parameters == model.parameters
    assert loaded.neighbourhood == near
    np.testing.assert_equal(loaded.liked_from, liked_from)
    assert type(loaded.neighbourhood) is NeighbourhoodParameters
    assert (loaded.mean, type(loaded.mean)) == (model.mean, float)
    np.testing.assert_array_equal(loaded.scores(data.ratings), model.scores(data.ratings))
    histories = random_interactions(9).ratings
    np.testing.assert_array_equal(loaded.user_factors(histories), model.user_factors(histories))
    for name, array in model.to_arrays().items():
        np.testing.assert_array_equal(loaded.to_arrays()[name], array)
        assert loaded.to_arrays()[name].dtype == array.dtype
    dtypes = {name: array.dtype for name, array in loaded.to_arrays().items()}
    assert dtypes["training_columns"] == np.int32
    assert dtypes["training_starts"] == np.int64
    for name in ("item_biases", "item_factors", "training_ratings"):
        assert dtypes[name] == np.float32


def test_a_file_without_the_neighbourhood_is_refused():
    arrays = random_model().to_arrays()
    del arrays["neighbourhood"]
    with pytest.raises(InputError, match="no array neighbourhood of a 'emf' model"):
        load_recommender(arrays)


def all_pairs(ratings):
    return np.indices(ratings.shape).reshape(2, -1)


def test_the_scores_are_the_predicted_ratings():
    data = random_interactions()
    model = EMF.fit(data, parameters(), neighbourhood(), LIKING)
    predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
    np.testing.assert_allclose(model.scores(data.ratings).ravel(), predicted, atol=1e-5)
    assert model.scores(data.ratings).dtype == np.float32
    assert model.predicts_ratings


# The objective `ranking`

weights = pytest.mark.parametrize("weight", [0.0, 0.3, 5.0])


def ranking(**changed):
    return parameters(objective="ranking", **changed)


def ranking_objective(users, items, ratings, explained, given):
    """Hu, Koren & Volinsky (2008), eq. 3, and explainability, one pair at a time; no biases."""
    there, dense, total = stored(ratings), ratings.toarray(), 0.0
    for user, item in np.ndindex(*ratings.shape):
        score = users[user] @ items[item]
        confidence = 1 + given.confidence * dense[user, item]  # 1 where there is no rating
        total += confidence * (float(there[user, item]) - score) ** 2
        pulled = given.explainability_weight * explained[user, item]
        total += pulled * (given.target - score) ** 2
    return total + given.factor_damping * ((users**2).sum() + (items**2).sum())


def normal_equations(items, rated, values, explained, given):
    """(Y' C Y + lambda Y' E Y + d I) x = Y' C 1 + lambda t Y' E 1, as dense matrices."""
    confidence = np.diag(1 + given.confidence * values)
    pull = given.explainability_weight * np.diag(explained)
    system = items.T @ (confidence + pull) @ items + given.factor_damping * np.eye(items.shape[1])
    right = items.T @ (confidence @ rated.astype(float) + given.target * np.diag(pull))
    return np.linalg.solve(system, right)


def ranking_users(model, histories, explained):
    given, items = model.parameters, model.item_factors.astype(float)
    per_user = zip(stored(histories), histories.toarray().astype(float), explained, strict=True)
    return np.array([normal_equations(items, *of, given) for of in per_user])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    factors=st.integers(1, 12),
    weight=st.sampled_from([0.0, 0.01, 1.0, 100.0]),
    confidence=st.sampled_from([0.05, 4.0]),
)
def test_user_side_of_a_ranking_solves_the_normal_equations(seed, factors, weight, confidence):
    model = random_model(
        seed,
        objective="ranking",
        factors=factors,
        explainability_weight=weight,
        confidence=confidence,
    )
    histories = random_interactions(seed + 1, n_users=6).ratings
    found = model.user_factors(histories)
    expected = ranking_users(model, histories, model.explainability(histories).toarray())
    np.testing.assert_allclose(found[:, 1:], expected, atol=1e-7)
    assert not found[:, 0].any()
    assert not model.predicts_ratings


@weights
def test_user_side_of_a_ranking_is_where_a_general_optimizer_finds_the_minimum(weight):
    model = random_model(objective="ranking", explainability_weight=weight)
    histories = random_interactions(5, n_users=3).ratings
    explained = model.explainability(histories).toarray()
    items = model.item_factors.astype(float)
    solved = model.user_factors(histories)[:, 1:]
    for user in range(3):
        given = (histories[[user]], explained[[user]], model.parameters)
        function = partial(lambda w, of: ranking_objective(w[None], items, *of), of=given)
        np.testing.assert_allclose(solved[user], minimum(function, FACTORS), atol=1e-5)
        np.testing.assert_allclose(gradient(function, solved[user]), 0, atol=1e-4)


@weights
@pytest.mark.parametrize("iterations", [1, 3])
def test_the_item_side_of_a_ranking_solves_the_same_equations(weight, iterations):
    """For the users that are optimal for the items of one iteration less."""
    data, near = random_interactions(), neighbourhood()
    learn = ranking(explainability_weight=weight, iterations=iterations)
    after = EMF.fit(data, learn, near, LIKING)
    explained = explainability(data.ratings, data.ratings, near, LIKING).toarray() * (weight > 0)
    start = EMF.fit(
        data, learn.model_copy(update={"iterations": max(1, iterations - 1)}), near, LIKING
    )
    if iterations == 1:
        start = untrained(start)
    users = ranking_users(start, data.ratings, explained)
    per_item = zip(
        stored(data.ratings).T, data.ratings.toarray().T.astype(float), explained.T, strict=True
    )
    expected = [normal_equations(users, *of, learn) for of in per_item]
    np.testing.assert_allclose(after.item_factors, expected, atol=1e-5)
    assert not after.item_biases.any()
    assert after.mean == 0


@weights
def test_the_objective_of_a_ranking_never_increases(weight):
    data, reached = random_interactions(2), []
    explained = explainability(data.ratings, data.ratings, neighbourhood(), LIKING).toarray()
    for iterations in range(1, 8):
        learn = ranking(explainability_weight=weight, iterations=iterations)
        model = EMF.fit(data, learn, neighbourhood(), LIKING)
        users = model.user_factors(data.ratings)[:, 1:]
        items = model.item_factors.astype(float)
        reached.append(ranking_objective(users, items, data.ratings, explained, learn))
    assert (np.diff(reached) <= 1e-6 * reached[0]).all()
    assert reached[-1] < reached[0] * 0.999


def test_what_belongs_to_predicted_ratings_does_not_change_a_ranking():
    data = random_interactions()
    model = EMF.fit(data, ranking(), neighbourhood(), LIKING)
    others = {"regularization": 3.0, "form": "l2", "contrast": 2.0}
    others |= {"user_bias_damping": 9.0, "item_bias_damping": 9.0}
    other = EMF.fit(data, ranking(**others), neighbourhood(), LIKING)
    np.testing.assert_array_equal(other.scores(data.ratings), model.scores(data.ratings))


def test_without_explainability_a_ranking_is_the_library_of_als():
    """One step from the same items: `implicit` solves for users with the same confidence."""
    from implicit.cpu.als import AlternatingLeastSquares

    data = random_interactions()
    model = EMF.fit(data, ranking(explainability_weight=0), neighbourhood(), LIKING)
    damping = model.parameters.factor_damping
    with one_blas_thread():  # or it warns
        library = AlternatingLeastSquares(FACTORS, damping, alpha=1.0, use_cg=False)
    library.item_factors = model.item_factors
    confidence = data.ratings.copy()  # implicit's is the weight of a rating, and 1 of no rating
    confidence.data = (1 + model.parameters.confidence * confidence.data).astype(np.float32)
    users = library.recalculate_user(np.arange(N_USERS), sparse.csr_matrix(confidence))
    np.testing.assert_allclose(model.user_factors(data.ratings)[:, 1:], users, atol=1e-4)


@weights
def test_empty_history_scores_nothing_in_a_ranking(weight):
    data = random_interactions()
    model = EMF.fit(data, ranking(explainability_weight=weight), neighbourhood(), LIKING)
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    assert not model.scores(empty).any()
    among_others = sparse.vstack([data.ratings[:3], empty, data.ratings[3:]], format="csr")
    assert not model.scores(among_others)[3].any()


def test_ratings_below_zero_are_no_confidence():
    data = Interactions.from_frame(random_frame().assign(rating=lambda t: t["rating"] - 1))
    with pytest.raises(InputError, match=r"emf.model.objective: 'ranking' .*accepted here: rating"):
        EMF.fit(data, ranking(), neighbourhood(), LIKING)
    EMF.fit(data, parameters(), neighbourhood(), LIKING)


@pytest.mark.parametrize("near", ["users", "items"])
def test_a_ranking_through_a_file_and_for_a_new_user(near):
    frame = random_frame()
    data = Interactions.from_frame(frame)
    model = EMF.fit(data, ranking(), neighbourhood(form=near), LIKING)
    loaded = load_recommender(model.to_arrays())
    assert loaded.parameters == model.parameters
    new = data.histories(frame[frame["user_id"].isin([1, 7])].assign(user_id=lambda t: -t.user_id))
    scores = model.scores(data.ratings)
    np.testing.assert_array_equal(loaded.scores(data.ratings), scores)
    np.testing.assert_allclose(model.scores(new.ratings), scores[[7, 1]], atol=1e-6)


def test_the_weight_puts_what_can_be_explained_on_the_lists(larger):
    data, explained = larger
    unrated = ~stored(data.ratings)
    means = []
    for weight in (0, 0.2, 2.0):
        model = fit_larger(larger, objective="ranking", explainability_weight=weight, target=1.0)
        best = np.argsort(-np.where(unrated, model.scores(data.ratings), -np.inf), axis=1)[:, :5]
        means.append(np.take_along_axis(explained, best, axis=1).mean())
    assert means == sorted(means)
    assert means[-1] > 1.1 * means[0]


def test_predict_ratings_of_known_and_unknown():
    model, ratings = random_model(), random_interactions().ratings
    assert isinstance(model, RatingPredictor)
    assert isinstance(model, FactorRecommender)
    rows, columns = np.array([4, 7, -1, 4, -1]), np.array([2, 5, 2, -1, -1])
    predicted = model.predict_ratings(ratings, rows, columns)
    users = closed_form_users(model, ratings, model.explainability(ratings).toarray())
    biases, factors = sides(model)[:, 0], sides(model)[:, 1:]
    expected = [
        model.mean + biases[2] + users[4, 0] + users[4, 1:] @ factors[2],
        model.mean + biases[5] + users[7, 0] + users[7, 1:] @ factors[5],
        model.mean + biases[2],
        model.mean + users[4, 0],
        model.mean,
    ]
    np.testing.assert_allclose(predicted, expected, atol=1e-5)
    assert predicted.dtype == np.float64
    nobody = model.predict_ratings(ratings[:0], rows[2:3], columns[2:3])
    np.testing.assert_allclose(nobody, expected[2:3], atol=1e-6)


@pytest.fixture(scope="module")
def larger():
    """80 users of 40 items who agree in part, and their explainability."""
    rng = np.random.default_rng(0)
    taste = rng.normal(0, 1, (80, 3)) @ rng.normal(0, 1, (3, 40))
    ratings = np.clip(np.round(2 * (3.3 + 0.6 * taste)) / 2, 0.5, 5)
    users, items = np.nonzero(rng.random(ratings.shape) < 0.3)
    frame = pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings[users, items]})
    data = Interactions.from_frame(frame)
    return data, explainability(data.ratings, data.ratings, neighbourhood(k=8), LIKING).toarray()


def fit_larger(larger, **changed):
    data, _ = larger
    return EMF.fit(data, parameters(factors=5, iterations=6, **changed), neighbourhood(k=8), LIKING)


def test_pull_raises_the_personal_part_of_what_can_be_explained(larger):
    data, explained = larger
    assert 0.1 < (explained > 0).mean() < 0.9
    mean_product = []
    for weight in (0, 0.05, 0.5):
        model = fit_larger(larger, explainability_weight=weight, form="pull", target=4.0)
        personal = model.user_factors(data.ratings)[:, 1:] @ model.item_factors.T
        mean_product.append(personal[explained > 0].mean())
        if weight:
            assert mean_product[-1] > personal[explained == 0].mean() + 0.1
    assert mean_product == sorted(mean_product)
    assert mean_product[-1] > mean_product[0] + 0.5


def test_l2_brings_users_and_what_can_be_explained_to_them_together(larger):
    data, explained = larger
    distances, lengths = [], []
    for weight in (0, 0.05, 5.0):
        model = fit_larger(larger, explainability_weight=weight, form="l2")
        p, q = model.user_factors(data.ratings)[:, 1:], model.item_factors
        squared = ((p[:, None] - q[None]) ** 2).sum(axis=2)
        distances.append((squared * explained).sum())
        lengths.append(np.linalg.norm(p) + np.linalg.norm(q))
    assert distances == sorted(distances, reverse=True)
    assert distances[-1] < distances[0] / 2
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("cells", [1, 5, 60, 1_000_000])
@pytest.mark.parametrize("form", ["pull", "l2"])
def test_size_of_blocks_does_not_matter(cells, form, monkeypatch):
    data = random_interactions()
    expected = EMF.fit(data, parameters(form=form), neighbourhood(), LIKING)
    users = expected.user_factors(data.ratings)
    monkeypatch.setattr(emf, "padded_blocks", partial(padded_blocks, cells=cells))
    model = EMF.fit(data, parameters(form=form), neighbourhood(), LIKING)
    np.testing.assert_allclose(model.item_biases, expected.item_biases, atol=1e-6)
    np.testing.assert_allclose(model.item_factors, expected.item_factors, atol=1e-6)
    np.testing.assert_allclose(expected.user_factors(data.ratings), users, atol=1e-10)


@pytest.mark.parametrize("at_once", [1, 2, 5])
@pytest.mark.parametrize("near", ["users", "items"])
@pytest.mark.parametrize("changed", [{"form": "l2"}, {"form": "pull"}, {"objective": "ranking"}])
def test_how_many_are_summed_up_at_once_does_not_matter(changed, near, at_once, monkeypatch):
    """Nor whether what all speak for is summed up before anybody asks."""
    data, around = random_interactions(), neighbourhood(form=near)
    model = EMF.fit(data, parameters(**changed), around, LIKING)
    expected = model.user_factors(data.ratings)
    monkeypatch.setattr(emf, "HISTORIES_AT_ONCE", at_once)
    monkeypatch.setattr(emf, "SPEAKERS_AT_ONCE", at_once)
    again = EMF.from_arrays(model.to_arrays())
    np.testing.assert_allclose(again.user_factors(data.ratings), expected, atol=1e-10)


@pytest.mark.parametrize("near", ["users", "items"])
def test_training_and_scoring_change_nothing_that_is_given(near):
    data, learn = random_interactions(), parameters()
    explained = explainability(data.ratings, data.ratings, neighbourhood(form=near), LIKING)
    held = [
        getattr(each, name)
        for each in (data.ratings, explained)
        for name in ("data", "indices", "indptr")
    ]
    before = [array.copy() for array in held]
    model = EMF.fit(data, learn, neighbourhood(form=near), LIKING, explained)
    arrays = {name: array.copy() for name, array in model.to_arrays().items()}
    scores = model.scores(data.ratings)
    again = scores.copy()
    scores[:] = -np.inf
    np.testing.assert_array_equal(model.scores(data.ratings), again)
    for array, then in zip(held, before, strict=True):
        np.testing.assert_array_equal(array, then)
    for name, array in model.to_arrays().items():
        np.testing.assert_array_equal(array, arrays[name])


def test_too_many_neighbours():
    data = random_interactions()
    with pytest.raises(InputError, match=f"neighbours.k: 12 .* accepted: 1 to {N_USERS - 1}"):
        EMF.fit(data, parameters(), neighbourhood(k=N_USERS), LIKING)


@pytest.mark.parametrize("regularization", [0.0, 0.1])
def test_ratings_that_do_not_vary_are_predicted(regularization):
    data = Interactions.from_frame(random_frame().assign(rating=4.0))
    learn = parameters(regularization=regularization, explainability_weight=0)
    model = EMF.fit(data, learn, neighbourhood(), LIKING)
    predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
    np.testing.assert_allclose(predicted, 4.0, atol=1e-5)


@pytest.mark.parametrize("form", ["pull", "l2"])
@pytest.mark.parametrize("near", ["users", "items"])
@pytest.mark.parametrize("similarity", ["cosine", "pearson"])
def test_small_data_gets_finite_results(form, near, similarity):
    """Two users or two items, of one rating each or all alike."""
    for pairs in ([(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 0), (1, 1)]):
        frame = pd.DataFrame(pairs, columns=["user_id", "item_id"]).assign(rating=4.0)
        data = Interactions.from_frame(frame)
        learn = parameters(form=form, regularization=0, factors=20)
        model = EMF.fit(data, learn, neighbourhood(form=near, similarity=similarity, k=1), LIKING)
        assert np.isfinite(model.scores(data.ratings)).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", 0),
        ("iterations", 0),
        ("regularization", -1),
        ("factor_damping", 0),
        ("user_bias_damping", 0),
        ("item_bias_damping", 0),
        ("explainability_weight", -1),
        ("explainability_weight", np.inf),
        ("form", "L2"),
        ("target", 0),
        ("target", -2),
        ("objective", "both"),
        ("confidence", 0),
        ("seed", -1),
        ("lambda", 0.1),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
