"""Rating errors: pooled over ratings, clipped, cold pairs counted and kept."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics.ratings import (
    evaluate_ratings,
    rating_errors,
    rating_errors_per_user,
)


class RowPlusColumn:
    """Predicts row + column, and 3 for a cold pair."""

    def predict_ratings(self, histories, rows, columns):
        assert histories.shape == (2, 3)
        return np.where((rows < 0) | (columns < 0), 3.0, rows + columns)


@pytest.fixture
def interactions():
    return Interactions.from_frame(
        pd.DataFrame({"user_id": [10, 10, 20], "item_id": [1, 2, 3], "rating": [4, 5, 1]})
    )


@pytest.fixture
def held_out():
    return pd.DataFrame(
        {
            "user_id": [20, 10, 10, 99, 20],
            "item_id": [3, 1, 3, 1, 77],
            "rating": np.array([5, 2, 1.5, 3, 1], dtype=np.float32),
        }
    )


def test_predictions_are_clipped_to_the_scale():
    errors = rating_errors(np.array([-1.0, 3.0, 9.0]), np.array([1.0, 4.0, 5.0]), 1, 5)
    assert errors.tolist() == [0.0, -1.0, 0.0]


def test_an_empty_scale_is_refused():
    with pytest.raises(InputError, match="minimum 5, maximum 5"):
        rating_errors(np.array([1.0]), np.array([1.0]), 5, 5)


def test_errors_are_summed_by_user():
    sums = rating_errors_per_user(np.array(["b", "a", "b"]), np.array([1.0, -2.0, -3.0]))
    assert sums.index.tolist() == ["a", "b"]
    assert sums.to_dict("list") == {
        "squared": [4.0, 10.0],
        "absolute": [2.0, 4.0],
        "n_ratings": [1, 2],
    }


def test_report_by_hand(interactions, held_out):
    report = evaluate_ratings(RowPlusColumn(), interactions, held_out, 0.5, 5, 0, seed=0)
    errors = np.array([3 - 5, 0.5 - 2, 2 - 1.5, 3 - 3, 3 - 1])
    assert report == {
        "rmse": pytest.approx(np.sqrt(np.mean(errors**2))),
        "rmse/n": 3,
        "mae": pytest.approx(np.mean(np.abs(errors))),
        "mae/n": 3,
        "n_ratings": 5,
        "n_cold": 2,
    }


def test_interval_is_that_of_the_pooled_root(interactions, held_out):
    report = evaluate_ratings(RowPlusColumn(), interactions, held_out, 0.5, 5, 100, seed=4)
    squared, counts = np.array([2.5, 0.0, 8.0]), np.array([2, 1, 2])
    random = np.random.default_rng(4)
    draws = [random.integers(3, size=3) for _ in range(100)]
    roots = [np.sqrt(squared[drawn].sum() / counts[drawn].sum()) for drawn in draws]
    # Interpolation between neighbouring resamples happens before the root.
    expected = np.sqrt(np.quantile(np.square(roots), [0.025, 0.975]))
    assert [report["rmse/low"], report["rmse/high"]] == pytest.approx(expected)
    assert report["mae/low"] <= report["mae"] <= report["mae/high"]


def test_shuffling_rows_changes_nothing(interactions, held_out):
    expected = evaluate_ratings(RowPlusColumn(), interactions, held_out, 0.5, 5, 20, seed=0)
    shuffled = held_out.sample(frac=1, random_state=0)
    report = evaluate_ratings(RowPlusColumn(), interactions, shuffled, 0.5, 5, 20, seed=0)
    assert report == pytest.approx(expected)


def test_nothing_held_out_is_nan(interactions, held_out):
    report = evaluate_ratings(RowPlusColumn(), interactions, held_out[:0], 0.5, 5, 5, seed=0)
    assert np.isnan([report["rmse"], report["rmse/low"], report["mae"]]).all()
    assert (report["rmse/n"], report["n_ratings"], report["n_cold"]) == (0, 0, 0)
