"""Laplace's approximation against matrices in full, differences, and integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from explainable_recsys.study.cumulative import Answers, terms_at
from explainable_recsys.study.laplace import laplace


def answers(sizes: tuple[int, ...], n: int = 60, n_categories: int = 4, seed: int = 0) -> Answers:
    rng = np.random.default_rng(seed)
    groups = tuple(rng.integers(0, size, n) for size in sizes)
    design = rng.normal(size=(n, 2))
    return Answers(rng.integers(0, n_categories, n), n_categories, design, groups, sizes)


@pytest.mark.parametrize("sizes", [(5, 9), (9, 5), (4, 12, 6)])
def test_gradient(sizes: tuple[int, ...]) -> None:
    data, nowhere = answers(sizes), np.zeros(sum(sizes))
    parameters = np.array([-1, 0.2, 1.5, 0.5, -0.3, 0.8, 1.2, 0.6][: 5 + len(sizes)])
    gradient = laplace(data, nowhere.copy(), parameters)[1]
    for place, step in enumerate(1e-5 * np.eye(len(parameters))):
        above, below = (laplace(data, nowhere.copy(), parameters + x)[0] for x in (step, -step))
        assert gradient[place] == pytest.approx((above - below) / 2e-5, abs=1e-6)


def test_by_the_matrix_in_full_and_from_wherever_the_search_begins() -> None:
    data, parameters = answers((4, 7)), np.array([-1, 0.2, 1.5, 0.5, -0.3, 0.8, 1.2])
    z = np.zeros(11)
    value, _ = laplace(data, z, parameters)
    member = np.zeros((60, 11))
    for offset, deviation, codes in zip((0, 4), (0.8, 1.2), data.groups, strict=True):
        member[np.arange(60), offset + codes] = deviation
    terms = terms_at(data, parameters, data.design @ parameters[3:5] + member @ z)
    assert member.T @ (terms.upper + terms.lower - 1) == pytest.approx(z, abs=1e-8)  # the mode
    curvature = terms.upper * (1 - terms.upper) + terms.lower * (1 - terms.lower)
    full = np.eye(11) + member.T @ (curvature[:, None] * member)
    expected = terms.value.sum() - z @ z / 2 - np.linalg.slogdet(full)[1] / 2
    assert -value == pytest.approx(expected, abs=1e-9)
    assert laplace(data, np.full(11, 5.0), parameters)[0] == pytest.approx(value, abs=1e-9)


def test_near_the_integral() -> None:
    """Of one person and one item, over both intercepts; the approximation is good to a few %."""
    data = answers((1, 1), n=12)
    parameters = np.array([-1, 0.2, 1.5, 0.5, -0.3, 0.8, 0.6])

    def likelihood(item: float, person: float) -> float:
        eta = data.design @ parameters[3:5] + 0.8 * person + 0.6 * item
        log = terms_at(data, parameters, eta).value.sum() - (item**2 + person**2) / 2
        return float(np.exp(log) / (2 * np.pi))

    integral = integrate.dblquad(likelihood, -6, 6, -6, 6, epsrel=1e-6)[0]
    assert laplace(data, np.zeros(2), parameters)[0] == pytest.approx(-np.log(integral), abs=0.02)
