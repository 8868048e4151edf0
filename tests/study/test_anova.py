"""The analysis of variance by hand; `test_against_pingouin` has the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.study.anova import interaction, repeated_measures


def test_by_hand() -> None:
    # Means of conditions and of people: 2, 3, 4. What neither explains: 0 0 0, 0 1 -1, 0 -1 1.
    found = repeated_measures(np.array([[1.0, 2, 3], [2, 4, 3], [3, 3, 6]]))
    assert (found.n, found.k, found.df, found.df_error) == (3, 3, 2, 4)
    assert found.f == pytest.approx((6 / 2) / (4 / 4))
    assert found.eta2 == pytest.approx(6 / 10)
    assert found.p == pytest.approx((1 + 2 * 3 / 4) ** -2)  # of 2 and 4 degrees of freedom


@given(seed=st.integers(0, 1000), shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_neither_level_of_a_person_nor_unit_nor_order_matters(
    seed: int, shift: float, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(8, 4)).round(2)
    moved = scale * (values + shift * rng.normal(size=(8, 1)))[rng.permutation(8)][:, [2, 0, 3, 1]]
    for name, there in vars(repeated_measures(values)).items():
        assert vars(repeated_measures(moved))[name] == pytest.approx(there, rel=1e-6, abs=1e-9)


def test_sphericity_of_an_interaction_is_that_of_the_products_of_contrasts() -> None:
    values = np.random.default_rng(0).normal(size=(9, 3, 3)) * [1, 2, 4]
    between_three = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])
    products = values.reshape(9, 9) @ np.kron(between_three, between_three).T
    spread = np.linalg.eigvalsh(np.cov(products, rowvar=False))
    found = interaction(values)
    assert found.w == pytest.approx(np.prod(spread / spread.mean()))
    assert found.epsilon_gg == pytest.approx(spread.sum() ** 2 / (4 * np.square(spread).sum()))


def test_epsilon_has_its_bounds() -> None:
    two_alike = np.array([[1.0, 1, 2], [3, 3, 1], [2, 2, 5], [4, 4, 1]])
    found = repeated_measures(two_alike)
    assert found.epsilon_gg == pytest.approx(0.5)
    assert found.w == pytest.approx(0, abs=1e-12)
    assert found.sphericity_p == pytest.approx(0, abs=1e-3)
    assert repeated_measures(np.random.default_rng(0).normal(size=(3, 6))).epsilon_gg >= 0.2


def test_fewer_people_than_conditions_have_no_test_of_sphericity() -> None:
    found = repeated_measures(np.random.default_rng(0).normal(size=(4, 5)))
    assert np.isnan([found.w, found.chi2, found.sphericity_p]).all()
    assert 0 < found.p_gg < 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([[1, 2, 3]] * 2, "at least"),
        ([[1], [2], [3]], "at least"),
        ([1, 2, 3], "at least"),
        ([[1, 2], [2, np.nan], [2, 3]], "1 values are no numbers"),
        ([[3, 3], [3, 3], [3, 3]], "not defined"),
        ([[1, 2], [2, 3], [4, 5]], "not defined"),  # everybody by the same
        ([[0.1, 0.3], [0.2, 0.4], [0.3, 0.5]], "not defined"),  # up to rounding
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_cannot_be_tested_is_said(values: list[list[float]], says: str) -> None:
    with pytest.raises(InputError, match=says):
        repeated_measures(np.array(values, np.float64))


@pytest.mark.parametrize(
    ("shape", "says"),
    [((4, 3), "levels, levels"), ((4, 1, 3), "levels, levels"), ((2, 2, 2), "at")],
)
def test_an_interaction_needs_two_factors_and_three_people(
    shape: tuple[int, ...], says: str
) -> None:
    with pytest.raises(InputError, match=says):
        interaction(np.random.default_rng(0).normal(size=shape))
