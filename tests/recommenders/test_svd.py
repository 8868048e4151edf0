"""SVD against Surprise, against brute-force ridge, and the invariants of an exact user side."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest
import surprise
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import sparse
from scipy.optimize import approx_fprime

from explainable_recsys.errors import InputError
from explainable_recsys.experiments.calibration import (
    best_user_penalty,
    calibrate_user_penalty,
)
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ratings import evaluate_ratings
from explainable_recsys.preprocessing.splits import SplitParameters, split_ratings
from explainable_recsys.recommenders import svd
from explainable_recsys.recommenders.base import RatingPredictor, load_recommender
from explainable_recsys.recommenders.biased_factors import WITHOUT_RATINGS
from explainable_recsys.recommenders.sampled_zeros import SampledZeros
from explainable_recsys.recommenders.svd import (
    SVD,
    SVDParameters,
    SVDRatingsParameters,
    surprise_svd,
)
from tests.conftest import PROJECT

N_USERS, N_ITEMS, FACTORS = 25, 18, 6
KAPPA = 0.7


def parameters(**changed):
    """Nothing that a test relies on is left to the defaults."""
    values = {
        "objective": "rating",
        "factors": FACTORS,
        "epochs": 8,
        "learning_rate": 0.02,
        "regularization": 0.05,
        "user_penalties": (KAPPA, 3.0),
        "zeros": 3,
        "unrated_weight": 0.2,
        "user_regularization": 0.3,
        "seed": 0,
    }
    return SVDParameters(**(values | changed))


def random_frame(seed=0, n_users=N_USERS):
    """Ratings 0, 0.5, …, 5, some users with few and some with all items; 0 and 1 have the same."""
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


def random_model(seed=0, **changed):
    """An item side out of thin air: the user side does not care how it was learned."""
    rng = np.random.default_rng(seed)
    given_parameters = parameters(**changed)
    return SVD(
        mean=3.25,
        item_biases=rng.normal(0, 0.5, N_ITEMS).astype(np.float32),
        item_factors=rng.normal(0, 0.6, (N_ITEMS, given_parameters.factors)).astype(np.float32),
        user_penalty=KAPPA,
        parameters=given_parameters,
    )


def row(matrix, user):
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return matrix.indices[entries], matrix.data[entries].astype(float)


def objective(w, model, columns, ratings):
    """What the class says it minimizes, one rating at a time."""
    squared = 0.0
    for column, rating in zip(columns, ratings, strict=True):
        z = np.append(1.0, model.item_factors[column].astype(float))
        squared += (rating - model.mean - float(model.item_biases[column]) - w @ z) ** 2
    penalty = model.parameters.regularization * len(columns) + model.user_penalty
    return squared + penalty * (w @ w)


def brute_force_user(model, columns, ratings):
    """Least squares with one row per rating and sqrt(penalty) I below."""
    z = np.hstack([np.ones((len(columns), 1)), model.item_factors[columns].astype(float)])
    above = ratings - model.mean - model.item_biases[columns].astype(float)
    penalty = model.parameters.regularization * len(columns) + model.user_penalty
    size = z.shape[1]
    system = np.vstack([z, np.sqrt(penalty) * np.eye(size)])
    return np.linalg.lstsq(system, np.append(above, np.zeros(size)), rcond=None)[0]


def brute_force_users(model, ratings):
    users = range(ratings.shape[0])
    return np.array([brute_force_user(model, *row(ratings, user)) for user in users])


def brute_force_predictions(model, ratings):
    """(n, n_items) predicted ratings."""
    users = brute_force_users(model, ratings)
    items = model.item_factors.astype(float)
    return model.mean + model.item_biases + users[:, :1] + users[:, 1:] @ items.T


def learned_by_surprise(data, given_parameters):
    """The library's own object, users and all."""
    return surprise_svd(svd.TrainingPairs.of(data, given_parameters), given_parameters)


def all_pairs(ratings):
    return np.indices(ratings.shape).reshape(2, -1)


def numbered_as_surprise_does(frame):
    """Name the items so that ids ascend in the order in which the ratings bring them up.

    Surprise numbers items by first appearance, the project by id; where both agree, both draw
    the same random start for each item.
    """
    codes, _ = pd.factorize(frame["item_id"])
    renamed = frame.assign(item_id=codes * 7 + 3, user_id=frame["user_id"] * 11 + 5)
    return renamed.sort_values(["user_id", "item_id"], ignore_index=True)


@pytest.mark.parametrize("seed", [0, 3])
def test_item_side_equals_surprise_with_its_own_reader(seed):
    frame = numbered_as_surprise_does(random_frame(seed))
    reader = surprise.Reader(rating_scale=(0, 5))
    dataset = surprise.Dataset.load_from_df(frame[["user_id", "item_id", "rating"]], reader)
    trainset = dataset.build_full_trainset()
    library = surprise.SVD(
        n_factors=FACTORS, n_epochs=8, lr_all=0.02, reg_all=0.05, random_state=seed
    ).fit(trainset)
    data = Interactions.from_frame(frame)
    inner = [trainset.to_inner_iid(item) for item in data.item_ids]
    assert inner == list(range(N_ITEMS))
    model = SVD.fit(data, parameters(seed=seed))
    assert model.mean == pytest.approx(trainset.global_mean, abs=1e-12)
    np.testing.assert_allclose(model.item_biases, library.bi, atol=1e-6)
    np.testing.assert_allclose(model.item_factors, library.qi, atol=1e-6)
    learned = learned_by_surprise(data, parameters(seed=seed))
    np.testing.assert_allclose(learned.pu, library.pu, atol=1e-12)
    np.testing.assert_allclose(learned.bu, library.bu, atol=1e-12)


def test_handing_over_ratings_in_parts_changes_nothing(monkeypatch):
    data = random_interactions()
    at_once = SVD.fit(data, parameters())
    monkeypatch.setattr(svd, "RATINGS_AT_ONCE", 7)
    np.testing.assert_array_equal(SVD.fit(data, parameters()).item_factors, at_once.item_factors)


def test_default_penalty_is_the_first_candidate():
    data = random_interactions()
    assert SVD.fit(data, parameters()).user_penalty == KAPPA
    assert SVD.fit(data, parameters(), user_penalty=9.0).user_penalty == 9.0


@pytest.mark.parametrize("regularization", [0.0, 0.05])
@pytest.mark.parametrize("factors", [1, FACTORS, 40])
def test_user_side_equals_brute_force_ridge(factors, regularization):
    model = random_model(factors=factors, regularization=regularization)
    ratings = random_interactions().ratings
    expected = brute_force_users(model, ratings)
    np.testing.assert_allclose(model.user_factors(ratings), expected, atol=1e-10)
    np.testing.assert_allclose(
        model.scores(ratings), brute_force_predictions(model, ratings), atol=1e-5
    )


def test_both_forms_give_the_same():
    """In one block with a long history all are solved in the primal form, alone in the dual."""
    model, ratings = random_model(), random_interactions().ratings
    lengths = np.diff(ratings.indptr)
    short = np.flatnonzero(lengths <= FACTORS)
    longest = int(np.argmax(lengths))
    assert 0 < len(short) < 200
    assert lengths[longest] > FACTORS + 1
    primal = model.user_factors(ratings[np.append(short, longest)])[:-1]
    dual = np.vstack([model.user_factors(ratings[[user]]) for user in short])
    np.testing.assert_allclose(primal, dual, atol=1e-10)
    np.testing.assert_allclose(dual, brute_force_users(model, ratings)[short], atol=1e-10)


def test_gradient_of_the_objective_vanishes_at_the_solution():
    model, ratings = random_model(), random_interactions().ratings
    solved = model.user_factors(ratings)
    for user in range(ratings.shape[0]):
        history = (model, *row(ratings, user))
        at_zero = approx_fprime(np.zeros(1 + FACTORS), objective, 1e-7, *history)
        slope = approx_fprime(solved[user], objective, 1e-7, *history)
        assert np.abs(slope).max() < 1e-4
        assert np.abs(at_zero).max() > 1e-2


def test_surprise_converges_to_the_closed_form():
    """Small steps for long: its last user side solves the same problem, without kappa."""
    data = random_interactions()
    slow = parameters(factors=2, epochs=10_000, learning_rate=0.001, regularization=0.5)
    library, model = learned_by_surprise(data, slow), SVD.fit(data, slow, user_penalty=1e-9)
    theirs = np.hstack([library.bu[:, None], library.pu])
    np.testing.assert_allclose(model.user_factors(data.ratings), theirs, atol=0.01)
    assert np.abs(theirs[:, 1:]).max() > 0.2


@dataclasses.dataclass
class SurprisePredictions:
    """Predicts with the user side that Surprise itself learned."""

    library: object

    def predict_ratings(self, histories, rows, columns):
        users = np.vstack([np.column_stack([self.library.bu, self.library.pu]), self._none()])
        items = np.vstack([np.column_stack([self.library.bi, self.library.qi]), self._none()])
        personal = np.einsum("mf,mf->m", users[rows, 1:], items[columns, 1:])
        return self.library.trainset.global_mean + users[rows, 0] + items[columns, 0] + personal

    def _none(self):
        return np.zeros(1 + self.library.qi.shape[1])


@pytest.mark.parametrize("seed", [0, 1])
def test_closed_form_predicts_held_out_ratings_as_well_as_surprise(seed):
    ratings = pd.read_csv(PROJECT / "data/01_raw/movielens-small/ratings.csv")
    ratings = ratings.set_axis(["user_id", "item_id", "rating", "timestamp"], axis="columns")
    chosen = np.random.default_rng(seed).choice(ratings["user_id"].unique(), 300, replace=False)
    ratings = ratings[ratings["user_id"].isin(chosen)].sort_values(["user_id", "item_id"])
    split = split_ratings(ratings, SplitParameters(fraction=0.2, validation=False, seed=seed))
    train = Interactions.from_frame(split.train)
    learn = parameters(factors=10, epochs=20, learning_rate=0.01, regularization=0.08)
    library, model = learned_by_surprise(train, learn), SVD.fit(train, learn, user_penalty=1.0)
    np.testing.assert_allclose(model.item_factors, library.qi, atol=1e-6)
    own, theirs = (
        evaluate_ratings(predictor, train, split.test, 0.5, 5, 0, seed=0)
        for predictor in (model, SurprisePredictions(library))
    )
    assert own["rmse"] <= theirs["rmse"] + 0.003
    assert own["rmse"] < 0.93
    assert own["n_cold"] > 0


def test_known_and_new_user_with_the_same_ratings_get_the_same():
    data = random_interactions()
    model = SVD.fit(data, parameters())
    columns, ratings = row(data.ratings, 0)
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
    model, ratings = random_model(), random_interactions().ratings
    permuted = model.user_factors(ratings[np.array(order)])
    np.testing.assert_allclose(permuted, model.user_factors(ratings)[order], atol=1e-12)


@settings(max_examples=13, deadline=None)
@given(seed=st.integers(0, 10_000), factors=st.integers(1, 25))
def test_user_side_equals_brute_force_on_any_data(seed, factors):
    model = random_model(seed, factors=factors)
    ratings = random_interactions(seed, n_users=6).ratings
    expected = brute_force_users(model, ratings)
    np.testing.assert_allclose(model.user_factors(ratings), expected, atol=1e-10)


def test_empty_history_gets_mean_and_item_bias():
    model = random_model()
    ratings = random_interactions().ratings
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    expected = model.mean + model.item_biases
    np.testing.assert_allclose(model.scores(empty), [expected], atol=1e-6)
    among_others = sparse.vstack([ratings[:3], empty, ratings[3:]], format="csr")
    np.testing.assert_allclose(model.scores(among_others)[3], expected, atol=1e-6)
    assert model.scores(ratings[:0]).shape == (0, N_ITEMS)


def test_a_stronger_penalty_pulls_towards_the_item_biases():
    model, ratings = random_model(), random_interactions().ratings
    penalties = (0.1, 1.0, 10.0, 1e9)
    sizes = [
        np.linalg.norm(dataclasses.replace(model, user_penalty=kappa).user_factors(ratings))
        for kappa in penalties
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] < 1e-6


def test_predict_ratings_of_known_and_unknown():
    model, ratings = random_model(), random_interactions().ratings
    assert isinstance(model, RatingPredictor)
    rows, columns = np.array([4, 7, -1, 4, -1]), np.array([2, 9, 2, -1, -1])
    predicted = model.predict_ratings(ratings, rows, columns)
    full, user_bias = brute_force_predictions(model, ratings), brute_force_users(model, ratings)
    expected = [
        full[4, 2],
        full[7, 9],
        model.mean + model.item_biases[2],
        model.mean + user_bias[4, 0],
        model.mean,
    ]
    np.testing.assert_allclose(predicted, expected, atol=1e-6)
    assert predicted.dtype == np.float64
    nobody = model.predict_ratings(ratings[:0], rows[2:3], columns[2:3])
    np.testing.assert_allclose(nobody, expected[2:3], atol=1e-6)


def test_the_scores_are_the_predicted_ratings():
    data = random_interactions()
    model = SVD.fit(data, parameters())
    predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
    np.testing.assert_allclose(model.scores(data.ratings).ravel(), predicted, atol=1e-5)
    assert model.predicts_ratings


def weighted_least_squares(model, columns):
    """A row per item of the catalogue, rated or not, and the ridge below.

    It is solved by the singular values; (1 - c) is expected of rated items, -c of others.
    """
    given = model.parameters
    rated = np.isin(np.arange(N_ITEMS), columns)
    z = np.hstack([np.ones((N_ITEMS, 1)), model.item_factors.astype(float)])
    base = model.mean + model.item_biases.astype(float)
    roots = np.sqrt(np.where(rated, 1.0, given.unrated_weight))
    ridge = given.user_regularization * (len(columns) + WITHOUT_RATINGS)
    system = np.vstack([roots[:, None] * z, np.sqrt(ridge) * np.eye(z.shape[1])])
    right = np.append(roots * (rated - base), np.zeros(z.shape[1]))
    return np.linalg.lstsq(system, right, rcond=None)[0]


def of_all_pairs(w, model, columns):
    """What the model says it minimises for a ranking, one item at a time."""
    given, total = model.parameters, 0.0
    for column in range(N_ITEMS):
        base = model.mean + float(model.item_biases[column])
        score = base + w[0] + w[1:] @ model.item_factors[column].astype(float)
        if column in columns:
            total += (1 - score) ** 2
        else:
            total += given.unrated_weight * score**2
    return total + given.user_regularization * (len(columns) + WITHOUT_RATINGS) * (w @ w)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    factors=st.sampled_from([1, FACTORS, 25]),
    unrated_weight=st.sampled_from([0.01, 0.3, 1.0]),
    user_regularization=st.sampled_from([0.01, 2.0]),
)
def test_user_side_of_a_ranking_equals_least_squares_over_all_items(
    seed, factors, unrated_weight, user_regularization
):
    model = random_model(
        seed,
        objective="ranking",
        factors=factors,
        unrated_weight=unrated_weight,
        user_regularization=user_regularization,
    )
    ratings = random_interactions(seed + 1, n_users=6).ratings
    expected = np.array([weighted_least_squares(model, row(ratings, u)[0]) for u in range(6)])
    items = model.item_factors.astype(float)
    scores = model.mean + model.item_biases + expected[:, :1] + expected[:, 1:] @ items.T
    found = model.user_factors(ratings)
    np.testing.assert_allclose(found[:, 1:] @ items.T, expected[:, 1:] @ items.T, atol=1e-7)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(model.scores(ratings), scores, atol=1e-4)
    assert not model.predicts_ratings


def test_user_side_of_a_ranking_is_where_its_objective_is_least():
    model, ratings = random_model(objective="ranking"), random_interactions().ratings
    solved = model.user_factors(ratings)
    for user in range(0, N_USERS, 4):
        history = (model, set(row(ratings, user)[0].tolist()))
        slope = approx_fprime(solved[user], of_all_pairs, 1e-7, *history)
        assert np.abs(slope).max() < 1e-4
        elsewhere = approx_fprime(solved[user] + 0.1, of_all_pairs, 1e-7, *history)
        assert np.abs(elsewhere).max() > 1e-2


def test_a_ranking_does_not_look_at_the_stars():
    data = random_interactions()
    other = Interactions.from_frame(random_frame().assign(rating=4.0))
    model, alike = (SVD.fit(of, parameters(objective="ranking")) for of in (data, other))
    np.testing.assert_array_equal(alike.item_factors, model.item_factors)
    np.testing.assert_array_equal(alike.scores(other.ratings), model.scores(data.ratings))


@pytest.mark.parametrize("n_items", [1, 3, N_ITEMS])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_ranking_with_more_factors_than_items(n_items):
    """Histories of no, one and all items; the one without has scores close to nothing."""
    frame = random_frame()
    data = Interactions.from_frame(frame[frame["item_id"] < n_items])
    model = SVD.fit(data, parameters(objective="ranking", factors=40, epochs=2))
    empty = sparse.csr_array((1, data.n_items), dtype=np.float32)
    np.testing.assert_allclose(model.scores(empty), 0, atol=0.01)
    one = sparse.csr_array(([1.0], [0], [0, 1]), shape=(1, data.n_items))
    assert model.scores(one)[0, 0] > 0.3
    assert np.isfinite(model.scores(data.ratings)).all()


@pytest.mark.parametrize("seed", [0, 3])
def test_item_side_of_a_ranking_is_descended_by_hand(seed):
    """Rating by rating, each followed by its zeros, which are others in every epoch."""
    data, epochs = random_interactions(), 3
    given = parameters(objective="ranking", epochs=epochs, seed=seed)
    zeros = SampledZeros(data, given.zeros, seed)
    start = np.random.RandomState(seed)
    p, q = (start.normal(0, 0.1, (n, FACTORS)) for n in data.ratings.shape)
    b_user, b_item, mean = np.zeros(N_USERS), np.zeros(N_ITEMS), 1 / (1 + given.zeros)
    rate, shrink = given.learning_rate, given.regularization
    for epoch in range(epochs):
        for u, i, rated in zip(*zeros.pairs(slice(None), epoch), strict=True):
            error = rated - (mean + b_user[u] + b_item[i] + p[u] @ q[i])
            b_user[u] += rate * (error - shrink * b_user[u])
            b_item[i] += rate * (error - shrink * b_item[i])
            p[u], q[i] = (
                p[u] + rate * (error * q[i] - shrink * p[u]),
                q[i] + rate * (error * p[u] - shrink * q[i]),
            )
    model = SVD.fit(data, given)
    assert model.mean == mean
    np.testing.assert_allclose(model.item_biases, b_item, atol=1e-6)
    np.testing.assert_allclose(model.item_factors, q, atol=1e-6)


def test_a_ranking_recommends_what_people_of_one_taste_rate():
    """Three tastes; of its own taste a new user has rated half, with any stars."""
    rng = np.random.default_rng(0)
    pairs = [(u, i) for u in range(60) for i in range(30) if i % 3 == u % 3 and rng.random() < 0.7]
    frame = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    data = Interactions.from_frame(frame.assign(rating=rng.integers(1, 6, len(frame))))
    model = SVD.fit(data, parameters(objective="ranking", epochs=30, learning_rate=0.05))
    for taste in range(3):
        rated = np.arange(taste, 15, 3)
        history = sparse.csr_array((np.ones(5), rated, [0, 5]), shape=(1, 30))
        scores = model.scores(history)[0]
        scores[rated] = -np.inf
        assert set(np.argsort(-scores)[:5].tolist()) == set(range(15 + taste, 30, 3))


def test_same_seed_same_arrays_another_seed_others():
    data = random_interactions()
    first, again, other = (SVD.fit(data, parameters(seed=seed)) for seed in (5, 5, 6))
    for name, array in first.to_arrays().items():
        np.testing.assert_array_equal(array, again.to_arrays()[name])
    np.testing.assert_array_equal(first.scores(data.ratings), again.scores(data.ratings))
    assert not np.array_equal(first.item_factors, other.item_factors)
    assert not np.array_equal(first.item_biases, other.item_biases)


def test_round_trip_through_a_file():
    data = random_interactions()
    model = SVD.fit(data, parameters(user_penalties=(0.5, 2.0, 8.0)), user_penalty=2.0)
    file = io.BytesIO()
    np.savez(file, **model.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        loaded = load_recommender(dict(stored))
    assert type(loaded) is SVD
    assert loaded.parameters == model.parameters
    assert loaded.parameters.user_penalties == (0.5, 2.0, 8.0)
    assert (loaded.mean, loaded.user_penalty) == (model.mean, 2.0)
    assert (type(loaded.mean), type(loaded.user_penalty)) == (float, float)
    assert loaded.n_items == N_ITEMS
    np.testing.assert_array_equal(loaded.scores(data.ratings), model.scores(data.ratings))
    assert loaded.scores(data.ratings).dtype == np.float32
    for name in ("item_biases", "item_factors"):
        assert loaded.to_arrays()[name].dtype == np.float32


def test_scores_are_the_callers_own():
    model, ratings = random_model(), random_interactions().ratings
    before = model.scores(ratings).copy()
    model.scores(ratings)[:] = -np.inf
    np.testing.assert_array_equal(model.scores(ratings), before)


CANDIDATES = (0.2, KAPPA, 30.0)


@pytest.fixture
def train_and_validation():
    """Every fourth rating is for validation; a user and an item have no other ratings."""
    frame = random_frame()
    held_out = np.arange(len(frame)) % 4 == 0
    held_out |= (frame["item_id"] == 17) | (frame["user_id"] == 3)
    train, validation = Interactions.from_frame(frame[~held_out]), frame[held_out]
    assert (train.user_rows(validation["user_id"]) < 0).any()
    assert (train.item_columns(validation["item_id"]) < 0).any()
    return train, validation


def fallback_or_brute_force(model, train, user, item):
    """Predicted rating of a pair of ids, either of which training may lack."""
    ratings = train.ratings
    users = dict(zip(train.user_ids.tolist(), brute_force_users(model, ratings), strict=True))
    w = users.get(user, np.zeros(1 + FACTORS))
    if item not in train.item_ids:
        return model.mean + w[0]
    column = train.item_ids.tolist().index(item)
    z = np.append(1.0, model.item_factors[column])
    return model.mean + model.item_biases[column] + w @ z


@pytest.mark.parametrize("turned", [False, True])
def test_calibration_equals_measuring_by_hand(train_and_validation, turned):
    """With the validation ratings turned round it still fits the same model to `train`."""
    train, validation = train_and_validation
    if turned:
        validation = validation.assign(rating=5 - validation["rating"])
    given_parameters = parameters(user_penalties=CANDIDATES, epochs=40)
    learned = SVD.fit(train, given_parameters)
    table = calibrate_user_penalty(learned, train, validation, 0.5, 4.5)
    assert table["user_penalty"].tolist() == list(CANDIDATES)
    assert table.columns.tolist() == ["user_penalty", "rmse"]
    assert table["rmse"].nunique() == len(CANDIDATES)
    for kappa, rmse in table.itertuples(index=False):
        model = SVD.fit(train, given_parameters, user_penalty=kappa)
        squared = [
            (np.clip(fallback_or_brute_force(model, train, user, item), 0.5, 4.5) - rating) ** 2
            for user, item, rating in validation.itertuples(index=False)
        ]
        assert rmse == pytest.approx(np.sqrt(np.mean(squared)), abs=1e-6)


def test_without_validation_ratings_the_first_candidate_is_best(train_and_validation):
    train, validation = train_and_validation
    learned = SVD.fit(train, parameters(user_penalties=(4.0, 1.0)))
    table = calibrate_user_penalty(learned, train, validation.iloc[:0], 0, 5)
    assert table["rmse"].isna().all()
    assert best_user_penalty(table) == 4.0
    assert best_user_penalty(table.assign(rmse=[0.9, 0.8])) == 1.0


def test_calibration_finds_the_noise_of_the_data():
    """Ratings that are pure noise ask for the strongest penalty."""
    rng = np.random.default_rng(0)
    users, items = np.indices((40, 30)).reshape(2, -1)
    frame = pd.DataFrame({"user_id": users, "item_id": items, "rating": rng.normal(3, 1, 1200)})
    held_out = rng.random(1200) < 0.3
    train = Interactions.from_frame(frame[~held_out])
    given_parameters = parameters(user_penalties=(0.1, 10.0, 1e5), epochs=40, regularization=0.01)
    learned = SVD.fit(train, given_parameters)
    table = calibrate_user_penalty(learned, train, frame[held_out], -5, 11)
    assert table.set_index("user_penalty")["rmse"].idxmin() == 1e5


SMALL_DATA = {
    "one rating": [(1, 1, 3.0)],
    "one user": [(1, item, item % 5 + 1.0) for item in range(6)],
    "one item": [(user, 1, user % 5 + 1.0) for user in range(6)],
    "constant": [(user, item, 4.0) for user in range(5) for item in range(4)],
    "all zero": [(user, item, 0.0) for user in range(5) for item in range(4)],
    "nobody shares an item": [
        (user, 10 * user + item, (user + item) % 5 + 1.0) for user in range(5) for item in range(4)
    ],
    "negative": [(user, item, -10.0 * (user == item)) for user in range(5) for item in range(4)],
}


def small_data(name):
    columns = ["user_id", "item_id", "rating"]
    return Interactions.from_frame(pd.DataFrame(SMALL_DATA[name], columns=columns))


@pytest.mark.parametrize("name", SMALL_DATA)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_small_data_gets_finite_results_near_its_ratings(name):
    data = small_data(name)
    lowest, highest = data.ratings.data.min(), data.ratings.data.max()
    for defaults_or_few in (SVDRatingsParameters(), parameters()):
        model = SVD.fit(data, defaults_or_few)
        assert np.isfinite(model.scores(data.ratings)).all()
        predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
        assert predicted.min() > lowest - 0.5
        assert predicted.max() < highest + 0.5


@pytest.mark.parametrize("name", SMALL_DATA)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_small_data_is_ranked_with_scores_near_0_and_1(name):
    data = small_data(name)
    for defaults_or_few in (SVDParameters(), parameters(objective="ranking")):
        scores = SVD.fit(data, defaults_or_few).scores(data.ratings)
        assert scores.min() > -0.5
        assert scores.max() < 1.5


@pytest.mark.parametrize("name", ["one rating", "constant", "all zero"])
def test_ratings_that_do_not_vary_are_predicted(name):
    data = small_data(name)
    model = SVD.fit(data, parameters(epochs=40))
    predicted = model.predict_ratings(data.ratings, *all_pairs(data.ratings))
    np.testing.assert_allclose(predicted, data.ratings.data[0], atol=0.05)


@pytest.mark.parametrize("learning_rate", [10, 100, 1e300])
@pytest.mark.parametrize("name", [*SMALL_DATA, "random"])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_learning_rate_with_which_training_diverges(name, learning_rate):
    data = random_interactions() if name == "random" else small_data(name)
    suggested = f"{learning_rate:g} training diverges; try {learning_rate / 4:g} "
    with pytest.raises(InputError) as caught:
        SVD.fit(data, parameters(learning_rate=learning_rate, epochs=40))
    assert str(caught.value).startswith(f"parameter learning_rate: with {suggested}")


@pytest.mark.parametrize("penalties", [(0.0,), (1.0, -2.0), (), (np.nan,), (np.inf,), ("many",)])
def test_penalties_must_be_above_zero(penalties):
    with pytest.raises(ValidationError, match="user_penalties"):
        parameters(user_penalties=penalties)


def test_refused_penalty_says_what_is_accepted():
    with pytest.raises(ValidationError, match="accepted: numbers above 0"):
        parameters(user_penalties=(1.0, -2.0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("factors", 0),
        ("epochs", 0),
        ("learning_rate", 0),
        ("learning_rate", np.inf),
        ("regularization", -0.1),
        ("objective", "both"),
        ("zeros", 0),
        ("unrated_weight", 0),
        ("unrated_weight", 1.01),
        ("user_regularization", 0),
        ("seed", -1),
    ],
)
def test_parameters_out_of_range(name, value):
    with pytest.raises(ValidationError, match=name):
        parameters(**{name: value})
