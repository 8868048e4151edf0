"""The factorization machine against myFM itself and against Rendle's equation, term by term."""

import io
from contextlib import redirect_stderr

import myfm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.recommenders import fm
from explainable_recsys.recommenders.base import (
    FactorRecommender,
    RatingPredictor,
    load_recommender,
)
from explainable_recsys.recommenders.biased_factors import WITHOUT_RATINGS
from explainable_recsys.recommenders.fm import (
    FM,
    Examples,
    FMParameters,
    FMRatingsParameters,
    PosteriorSamples,
    run_myfm,
    sample_posterior,
)
from explainable_recsys.recommenders.sampled_zeros import SampledZeros

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_USERS, N_ITEMS, RANK, SAMPLES = 14, 9, 2, 3


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "objective": "rating",
        "rank": RANK,
        "iterations": 20,
        "burn_in": 8,
        "kept_samples": SAMPLES,
        "zeros": 3,
        "unrated_weight": 0.2,
        "user_regularization": 0.3,
        "seed": 0,
    }
    return FMParameters(**(values | changed))


def random_frame(seed=0, n_users=N_USERS):
    """Ratings 0, 0.5, …, 5, some users with few and one with all items; 0 and 1 have the same."""
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 11, (n_users, N_ITEMS)) / 2
    rated = rng.random((n_users, N_ITEMS)) < rng.random((n_users, 1))
    rated[n_users - 1] = True
    rated[:, 0] |= ~rated.any(axis=1)
    ratings[1], rated[1] = ratings[0], rated[0]
    users, items = np.nonzero(rated)
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": ratings[users, items]})


def random_interactions(seed=0, n_users=N_USERS):
    return Interactions.from_frame(random_frame(seed, n_users))


def random_features(n_rows, seed=0, **sizes):
    """Groups of some sizes, each column held by about half of the rows."""
    names = [(group, str(place)) for group, size in sizes.items() for place in range(size)]
    held = np.random.default_rng(seed).random((n_rows, len(names))) < 0.5
    groups, texts = (tuple(pair[place] for pair in names) for place in (0, 1))
    return Features(sparse.csr_array(held.astype(np.float32)), groups, texts, texts)


OF_USERS = random_features(N_USERS, 1, age=3, gender=2)
OF_ITEMS = random_features(N_ITEMS, 2, genres=4)
NO_USER_FEATURES = Features.side_by_side([], N_USERS)
NO_ITEM_FEATURES = Features.side_by_side([], N_ITEMS)
SIDES = {
    "ids": (NO_USER_FEATURES, NO_ITEM_FEATURES),
    "users": (OF_USERS, NO_ITEM_FEATURES),
    "items": (NO_USER_FEATURES, OF_ITEMS),
    "both": (OF_USERS, OF_ITEMS),
}
all_sides = pytest.mark.parametrize(("users", "items"), SIDES.values(), ids=SIDES.keys())


def random_samples(seed=0, n_samples=SAMPLES, rank=RANK):
    """Samples out of thin air: the user side does not care where they come from."""
    rng = np.random.default_rng(seed)
    size = 1 + rank
    roots = rng.normal(0, 1, (n_samples, size, size))
    return PosteriorSamples(
        means=rng.normal(3, 0.3, n_samples),
        users=rng.normal(0, 0.5, (n_samples, N_USERS, size)),
        items=rng.normal(0, 0.7, (n_samples, N_ITEMS, size)),
        noise_precisions=rng.uniform(0.5, 3, n_samples),
        user_means=rng.normal(0, 0.5, (n_samples, size)),
        user_precisions=roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(size),
    )


def model_of(samples, **changed):
    given = parameters(**changed)
    return FM.from_samples(samples, Examples.of(random_interactions(), given), given)


def sampled(data, users, items, learn):
    """The posterior of a model with these parameters."""
    return sample_posterior(Examples.of(data, learn), users, items, learn)


def history(matrix, user):
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return matrix.indices[entries].tolist(), matrix.data[entries].astype(float)


def conditional_mean(samples, sample, columns, ratings):
    """(b_u, p_u) expected of a user with these ratings, from their joint distribution with them.

    The ratings w_0 + b_j + z_j . w + noise have covariance Z C Z' + I / alpha, C = L^-1, so this
    inverts a matrix per pair of ratings where the model inverts one per pair of factors.
    """
    covariance = np.linalg.inv(samples.user_precisions[sample])
    mean, noise = samples.user_means[sample], 1 / samples.noise_precisions[sample]
    z = np.array([[1.0, *samples.items[sample, column, 1:]] for column in columns])
    if not len(z):
        return mean
    expected = [samples.means[sample] + samples.items[sample, column, 0] for column in columns]
    surprise = ratings - expected - z @ mean
    of_ratings = z @ covariance @ z.T + noise * np.eye(len(columns))
    return mean + covariance @ z.T @ np.linalg.solve(of_ratings, surprise)


def brute_force_users(samples, ratings):
    """(samples, n, 1 + rank), one user and one sample at a time."""
    return np.array(
        [
            [conditional_mean(samples, s, *history(ratings, u)) for u in range(ratings.shape[0])]
            for s in range(len(samples.means))
        ]
    )


def predictions(samples, users):
    """(n, n_items): what each sample predicts for each pair, averaged at the end."""
    total = np.zeros((users.shape[1], N_ITEMS))
    for s, mean in enumerate(samples.means):
        for u, (b_u, *p_u) in enumerate(users[s]):
            for i, (b_i, *q_i) in enumerate(samples.items[s]):
                total[u, i] += mean + b_u + b_i + np.dot(p_u, q_i)
    return total / len(samples.means)


def brute_force_predictions(samples, ratings):
    return predictions(samples, brute_force_users(samples, ratings))


def all_pairs(ratings):
    return np.indices(ratings.shape).reshape(2, -1)


def relation(rows, features):
    """A block of ids and features as myFM's users write it."""
    dense = np.hstack([np.eye(features.matrix.shape[0]), features.matrix.toarray()])
    return myfm.RelationBlock(rows.tolist(), sparse.csr_matrix(dense))


def fitted_myfm(data, users, items, learn):
    """MyFM's own regressor, with all samples after the burn-in."""
    kept = learn.iterations - learn.burn_in
    return run_myfm(Examples.of(data, learn), users, items, learn, lambda *_: None, kept)


def rendle(mean, weights, factors, x):
    """Equation 1 of Rendle (2010), every pair of features of its own."""
    predicted = mean + sum(x[a] * weights[a] for a in range(len(x)))
    for a in range(len(x)):
        for b in range(a + 1, len(x)):
            predicted += x[a] * x[b] * np.dot(factors[a], factors[b])
    return predicted


@all_sides
def test_samples_predict_what_myfm_predicts(users, items):
    data, learn = random_interactions(), parameters(kept_samples=12)
    fitted = fitted_myfm(data, users, items, learn)
    rows, columns = all_pairs(data.ratings)
    expected = fitted.predict(None, [relation(rows, users), relation(columns, items)])
    samples = sampled(data, users, items, learn)
    np.testing.assert_allclose(samples.predict(rows, columns), expected, atol=1e-5)
    assert np.std(expected) > 0.1
    some = np.array([5, 60, 5])
    np.testing.assert_allclose(samples.predict(rows[some], columns[some]), expected[some])


@all_sides
def test_myfm_is_run_on_the_ratings_with_a_prior_per_group(users, items):
    """Run again by hand, iteration by iteration; states 8, 13.5 (to even) and 19 are kept."""
    data, learn = random_interactions(), parameters(kept_samples=3)
    rows, trace = np.repeat(np.arange(N_USERS), np.diff(data.ratings.indptr)), []

    def note(_, state, hyper, __):
        trace.append((state.w0, hyper.alpha, hyper.mu_w.tolist(), state.w.tolist()))
        return False, None

    sizes = [N_USERS, *users.group_sizes, N_ITEMS, *items.group_sizes]
    with redirect_stderr(io.StringIO()):
        myfm.MyFMRegressor(rank=RANK, random_seed=0).fit(
            None,
            data.ratings.data.astype(float),
            X_rel=[relation(rows, users), relation(data.ratings.indices, items)],
            n_iter=20,
            grouping=np.repeat(np.arange(len(sizes)), sizes).tolist(),
            callback=note,
        )
    samples = sampled(data, users, items, learn)
    kept = [trace[8], trace[14], trace[19]]
    np.testing.assert_allclose(samples.means, [state[0] for state in kept])
    np.testing.assert_allclose(samples.noise_precisions, [state[1] for state in kept])
    if users is NO_USER_FEATURES:
        np.testing.assert_allclose(samples.user_means[:, 0], [state[2][0] for state in kept])
        np.testing.assert_allclose(samples.users[..., 0], [state[3][:N_USERS] for state in kept])
    if items is NO_ITEM_FEATURES:
        np.testing.assert_allclose(samples.items[..., 0], [state[3][-N_ITEMS:] for state in kept])


def test_every_iteration_is_reported_and_one_sample_kept():
    data, seen = random_interactions(), []

    def note(iteration, sample, hyper):
        seen.append((iteration, sample.w0, hyper.alpha))

    examples = Examples.of(data, parameters())
    fitted = run_myfm(examples, OF_USERS, OF_ITEMS, parameters(), note)
    assert [iteration for iteration, _, _ in seen] == list(range(20))
    assert [sample.w0 for sample in fitted.predictor_.samples] == [seen[-1][1]]
    assert [hyper.alpha for hyper in fitted.history_.hypers] == [alpha for _, _, alpha in seen]


def test_sides_equal_rendles_equation():
    """On random designs: every pair of features within a side is a constant of that side."""
    rng = np.random.default_rng(3)
    users = sparse.csr_array((rng.random((5, 6)) < 0.5).astype(np.float64))
    items = sparse.csr_array((rng.random((4, 3)) < 0.6).astype(np.float64))
    weights = rng.normal(0, 1, (9, 1 + RANK))
    of_users, of_items = fm._side(users, weights[:6]), fm._side(items, weights[6:])
    assert users.nnz > 10
    for u, (b_u, *p_u) in enumerate(of_users):
        alone = rendle(0, weights[:6, 0], weights[:6, 1:], users.toarray()[u])
        assert b_u == pytest.approx(alone, abs=1e-12)
        for i, (b_i, *q_i) in enumerate(of_items):
            x = np.append(users.toarray()[u], items.toarray()[i])
            expected = rendle(3.5, weights[:, 0], weights[:, 1:], x)
            assert 3.5 + b_u + b_i + np.dot(p_u, q_i) == pytest.approx(expected, abs=1e-12)


@all_sides
def test_samples_are_the_sides_of_what_myfm_drew(users, items):
    data, learn = random_interactions(), parameters()
    samples = sampled(data, users, items, learn)
    first = fitted_myfm(data, users, items, learn).predictor_.samples[0]
    split = N_USERS + users.matrix.shape[1]
    for side, features, part in (
        (samples.users[0], users, slice(0, split)),
        (samples.items[0], items, slice(split, None)),
    ):
        dense = np.hstack([np.eye(len(side)), features.matrix.toarray()])
        for row, x in zip(side, dense, strict=True):
            alone = rendle(0, first.w[part], first.V[part], x)
            np.testing.assert_allclose(row, [alone, *(x @ first.V[part])], atol=1e-6)


@pytest.mark.parametrize("items", [NO_ITEM_FEATURES, OF_ITEMS], ids=["ids", "features"])
def test_without_profiles_a_new_user_is_drawn_from_the_prior_of_user_ids(items):
    data, learn = random_interactions(), parameters(kept_samples=12)
    samples = sampled(data, NO_USER_FEATURES, items, learn)
    trace = fitted_myfm(data, NO_USER_FEATURES, items, learn).get_hyper_trace().iloc[8:]
    drawn = [f"V[0,{factor}]" for factor in range(RANK)]
    means = trace[["mu_w[0]", *(f"mu_{name}" for name in drawn)]].to_numpy()
    precisions = trace[["lambda_w[0]", *(f"lambda_{name}" for name in drawn)]].to_numpy()
    np.testing.assert_allclose(samples.user_means, means, rtol=1e-9)
    expected = [np.diag(diagonal) for diagonal in precisions]
    np.testing.assert_allclose(samples.user_precisions, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(samples.noise_precisions, trace["alpha"])


def test_with_profiles_a_new_user_is_drawn_from_a_mixture_over_them():
    """Of each training user's Gaussian the moments, then those of the mixture."""
    data, learn = random_interactions(), parameters(kept_samples=12)
    samples = sampled(data, OF_USERS, OF_ITEMS, learn)
    fitted = fitted_myfm(data, OF_USERS, OF_ITEMS, learn)
    profiles = OF_USERS.matrix.toarray().astype(float)
    columns = slice(N_USERS, N_USERS + profiles.shape[1])
    for place, draw in enumerate(fitted.predictor_.samples):
        hyper = fitted.history_.hypers[8 + place]
        mu = np.append(hyper.mu_w[0], hyper.mu_V[0])
        variances = 1 / np.append(hyper.lambda_w[0], hyper.lambda_V[0])
        means, squares = [], []
        for x in profiles:
            factors = x @ draw.V[columns]
            linear = np.eye(1 + RANK)
            linear[0, 1:] = factors  # b_u = w + (v . factors) + constant, p_u = v + factors
            constant = [rendle(0, draw.w[columns], draw.V[columns], x), *factors]
            mean = linear @ mu + constant
            means.append(mean)
            squares.append(linear @ np.diag(variances) @ linear.T + np.outer(mean, mean))
        mean = np.mean(means, axis=0)
        covariance = np.mean(squares, axis=0) - np.outer(mean, mean)
        np.testing.assert_allclose(samples.user_means[place], mean, atol=1e-6)
        found = np.linalg.inv(samples.user_precisions[place])
        np.testing.assert_allclose(found, covariance, rtol=1e-4, atol=1e-6)


def test_the_mixture_has_the_moments_of_users_drawn_at_random():
    """Users with own weights from the prior and a profile of the training users."""
    rng = np.random.default_rng(0)
    profiles = (rng.random((4, 3)) < 0.6).astype(float)
    weights = rng.normal(0.3, 0.6, (3, 1 + RANK))
    mu, variances = np.array([0.2, -0.5, 0.8]), np.array([0.3, 0.5, 0.2])
    drawn = []
    for x in profiles:
        own = rng.normal(mu, np.sqrt(variances), (60_000, 1 + RANK))
        factors = [own[:, 1:], *(np.tile(v, (60_000, 1)) for v in weights[:, 1:])]
        shares = [1.0, *x]
        bias = own[:, 0] + x @ weights[:, 0]
        for a in range(4):
            for b in range(a + 1, 4):
                bias = bias + shares[a] * shares[b] * (factors[a] * factors[b]).sum(axis=1)
        total = sum(share * v for share, v in zip(shares, factors, strict=True))
        drawn.append(np.column_stack([bias, total]))
    people = np.vstack(drawn)
    mean, precision = fm._prior(fm._side(sparse.csr_array(profiles), weights), mu, variances)
    np.testing.assert_allclose(mean, people.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.linalg.inv(precision), np.cov(people.T), atol=0.03)
    assert np.cov(people.T)[0, 1] > 0.2


@pytest.mark.parametrize(
    ("n_samples", "rank", "dense_from"),
    [(1, 1, 0.0), (3, 2, 0.0), (3, 2, 2.0), (2, 12, 0.05)],
    ids=["one", "dense", "sparse", "more factors than items"],
)
def test_user_side_and_scores_equal_brute_force(monkeypatch, n_samples, rank, dense_from):
    monkeypatch.setattr(fm, "DENSE_FROM", dense_from)
    samples = random_samples(4, n_samples, rank)
    model, ratings = model_of(samples), random_interactions().ratings
    assert sparse.issparse(fm._Block.of(ratings, True).rated) == (dense_from > 1)
    users = brute_force_users(samples, ratings)
    found = model.user_factors(ratings)
    assert found.shape == (N_USERS, 1 + n_samples * rank)
    np.testing.assert_allclose(found[:, 0], users[..., 0].mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found[:, 1:], np.hstack(list(users[..., 1:])), atol=1e-5)
    expected = brute_force_predictions(samples, ratings)
    predicted = model.predict_ratings(ratings, *all_pairs(ratings))
    np.testing.assert_allclose(predicted.reshape(ratings.shape), expected, atol=1e-5)
    scores = model.scores(ratings)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    assert (scores.dtype, predicted.dtype) == (np.float32, np.float64)


@all_sides
def test_fitted_model_predicts_the_conditional_mean(users, items):
    data, learn = random_interactions(), parameters()
    samples = sampled(data, users, items, learn)
    model = FM.fit(data, users, items, learn)
    expected = brute_force_predictions(samples, data.ratings)
    predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
    np.testing.assert_allclose(predicted.reshape(expected.shape), expected, atol=1e-5)
    assert isinstance(model, RatingPredictor)
    assert isinstance(model, FactorRecommender)
    assert model.n_items == N_ITEMS


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), n_samples=st.integers(1, 4), rank=st.integers(1, 5))
def test_user_side_equals_brute_force_on_any_data(seed, n_samples, rank):
    samples = random_samples(seed, n_samples, rank)
    ratings = random_interactions(seed + 1, n_users=6).ratings
    users = brute_force_users(samples, ratings)
    found = model_of(samples).user_factors(ratings)
    np.testing.assert_allclose(found[:, 1:], np.hstack(list(users[..., 1:])), atol=1e-4)


@pytest.mark.parametrize("rows_at_once", [1, 4, 14])
@pytest.mark.parametrize("dense_from", [0.0, 2.0])
def test_cutting_users_into_blocks_changes_nothing(monkeypatch, rows_at_once, dense_from):
    samples = random_samples()
    model, ratings = model_of(samples), random_interactions().ratings
    at_once = model.user_factors(ratings)
    monkeypatch.setattr(fm, "ROWS_AT_ONCE", rows_at_once)
    monkeypatch.setattr(fm, "DENSE_FROM", dense_from)
    np.testing.assert_allclose(model.user_factors(ratings), at_once, atol=1e-10)


@pytest.mark.parametrize("of_ratings", [True, False])
def test_only_the_rated_items_of_a_block_are_multiplied(of_ratings):
    rows = sparse.csr_array(([0.0, 3.0, 2.0], [8, 2, 8], [0, 2, 2, 3]), shape=(3, 9))
    block = fm._Block.of(rows, of_ratings)
    assert block.columns.tolist() == [2, 8]
    assert block.rated.tolist() == [[1, 1], [0, 0], [0, 1]]
    assert block.targets.tolist() == (
        [[3, 0], [0, 0], [0, 2]] if of_ratings else block.rated.tolist()
    )
    assert block.lengths.tolist() == [2, 0, 1]


def test_empty_history_gets_the_prior_mean():
    samples = random_samples()
    model, ratings = model_of(samples), random_interactions().ratings
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    expected = predictions(samples, samples.user_means[:, None])[0]
    np.testing.assert_allclose(model.scores(empty)[0], expected, atol=1e-5)
    among_others = sparse.vstack([ratings[:3], empty, ratings[3:]], format="csr")
    np.testing.assert_allclose(model.scores(among_others)[3], expected, atol=1e-5)
    predicted = model.predict_ratings(empty, np.zeros(N_ITEMS, np.int64), np.arange(N_ITEMS))
    np.testing.assert_allclose(predicted, expected, atol=1e-6)


def test_no_histories_at_all():
    model, none = model_of(random_samples()), random_interactions().ratings[:0]
    assert model.user_factors(none).shape == (0, 1 + SAMPLES * RANK)
    assert model.scores(none).shape == (0, N_ITEMS)
    predicted = model.predict_ratings(none, np.array([-1]), np.array([2]))
    nobody = model.predict_ratings(sparse.csr_array((1, N_ITEMS)), np.array([0]), np.array([2]))
    np.testing.assert_allclose(predicted, nobody)


@all_sides
def test_known_and_new_user_with_the_same_ratings_get_the_same(users, items):
    """Also where users 0 and 1 have other profiles: only the ratings count."""
    data = random_interactions()
    model = FM.fit(data, users, items, parameters())
    columns, ratings = history(data.ratings, 0)
    new = data.histories(
        pd.DataFrame({"user_id": 777, "item_id": data.item_ids[columns], "rating": ratings})
    )
    known = model.scores(data.ratings)
    np.testing.assert_array_equal(known[0], known[1])
    np.testing.assert_allclose(model.scores(new.ratings)[0], known[0], atol=1e-5)
    solved = model.user_factors(data.ratings)[0]
    np.testing.assert_allclose(model.user_factors(new.ratings)[0], solved, atol=1e-10)


@settings(max_examples=12, deadline=None)
@given(order=st.permutations(range(N_USERS)))
def test_permuting_users_permutes_rows(order):
    model, ratings = model_of(random_samples()), random_interactions().ratings
    permuted = model.user_factors(ratings[np.array(order)])
    np.testing.assert_allclose(permuted, model.user_factors(ratings)[order], atol=1e-12)


def test_the_more_ratings_the_further_from_the_prior():
    """Somebody who gives 5 to ever more items; a user with none is expected where the prior is."""
    model = model_of(random_samples(2))
    fives = sparse.csr_array(np.tril(np.full((10, N_ITEMS), 5.0), -1))
    predicted = model.predict_ratings(fives, *all_pairs(fives)).reshape(fives.shape)
    errors = np.abs(5 - predicted).mean(axis=1)
    assert errors[-1] < 0.5 * errors[0]


def test_predict_ratings_of_known_and_unknown():
    samples = random_samples()
    model, ratings = model_of(samples), random_interactions().ratings
    rows, columns = np.array([4, 7, -1, 4, -1]), np.array([2, 8, 2, -1, -1])
    predicted = model.predict_ratings(ratings, rows, columns)
    full = brute_force_predictions(samples, ratings)
    nobody = brute_force_predictions(samples, sparse.csr_array((1, N_ITEMS)))[0]
    expected = [full[4, 2], full[7, 8], nobody[2], full[4].mean(), nobody.mean()]
    np.testing.assert_allclose(predicted, expected, atol=1e-5)


def weighted_least_squares(samples, sample, columns, given):
    """One sample's (b_u, p_u): a row per item of the catalogue, rated or not, and the ridge."""
    rated = np.isin(np.arange(N_ITEMS), columns)
    z = samples.items[sample].copy()
    base, z[:, 0] = samples.means[sample] + z[:, 0], 1.0
    roots = np.sqrt(np.where(rated, 1.0, given.unrated_weight))
    ridge = given.user_regularization * (len(columns) + WITHOUT_RATINGS)
    system = np.vstack([roots[:, None] * z, np.sqrt(ridge) * np.eye(z.shape[1])])
    right = np.append(roots * (rated - base), np.zeros(z.shape[1]))
    return np.linalg.lstsq(system, right, rcond=None)[0]


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_samples=st.integers(1, 3),
    rank=st.sampled_from([1, 4, 12]),
    unrated_weight=st.sampled_from([0.05, 1.0]),
    few=st.booleans(),
)
def test_user_side_of_a_ranking_equals_least_squares_over_all_items(
    seed, n_samples, rank, unrated_weight, few
):
    """Of every sample, and whether few or many histories are solved for together."""
    samples = random_samples(seed, n_samples, rank)
    given = {"objective": "ranking", "unrated_weight": unrated_weight}
    model = model_of(samples, **given)
    ratings = random_interactions(seed + 1, n_users=4 if few else 12).ratings
    assert (ratings.shape[0] <= fm.ONE_BY_ONE) == few
    users = np.array(
        [
            [
                weighted_least_squares(samples, s, history(ratings, u)[0], parameters(**given))
                for u in range(ratings.shape[0])
            ]
            for s in range(n_samples)
        ]
    )
    np.testing.assert_allclose(model.scores(ratings), predictions(samples, users), atol=1e-4)
    if rank < N_ITEMS - 1:  # with more factors than items rounding moves what no score depends on
        found = model.user_factors(ratings)
        np.testing.assert_allclose(found[:, 0], users[..., 0].mean(axis=0), atol=1e-3)
        np.testing.assert_allclose(found[:, 1:], np.hstack(list(users[..., 1:])), atol=1e-3)
    assert not model.predicts_ratings


@all_sides
def test_a_ranking_is_learned_from_ones_and_sampled_zeros(users, items):
    """What myFM predicts after learning from them by itself, in its own format."""
    data, learn = random_interactions(), parameters(objective="ranking", kept_samples=12)
    rows, columns, rated = SampledZeros(data, 3, 0).pairs(slice(None))
    assert 0.2 < rated.mean() < 0.8
    sizes = [N_USERS, *users.group_sizes, N_ITEMS, *items.group_sizes]
    regressor = myfm.MyFMRegressor(rank=RANK, random_seed=0)
    with redirect_stderr(io.StringIO()):
        regressor.fit(
            None,
            rated.astype(float),
            X_rel=[relation(rows, users), relation(columns, items)],
            n_iter=20,
            n_kept_samples=12,
            group_shapes=sizes,
        )
    pairs = all_pairs(data.ratings)
    blocks = [relation(of, side) for of, side in zip(pairs, (users, items), strict=True)]
    samples = sampled(data, users, items, learn)
    np.testing.assert_allclose(samples.predict(*pairs), regressor.predict(None, blocks), atol=1e-5)


def test_a_ranking_does_not_look_at_the_stars():
    data, other = random_interactions(), Interactions.from_frame(random_frame().assign(rating=4.0))
    model, alike = (
        FM.fit(of, OF_USERS, OF_ITEMS, parameters(objective="ranking")) for of in (data, other)
    )
    np.testing.assert_array_equal(alike.scores(other.ratings), model.scores(data.ratings))
    assert FMParameters().objective == "ranking"
    assert FMRatingsParameters().objective == "rating"


@pytest.mark.parametrize("n_items", [1, 3])
def test_ranking_with_more_factors_than_items(n_items):
    """Histories of no, one and all items; the one without has scores close to nothing."""
    frame = random_frame()
    data = Interactions.from_frame(frame[frame["item_id"] < n_items])
    sides = [Features.side_by_side([], n) for n in data.ratings.shape]
    model = FM.fit(data, *sides, parameters(objective="ranking", rank=12))
    empty = sparse.csr_array((1, data.n_items), dtype=np.float32)
    np.testing.assert_allclose(model.scores(empty), 0, atol=0.05)
    one = sparse.csr_array(([1.0], [0], [0, 1]), shape=(1, data.n_items))
    assert model.scores(one)[0, 0] > 0.3
    assert np.isfinite(model.scores(data.ratings)).all()


def test_same_seed_same_arrays_another_seed_others():
    data = random_interactions()
    first, again, other = (
        FM.fit(data, OF_USERS, OF_ITEMS, parameters(seed=seed)) for seed in (5, 5, 6)
    )
    for name, array in first.to_arrays().items():
        np.testing.assert_array_equal(array, again.to_arrays()[name])
    np.testing.assert_array_equal(first.scores(data.ratings), again.scores(data.ratings))
    for name in ("item_biases", "item_factors", "rated_weights", "prior_rights"):
        assert not np.array_equal(first.to_arrays()[name], other.to_arrays()[name])


@pytest.mark.parametrize("seed", [2**31, 2**32 - 1])
def test_every_accepted_seed_works(seed):
    FM.fit(random_interactions(), *SIDES["ids"], parameters(seed=seed))


@pytest.mark.parametrize("objective", ["ranking", "rating"])
def test_round_trip_through_a_file(objective):
    data = random_interactions()
    model = FM.fit(data, OF_USERS, OF_ITEMS, parameters(objective=objective))
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is FM
    assert loaded.parameters == model.parameters
    assert (loaded.mean, type(loaded.mean)) == (model.mean, float)
    np.testing.assert_array_equal(loaded.scores(data.ratings), model.scores(data.ratings))
    arrays = loaded.to_arrays()
    for name in ("item_biases", "item_factors", "sample_biases"):
        assert arrays[name].dtype == np.float32
    assert arrays["item_factors"].shape == (N_ITEMS, SAMPLES * RANK)
    assert arrays["sample_biases"].shape == (SAMPLES, N_ITEMS)
    assert arrays["prior_precisions"].shape == (SAMPLES, 1 + RANK, 1 + RANK)


def test_scores_of_some_items():
    model, ratings = model_of(random_samples()), random_interactions().ratings
    columns = np.array([7, 0, 7, 3])
    scores = model.scores_of(ratings, columns)
    np.testing.assert_allclose(scores, model.scores(ratings)[:, columns], atol=1e-6)
    assert scores.dtype == np.float32


def test_scores_are_the_callers_own():
    model, ratings = model_of(random_samples()), random_interactions().ratings
    before = model.scores(ratings).copy()
    model.scores(ratings)[:] = -np.inf
    np.testing.assert_array_equal(model.scores(ratings), before)


def test_more_samples_than_there_are():
    message = r"kept_samples 13 of 20 iterations with burn_in 8; accepted: 1 to 12 \(iterations - b"
    with pytest.raises(ValidationError, match=message):
        parameters(iterations=20, burn_in=8, kept_samples=13)


@pytest.mark.parametrize("burn_in", [20, 30])
def test_a_burn_in_that_leaves_nothing(burn_in):
    message = f"burn_in {burn_in} of 20 iterations leaves none; accepted: 0 to 19"
    with pytest.raises(ValidationError, match=message):
        parameters(iterations=20, burn_in=burn_in, kept_samples=1)


def test_all_samples_after_the_burn_in_or_one():
    assert parameters(kept_samples=12).kept_samples == 12
    for kept in (1, 12):
        model = FM.fit(random_interactions(), *SIDES["both"], parameters(kept_samples=kept))
        assert len(model.rated_weights) == kept
    no_burn_in = parameters(burn_in=0, iterations=1, kept_samples=1)
    assert np.isfinite(FM.fit(random_interactions(), *SIDES["both"], no_burn_in).item_biases).all()


@pytest.mark.parametrize(
    "name",
    [
        "rank",
        "iterations",
        "kept_samples",
        "burn_in",
        "seed",
        "zeros",
        "unrated_weight",
        "user_regularization",
    ],
)
def test_negative_numbers_are_refused(name):
    with pytest.raises(ValidationError, match=rf"{name}\n"):
        parameters(**{name: -1})


def test_nothing_is_printed(capfd):
    """MyFM would draw a bar."""
    data = random_interactions()
    FM.fit(data, OF_USERS, OF_ITEMS, parameters()).scores(data.ratings)
    assert capfd.readouterr() == ("", "")


def low_rank_frame(seed, n_users=80, n_items=30, noise=0.3):
    """Ratings of two factors, biases and noise of a known size, for 40 % of all pairs."""
    rng = np.random.default_rng(seed)
    ratings = 3 + rng.normal(0, 0.3, (n_users, 1)) + rng.normal(0, 0.3, n_items)
    ratings = ratings + rng.normal(0, 0.8, (n_users, 2)) @ rng.normal(0, 0.8, (2, n_items))
    rated = rng.random(ratings.shape) < 0.4
    rated[:, 0] = rated[0] = True
    users, items = np.nonzero(rated)
    values = ratings[users, items] + rng.normal(0, noise, len(users))
    return pd.DataFrame({"user_id": users, "item_id": items, "rating": values})


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_closed_form_predicts_held_out_ratings_as_well_as_the_drawn_users(seed):
    frame = low_rank_frame(seed)
    held_out = np.random.default_rng(seed).random(len(frame)) < 0.2
    held_out &= (frame["user_id"] > 0) & (frame["item_id"] > 0)
    train, test = Interactions.from_frame(frame[~held_out]), frame[held_out]
    sides = [Features.side_by_side([], n) for n in train.ratings.shape]
    learn = parameters(iterations=30, burn_in=10, kept_samples=5, seed=seed)
    samples = sampled(train, *sides, learn)
    model = FM.from_samples(samples, Examples.of(train, learn), learn)
    pairs = train.user_rows(test["user_id"]), train.item_columns(test["item_id"])
    own, drawn = (
        np.sqrt(np.square(predicted - test["rating"]).mean())
        for predicted in (model.predict_ratings(train.ratings, *pairs), samples.predict(*pairs))
    )
    assert own <= drawn + 0.003
    assert own < 0.5 < test["rating"].std()
