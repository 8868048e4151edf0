"""Influence by downdates against models solved again without the ratings, one by one."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.downdates import group_influences, influences
from explainable_recsys.explainers.influence import (
    InfluenceParameters,
    explain_by_influence,
)
from explainable_recsys.explainers.views import LEAST_LIKED
from explainable_recsys.interactions import Interactions, PaddedBlock, padded_blocks
from explainable_recsys.knowledge.neighbours import NeighbourhoodParameters
from explainable_recsys.knowledge.similar_items import ItemSimilarityParameters
from explainable_recsys.recommenders.als import ALS, ALSParameters
from explainable_recsys.recommenders.base import ClosedFormRecommender, UserSystems
from explainable_recsys.recommenders.ease import EASE, EASEParameters
from explainable_recsys.recommenders.emf import EMF, EMFParameters
from explainable_recsys.recommenders.fm import (
    FM,
    Examples,
    FMParameters,
    PosteriorSamples,
)
from explainable_recsys.recommenders.item_knn import ItemKNN
from explainable_recsys.recommenders.popularity import Popularity
from explainable_recsys.recommenders.svd import SVD, SVDParameters
from tests.lists_of import assert_is_evidence, data_of, lists_of

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

N_ITEMS, FACTORS = 34, 4
LENGTHS = (30, 1, 5, 2, 34, 1, 2, 8)
TOLERANCE = 1e-9


def random_svd(
    seed: int,
    regularization: float = 0.05,
    penalty: float = 0.7,
    n_factors: int = FACTORS,
    **parameters: Any,
) -> SVD:
    """All models are items out of thin air: influence does not care how they were learned."""
    rng = np.random.default_rng(seed)
    changed = {"objective": "rating", "factors": n_factors, "regularization": regularization}
    return SVD(
        mean=3.25,
        item_biases=rng.normal(0, 0.5, N_ITEMS).astype(np.float32),
        item_factors=rng.normal(0, 0.6, (N_ITEMS, n_factors)).astype(np.float32),
        parameters=SVDParameters.model_validate({**changed, **parameters}),
        user_penalty=penalty,
    )


def random_als(seed: int, **parameters: Any) -> ALS:
    rng = np.random.default_rng(seed)
    factors = rng.normal(0.3, 0.6, (N_ITEMS, FACTORS)).astype(np.float32)
    return ALS(factors, ALSParameters(factors=FACTORS, regularization=2.0, **parameters))


def random_fm(seed: int, objective: Any = "rating") -> FM:
    rng = np.random.default_rng(seed)
    parameters = FMParameters(objective=objective, rank=FACTORS, unrated_weight=0.3)
    n_samples, size = 3, 1 + FACTORS
    roots = rng.normal(0, 1, (n_samples, size, size))
    samples = PosteriorSamples(
        means=rng.normal(3, 0.3, n_samples),
        users=np.zeros((n_samples, 0, size)),
        items=rng.normal(0, 0.7, (n_samples, N_ITEMS, size)),
        noise_precisions=rng.uniform(0.5, 3, n_samples),
        user_means=rng.normal(0, 0.5, (n_samples, size)),
        user_precisions=roots @ roots.transpose(0, 2, 1) + 0.5 * np.eye(size),
    )
    examples = Examples.of(random_interactions(seed), parameters)
    return FM.from_samples(samples, examples, parameters)


def random_emf(seed: int, regularization: float = 0.07, **parameters: Any) -> EMF:
    rng = np.random.default_rng(seed)
    changed = {
        "objective": "rating",
        "explainability_weight": 0.0,
        "factor_damping": 0.5,
        "user_bias_damping": 1.3,
    }
    given = EMFParameters.model_validate(
        {"factors": FACTORS, "regularization": regularization, **changed, **parameters}
    )
    ranks = given.objective == "ranking"
    training = random_interactions(seed).ratings
    return EMF(
        mean=0.0 if ranks else 3.1,
        item_biases=rng.normal(0, 0.0 if ranks else 0.5, N_ITEMS).astype(np.float32),
        item_factors=rng.normal(0, 0.8, (N_ITEMS, FACTORS)).astype(np.float32),
        parameters=given,
        neighbourhood=NeighbourhoodParameters(k=3),
        liked_from=4.0,
        training_ratings=training.data,
        training_columns=training.indices.astype(np.int32),
        training_starts=training.indptr.astype(np.int64),
    )


Model = SVD | ALS | FM | EMF
MODELS: dict[str, Callable[[int], Model]] = {
    "SVD": random_svd,
    "SVD, kappa alone": lambda seed: random_svd(seed, regularization=0.0),
    "SVD, strong": lambda seed: random_svd(seed, regularization=3.0, penalty=0.1),
    "ALS, binary": lambda seed: random_als(seed, confidence="binary", alpha=3.0),
    "ALS, rating": lambda seed: random_als(seed, confidence="rating", alpha=0.7),
    "ALS, threshold": lambda seed: random_als(
        seed, confidence="rating", alpha=2.0, relevance_threshold=2.5
    ),
    "FM": random_fm,
    "EMF": random_emf,
    "EMF, l2": lambda seed: random_emf(seed, form="l2", regularization=0.0),
    "SVD, ranking": lambda seed: random_svd(seed, objective="ranking"),
    "SVD, ranking, few zeros": lambda seed: random_svd(
        seed, objective="ranking", unrated_weight=0.01, user_regularization=2.0
    ),
    "SVD, ranking, all alike": lambda seed: random_svd(
        seed, objective="ranking", unrated_weight=1.0
    ),
    "SVD, ranking, more factors than items": lambda seed: random_svd(
        seed, objective="ranking", n_factors=N_ITEMS + 6
    ),
    "FM, ranking": lambda seed: random_fm(seed, "ranking"),
    "EMF, ranking": lambda seed: random_emf(seed, objective="ranking", confidence=0.8),
}
all_models = pytest.mark.parametrize("kind", MODELS)
any_model = st.sampled_from(sorted(MODELS))


def interactions_of(ratings: sparse.csr_array) -> Interactions:
    n, m = ratings.shape
    return Interactions(ratings, np.arange(n) * 10 + 10, np.arange(m) + 100)


def random_interactions(seed: int = 0, lengths: tuple[int, ...] = LENGTHS) -> Interactions:
    """Ratings 0, 0.5, …, 5, stored also where they are 0."""
    rng = np.random.default_rng(seed)
    columns = [np.sort(rng.choice(N_ITEMS, length, replace=False)) for length in lengths]
    values = (rng.integers(0, 11, sum(lengths)) / 2).astype(np.float32)
    starts = np.append(0, np.cumsum(lengths))
    matrix = sparse.csr_array(
        (values, np.concatenate(columns), starts), shape=(len(lengths), N_ITEMS)
    )
    return interactions_of(matrix)


def history(matrix: sparse.csr_array, user: int) -> tuple[NDArray[Any], NDArray[Any]]:
    entries = slice(matrix.indptr[user], matrix.indptr[user + 1])
    return matrix.indices[entries], matrix.data[entries]


def without(matrix: sparse.csr_array, user: int, places: Any) -> sparse.csr_array:
    """(1, n_items): a history less the ratings at some places."""
    columns, values = (np.delete(part, places) for part in history(matrix, user))
    return sparse.csr_array((values, columns, [0, len(columns)]), shape=(1, matrix.shape[1]))


def exact_scores(model: Model, histories: list[sparse.csr_array]) -> NDArray[np.float64]:
    """Scores in double precision, (n, n_items), from the model's own user side.

    Empty histories are added, as few are solved for differently.
    """
    empty = sparse.csr_array((20, model.n_items), dtype=np.float32)
    stacked = sparse.csr_array(sparse.vstack([*histories, empty], format="csr"))
    users = model.user_factors(stacked)[:-20]
    items = model.item_factors.astype(np.float64)
    if isinstance(model, ALS):
        return users @ items.T
    biases = model.mean + model.item_biases.astype(np.float64)
    return users[:, :1] + users[:, 1:] @ items.T + biases


def refitted(model: Model, ratings: sparse.csr_array) -> NDArray[np.float64]:
    """(n, n_items, n_items): what rating j is worth for item i; 0 where j is not rated."""
    users, places = zip(
        *((u, p) for u in range(ratings.shape[0]) for p in range(len(history(ratings, u)[0]))),
        strict=True,
    )
    fewer = exact_scores(
        model, [without(ratings, u, p) for u, p in zip(users, places, strict=True)]
    )
    full = exact_scores(model, [ratings])
    found = np.zeros((*ratings.shape, ratings.shape[1]))
    for user, place, scores in zip(users, places, fewer, strict=True):
        found[user, :, history(ratings, user)[0][place]] = full[user] - scores
    return found


def all_influences(
    model: Model, ratings: sparse.csr_array, items: NDArray[np.int64], cells: int = 4_000
) -> NDArray[np.float64]:
    """(n, k, n_items): the influences on items (n, k), spread over the catalogue."""
    dense = np.zeros((ratings.shape[0], items.shape[1], ratings.shape[1]))
    for block in padded_blocks(ratings, cells=cells):
        parts = influences(model, block, items[block.rows])
        assert parts.dtype == np.float64
        assert parts.shape == (len(block.rows), items.shape[1], block.columns.shape[1])
        assert not parts[np.broadcast_to(~block.filled[:, None, :], parts.shape)].any()
        for place, user in enumerate(block.rows):
            kept = block.filled[place]
            dense[user][:, block.columns[place, kept]] = parts[place][:, kept]
    return dense


def every_item(ratings: sparse.csr_array) -> NDArray[np.int64]:
    return np.tile(np.arange(ratings.shape[1]), (ratings.shape[0], 1))


def only_block(ratings: sparse.csr_array) -> PaddedBlock:
    (block,) = padded_blocks(ratings)
    return block


# The systems


@all_models
def test_the_scores_are_those_of_the_systems(kind: str) -> None:
    """Up to what does not depend on the history; each system is put together and inverted."""
    model, ratings = MODELS[kind](0), random_interactions().ratings
    assert isinstance(model, ClosedFormRecommender)
    block = only_block(ratings)
    found = np.zeros(ratings.shape)
    n_systems = 0
    for systems in model.user_systems(block):
        n_systems += 1
        for place, user in enumerate(block.rows):
            system, right = systems.prior(0)[place].copy(), systems.prior_right[place].copy()
            for j in range(len(history(ratings, user)[0])):
                z = systems.rated[place, j]
                system += systems.weights[place, j] * np.outer(z, z)
                right += systems.right[place, j] * z
            found[user] += systems.items @ (np.linalg.inv(system) @ right)
    assert n_systems == (3 if kind.startswith("FM") else 1)
    rest = exact_scores(model, [ratings]) - found
    np.testing.assert_allclose(rest, np.tile(rest[0], (len(rest), 1)), atol=1e-10)
    if isinstance(model, ALS):
        np.testing.assert_allclose(rest, 0, atol=1e-10)
    else:
        np.testing.assert_allclose(rest[0], model.mean + model.item_biases, atol=1e-5)


@all_models
def test_the_prior_of_fewer_ratings(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    block = only_block(ratings)
    for n_removed in (0, 1, 2, 5):
        long_enough = np.flatnonzero(block.filled.sum(axis=1) >= n_removed)
        rows = [without(ratings, user, np.arange(n_removed)) for user in block.rows[long_enough]]
        fewer = only_block(sparse.csr_array(sparse.vstack(rows, format="csr")))
        pairs = zip(model.user_systems(block), model.user_systems(fewer), strict=True)
        for systems, after in pairs:
            expected = systems.prior(n_removed)[long_enough][fewer.rows]
            np.testing.assert_allclose(after.prior_precision, expected, atol=1e-12)
            for prior in after.prior_precision:
                assert np.linalg.eigvalsh(prior).min() > 0


@all_models
def test_padding_is_no_rating(kind: str) -> None:
    model, block = MODELS[kind](0), only_block(random_interactions().ratings)
    assert not block.filled.all()
    for systems in model.user_systems(block):
        for part in (systems.weights, systems.right, systems.rated.any(axis=2)):
            assert part.shape == block.filled.shape
            assert not part[~block.filled].any()


def test_prior_by_hand() -> None:
    zero = np.zeros((1, 2))
    systems = UserSystems(
        items=zero,
        rated=np.zeros((1, 0, 2)),
        weights=np.zeros((1, 0)),
        right=np.zeros((1, 0)),
        prior_right=zero,
        prior_precision=np.diag([5.0, 7.0])[None],
        precision_per_rating=np.diag([0.0, 2.0]),
        n_ratings=np.array([3]),
    )
    np.testing.assert_array_equal(systems.prior(0), [np.diag([5, 7])])
    np.testing.assert_array_equal(systems.prior(3), [np.diag([5, 1])])
    np.testing.assert_array_equal(systems.prior(4), systems.prior(3))  # there are only 3


# Single ratings


@all_models
def test_influence_equals_solving_again(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    expected = refitted(model, ratings)
    found = all_influences(model, ratings, every_item(ratings))
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)
    rated = np.zeros(ratings.shape, bool)
    for user in range(len(LENGTHS)):
        rated[user, history(ratings, user)[0]] = True
    assert np.abs(found[rated]).max() > 1e-2  # on items that are rated themselves, and on others
    assert np.abs(found[~rated]).max() > 1e-2
    assert not found.transpose(0, 2, 1)[~rated].any()


@settings(max_examples=16, deadline=None)
@given(
    kind=any_model,
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    cells=st.sampled_from([1, 20, 4_000]),
)
def test_influence_equals_solving_again_on_any_data(
    kind: str, seed: int, lengths: list[int], cells: int
) -> None:
    model = MODELS[kind](seed)
    ratings = random_interactions(seed + 1, tuple(lengths)).ratings
    found = all_influences(model, ratings, every_item(ratings), cells)
    np.testing.assert_allclose(found, refitted(model, ratings), atol=TOLERANCE)


@all_models
def test_influence_on_chosen_items_only(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    items = np.random.default_rng(0).integers(0, N_ITEMS, (len(LENGTHS), 3))
    items[0] = items[0, 0]
    every = all_influences(model, ratings, every_item(ratings))
    expected = every[np.arange(len(LENGTHS))[:, None], items]
    np.testing.assert_allclose(all_influences(model, ratings, items), expected, atol=1e-12)
    none = np.zeros((len(LENGTHS), 0), np.int64)
    assert all_influences(model, ratings, none).shape == (len(LENGTHS), 0, N_ITEMS)


@all_models
def test_a_single_rating_is_worth_the_way_from_the_empty_history(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions(lengths=(1,)).ratings
    empty = sparse.csr_array((1, N_ITEMS), dtype=np.float32)
    full, nothing = (exact_scores(model, [rows])[0] for rows in (ratings, empty))
    found = all_influences(model, ratings, every_item(ratings))[0, :, ratings.indices[0]]
    np.testing.assert_allclose(found, full - nothing, atol=TOLERANCE)


@settings(max_examples=12, deadline=None)
@given(kind=any_model, seed=st.integers(0, 10_000))
def test_permuting_users_permutes_influences(kind: str, seed: int) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    order = np.random.default_rng(seed).permutation(len(LENGTHS))
    items = np.random.default_rng(seed).integers(0, N_ITEMS, (len(LENGTHS), 4))
    expected = all_influences(model, ratings, items)[order]
    found = all_influences(model, sparse.csr_array(ratings[order]), items[order])
    np.testing.assert_allclose(found, expected, atol=1e-12)


@all_models
def test_users_together_or_alone_come_out_the_same(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    items = every_item(ratings)
    together = all_influences(model, ratings, items)
    alone = all_influences(model, ratings, items, cells=1)
    np.testing.assert_allclose(alone, together, atol=1e-12)


def test_permuting_items_permutes_influences() -> None:
    model, ratings = random_svd(0), random_interactions().ratings
    order = np.random.default_rng(0).permutation(N_ITEMS)
    renamed = dataclasses.replace(
        model, item_biases=model.item_biases[order], item_factors=model.item_factors[order]
    )
    mixed = sparse.csr_array(ratings[:, order])
    mixed.sort_indices()
    found = all_influences(renamed, mixed, every_item(ratings))
    expected = all_influences(model, ratings, every_item(ratings))[:, order][:, :, order]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@all_models
def test_an_empty_history_among_others(kind: str) -> None:
    model, data = MODELS[kind](0), random_interactions(lengths=(3, 0, 2))
    items = every_item(data.ratings)
    found = all_influences(model, data.ratings, items)
    assert not found[1].any()
    others = sparse.csr_array(data.ratings[[0, 2]])
    np.testing.assert_allclose(found[[0, 2]], all_influences(model, others, items[:2]), atol=1e-12)
    only_empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    assert influences(model, only_block(only_empty), items[:2]).shape == (2, N_ITEMS, 0)


@pytest.mark.parametrize(
    "model",
    [
        random_svd(0, regularization=0.25, penalty=0.25),
        random_emf(0, regularization=0.25, factor_damping=0.25),
    ],
    ids=["SVD", "EMF"],
)
def test_an_empty_history_where_both_penalties_are_equal(model: Model) -> None:
    data = random_interactions(lengths=(0, 3))
    assert not all_influences(model, data.ratings, every_item(data.ratings))[0].any()


def test_a_rating_below_the_threshold_has_no_influence_at_all() -> None:
    """A weight of 0 is no evidence; one of 1e-17 is."""
    model, ratings = MODELS["ALS, threshold"](0), random_interactions().ratings
    found = all_influences(model, ratings, every_item(ratings))
    low = (ratings.toarray() < 2.5).nonzero()
    np.testing.assert_allclose(found.transpose(0, 2, 1)[low], 0, atol=1e-12)
    assert not found.transpose(0, 2, 1)[low].any()


def one_dimensional(kind: str) -> Model:
    """Items 0, 1 and 2 are of a kind, item 3 the opposite, item 4 of no kind."""
    factors = np.array([[2.0], [2.0], [1.0], [-2.0], [0.0]], np.float32)
    zeros = np.zeros(5, np.float32)
    if kind == "SVD":
        parameters = SVDParameters(objective="rating", factors=1, regularization=0.1)
        return SVD(3.0, zeros, factors, parameters, 0.5)
    if kind == "EMF":
        return EMF(
            mean=3.0,
            item_biases=zeros,
            item_factors=factors,
            parameters=EMFParameters(
                objective="rating",
                factors=1,
                explainability_weight=0,
                factor_damping=0.5,
                user_bias_damping=1e3,
            ),
            neighbourhood=NeighbourhoodParameters(),
            liked_from=4.0,
            training_ratings=zeros[:0],
            training_columns=np.zeros(0, np.int32),
            training_starts=np.zeros(1, np.int64),
        )
    if kind == "FM":
        samples = PosteriorSamples(
            means=np.full(2, 3.0),
            users=np.zeros((2, 0, 2)),
            items=np.tile(np.column_stack([zeros, factors]).astype(float), (2, 1, 1)),
            noise_precisions=np.array([1.0, 2.0]),
            user_means=np.zeros((2, 2)),
            user_precisions=np.tile(np.diag([1e3, 1.0]), (2, 1, 1)),
        )
        one = interactions_of(sparse.csr_array(np.full((1, 5), 3, np.float32)))
        of_ratings = FMParameters(objective="rating", rank=1)
        return FM.from_samples(samples, Examples.of(one, of_ratings), of_ratings)
    return ALS(factors, ALSParameters(factors=1, regularization=1.0, confidence="rating"))


@pytest.mark.parametrize("kind", ["SVD", "EMF", "FM"])
def test_raising_the_rating_of_a_similar_item_raises_the_score(kind: str) -> None:
    """Of an opposite one it lowers it; a rating of 5 speaks for its like, one of 1 against."""
    model = one_dimensional(kind)
    levels = (1.0, 2.0, 4.0, 5.0)
    ratings = sparse.csr_array(np.array([[r, 0, 0, 4, 0] for r in levels], np.float32))
    found = all_influences(model, ratings, np.tile([1, 3], (4, 1)))[:, :, 0]
    scores = exact_scores(model, [ratings])
    assert (np.diff(scores[:, 1]) > 0).all()
    assert (np.diff(found[:, 0]) > 0).all()
    assert (np.diff(found[:, 1]) < 0).all()
    alone = sparse.csr_array(np.array([[1.0, 0, 0, 0, 0], [5.0, 0, 0, 0, 0]], np.float32))
    against, for_it = all_influences(model, alone, np.tile([1, 2, 3], (2, 1)))[:, :, 0]
    assert (np.sign(against) == [-1, -1, 1]).all()
    assert (np.sign(for_it) == [1, 1, -1]).all()
    assert for_it[0] > for_it[1] > 0


def test_a_higher_rating_is_more_evidence_in_als() -> None:
    model = one_dimensional("ALS")
    ratings = sparse.csr_array(np.array([[r, 0, 0, 0, 0] for r in (1, 3, 5)], np.float32))
    found = all_influences(model, ratings, np.tile([1, 3], (3, 1)))[:, :, 0]
    assert (np.diff(found[:, 0]) > 0).all()
    assert found[0, 0] > 0
    np.testing.assert_allclose(found[:, 1], -found[:, 0], atol=1e-12)


def test_by_hand() -> None:
    """One factor q = 1, no biases, lambda 0.5, kappa 1; of ratings 5 and 4, 2 and 1 above mu.

    With both the systems of (b, p) say b = p = (2 + 1) / (2 x 2 + 0.5 x 2 + 1) = 1/2; without
    the first 1 / (2 + 1.5) = 2/7, without the second 4/7, without either 0.
    """
    zeros = np.zeros(3, np.float32)
    model = SVD(
        mean=3.0,
        item_biases=zeros,
        item_factors=np.ones((3, 1), np.float32),
        parameters=SVDParameters(objective="rating", factors=1, regularization=0.5),
        user_penalty=1.0,
    )
    block = only_block(sparse.csr_array(np.array([[5, 4, 0]], np.float32)))
    items = np.array([[2, 0]])
    each = 2 * (1 / 2 - np.array([2 / 7, 4 / 7]))
    np.testing.assert_allclose(influences(model, block, items), [[each, each]], atol=1e-12)
    groups = np.array([[[0, 1], [1, -1]]])
    found = group_influences(model.user_systems(block), items, groups)
    np.testing.assert_allclose(found, [[1.0, each[1]]], atol=1e-12)


# Groups of ratings


def refitted_groups(
    model: Model, ratings: sparse.csr_array, items: NDArray[Any], groups: NDArray[Any]
) -> NDArray[np.float64]:
    """(n, k), every group of every user one by one; groups (n, k, g) of places in the history."""
    full = exact_scores(model, [ratings])
    pairs = list(np.ndindex(*items.shape))
    taken = [groups[pair][groups[pair] >= 0] for pair in pairs]
    fewer = exact_scores(
        model, [without(ratings, user, g) for (user, _), g in zip(pairs, taken, strict=True)]
    )
    found = np.zeros(items.shape)
    for (user, slot), scores in zip(pairs, fewer, strict=True):
        found[user, slot] = full[user, items[user, slot]] - scores[items[user, slot]]
    return found


def all_group_influences(
    model: Model,
    ratings: sparse.csr_array,
    items: NDArray[Any],
    groups: NDArray[Any],
    cells: int = 4_000,
) -> NDArray[np.float64]:
    found = np.full(items.shape, np.nan)
    for block in padded_blocks(ratings, cells=cells):
        parts = group_influences(model.user_systems(block), items[block.rows], groups[block.rows])
        assert parts.dtype == np.float64
        found[block.rows] = parts
    return found


def random_groups(
    rng: np.random.Generator, sizes: NDArray[Any], lengths: NDArray[Any], width: int
) -> NDArray[np.int64]:
    """(n, k, width) places in no order, of sizes (n, k) at most the history's, padded with -1."""
    groups = np.full((*sizes.shape, width), -1, np.int64)
    for user, slot in np.ndindex(*sizes.shape):
        size = min(sizes[user, slot], lengths[user], width)
        groups[user, slot, :size] = rng.permutation(lengths[user])[:size]
    return groups


@all_models
@pytest.mark.parametrize("size", [0, 1, 2, 5, 29, 34])
def test_groups_equal_solving_again(kind: str, size: int) -> None:
    """Of a history that has fewer ratings all are taken out."""
    model, ratings = MODELS[kind](0), random_interactions().ratings
    rng = np.random.default_rng(size)
    lengths = np.diff(ratings.indptr)
    items = np.stack([rng.permutation(N_ITEMS)[:5] for _ in lengths])
    groups = random_groups(rng, np.full(items.shape, size), lengths, max(size, 1))
    found = all_group_influences(model, ratings, items, groups)
    np.testing.assert_allclose(
        found, refitted_groups(model, ratings, items, groups), atol=TOLERANCE
    )
    assert np.abs(found).max() > 1e-3 if size else not found.any()


@settings(max_examples=16, deadline=None)
@given(
    kind=any_model,
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    cells=st.sampled_from([1, 20, 4_000]),
    width=st.integers(1, 9),
)
def test_groups_of_different_sizes(
    kind: str, seed: int, lengths: list[int], cells: int, width: int
) -> None:
    model, rng = MODELS[kind](seed), np.random.default_rng(seed)
    ratings = random_interactions(seed + 1, tuple(lengths)).ratings
    items = rng.integers(0, N_ITEMS, (len(lengths), 4))
    sizes = rng.integers(0, width + 1, items.shape)
    groups = random_groups(rng, sizes, np.array(lengths), width)
    found = all_group_influences(model, ratings, items, groups, cells)
    np.testing.assert_allclose(
        found, refitted_groups(model, ratings, items, groups), atol=TOLERANCE
    )
    assert not found[(groups < 0).all(axis=2)].any()


@all_models
def test_a_group_of_one_is_a_single_rating(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions().ratings
    block, items = only_block(ratings), np.random.default_rng(0).integers(0, N_ITEMS, (8, 3))
    single = influences(model, block, items)
    for place in range(block.columns.shape[1]):
        groups = np.where(block.filled[:, place], place, -1)[:, None, None]
        groups = np.broadcast_to(groups, (8, 3, 1))
        found = group_influences(model.user_systems(block), items, groups)
        np.testing.assert_allclose(found, single[:, :, place], atol=1e-10)


@all_models
def test_the_order_and_the_padding_of_a_group_do_not_matter(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions(lengths=(9, 9)).ratings
    block, items = only_block(ratings), np.array([[0, 1], [2, 3]])
    orders = [[5, 2, 7], [7, 2, 5], [2, 5, 7, -1, -1]]
    found = [
        group_influences(
            model.user_systems(block), items, np.broadcast_to(order, (2, 2, len(order)))
        )
        for order in orders
    ]
    np.testing.assert_allclose(found[1], found[0], atol=1e-12)
    np.testing.assert_allclose(found[2], found[0], atol=1e-12)


@all_models
def test_the_whole_history_is_worth_the_way_from_the_empty_one(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions(lengths=(7, 7)).ratings
    groups = np.broadcast_to(np.arange(7), (2, N_ITEMS, 7))
    found = group_influences(model.user_systems(only_block(ratings)), every_item(ratings), groups)
    empty = sparse.csr_array((2, N_ITEMS), dtype=np.float32)
    expected = exact_scores(model, [ratings]) - exact_scores(model, [empty])
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


@all_models
def test_no_groups_at_all(kind: str) -> None:
    model, ratings = MODELS[kind](0), random_interactions(lengths=(3, 3)).ratings
    block, items = only_block(ratings), np.array([[0, 1], [2, 3]])
    for groups in (np.zeros((2, 2, 0), np.int64), np.full((2, 2, 3), -1)):
        np.testing.assert_array_equal(
            group_influences(model.user_systems(block), items, groups), np.zeros((2, 2))
        )


@pytest.mark.parametrize(
    "model",
    [
        random_svd(0, regularization=0.5, penalty=0.5),
        random_emf(0, regularization=0.5, factor_damping=0.5),
    ],
    ids=["SVD", "EMF"],
)
def test_a_group_larger_than_the_history_of_another_user_of_the_block(model: Model) -> None:
    """By as many ratings as kappa / lambda, here 1."""
    data = random_interactions(lengths=(1, 4))
    items, groups = np.array([[5], [5]]), np.array([[[0, -1]], [[0, 1]]])
    found = all_group_influences(model, data.ratings, items, groups)
    expected = refitted_groups(model, data.ratings, items, groups)
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


# Models without a closed form


def test_explainability_in_the_model_has_no_closed_form() -> None:
    model, ratings = random_emf(0, explainability_weight=0.3), random_interactions().ratings
    block, items = only_block(ratings), np.zeros((len(LENGTHS), 1), np.int64)
    says = r"parameter explainability_weight: .* accepted: 0$"
    with pytest.raises(InputError, match=says):
        list(model.user_systems(block))
    with pytest.raises(InputError, match=says):
        influences(model, block, items)
    with pytest.raises(InputError, match=says):
        group_influences(model.user_systems(block), items, items[..., None])
    with pytest.raises(InputError, match=says):
        explain(model, random_interactions(), all_pairs(random_interactions())[:3])


@pytest.mark.parametrize("kind", ["Popularity", "EASE", "ItemKNN"])
def test_other_models_are_refused(kind: str) -> None:
    data = random_interactions()
    model = {
        "Popularity": lambda: Popularity.fit(data),
        "EASE": lambda: EASE.fit(data, EASEParameters()),
        "ItemKNN": lambda: ItemKNN.fit(data, ItemSimilarityParameters(k=2)),
    }[kind]()
    assert not isinstance(model, ClosedFormRecommender)
    with pytest.raises(InputError, match=rf"^influence: a {kind} has no closed-form user side"):
        explain(model, data, all_pairs(data)[:3])


def test_few_or_many_histories_come_out_the_same_in_fm() -> None:
    """Influence relies on user sides that are exact."""
    model, ratings = random_fm(0), random_interactions().ratings
    more = sparse.csr_array(sparse.vstack([ratings, ratings], format="csr"))
    few, many = model.user_factors(ratings), model.user_factors(more)[: len(LENGTHS)]
    np.testing.assert_allclose(few, many, atol=1e-6)
    np.testing.assert_allclose(few, many, atol=1e-10)


# The tables


def explain(
    model: Any,
    data: Interactions,
    pairs: list[tuple[int, int]],
    liked_from: float = -np.inf,
    **parameters: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explain (row, column) pairs."""
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    recommendations = pd.DataFrame(
        {"user_id": data.user_ids[rows], "item_id": data.item_ids[columns]}
    )
    return explain_lists(model, data, recommendations, liked_from, **parameters)


def explain_lists(
    model: Any,
    data: Interactions,
    recommendations: pd.DataFrame,
    liked_from: float = -np.inf,
    **parameters: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lists, known = lists_of(data, recommendations), data_of(data, liked_from=liked_from)
    found = explain_by_influence(model, known, lists, InfluenceParameters(**parameters))
    assert found.facts == {"predicts_ratings": model.predicts_ratings}
    return found.evidence, found.details["cited_groups"]


def all_pairs(data: Interactions) -> list[tuple[int, int]]:
    return list(itertools.product(range(data.n_users), range(data.n_items)))


def expected_tables(
    model: Model,
    data: Interactions,
    pairs: list[tuple[int, int]],
    n_evidence: int,
    n_cited: int,
    liked_from: float,
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Both tables, one recommendation at a time, from models solved again.

    What is liked and supports is told first; where it is too little of what supports
    nothing is, and only it is cited. A predicted rating has to fall by 0.05 on the scale from 0 to
    5 without what is cited.
    """
    worth = refitted(model, data.ratings)
    worth[np.abs(worth) < 1e-12] = 0  # of ratings that do not count
    full = exact_scores(model, [data.ratings])
    rows: list[tuple[Any, ...]] = []
    groups: list[tuple[Any, ...]] = []
    for user, item in pairs:
        ids = (int(data.user_ids[user]), int(data.item_ids[item]))
        weights = worth[user, item]
        own = data.ratings[[user]].toarray()[0]
        most = sorted(np.flatnonzero(weights), key=lambda j: -abs(weights[j]))
        liked = [j for j in most if weights[j] > 0 and own[j] >= liked_from]
        lower = [j for j in most if weights[j] > 0 and own[j] < liked_from]
        if (
            sum(weights[j] for j in liked) < LEAST_LIKED * sum(weights[j] for j in liked + lower)
            or not liked
        ):
            continue
        always = (liked + lower)[: min(n_cited, n_evidence)]
        strongest = sorted(most, key=lambda j: j not in always)[:n_evidence]
        told = liked + lower + [j for j in most if weights[j] < 0]
        listed = [j for j in told if j in strongest]
        cited = [j for j in listed[:n_cited] if j in liked]
        places = np.flatnonzero(np.isin(history(data.ratings, user)[0], cited))
        scores = exact_scores(model, [without(data.ratings, user, places)])[0]
        together = full[user, item] - scores[item]
        fall = min(max(full[user, item], 0), 5) - min(max(scores[item], 0), 5)
        if model.predicts_ratings and fall < 0.1:
            continue
        rows += [(*ids, p, data.item_ids[j], weights[j]) for p, j in enumerate(listed, 1)]
        groups.append((*ids, len(cited), sum(weights[j] for j in cited), together))
    return rows, groups


SOME_PAIRS = [(4, 3), (0, 8), (1, 0), (0, 2), (7, 33), (1, 20), (3, 3), (2, 5), (4, 9), (7, 0)]


@pytest.mark.parametrize("kind", list(MODELS))
@pytest.mark.parametrize("liked_from", [-np.inf, 3.5])
@pytest.mark.parametrize(("n_evidence", "n_cited"), [(10, 3), (3, 2), (2, 5), (99, 9)])
def test_tables_equal_brute_force(
    kind: str, n_evidence: int, n_cited: int, liked_from: float
) -> None:
    """Recommendations in any order, none for users 5 and 6, lists of different lengths."""
    model, data = MODELS[kind](0), random_interactions()
    table, cited_groups = explain(
        model, data, SOME_PAIRS, liked_from, n_evidence=n_evidence, n_cited=n_cited
    )
    rows, groups = expected_tables(model, data, SOME_PAIRS, n_evidence, n_cited, liked_from)
    keys = ["user_id", "item_id", "position", "rated_item_id"]
    assert list(table[keys].itertuples(index=False, name=None)) == [row[:4] for row in rows]
    np.testing.assert_allclose(table["weight"], [row[4] for row in rows], rtol=1e-6)
    found = list(cited_groups.itertuples(index=False, name=None))
    assert [row[:3] for row in found] == [row[:3] for row in groups]
    for column in (3, 4):
        np.testing.assert_allclose(
            [row[column] for row in found], [row[column] for row in groups], atol=TOLERANCE
        )
    assert len(groups) >= 3


def test_contract_columns_and_types() -> None:
    table, cited_groups = explain(random_svd(0), random_interactions(), SOME_PAIRS)
    assert_is_evidence(table, views=True)
    assert (table["style"] == "item").all()
    assert (table["evidence"].astype(str) == "Title " + table["evidence_id"].astype(str)).all()
    assert cited_groups.columns.tolist() == [
        "user_id",
        "item_id",
        "n_cited",
        "sum_of_influences",
        "group_influence",
    ]
    assert isinstance(cited_groups.index, pd.RangeIndex)
    assert cited_groups["n_cited"].dtype.kind == "i"


def test_the_strongest_are_listed_and_support_comes_first() -> None:
    """In the table itself: nothing unlisted is stronger than what is listed, but the first."""
    model, data = random_svd(0), random_interactions()
    listed, _ = explain(model, data, SOME_PAIRS, n_evidence=4, n_cited=1)
    everything, _ = explain(model, data, SOME_PAIRS, n_evidence=99)
    assert set(listed.columns) == set(everything.columns)
    both_signs = 0
    for (user, item), pieces in listed.groupby(["user_id", "item_id"]):
        whole = everything[(everything["user_id"] == user) & (everything["item_id"] == item)]
        assert len(pieces) == min(4, len(whole))
        weights = pieces["weight"].to_numpy()
        every = whole["weight"].to_numpy()
        others = sorted(every, key=lambda w: (w != max(every.max(), 0), -abs(w)))[:4]
        np.testing.assert_array_equal(np.sort(np.abs(weights)), np.sort(np.abs(others)))
        support = weights[weights > 0]
        assert (weights[: len(support)] > 0).all()
        assert (np.diff(support) <= 0).all()
        assert (np.diff(weights[len(support) :]) >= 0).all()
        assert pieces["position"].tolist() == list(range(1, len(pieces) + 1))
        both_signs += 0 < len(support) < len(weights)
    assert both_signs > 2


def test_recommendations_without_support_are_not_explained() -> None:
    """The user disliked an item like the recommended one."""
    ratings = sparse.csr_array(np.array([[1, 0, 0, 0, 0], [5, 0, 0, 0, 0]], np.float32))
    data = interactions_of(ratings)
    table, cited_groups = explain(one_dimensional("SVD"), data, [(0, 1), (1, 1), (0, 3)])
    assert (table["weight"] > 0).all()
    for found in (table, cited_groups):
        assert found[["user_id", "item_id"]].to_numpy().tolist() == [[20, 101], [10, 103]]
    np.testing.assert_allclose(cited_groups["sum_of_influences"], table["weight"], rtol=1e-6)
    np.testing.assert_allclose(cited_groups["group_influence"], table["weight"], rtol=1e-6)


def test_what_is_not_liked_supports_nothing_by_itself() -> None:
    """A rating of 1 raises the score of the opposite, and is no reason to see it."""
    ratings = sparse.csr_array(np.array([[1, 0, 0, 0, 0], [1, 4, 0, 0, 5]], np.float32))
    data, pairs = interactions_of(ratings), [(0, 3), (1, 3)]
    everything, _ = explain(one_dimensional("SVD"), data, pairs)
    assert everything["rated_item_id"].tolist() == [100, 104, 100, 101]
    assert np.sign(everything["weight"]).tolist() == [1, 1, 1, -1]
    told, cited = explain(one_dimensional("SVD"), data, pairs, liked_from=4.0)
    assert told["rated_item_id"].tolist() == [104, 100, 101]
    assert told["user_id"].unique().tolist() == [20]
    assert cited["n_cited"].tolist() == [1]
    np.testing.assert_allclose(cited["sum_of_influences"], told["weight"][:1], rtol=1e-6)


@pytest.mark.parametrize(
    ("mean", "rating", "told"),
    [
        (3.0, 5.0, True),
        (3.0, 3.08, False),  # worth less than 0.1 of the 5 of the scale
        (3.0, 3.2, True),
        (5.0, 7.0, False),  # 5 at best with the rating and without it
        (4.8, 6.0, True),
        (4.96, 6.0, False),
        (-2.0, -1.0, False),  # and 0 at least
    ],
)
def test_what_ratings_do_to_a_predicted_one_has_to_be_felt_on_the_scale(
    mean: float, rating: float, told: bool
) -> None:
    """A rating above the mean raises what is predicted of an item of the same kind above it.

    By 5 / 5.6 of the difference: both are (1, 2), bias and factor, and the ridge is 0.1 + 0.5.
    """
    model = dataclasses.replace(one_dimensional("SVD"), mean=mean)
    data = interactions_of(sparse.csr_array(np.array([[rating, 0, 0, 0, 0]], np.float32)))
    table, groups = explain(model, data, [(0, 1)])
    assert table["rated_item_id"].tolist() == ([100] if told else [])
    assert len(groups) == len(table)
    np.testing.assert_allclose(table["weight"], [(rating - mean) * 5 / 5.6] * told, rtol=1e-5)


def test_only_support_is_cited() -> None:
    """Of the first three pieces two support; the third does not belong to the group."""
    ratings = sparse.csr_array(np.array([[5, 0, 5, 4.5, 0]], np.float32))
    table, cited_groups = explain(one_dimensional("SVD"), interactions_of(ratings), [(0, 1)])
    assert np.sign(table["weight"]).tolist() == [1, 1, -1]
    assert cited_groups["n_cited"].tolist() == [2]
    pair = table["weight"][:2].sum()
    np.testing.assert_allclose(cited_groups["sum_of_influences"], [pair], rtol=1e-6)
    model = one_dimensional("SVD")
    scores = exact_scores(model, [ratings, without(ratings, 0, [0, 1])])[:, 1]
    np.testing.assert_allclose(cited_groups["group_influence"], scores[:1] - scores[1:])
    assert abs(cited_groups["group_influence"].iloc[0] - pair) > 0.01


def test_order_follows_the_recommendations_whatever_their_index() -> None:
    model, data = random_als(0), random_interactions()
    recommendations = pd.DataFrame(
        [(80, 100), (10, 101), (80, 105), (20, 100)], columns=["user_id", "item_id"], index=[7] * 4
    )
    table, groups = explain_lists(model, data, recommendations, n_evidence=1)
    expected = recommendations.to_numpy().tolist()
    assert table[["user_id", "item_id"]].to_numpy().tolist() == expected
    kept = groups[["user_id", "item_id"]].to_numpy().tolist()
    assert kept == [pair for pair, w in zip(expected, table["weight"], strict=True) if w > 0]
    assert len(kept) > 1


@settings(max_examples=15, deadline=None)
@given(kind=any_model, seed=st.integers(0, 10_000))
def test_permuting_recommendations_permutes_explanations(kind: str, seed: int) -> None:
    model, data = MODELS[kind](1), random_interactions(1)
    rng = np.random.default_rng(seed)
    pairs = [SOME_PAIRS[place] for place in rng.permutation(len(SOME_PAIRS))]
    keys = ["user_id", "item_id"]
    for found, expected in zip(
        explain(model, data, pairs, n_evidence=3),
        explain(model, data, SOME_PAIRS, n_evidence=3),
        strict=True,
    ):
        tables = [
            table.sort_values(keys, kind="stable", ignore_index=True) for table in (found, expected)
        ]
        pd.testing.assert_frame_equal(*tables, check_exact=False, atol=1e-12)


def test_text_ids() -> None:
    ratings = sparse.csr_array(np.array([[5, 0, 0, 0, 0], [0, 0, 0, 5, 0]], np.float32))
    data = Interactions(ratings, np.array(["al", "zoë"]), np.array(["a", "b", "c", "d", "ä"]))
    table, groups = explain(one_dimensional("SVD"), data, [(1, 1), (0, 2)])
    found = table[["user_id", "item_id", "rated_item_id", "evidence"]].to_numpy().tolist()
    assert found == [["al", "c", "a", "Title a"]]
    assert groups[["user_id", "item_id"]].to_numpy().tolist() == [["al", "c"]]


def test_empty_histories_are_explained_by_nothing() -> None:
    model, data = random_svd(0), random_interactions(lengths=(0, 4, 0))
    table, groups = explain(model, data, [(0, 1), (1, 2), (2, 3)])
    assert table["user_id"].unique().tolist() == [20]
    assert groups["user_id"].isin([20]).all()
    nobody = random_interactions(lengths=(0, 0))
    for empty, expected in zip(
        explain(model, nobody, [(0, 1), (1, 2)]), (table, groups), strict=True
    ):
        assert empty.empty
        assert empty.columns.tolist() == expected.columns.tolist()


def test_no_recommendations() -> None:
    table, groups = explain(random_svd(0), random_interactions(), [])
    assert table.empty
    assert groups.empty


def test_tables_of_another_run_are_refused() -> None:
    data = random_interactions()
    unknown = pd.DataFrame({"user_id": [10], "item_id": [7]})
    with pytest.raises(InputError, match="item_id 7 is not among the interactions"):
        explain_lists(random_svd(0), data, unknown)


@pytest.mark.parametrize("name", ["n_evidence", "n_cited"])
def test_parameters_out_of_range(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        InfluenceParameters(**{name: 0})
