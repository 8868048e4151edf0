"""Batched surrogates against `lime` itself and against least squares written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from explainable_recsys.explainers.surrogates import (
    ENGINES,
    Regression,
    Surrogates,
    fit_batched,
    fit_by_lime,
    held_out_r2,
)

SELECTIONS = ["none", "highest_weights", "forward_selection"]

Case = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def random_case(seed: int, n: int = 60, d: int = 5, m: int = 3) -> Case:
    """Features, weights with mean 1, outputs and an instance; no collinear features."""
    rng = np.random.default_rng(seed)
    features = (rng.random((n, d)) < rng.uniform(0.2, 0.8, d)).astype(float)
    features[: d + 1] = np.vstack([np.eye(d), np.zeros(d)])
    weights = rng.gamma(0.7, size=n)
    outputs = features @ rng.normal(size=(d, m)) + rng.normal(size=(n, m)) + rng.normal(size=m)
    instance = (rng.random(d) < 0.6).astype(float)
    return features, weights / weights.mean(), outputs, instance


def assert_same(found: Surrogates, expected: Surrogates) -> None:
    np.testing.assert_allclose(found.coefficients, expected.coefficients, atol=1e-6)
    np.testing.assert_allclose(found.intercepts, expected.intercepts, atol=1e-6)


def least_squares(
    features: np.ndarray, weights: np.ndarray, output: np.ndarray, penalty: float
) -> tuple[np.ndarray, float]:
    """Coefficients and intercept by one more observation per penalised coefficient."""
    n, d = features.shape
    roots = np.sqrt(weights)[:, None]
    above = np.hstack([np.ones((n, 1)), features]) * roots
    below = np.hstack([np.zeros((d, 1)), np.sqrt(penalty) * np.eye(d)])
    goal = np.append(output * roots[:, 0], np.zeros(d))
    solution = np.linalg.lstsq(np.vstack([above, below]), goal, rcond=None)[0]
    return solution[1:], solution[0]


def by_hand(case: Case, penalty: float, columns: list[list[int]]) -> Surrogates:
    """Least squares of some columns of each output."""
    features, weights, outputs, _ = case
    coefficients = np.zeros((outputs.shape[1], features.shape[1]))
    intercepts = np.zeros(outputs.shape[1])
    for label, chosen in enumerate(columns):
        coefficients[label, chosen], intercepts[label] = least_squares(
            features[:, chosen], weights, outputs[:, label], penalty
        )
    return Surrogates(coefficients, intercepts)


def forward_by_hand(case: Case, n_features: int) -> list[list[int]]:
    """Columns that leave the smallest weighted squared error, one after another."""
    features, weights, outputs, _ = case
    every = []
    for output in outputs.T:
        chosen: list[int] = []
        while len(chosen) < n_features:
            errors = {}
            for column in set(range(features.shape[1])) - set(chosen):
                some = features[:, [*chosen, column]]
                coefficients, intercept = least_squares(some, weights, output, 0.0)
                errors[column] = weights @ (output - some @ coefficients - intercept) ** 2
            chosen.append(min(errors, key=lambda column: errors[column]))
        every.append(chosen)
    return every


def test_two_groups_by_hand() -> None:
    """One feature: shrunk difference of means, sum of squares 4 * 1/2 * 1/2 = 1, moment 2."""
    features = np.array([[0.0], [0.0], [1.0], [1.0]])
    outputs = np.array([[1.0], [3.0], [3.0], [5.0]])
    fitted = fit_batched(features, np.ones(4), outputs, np.ones(1), Regression(penalty=1.0))
    assert fitted.coefficients.tolist() == [[1.0]]
    assert fitted.intercepts.tolist() == [2.5]
    weighted = np.array([3.0, 1.0, 1.0, 3.0])  # group means 1.5 and 4.5, sum of squares 2
    fitted = fit_batched(features, weighted, outputs, np.ones(1), Regression(penalty=2.0))
    np.testing.assert_allclose(fitted.coefficients, [[1.5]])
    np.testing.assert_allclose(fitted.intercepts, [3.0 - 0.75])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("seed", range(2))
def test_all_features_by_least_squares(engine: str, penalty: float, seed: int) -> None:
    case = random_case(seed)
    found = ENGINES[engine](*case, Regression(penalty=penalty, n_features=1))
    assert_same(found, by_hand(case, penalty, [list(range(5))] * 3))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_features", [1, 2, 4])
@pytest.mark.parametrize("seed", range(2))
def test_highest_weights_by_least_squares(engine: str, n_features: int, seed: int) -> None:
    case = random_case(seed)
    instance = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
    strength = np.abs(by_hand(case, 0.01, [list(range(5))] * 3).coefficients)
    columns = [list(np.argsort(-row * instance)[:n_features]) for row in strength]
    assert all(2 not in chosen for chosen in columns)
    regression = Regression(0.5, "highest_weights", n_features)
    found = ENGINES[engine](*case[:3], instance, regression)
    assert_same(found, by_hand(case, 0.5, columns))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("n_features", [1, 2, 4])
@pytest.mark.parametrize("seed", range(2))
def test_forward_selection_by_least_squares(engine: str, n_features: int, seed: int) -> None:
    case = random_case(seed)
    columns = forward_by_hand(case, n_features)
    found = ENGINES[engine](*case, Regression(2.0, "forward_selection", n_features))
    assert_same(found, by_hand(case, 2.0, columns))
    assert ((found.coefficients != 0).sum(axis=1) == n_features).all()


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("n_features", [1, 2, 5, 6, 20])
@pytest.mark.parametrize("penalty", [1e-3, 1.0])
def test_equals_lime(selection: str, n_features: int, penalty: float) -> None:
    case = random_case(n_features, n=50, d=6, m=2)
    regression = Regression(penalty, selection, n_features)
    assert_same(fit_batched(*case, regression), fit_by_lime(*case, regression))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    selection=st.sampled_from(SELECTIONS),
    d=st.integers(1, 5),
    n_features=st.integers(1, 6),
)
def test_equals_lime_on_many(seed: int, selection: str, d: int, n_features: int) -> None:
    case = random_case(seed, n=40, d=d, m=2)
    regression = Regression(0.7, selection, n_features)
    assert_same(fit_batched(*case, regression), fit_by_lime(*case, regression))


@pytest.mark.parametrize("n_ones", [0, 1, 2])
@pytest.mark.parametrize("selection", ["highest_weights", "forward_selection"])
def test_instance_with_fewer_ones_than_features(n_ones: int, selection: str) -> None:
    """The rest is filled up in the order of the columns, as in `LimeBase`."""
    features, weights, outputs, _ = random_case(3, d=6)
    instance = np.zeros(6)
    instance[[4, 2][:n_ones]] = 1.0
    regression = Regression(1.0, selection, 4)
    found = fit_batched(features, weights, outputs, instance, regression)
    assert_same(found, fit_by_lime(features, weights, outputs, instance, regression))
    if selection == "highest_weights":
        filled = {0: [0, 1, 2, 3], 1: [0, 1, 2, 4], 2: [0, 1, 2, 4]}[n_ones]
        for row in found.coefficients:
            assert np.flatnonzero(row).tolist() == filled


def test_boolean_instance() -> None:
    features, weights, outputs, instance = random_case(4)
    regression = Regression(1.0, "highest_weights", 2)
    found = fit_batched(features, weights, outputs, instance.astype(bool), regression)
    assert_same(found, fit_batched(features, weights, outputs, instance, regression))


def test_observations_without_weight_do_not_count() -> None:
    features, weights, outputs, instance = random_case(5)
    weights[40:] = 0.0
    for selection in SELECTIONS:
        regression = Regression(1.0, selection, 2)
        whole = fit_batched(features, weights, outputs, instance, regression)
        part = fit_batched(features[:40], weights[:40], outputs[:40], instance, regression)
        assert_same(whole, part)


def test_weights_count_as_repetitions() -> None:
    features, _, outputs, instance = random_case(6)
    times = np.arange(60) % 4
    for selection in SELECTIONS:
        regression = Regression(1.0, selection, 3)
        weighted = fit_batched(features, times.astype(float), outputs, instance, regression)
        repeated = fit_batched(
            features.repeat(times, axis=0),
            np.ones(times.sum()),
            outputs.repeat(times, axis=0),
            instance,
            regression,
        )
        assert_same(weighted, repeated)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_outputs_are_fitted_one_by_one(selection: str) -> None:
    features, weights, outputs, instance = random_case(7, d=6, m=5)
    regression = Regression(1.0, selection, 2)
    together = fit_batched(features, weights, outputs, instance, regression)
    for label in range(5):
        one = outputs[:, label : label + 1]
        alone = fit_batched(features, weights, one, instance, regression)
        assert_same(alone, Surrogates(together.coefficients[[label]], together.intercepts[[label]]))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("selection", SELECTIONS)
def test_arguments_are_left_alone(engine: str, selection: str) -> None:
    case = random_case(8)
    copies = [part.copy() for part in case]
    ENGINES[engine](*case, Regression(1.0, selection, 2))
    for part, copy in zip(case, copies, strict=True):
        np.testing.assert_array_equal(part, copy)


def collinear_features(kind: str) -> np.ndarray:
    rng = np.random.default_rng(9)
    base = (rng.random((50, 3)) < 0.5).astype(float)
    extra = {
        "twins": base,
        "complements": 1 - base,
        "constant": np.column_stack([np.ones(50), np.zeros(50), np.ones(50)]),
        "one hot": np.eye(3)[rng.integers(0, 3, 50)],
    }[kind]
    return np.hstack([extra, base])


@pytest.mark.parametrize("kind", ["twins", "complements", "constant", "one hot"])
@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("n_features", [1, 4, 6])
def test_collinear_features(kind: str, selection: str, n_features: int) -> None:
    features = collinear_features(kind)
    _, weights, _, _ = random_case(9, n=50)
    outputs = features[:, 3:] @ np.array([[1.0, 0.0], [2.0, 0.5], [-1.0, 3.0]])
    regression = Regression(1.0, selection, n_features)
    found = fit_batched(features, weights, outputs, np.ones(6), regression)
    assert np.isfinite(found.coefficients).all()
    assert np.isfinite(found.intercepts).all()
    if selection != "none":
        assert ((found.coefficients != 0).sum(axis=1) <= n_features).all()
    if selection != "forward_selection":  # which of two twins is chosen is up to rounding
        expected = fit_by_lime(features, weights, outputs, np.ones(6), regression)
        np.testing.assert_allclose(
            features @ found.coefficients.T + found.intercepts,
            features @ expected.coefficients.T + expected.intercepts,
            atol=1e-6,
        )
    if n_features == 6:
        assert_same(
            found, by_hand((features, weights, outputs, np.ones(6)), 1.0, [[*range(6)]] * 2)
        )


@pytest.mark.parametrize("kind", ["twins", "complements", "constant"])
def test_forward_selection_takes_what_is_new_before_what_is_collinear(kind: str) -> None:
    features = collinear_features(kind)
    outputs = features[:, 3:] @ np.array([[3.0], [2.0], [-1.0]])
    regression = Regression(1e-9, "forward_selection", 3)
    found = fit_batched(features, np.ones(50), outputs, np.ones(6), regression)
    np.testing.assert_allclose(found.r2(features, np.ones(50), outputs), 1.0, atol=1e-9)


@pytest.mark.parametrize("kind", ["twins", "complements"])
def test_forward_selection_fills_up_with_columns_that_say_nothing_new(kind: str) -> None:
    features = collinear_features(kind)
    outputs = features[:, 3:] @ np.array([[3.0, 1.0], [2.0, 1.0], [-1.0, 1.0]])
    case = features, np.ones(50), outputs, np.ones(6)
    found = fit_batched(*case, Regression(1.0, "forward_selection", 5))
    columns = [np.flatnonzero(row).tolist() for row in found.coefficients]
    assert [len(chosen) for chosen in columns] == [5, 5]
    assert_same(found, by_hand(case, 1.0, columns))


@pytest.mark.parametrize("selection", SELECTIONS)
def test_constant_outputs_have_no_coefficients(selection: str) -> None:
    features, weights, outputs, instance = random_case(10)
    outputs[:, 1] = 2.5
    outputs[:, 2] = 0.0
    fitted = fit_batched(features, weights, outputs, instance, Regression(1.0, selection, 2))
    np.testing.assert_allclose(fitted.coefficients[1:], 0.0, atol=1e-12)
    np.testing.assert_allclose(fitted.intercepts[1:], [2.5, 0.0], atol=1e-12)
    found = fitted.r2(features, weights, outputs)
    assert np.isnan(found).tolist() == [False, True, True]


def test_r2_by_hand() -> None:
    """Output 0 1 3 with weights 2 1 1: mean 1, squares 2 + 0 + 4 = 6; errors 0, 0 and -1."""
    features = np.array([[0.0], [1.0], [1.0]])
    outputs = np.array([[0.0], [1.0], [3.0]])
    weights = np.array([2.0, 1.0, 1.0])
    exact = Surrogates(np.array([[1.0]]), np.array([0.0]))
    np.testing.assert_allclose(exact.r2(features, weights, outputs), [1 - 4 / 6])
    poor = Surrogates(np.array([[-1.0]]), np.array([0.0]))
    np.testing.assert_allclose(poor.r2(features, weights, outputs), [1 - (4 + 16) / 6])
    mean = Surrogates(np.array([[0.0]]), np.array([1.0]))
    np.testing.assert_allclose(mean.r2(features, weights, outputs), [0.0], atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_r2_equals_that_of_scikit_learn(seed: int) -> None:
    features, weights, outputs, instance = random_case(seed, m=4)
    fitted = fit_batched(features, weights, outputs, instance, Regression(5.0))
    expected = [
        r2_score(output, features @ row + intercept, sample_weight=weights)
        for output, row, intercept in zip(
            outputs.T, fitted.coefficients, fitted.intercepts, strict=True
        )
    ]
    np.testing.assert_allclose(fitted.r2(features, weights, outputs), expected)
    assert min(expected) > 0.05


@pytest.mark.parametrize("level", [0.0, 0.1, -3.7, 1e9, 1e-9])
def test_r2_of_constant_outputs_is_unknown(level: float) -> None:
    features, weights, _, _ = random_case(0)
    outputs = np.full((60, 2), level)
    outputs[:, 1] += features[:, 0] * max(abs(level), 1.0)
    found = Surrogates(np.zeros((2, 5)), np.zeros(2)).r2(features, weights, outputs)
    assert np.isnan(found).tolist() == [True, False]


def test_r2_where_only_outputs_without_weight_vary() -> None:
    features, _, outputs, _ = random_case(0)
    weights = np.zeros(60)
    weights[0] = 1.0
    assert np.isnan(Surrogates(np.zeros((3, 5)), np.zeros(3)).r2(features, weights, outputs)).all()


def test_held_out_r2_by_hand() -> None:
    """Each half fits its two group means; both leave the same error on the other half.

    Even rows: 0 0 -> 0 and 1 1 -> 2. Odd rows: 0 0 -> 1 and 1 1 -> 3, mean 2, squares 4;
    the line of the even rows (0 and 2) errs by 1 everywhere, so R^2 is 1 - 4/4 = 0. The other
    way round the same.
    """
    features = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
    outputs = np.array([[0.0], [1.0], [0.0], [1.0], [2.0], [3.0], [2.0], [3.0]])
    arguments = features, np.ones(8), outputs, np.ones(1), Regression(penalty=1e-12)
    np.testing.assert_allclose(held_out_r2(fit_batched, *arguments), [0.0], atol=1e-9)
    fitted = fit_batched(*arguments)
    np.testing.assert_allclose(fitted.r2(features, np.ones(8), outputs), [1 - 2 / 10])


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("n", [60, 61])
def test_held_out_r2_half_by_half(selection: str, n: int) -> None:
    features, weights, outputs, instance = random_case(11, n=n)
    regression = Regression(1.0, selection, 2)
    ways = []
    for own in (0, 1):
        a, b = np.arange(n) % 2 == own, np.arange(n) % 2 != own
        fitted = fit_batched(features[a], weights[a], outputs[a], instance, regression)
        guesses = features[b] @ fitted.coefficients.T + fitted.intercepts
        ways.append(
            [
                r2_score(output, guess, sample_weight=weights[b])
                for output, guess in zip(outputs[b].T, guesses.T, strict=True)
            ]
        )
    expected = np.mean(ways, axis=0)
    arguments = features, weights, outputs, instance, regression
    np.testing.assert_allclose(held_out_r2(fit_batched, *arguments), expected)
    np.testing.assert_allclose(held_out_r2(fit_by_lime, *arguments), expected, atol=1e-6)


def test_held_out_r2_tells_rules_from_noise() -> None:
    rng = np.random.default_rng(0)
    features = (rng.random((80, 20)) < 0.5).astype(float)
    outputs = np.column_stack([features @ rng.normal(size=20), rng.normal(size=80)])
    arguments = features, np.ones(80), outputs, np.ones(20), Regression(0.01)
    local = fit_batched(*arguments).r2(features, np.ones(80), outputs)
    rule, noise = held_out_r2(fit_batched, *arguments)
    assert local[0] > 0.99
    assert rule > 0.99
    assert local[1] > 0.1
    assert noise < 0


def test_held_out_r2_of_constant_outputs_is_unknown() -> None:
    features, weights, outputs, instance = random_case(12)
    outputs[:, 1] = 4.0
    found = held_out_r2(fit_batched, features, weights, outputs, instance, Regression())
    assert np.isnan(found).tolist() == [False, True, False]


@settings(max_examples=13, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    selection=st.sampled_from(SELECTIONS),
    scale=st.one_of(st.floats(0.01, 100), st.floats(-100, -0.01)),
    shift=st.floats(-100, 100),
)
def test_scale_and_shift_of_the_outputs(
    seed: int, selection: str, scale: float, shift: float
) -> None:
    features, weights, outputs, instance = random_case(seed, n=30, d=4, m=2)
    regression = Regression(1.0, selection, 2)
    before = fit_batched(features, weights, outputs, instance, regression)
    moved = scale * outputs + shift
    after = fit_batched(features, weights, moved, instance, regression)
    tolerance = 1e-9 * (1 + abs(scale) + abs(shift))
    np.testing.assert_allclose(after.coefficients, scale * before.coefficients, atol=tolerance)
    np.testing.assert_allclose(after.intercepts, scale * before.intercepts + shift, atol=tolerance)
    np.testing.assert_allclose(
        after.r2(features, weights, moved), before.r2(features, weights, outputs), atol=1e-6
    )
    np.testing.assert_allclose(
        held_out_r2(fit_batched, features, weights, moved, instance, regression),
        held_out_r2(fit_batched, features, weights, outputs, instance, regression),
        atol=1e-5,
    )
