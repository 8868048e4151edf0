"""Samples of what is near, against the sums over everything that they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from explainable_recsys import draws
from explainable_recsys.explainers import perturbations
from explainable_recsys.explainers.perturbations import (
    MIN_EFFECTIVE,
    WIDER,
    Neighbourhood,
    _draw,
    effective_size,
    kernel,
    removal_masks,
    sample_near,
    weigh_masks,
)

FAR = np.linspace(0.9, 1.0, 200)


@pytest.fixture(autouse=True)
def _no_endless_widening(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = iter(range(100_000))

    def counted(distances: np.ndarray, width: float) -> np.ndarray:
        assert next(calls, None) is not None, "the kernel was widened without end"
        return kernel(distances, width)

    monkeypatch.setattr(perturbations, "kernel", counted)


def sampled(
    distances: np.ndarray, n: int, width: float, seed: int = 0, anchor: int = 0
) -> Neighbourhood:
    """Candidates whose ids are 0, 1, …"""
    return sample_near(distances, n, width, anchor, np.arange(len(distances)), seed)


def masks_of(length: int, n: int, most: float, seed: int = 0) -> np.ndarray:
    """Masks of a history of the items 0, 1, …"""
    return removal_masks(np.arange(length), n, most, seed)


def check(near: Neighbourhood, n: int, n_candidates: int) -> None:
    """What holds of every sample."""
    assert len(near.chosen) == len(near.weights) == min(n, n_candidates)
    assert len(np.unique(near.chosen)) == len(near.chosen)
    assert ((near.chosen >= 0) & (near.chosen < n_candidates)).all()
    assert np.isfinite(near.weights).all()
    assert (near.weights >= 0).all()
    np.testing.assert_allclose(near.weights.mean(), 1.0)
    np.testing.assert_allclose(near.effective, effective_size(near.weights))
    assert near.effective >= min(MIN_EFFECTIVE, 0.9 * min(n, n_candidates))


def test_kernel_by_hand() -> None:
    found = kernel(np.array([0.0, 0.5, 1.0]), 0.5)
    np.testing.assert_allclose(found, [1.0, np.sqrt(np.exp(-1.0)), np.sqrt(np.exp(-4.0))])


@pytest.mark.parametrize(
    ("weights", "expected"),
    [([1, 1, 1, 1], 4), ([5, 0, 0], 1), ([3, 1], 1.6), ([2, 1, 1], 16 / 6), ([0.2, 0.2], 2)],
)
def test_effective_size_by_hand(weights: list[float], expected: float) -> None:
    assert effective_size(np.array(weights, float)) == pytest.approx(expected)


@pytest.mark.parametrize("n", [2, 10, 60])
@pytest.mark.parametrize("width", [0.2, 0.6])
def test_weighted_sums_are_unbiased(n: int, width: float) -> None:
    rng = np.random.default_rng(1)
    near = kernel(rng.random(100), width)
    values = np.column_stack([np.ones(100), rng.random(100), np.arange(100) < 5])
    truth = near @ values
    sums = np.empty((4000, 3))
    for repeat in range(len(sums)):
        chosen, weights = _draw(near, rng.standard_exponential(100), n)
        assert len(chosen) == n
        sums[repeat] = weights @ values[chosen]
    error = sums.std(axis=0) / np.sqrt(len(sums))
    assert (np.abs(sums.mean(axis=0) - truth) < 4 * error).all()
    assert (error[:2] < 0.06 / np.sqrt(n) * truth[:2]).all()


def test_one_draw_falls_on_a_candidate_in_proportion_to_the_root_of_its_kernel() -> None:
    distances = np.array([0.0, 0.3, 0.6, 0.9])
    chances = np.sqrt(kernel(distances, 0.5))
    n = 3000
    drawn = [sampled(distances, 1, 0.5, seed).chosen[0] for seed in range(n)]
    shares = np.bincount(drawn, minlength=4) / n
    np.testing.assert_allclose(shares, chances / chances.sum(), atol=4 * np.sqrt(0.25 / n))


def test_near_ones_are_drawn_more_often() -> None:
    distances = np.repeat([0.0, 0.5, 1.0], 100)
    counts = np.zeros(300)
    for seed in range(100):
        counts[sampled(distances, 60, 0.4, seed, 7).chosen] += 1
    near, middle, far = counts.reshape(3, 100).sum(axis=1)
    assert near > 1.3 * middle > 1.3 * 1.5 * far > 0
    assert near + middle + far == 100 * 60


@pytest.mark.parametrize("n", [50, 51, 1000])
def test_all_candidates_when_they_are_few(n: int) -> None:
    distances = np.random.default_rng(0).random(50)
    near = sampled(distances, n, 0.5)
    check(near, n, 50)
    assert near.width == 0.5
    assert sorted(near.chosen) == list(range(50))
    assert list(near.chosen) != list(range(50))
    expected = np.exp(-(distances**2) / 0.5)
    np.testing.assert_allclose(near.weights, (50 * expected / expected.sum())[near.chosen])
    assert near.effective == pytest.approx(expected.sum() ** 2 / (expected**2).sum())


def test_weights_of_a_sample_undo_that_near_ones_are_drawn_more_often() -> None:
    """Among few draws from many, kernel / chance of being drawn is close to root of the kernel."""
    distances = np.random.default_rng(0).random(20_000)
    near = sampled(distances, 100, 0.4, 3)
    check(near, 100, 20_000)
    ratio = near.weights / np.sqrt(kernel(distances[near.chosen], 0.4))
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=0.01)


@pytest.mark.parametrize("n", [30, 60, 1000])
@pytest.mark.parametrize("width", [0.01, 1e-3, 1e-6])
@pytest.mark.parametrize(
    "distances",
    [FAR, np.append(0.0, FAR), np.random.default_rng(0).random(300), np.repeat([0.0, 1.0], 20)],
    ids=["far", "itself and far", "spread", "half near"],
)
def test_a_narrow_kernel_is_widened(n: int, width: float, distances: np.ndarray) -> None:
    near = sampled(distances, n, width, 0, 1)
    check(near, n, len(distances))
    needed = min(MIN_EFFECTIVE, 0.9 * min(n, len(distances)))
    steps = np.log(near.width / width) / np.log(WIDER)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    if n >= len(distances):
        before = kernel(distances, near.width / WIDER)
        assert near.width == width or effective_size(before / max(before.max(), 1e-300)) < needed


def test_a_kernel_that_is_wide_enough_stays() -> None:
    distances = np.repeat([0.0, 1.0], [30, 1000])
    near = sampled(distances, 2000, 1e-3)
    assert near.width == 1e-3
    assert near.effective == pytest.approx(30)
    assert set(near.chosen[near.weights > 0]) == set(range(30))
    wider = sampled(distances[1:], 2000, 1e-3)
    assert wider.width > 0.1
    check(wider, 2000, 1029)


@pytest.mark.parametrize("n", [1, 10, 1000])
@pytest.mark.parametrize("width", [1.0, 1e-3, 1e-100])
def test_few_candidates(n: int, width: float) -> None:
    for n_candidates in (1, 2, 3, 29):
        for distances in (np.linspace(0, 1, n_candidates), np.linspace(1, 0.5, n_candidates)):
            check(sampled(distances, n, width, 5), n, n_candidates)


@pytest.mark.parametrize("distance", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("width", [0.3, 1e-3, 1e-6])
def test_all_equally_far(distance: float, n: int, width: float) -> None:
    near = sampled(np.full(60, distance), n, width, 1)
    assert len(near.chosen) == min(n, 60)
    np.testing.assert_allclose(near.weights, 1.0)
    assert near.effective == pytest.approx(min(n, 60), rel=1e-3)
    if distance == 0:
        assert near.width == width


def test_effective_size_where_all_weights_are_tiny() -> None:
    found = [
        sampled(np.ones(1000), 30, width).effective for width in np.geomspace(0.036, 0.037, 50)
    ]
    np.testing.assert_allclose(found, 30, rtol=1e-3)


def same(one: Neighbourhood, other: Neighbourhood) -> bool:
    return (
        np.array_equal(one.chosen, other.chosen)
        and np.array_equal(one.weights, other.weights)
        and (one.effective, one.width) == (other.effective, other.width)
    )


def test_a_sample_depends_on_nothing_but_the_seed() -> None:
    distances = np.random.default_rng(0).random((5, 400))
    forth = [sampled(row, 50, 0.3, 9, anchor) for anchor, row in enumerate(distances)]
    np.random.seed(1)  # noqa: NPY002  the global state is not to matter
    back = [sampled(distances[anchor], 50, 0.3, 9, anchor) for anchor in range(4, -1, -1)]
    assert all(same(one, other) for one, other in zip(forth, back[::-1], strict=True))


@pytest.mark.parametrize("seed", [(9, 1), (10, 0), (0, 9)])
def test_another_seed_or_anchor_is_another_sample(seed: tuple[int, int]) -> None:
    distances = np.random.default_rng(0).random(400)
    one, other = (sampled(distances, 50, 0.3, *given) for given in ((9, 0), seed))
    assert set(one.chosen) != set(other.chosen)


@pytest.mark.parametrize("n", [50, 1000])
def test_a_sample_does_not_depend_on_the_order_of_the_candidates(n: int) -> None:
    rng = np.random.default_rng(0)
    distances, ids = rng.random(400), rng.permutation(5000)[:400]
    order = rng.permutation(400)
    one = sample_near(distances, n, 0.3, 7, ids, 9)
    other = sample_near(distances[order], n, 0.3, 7, ids[order], 9)
    np.testing.assert_array_equal(ids[order][other.chosen], ids[one.chosen])
    np.testing.assert_allclose(other.weights, one.weights)
    again = sample_near(distances, n, 0.3, 7, draws.numbers(ids), 9)
    assert same(one, again)


def test_one_half_of_a_sample_is_as_near_as_the_other() -> None:
    """Surrogates are fitted to every second row and measured on the others."""
    distances = np.random.default_rng(0).random(3000)
    near = sampled(distances, 1000, 0.4, 3)
    halves = distances[near.chosen][::2].mean(), distances[near.chosen][1::2].mean()
    assert halves[0] == pytest.approx(halves[1], abs=0.05)
    trend = np.corrcoef(np.arange(1000), distances[near.chosen])[0, 1]
    assert abs(trend) < 0.1


def test_the_distances_are_left_alone() -> None:
    distances = np.linspace(0, 1, 50)
    for n in (20, 50):
        sampled(distances, n, 0.1)
        np.testing.assert_array_equal(distances, np.linspace(0, 1, 50))


@pytest.mark.parametrize("most", [0.1, 0.5, 1.0])
def test_shares_that_are_removed(most: float) -> None:
    kept = masks_of(5_000, 400, most)
    assert kept.shape == (400, 5_000)
    assert kept.dtype == bool
    assert kept[0].all()
    shares = 1 - kept[1:].mean(axis=1)
    assert shares.max() < most + 0.03
    deciles = np.quantile(shares, np.linspace(0.1, 0.9, 9)) / most
    np.testing.assert_allclose(deciles, np.linspace(0.1, 0.9, 9), atol=0.08)


def test_every_rating_is_removed_equally_often() -> None:
    removed = 1 - masks_of(10, 10_000, 0.5)[1:].mean(axis=0)
    np.testing.assert_allclose(removed, 0.25, atol=0.03)


def test_seeds_of_masks() -> None:
    masks = masks_of(30, 50, 0.5, 3)
    np.testing.assert_array_equal(masks_of(30, 50, 0.5, 3), masks)
    for seed in (4, 5):
        assert (masks_of(30, 50, 0.5, seed) != masks).any()


def test_masks_do_not_depend_on_the_order_and_the_number_of_ratings() -> None:
    items = np.random.default_rng(0).permutation(900)[:30]
    order = np.random.default_rng(1).permutation(30)
    masks = removal_masks(items, 50, 0.5, 3)
    np.testing.assert_array_equal(removal_masks(items[order], 50, 0.5, 3), masks[:, order])
    np.testing.assert_array_equal(removal_masks(items[:4], 50, 0.5, 3), masks[:, :4])
    np.testing.assert_array_equal(removal_masks(items, 20, 0.5, 3), masks[:20])


def test_masks_of_the_shortest_histories() -> None:
    assert masks_of(0, 20, 0.5).shape == (20, 0)
    one = masks_of(1, 2_000, 0.5)
    assert one.shape == (2_000, 1)
    assert one[0].all()
    assert one.mean() == pytest.approx(0.75, abs=0.04)
    assert masks_of(4, 1, 1.0).tolist() == [[True] * 4]


def test_masks_by_hand() -> None:
    kept = np.array([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 0, 1]], bool)
    near = weigh_masks(kept, 2.0)
    expected = np.exp(-np.square([0, 0.5, 1, 1 - np.sqrt(0.75)]) / 8)
    np.testing.assert_allclose(near.weights, 4 * expected / expected.sum())
    assert near.effective == pytest.approx(expected.sum() ** 2 / (expected**2).sum())
    assert near.width == 2.0
    assert near.chosen.tolist() == [0, 1, 2, 3]


def test_masks_are_weighed_by_the_cosine_distance() -> None:
    kept = masks_of(12, 60, 0.9)
    kept = kept[kept.any(axis=1)]
    near = weigh_masks(kept, 0.4)
    distances = np.array([cosine(np.ones(12), mask) for mask in kept.astype(float)])
    expected = np.exp(-(distances**2) / (2 * near.width**2))
    np.testing.assert_allclose(near.weights, len(kept) * expected / expected.sum())


@pytest.mark.parametrize("length", [1, 2, 100])
@pytest.mark.parametrize("n", [1, 29, 300])
@pytest.mark.parametrize("width", [0.1, 1e-3, 1e-6])
def test_kernel_of_masks_is_widened(length: int, n: int, width: float) -> None:
    kept = masks_of(length, n, 1.0, 2)
    near = weigh_masks(kept, width)
    assert near.weights.mean() == pytest.approx(1)
    assert near.effective == pytest.approx(effective_size(near.weights))
    assert near.width >= width
    assert near.weights.argmax() == 0
    np.testing.assert_allclose(near.weights[kept.all(axis=1)], near.weights[0])
    distances = 1 - np.sqrt(kept.mean(axis=1))
    away = distances > 0
    needed = min(MIN_EFFECTIVE, 0.9 * away.sum())
    assert near.weights[away].sum() / near.weights[0] >= needed - 1e-9
    if near.width > width:
        before = kernel(distances, near.width / WIDER)
        assert min(effective_size(before), before[away].sum()) < needed


def test_removing_the_only_rating_is_not_far_away() -> None:
    near = weigh_masks(masks_of(1, 400, 0.5), 0.1)
    removed = near.weights < near.weights[0]
    assert near.weights[removed].sum() >= MIN_EFFECTIVE * near.weights[0]


@pytest.mark.parametrize("n", [10, 200])
def test_masks_that_keep_everything(n: int) -> None:
    near = weigh_masks(np.ones((n, 7), bool), 1e-3)
    assert near.weights.tolist() == [1.0] * n
    assert (near.effective, near.width) == (n, 1e-3)


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_masks_of_an_empty_history() -> None:
    near = weigh_masks(masks_of(0, 40, 0.5), 0.1)
    assert near.weights.tolist() == [1.0] * 40
    assert near.effective == 40
