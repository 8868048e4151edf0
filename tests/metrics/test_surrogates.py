"""Fit and stability of surrogates against numbers worked out by hand, and against loops."""

from __future__ import annotations

import itertools
import math
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import sparse

from explainable_recsys.experiments import lime_stability as stability_module
from explainable_recsys.experiments.lime_stability import (
    LimeStabilityParameters,
    lime_stability,
)
from explainable_recsys.explainers import lime as lime_module
from explainable_recsys.explainers.lime import KernelWidths, LimeParameters, Local, explain_by_lime
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import FeatureParameters, Features
from explainable_recsys.metrics.parameters import EvaluationParameters
from explainable_recsys.metrics.surrogates import surrogate_metrics
from explainable_recsys.recommenders.base import Recommender
from tests.lists_of import data_of, lists_of

NAN = float("nan")
COLUMNS = [
    "neighbourhood",
    "n_samples",
    "top3_jaccard",
    "coefficient_spread",
    "held_out_r2",
    "effective_samples",
    "n_explanations",
]
MEASURES = COLUMNS[2:6]


class Toy(Recommender):
    """The history times a matrix, bent so that no linear model is exact."""

    def __init__(self, matrix: NDArray[np.float64]) -> None:
        self.matrix = matrix

    @property
    def n_items(self) -> int:
        return len(self.matrix)

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        total = histories.toarray().astype(np.float64) @ self.matrix
        return np.asarray(np.sign(total) * np.sqrt(np.abs(total)), dtype=np.float32)


def random_features(rng: np.random.Generator, n: int, d: int) -> Features:
    names = tuple(f"f{column}" for column in range(d))
    matrix = sparse.csr_array((rng.random((n, d)) < 0.4).astype(np.float32))
    return Features(matrix, ("group",) * d, names, names)


@pytest.fixture(scope="module")
def toy() -> dict[str, Any]:
    """Arguments of `lime_stability` but its parameters: 60 users, 80 items, lists of two."""
    rng = np.random.default_rng(3)
    users, items = np.nonzero(rng.random((60, 80)) < 0.15)
    interactions = Interactions.from_frame(
        pd.DataFrame(
            {"user_id": users, "item_id": items, "rating": rng.integers(1, 6, len(users)) / 1.0}
        )
    )
    lists = pd.DataFrame(
        {
            "user_id": np.repeat(interactions.user_ids, 2),
            "item_id": interactions.item_ids[
                np.hstack([rng.integers(10, size=(60, 1)), rng.integers(10, 80, size=(60, 1))])
            ].ravel(),
        }
    )
    shape = interactions.n_items, interactions.n_items
    return {
        "model": Toy(rng.normal(size=shape)),
        "lists": lists_of(interactions, lists),
        "features": {
            "item": random_features(rng, interactions.n_items, 7),
            "user": random_features(rng, interactions.n_users, 6),
        },
        "lime": LimeParameters(
            kernel_width=KernelWidths(item=0.6, user=0.6, history=0.3),
            n_samples=20,
            seed=2**32 - 2,
        ),
    }


def explained_again(
    arguments: dict[str, Any], kind: str, n_samples: int, seed: int
) -> tuple[dict[tuple[Any, Any], dict[str, float]], pd.DataFrame]:
    """All weights of every explanation, whatever is liked, by the function that explains."""
    changes = {"neighbourhood": kind, "n_samples": n_samples, "seed": seed}
    everything = {"n_evidence": 1000, "min_held_out_r2": -math.inf}
    setting = arguments["lime"].model_copy(update=changes | everything)
    lists, features = arguments["lists"], arguments["features"]
    with (
        patch.object(lime_module, "describe_users", lambda *_: features["user"]),
        patch.object(lime_module, "_by_taste", lambda local, *_: local),
    ):
        found = explain_by_lime(
            arguments["model"],
            data_of(lists.histories),
            lists,
            setting,
            item_features=features["item"],
            feature_parameters=FeatureParameters(),
        )
    weights: dict[tuple[Any, Any], dict[str, float]] = {}
    for row in found.evidence.itertuples():
        weights.setdefault((row.user_id, row.item_id), {})[str(row.evidence_id)] = row.weight
    return weights, found.details["surrogates"]


def slow_stability(
    runs: list[tuple[dict[tuple[Any, Any], dict[str, float]], pd.DataFrame]],
) -> dict[str, float]:
    """Overlap and spread of the explanations of several seeds, with sets and loops."""
    pairs = sorted(set().union(*(weights for weights, _ in runs)))
    overlaps, variances, squares = [], [], []
    for pair in pairs:
        of_seeds = [weights.get(pair, {}) for weights, _ in runs]
        tops = [set(sorted(own, key=lambda e, own=own: -abs(own[e]))[:3]) for own in of_seeds]
        some = [len(a & b) / len(a | b) for a, b in itertools.combinations(tops, 2) if a | b]
        overlaps += [sum(some) / len(some)] if some else []
        for evidence in set().union(*of_seeds):
            values = [own.get(evidence, 0.0) for own in of_seeds]
            mean = sum(values) / len(values)
            variances.append(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
            squares.append(mean**2)
    tables = pd.concat([table for _, table in runs])
    return {
        "top3_jaccard": sum(overlaps) / len(overlaps),
        "coefficient_spread": math.sqrt(sum(variances) / sum(squares)),
        "held_out_r2": tables["held_out_r2"].mean(),
    }


@pytest.mark.parametrize(
    ("kind", "n_seeds"), [("item", 4), ("item", 2), ("user", 2), ("history", 3)]
)
def test_stability_equals_sets_and_loops_over_explanations(
    kind: str, n_seeds: int, toy: dict[str, Any]
) -> None:
    some = toy | {"lists": toy["lists"].take(np.arange(40))}
    parameters = LimeStabilityParameters(
        neighbourhoods=(kind,), n_samples=(50, 30), n_users=1000, n_seeds=n_seeds
    )
    table = lime_stability(**some, parameters=parameters)
    assert list(table.columns) == COLUMNS
    assert table["n_samples"].tolist() == [20, 30, 50]
    for row in table.to_dict("records"):
        # The seeds go on from the one of the explanations, around the largest.
        seeds = [2**32 - 2, 2**32 - 1, 0, 1][:n_seeds]
        expected = slow_stability(
            [explained_again(some, kind, row["n_samples"], seed) for seed in seeds]
        )
        assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-6)
        assert 0.2 < row["top3_jaccard"] < 1
        assert row["coefficient_spread"] > 0.05


@pytest.mark.parametrize("kind", ["item", "user", "history"])
def test_effective_samples_are_a_mean_over_explanations(kind: str, toy: dict[str, Any]) -> None:
    some = toy | {"lists": toy["lists"].take(np.arange(40))}
    parameters = LimeStabilityParameters(neighbourhoods=(kind,), n_samples=(20,), n_users=1000)
    table = lime_stability(**some, parameters=parameters)
    runs = [explained_again(some, kind, 20, seed) for seed in (2**32 - 2, 2**32 - 1, 0)]
    expected = np.mean([surrogates["effective_samples"].mean() for _, surrogates in runs])
    assert table["effective_samples"].iloc[0] == pytest.approx(expected, rel=1e-9)


def local(weights: list[list[float]], held_out: list[float], effective: float) -> Local:
    """Surrogates of given coefficients."""
    quality = {"held_out_r2": np.array(held_out), "effective_samples": effective}
    evidence = np.arange(len(weights[0]))
    return Local(np.arange(len(weights)), evidence, np.array(weights), quality)


def test_stability_by_hand(toy: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    of_seeds = {
        2**32 - 2: [local([[4, -3, 2, 1, 0], [0, 0, 0, 0, 0]], [0.5, NAN], 40.0)],
        2**32 - 1: [local([[4, -3, 1, 2, 0], [0, 0, 0, 0, 0]], [0.7, NAN], 50.0)],
        0: [local([[1, 0, 0, 0, 0], [0, 0, 0, 0, 0]], [0.9, NAN], 60.0)],
    }
    given = lambda *arguments: iter(of_seeds[arguments[3].seed])  # noqa: E731
    monkeypatch.setattr(stability_module, "local_surrogates", given)
    parameters = LimeStabilityParameters(neighbourhoods=("item",), n_samples=(20,), n_users=1)
    (row,) = lime_stability(**toy, parameters=parameters).to_dict("records")
    # Tops {0, 1, 2}, {0, 1, 3}, {0}: overlaps 2/4, 1/3, 1/3; without reasons there is none.
    assert row["top3_jaccard"] == pytest.approx((1 / 2 + 1 / 3 + 1 / 3) / 3)
    # Columns (4, 4, 1), (-3, -3, 0), (2, 1, 0), (1, 2, 0): variances 3, 3, 1, 1; means 3, -2, 1, 1.
    assert row["coefficient_spread"] == pytest.approx(math.sqrt(8 / (9 + 4 + 1 + 1)))
    assert row["held_out_r2"] == pytest.approx(0.7)
    assert row["effective_samples"] == pytest.approx(50)
    assert row["n_explanations"] == 2


def test_only_constant_scores_leave_nothing_to_compare(toy: dict[str, Any]) -> None:
    flat = toy | {"model": Toy(np.zeros_like(toy["model"].matrix))}
    parameters = LimeStabilityParameters(n_samples=(20,), n_users=2)
    table = lime_stability(**flat, parameters=parameters)
    assert table["neighbourhood"].tolist() == ["groups", "history", "item", "user"]
    assert table[["top3_jaccard", "coefficient_spread", "held_out_r2"]].isna().all().all()
    assert (table["effective_samples"] > 0).all()


def test_all_perturbations_there_are_give_the_same_reasons_every_time(toy: dict[str, Any]) -> None:
    parameters = LimeStabilityParameters(
        neighbourhoods=("item", "user"), n_samples=(1000,), n_users=5
    )
    lime = toy["lime"].model_copy(update={"n_samples": 500})
    table = lime_stability(**toy | {"lime": lime}, parameters=parameters)
    assert table["n_samples"].tolist() == [500, 1000, 500, 1000]
    np.testing.assert_allclose(table["top3_jaccard"], 1)
    np.testing.assert_allclose(table["coefficient_spread"], 0, atol=1e-9)


def test_only_some_users_are_explained_again(toy: dict[str, Any]) -> None:
    parameters = LimeStabilityParameters(neighbourhoods=("item",), n_samples=(20,), n_users=3)
    assert lime_stability(**toy, parameters=parameters)["n_explanations"].tolist() == [6]
    others = [
        lime_stability(**toy, parameters=parameters.model_copy(update={"seed": seed}))
        for seed in range(3)
    ]
    assert len({row["coefficient_spread"].iloc[0] for row in others}) == 3


def test_fewer_users_than_asked_for(toy: dict[str, Any]) -> None:
    few = toy | {"lists": toy["lists"].take(np.arange(3))}
    parameters = LimeStabilityParameters(neighbourhoods=("item",), n_samples=(20,), n_users=5)
    assert lime_stability(**few, parameters=parameters)["n_explanations"].tolist() == [3]


@pytest.mark.parametrize(
    ("own", "listed", "sizes"),
    [
        (20, (20,), [20]),
        (20, (30, 20, 30), [20, 30]),
        (25, (30, 20), [20, 25, 30]),
        (40, (20,), [20, 40]),
    ],
)
def test_the_number_of_perturbations_in_use_is_always_compared(
    own: int, listed: tuple[int, ...], sizes: list[int], toy: dict[str, Any]
) -> None:
    some = toy | {"lime": toy["lime"].model_copy(update={"n_samples": own})}
    parameters = LimeStabilityParameters(
        neighbourhoods=("history", "item"), n_samples=listed, n_users=2, n_seeds=2
    )
    table = lime_stability(**some, parameters=parameters)
    tried = list(zip(table["neighbourhood"], table["n_samples"], strict=True))
    assert tried == [(kind, n) for kind in ("history", "item") for n in sizes]
    # The row is the same as if it alone had been asked for.
    alone = lime_stability(**some, parameters=parameters.model_copy(update={"n_samples": (own,)}))
    expected = table[table["n_samples"] == own].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, expected, check_exact=True)


def test_surrogates_too_poor_for_explanations_are_compared_all_the_same(
    toy: dict[str, Any],
) -> None:
    parameters = LimeStabilityParameters(n_samples=(20,), n_users=3)
    tables = [
        lime_stability(
            **toy | {"lime": toy["lime"].model_copy(update={"min_held_out_r2": least})},
            parameters=parameters,
        )
        for least in (-math.inf, 1.0)
    ]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    assert (tables[0]["held_out_r2"] < 1).all()


@pytest.mark.parametrize("how", ["missing", "without columns"])
def test_kinds_without_features_are_left_out(how: str, toy: dict[str, Any]) -> None:
    features = dict(toy["features"])
    features["user"] = Features.side_by_side([], toy["lists"].histories.n_users)
    if how == "missing":
        del features["user"]
    parameters = LimeStabilityParameters(n_samples=(20, 30), n_users=2)
    table = lime_stability(**toy | {"features": features}, parameters=parameters)
    kinds = ["groups", "groups", "history", "history", "item", "item"]
    assert table["neighbourhood"].tolist() == kinds
    none = LimeStabilityParameters(neighbourhoods=("user",), n_samples=(20,))
    empty = lime_stability(**toy | {"features": features}, parameters=none)
    assert list(empty.columns) == COLUMNS
    assert empty.empty


def test_no_recommendations(toy: dict[str, Any]) -> None:
    none = toy | {"lists": toy["lists"].take(np.arange(0))}
    table = lime_stability(**none, parameters=LimeStabilityParameters(n_samples=(20,)))
    assert table["neighbourhood"].tolist() == ["groups", "history", "item", "user"]
    assert table[MEASURES].isna().all().all()
    assert (table["n_explanations"] == 0).all()


def test_the_same_seed_gives_the_same_table(toy: dict[str, Any]) -> None:
    parameters = LimeStabilityParameters(n_samples=(20,), n_users=4, seed=7)
    tables = [lime_stability(**toy, parameters=parameters) for _ in range(2)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"neighbourhoods": ()},
        {"neighbourhoods": ("items",)},
        {"n_samples": ()},
        {"n_samples": (9, 100)},
        {"n_users": 0},
        {"n_seeds": 1},
        {"seed": -1},
        {"n_sample": (100,)},
    ],
)
def test_parameters_out_of_range(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LimeStabilityParameters(**wrong)


def surrogate_table(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    names = ["user_id", "local_r2", "held_out_r2", "effective_samples", "n_samples", "widened"]
    table = pd.DataFrame(rows, columns=names)
    return table.astype({"local_r2": float, "held_out_r2": float, "widened": bool})


def resampled(n_resamples: int, seed: int = 0) -> EvaluationParameters:
    return EvaluationParameters(n_resamples=n_resamples, seed=seed)


def test_metrics_by_hand() -> None:
    table = surrogate_table(
        [
            (1, 0.9, 0.8, 30.0, 100, False),
            (2, 0.4, 0.2, 50.0, 80, True),
            (1, 0.7, NAN, 40.0, 60, True),
            (2, 0.2, 0.0, 80.0, 80, False),
            (3, NAN, NAN, 100.0, 80, False),
            (2, 0.0, -0.8, 60.0, 80, False),
        ]
    )
    metrics = surrogate_metrics(table, resampled(200, 1))
    # User 1: (.9 + .7) / 2 and .8; user 2: .6 / 3 and -.6 / 3; of user 3 there is nothing.
    assert metrics["local_r2"] == pytest.approx((0.8 + 0.2) / 2)
    assert metrics["held_out_r2"] == pytest.approx((0.8 - 0.2) / 2)
    assert metrics["local_r2/n"] == metrics["held_out_r2/n"] == 2
    assert metrics["held_out_r2/low"] == pytest.approx(-0.2)
    assert metrics["held_out_r2/high"] == pytest.approx(0.8)
    # Held-out fits -.8, 0, .2, .8; quantiles between them, linear.
    assert metrics["held_out_r2_p10"] == pytest.approx(-0.8 + 0.3 * 0.8)
    assert metrics["held_out_r2_median"] == pytest.approx(0.1)
    assert metrics["held_out_r2_p90"] == pytest.approx(0.2 + 0.7 * 0.6)
    assert metrics["share_held_out_r2_above_half"] == 1 / 4
    assert metrics["effective_samples"] == pytest.approx(60)
    assert metrics["n_samples"] == pytest.approx(80)
    assert metrics["n_widened"] == 2
    assert metrics == surrogate_metrics(table.sample(frac=1, random_state=0), resampled(200, 1))
    assert all(type(value) is float for value in metrics.values())


def test_metrics_of_constant_scores() -> None:
    table = surrogate_table([(1, NAN, NAN, 30.0, 100, False), (2, NAN, NAN, 30.0, 100, False)])
    metrics = surrogate_metrics(table, resampled(10, 0))
    fits = {name: value for name, value in metrics.items() if "r2" in name and name[-2:] != "/n"}
    assert len(fits) == 10
    assert all(map(math.isnan, fits.values()))
    assert metrics["held_out_r2/n"] == metrics["n_widened"] == 0
    assert metrics["effective_samples"] == 30


def test_metrics_of_nothing() -> None:
    metrics = surrogate_metrics(surrogate_table([]), resampled(10, 0))
    assert (
        metrics.keys()
        == surrogate_metrics(surrogate_table([(1, 1, 1, 1, 1, 1)]), resampled(10)).keys()
    )
    counts = {name for name, value in metrics.items() if not math.isnan(value)}
    assert counts == {"local_r2/n", "held_out_r2/n", "n_widened"}
    assert all(metrics[name] == 0 for name in counts)


def test_metrics_without_an_interval() -> None:
    metrics = surrogate_metrics(surrogate_table([(1, 1.0, 0.6, 30.0, 100, False)]), resampled(0, 0))
    assert "held_out_r2/low" not in metrics
    assert metrics["held_out_r2"] == metrics["held_out_r2_median"] == 0.6
    assert metrics["share_held_out_r2_above_half"] == 1


def test_fits_around_the_lists_of_controls() -> None:
    own = surrogate_table([(1, 1.0, 0.6, 30.0, 100, False)])
    popular = surrogate_table([(1, 1.0, 0.2, 30.0, 100, False), (2, 1.0, 0.4, 30.0, 100, False)])
    metrics = surrogate_metrics(own, resampled(200), surrogates_of_popularity=popular)
    assert metrics["held_out_r2_of_popularity"] == pytest.approx(0.3)
    assert metrics["held_out_r2_of_popularity/n"] == 2
    ends = [metrics[f"held_out_r2_of_popularity/{end}"] for end in ("low", "high")]
    assert ends == pytest.approx([0.2, 0.4])
    assert metrics["held_out_r2"] == 0.6
