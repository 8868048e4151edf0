"""LIME on groups of ratings, against perturbations made one at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from explainable_recsys import draws
from explainable_recsys.data import Lists
from explainable_recsys.explainers.lime import LimeParameters, explain_by_lime
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.interactions import Interactions
from explainable_recsys.knowledge.features import Features
from explainable_recsys.recommenders.base import Recommender
from tests.lists_of import assert_is_evidence, data_of, lists_of

GENRES = ("Comedy", "Drama", "Horror", "War")
RNG = np.random.default_rng(0)
N_USERS, N_ITEMS = 6, 30
OF_ITEMS = RNG.random((N_ITEMS, 4)) < 0.4
"""Items of several genres, of one, and of none."""
RATINGS = np.where(RNG.random((N_USERS, N_ITEMS)) < 0.6, RNG.integers(1, 6, (N_USERS, N_ITEMS)), 0)
RATINGS[5] = 0
RATINGS[5, :6] = [5, 3, 4, 1, 2, 5]
"""The last user has a short history."""
INTERACTIONS = Interactions(
    sparse.csr_array(RATINGS.astype(np.float32)),
    np.arange(N_USERS) + 50,
    np.arange(N_ITEMS) + 100,
)
USER_IDS, ITEM_IDS = INTERACTIONS.user_ids, INTERACTIONS.item_ids


class Bent(Recommender):
    """A score that depends on the ratings together."""

    weights = RNG.normal(size=(N_ITEMS, N_ITEMS)) + 2.0 * (OF_ITEMS @ OF_ITEMS.T)

    n_items = N_ITEMS

    def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
        return np.asarray(np.tanh(histories.toarray() @ self.weights / 200), dtype=np.float32)


def features_of(groups: str, columns: NDArray[Any], names: tuple[str, ...]) -> Features:
    matrix = sparse.csr_array(columns.astype(np.float32))
    return Features(matrix, (groups,) * len(names), names, names)


BY_GENRE = features_of("genres", OF_ITEMS, GENRES)
PAIRS = [(user, item) for user in (52, 50, 51, 53, 54, 55) for item in (118, 124, 121)]
WIDTH = 0.6
WELL = {"min_held_out_r2": -1e9, "n_samples": 100, "kernel_width": {"groups": WIDTH}}


def explain(
    pairs: Any = PAIRS,
    features: Features | None = BY_GENRE,
    interactions: Interactions = INTERACTIONS,
    model: Recommender | None = None,
    liked_from: float = -np.inf,
    **options: Any,
) -> Explained:
    return explain_by_lime(
        model or Bent(),
        data_of(interactions, liked_from=liked_from),
        lists_of(interactions, pairs),
        LimeParameters.model_validate({**WELL, **options}),
        item_features=features,
    )


@cache
def perturbed(user: int, seed: int) -> tuple[list[int], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """A history with groups taken out, one perturbation at a time, whatever is explained by it.

    Returns:
        The user's groups; which of them are left, and 1000 times the share of ratings that are; the
        scores of all items; the weights. All but the first have a row per perturbation.
    """
    rated = [column for column in range(N_ITEMS) if RATINGS[user, column]]
    groups = [g for g in range(4) if OF_ITEMS[rated, g].any()]
    design, outputs, weights = [], [], []
    for number in range(100):
        share = 0.5 * draws.uniforms([number], seed=seed, purpose="share removed")[0]
        removed = set()
        for g in groups if number else []:
            drawn = draws.uniforms(
                f"genres={GENRES[g]}", [number], seed=seed, purpose="ratings removed"
            )
            if drawn[0] < share:
                removed.add(g)
        history = np.zeros(N_ITEMS)
        left = [c for c in rated if not any(OF_ITEMS[c, g] for g in removed)]
        history[left] = RATINGS[user, left]
        outputs.append(Bent().scores(sparse.csr_array(history[None]))[0])
        design.append([float(g not in removed) for g in groups] + [1000 * len(left) / len(rated)])
        distance = 1 - np.sqrt(1 - len(removed) / len(groups))
        weights.append(np.exp(-(distance**2) / (2 * WIDTH**2)))
    return groups, np.array(design), np.array(outputs, np.float64), np.array(weights)


def by_hand(
    user: int, item: int, seed: int, liked_from: float = -np.inf
) -> tuple[dict[str, float], float, float]:
    """Coefficients of the groups that are reasons, the surrogate's score, and its held-out R^2.

    Only groups that are liked support, of which something is liked and which are rated no lower
    than all else, and only others oppose. Where groups of the item support it, others do not.
    Without support there are no reasons.
    """
    rated = [column for column in range(N_ITEMS) if RATINGS[user, column]]
    groups, x, scores, weights = perturbed(user, seed)
    y, w = scores[:, item], weights * (len(weights) / weights.sum())
    fitted = Ridge(alpha=1.0).fit(x, y, sample_weight=w)
    halves = slice(0, None, 2), slice(1, None, 2)
    held_out = [
        r2_score(y[b], Ridge(alpha=1.0).fit(x[a], y[a], w[a]).predict(x[b]), sample_weight=w[b])
        for a, b in (halves, halves[::-1])
    ]
    reasons = {}
    for place, g in enumerate(groups):
        own = fitted.coef_[place]
        alone = own + fitted.coef_[-1] * 1000 * np.mean([OF_ITEMS[c, g] for c in rated])
        having = [RATINGS[user, c] for c in rated if OF_ITEMS[c, g]]
        likes = max(having) >= liked_from
        likes &= np.mean(having) >= np.mean(RATINGS[user, rated]) - 1e-9
        if own * alone > 0 and abs(own) >= 0.1 * y.std() and (own > 0) == likes:
            reasons[g] = own
    if any(weight > 0 and OF_ITEMS[item, g] for g, weight in reasons.items()):
        reasons = {g: w for g, w in reasons.items() if w < 0 or OF_ITEMS[item, g]}
    if max(reasons.values(), default=0.0) <= 0:
        reasons = {}
    reasons = {f"genres={GENRES[g]}": weight for g, weight in reasons.items()}
    return reasons, float(fitted.predict(x[:1])[0]), float(np.mean(held_out))


@pytest.mark.parametrize(("seed", "liked_from"), [(0, -np.inf), (7, -np.inf), (0, 4.0)])
@pytest.mark.parametrize("at_once", [30, 30 * 7, 4_000_000])
def test_equals_one_perturbation_at_a_time(
    seed: int, liked_from: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explainable_recsys.explainers.lime.SCORES_AT_ONCE", at_once)
    found = explain(seed=seed, liked_from=liked_from)
    assert_is_evidence(found.evidence)
    for (user_id, item_id), (_, row) in zip(
        PAIRS[:-3], found.details["surrogates"].iterrows(), strict=False
    ):
        expected, prediction, held_out = by_hand(user_id - 50, item_id - 100, seed, liked_from)
        own = found.evidence[
            (found.evidence["user_id"] == user_id) & (found.evidence["item_id"] == item_id)
        ]
        reasons = dict(zip(own["evidence_id"], own["weight"], strict=True))
        assert reasons == pytest.approx(expected, rel=1e-4)
        order = sorted(expected, key=lambda g: (expected[g] < 0, -abs(expected[g])))
        assert own["evidence_id"].tolist() == order
        assert row["prediction"] == pytest.approx(prediction, rel=1e-5)
        assert row["held_out_r2"] == pytest.approx(held_out, rel=1e-4)
    assert len(found.evidence) > 20


def test_package_lime_finds_the_same() -> None:
    for name, table in explain(engine="lime").details.items():
        expected = explain().details[name]
        pd.testing.assert_frame_equal(table, expected, rtol=1e-4)


def test_the_order_of_pairs_and_groups_and_other_users_do_not_matter() -> None:
    order = np.array([2, 0, 3, 1])
    other = features_of("genres", OF_ITEMS[:, order], tuple(GENRES[group] for group in order))
    expected, found = explain(), explain(PAIRS[::-1], other)
    tables = [(t.evidence, *t.details.values()) for t in (found, expected)]
    for one, two in zip(*tables, strict=True):
        key = [name for name in ("user_id", "item_id", "position", "rated_item_id") if name in one]
        texts = {name: "str" for name in ("evidence_id", "evidence") if name in one}
        ordered = [table.sort_values(key, ignore_index=True).astype(texts) for table in (one, two)]
        pd.testing.assert_frame_equal(*ordered, rtol=1e-4)
    alone = explain(PAIRS[3:4]).evidence
    together = expected.evidence.merge(alone[["user_id", "item_id"]].drop_duplicates())
    assert alone["weight"].tolist() == pytest.approx(together["weight"].tolist(), rel=1e-5)


def test_what_only_follows_the_size_of_groups_is_no_reason() -> None:
    class Counting(Bent):
        def scores(self, histories: sparse.csr_array) -> NDArray[np.float32]:
            counts = np.diff(histories.indptr).astype(np.float32)[:, None]
            return np.tile(counts, (1, N_ITEMS))

    found = explain(PAIRS[:-3], model=Counting())
    assert found.evidence.empty
    assert (found.details["surrogates"]["held_out_r2"] > 0.999).all()


def test_examples_are_most_like_the_item_and_then_best_rated() -> None:
    found = explain(n_examples=2)
    examples = found.details["projected_evidence"]
    assert not examples.duplicated(["user_id", "item_id", "rated_item_id"]).any()
    key = ["user_id", "item_id", "position"]
    first = examples.drop_duplicates(key).set_index(key)["rated_item_id"]
    assert first.to_dict() == found.evidence.dropna().set_index(key)["rated_item_id"].to_dict()
    groups = found.evidence[found.evidence["user_id"] != 55]
    n_checked = 0
    for (user_id, item_id), pieces in groups.groupby(["user_id", "item_id"]):
        used: set[int] = set()
        row = RATINGS[user_id - 50]
        kinship = OF_ITEMS @ OF_ITEMS[item_id - 100].astype(int)
        for piece in pieces.itertuples():
            of_group = OF_ITEMS[:, GENRES.index(piece.evidence)] & (row > 0)
            free = [c for c in np.flatnonzero(of_group).tolist() if c not in used]
            mine = examples[(examples[key] == [getattr(piece, name) for name in key]).all(axis=1)]
            columns = (mine["rated_item_id"] - 100).tolist()
            assert set(columns) <= set(free)
            best = sorted(((kinship[c], row[c]) for c in free), reverse=True)[:2]
            assert [(kinship[c], row[c]) for c in columns] == best
            assert (mine["weight"] == piece.weight).all()
            used |= set(columns)
            n_checked += len(columns)
    assert n_checked > 15


def test_examples_of_support_are_liked_and_without_any_there_is_none() -> None:
    """Somebody likes comedies alone: other genres neither support nor have examples."""
    comedies, horror = OF_ITEMS[:, 0], OF_ITEMS[:, 2] & ~OF_ITEMS[:, 0]
    given = np.where(RATINGS > 0, np.where(comedies, 5, 2), 0).astype(np.float32)
    liking = Interactions(sparse.csr_array(given), USER_IDS, ITEM_IDS)
    pairs = PAIRS[:-3]
    everything = explain(pairs, interactions=liking).evidence
    told = explain(pairs, interactions=liking, liked_from=4.0, n_examples=2)
    supporting = told.evidence[told.evidence["weight"] > 0]
    with_liked = {GENRES[g] for g in range(4) if (OF_ITEMS[:, g] & comedies).any()}
    assert set(supporting["evidence"]) <= with_liked
    assert set(everything[everything["weight"] > 0]["evidence"]) >= set(supporting["evidence"])
    examples = told.details["projected_evidence"]
    carrying = examples[examples["weight"] > 0]["rated_item_id"].to_numpy(np.int64) - 100
    assert len(carrying)
    assert comedies[carrying].all()
    assert not horror[carrying].any()
    explained = told.evidence.groupby(["user_id", "item_id"])["weight"].max()
    assert (explained > 0).all()
    assert explain(pairs, interactions=liking, liked_from=6.0).evidence.empty


def test_of_equally_rated_examples_that_whose_groups_carry_most_comes_first() -> None:
    ones = Interactions(sparse.csr_array((RATINGS > 0).astype(np.float32)), USER_IDS, ITEM_IDS)
    found = explain(interactions=ones)
    weights = (
        found.evidence.pivot_table(
            index=["user_id", "item_id"], columns="evidence", values="weight", observed=True
        )
        .reindex(columns=list(GENRES))
        .fillna(0.0)
    )
    strongest = found.evidence[
        (found.evidence["position"] == 1) & (found.evidence["user_id"] != 55)
    ]
    for piece in strongest.itertuples():
        carried = OF_ITEMS @ weights.loc[(piece.user_id, piece.item_id)].to_numpy()
        rated = RATINGS[piece.user_id - 50] > 0
        of_group = rated & OF_ITEMS[:, GENRES.index(piece.evidence)]
        best = carried[of_group].max()
        assert carried[int(piece.rated_item_id) - 100] == pytest.approx(best, rel=1e-5)
    assert len(strongest) > 8


def same(found: Explained, expected: Explained) -> None:
    pd.testing.assert_frame_equal(found.evidence, expected.evidence, check_categorical=False)
    pd.testing.assert_frame_equal(
        found.details["projected_evidence"], expected.details["projected_evidence"]
    )


AS_SINGLE = {"neighbourhood": "history", "kernel_width": {"history": WIDTH}}


def test_short_histories_are_perturbed_by_single_ratings() -> None:
    short = explain([(55, 110)])
    assert short.evidence["style"].tolist() == ["item"] * len(short.evidence)
    assert len(short.evidence) > 1
    same(short, explain([(55, 110)], **AS_SINGLE))
    both = explain([(50, 124), (55, 110)]).evidence
    assert both.groupby("user_id")["style"].unique().map(list).to_dict() == {
        50: ["feature"],
        55: ["item"],
    }
    length = 6
    grouped = explain([(55, 110)], grouped_from=length).evidence
    assert set(grouped["style"]) == {"feature"}
    assert set(explain([(55, 110)], grouped_from=length + 1).evidence["style"]) == {"item"}


@pytest.mark.parametrize(
    "features",
    [
        None,
        features_of("genres", np.ones((N_ITEMS, 1)), ("Comedy",)),
        features_of("popularity", OF_ITEMS, GENRES),
        features_of("genres", np.zeros((N_ITEMS, 0)), ()),
    ],
)
def test_nothing_to_group_by(features: Features | None) -> None:
    same(explain(features=features), explain(features=None, **AS_SINGLE))


def test_decades_where_there_are_no_genres() -> None:
    names = ("1970", "1980", "1990", "2000")
    decades = replace(
        features_of("decade", OF_ITEMS, names), labels=tuple(f"from {n}" for n in names)
    )
    found = explain(features=decades).evidence
    grouped = found[found["style"] == "feature"]
    assert set(grouped["evidence_id"]) == {f"decade={name}" for name in names}
    assert set(grouped["evidence"]) == {f"from {name}" for name in names}
    both = Features.side_by_side([decades, BY_GENRE], N_ITEMS)
    of_genres = explain(features=both).evidence
    assert set(of_genres[of_genres["style"] == "feature"]["evidence"]) == set(GENRES)


def test_the_default() -> None:
    assert LimeParameters().neighbourhood == "groups"
    assert explain().facts == {"subject": "groups"}
    nothing = explain([])
    assert nothing.evidence.empty
    assert all(table.empty for table in nothing.details.values())
    assert isinstance(lists_of(INTERACTIONS, PAIRS), Lists)
