"""Shares, losses, leads and places against leaving each rating out and scoring again."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.contributions import (
    ContributionParameters,
    explain_by_contributions,
)
from explainable_recsys.explainers.influence import InfluenceParameters, explain_by_influence
from explainable_recsys.explainers.tables import Explained
from explainable_recsys.interactions import Interactions
from explainable_recsys.recommenders.base import Recommender
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters, recommend
from tests.explainers.small_models import FITS, small_catalogue
from tests.lists_of import data_of

CATALOGUE = small_catalogue()
TOLERANCE: dict[str, float] = {"rtol": 2e-4, "atol": 3e-6}  # scores are float32
ADDITIVE, CLOSED = ("ALS", "EASE", "EASE by users", "ItemKNN"), ("SVD", "SVD of ratings", "ALS")
CASES = [
    *(("contributions", kind) for kind in ADDITIVE),
    *(("influence", kind) for kind in (*CLOSED, "FM", "MF")),
]
N = 4


@dataclasses.dataclass
class Case:
    """A model, its lists, and what is said of them."""

    model: Recommender
    ranker: Ranker
    lists: Lists
    found: Explained

    @classmethod
    def of(cls, explainer: str, kind: str, order: str = "loss", barred: int = 5) -> Case:
        model = FITS[kind](CATALOGUE)
        parameters = RecommendationParameters(n=N, min_ratings=barred)
        lists = Lists.of(CATALOGUE, recommend(model, CATALOGUE, parameters))
        ranker = Ranker.of(model, CATALOGUE, barred)
        lists = dataclasses.replace(lists, barred=ranker.barred)
        given: Any = (model, data_of(CATALOGUE), lists)
        if explainer == "influence":
            told = explain_by_influence(
                *given,
                InfluenceParameters(n_evidence=99),
                order,  # type: ignore[arg-type]
            )
        else:
            told = explain_by_contributions(
                *given,
                ContributionParameters(n_evidence=99),
                order,  # type: ignore[arg-type]
            )
        return cls(model, ranker, lists, told)

    def without(self, user: int, item_id: int | None) -> sparse.csr_array:
        """One history, less one item."""
        row = CATALOGUE.ratings[[user]]
        kept = (
            np.ones(row.nnz, bool)
            if item_id is None
            else CATALOGUE.item_ids[row.indices] != item_id
        )
        arrays = row.data[kept], row.indices[kept], [0, int(kept.sum())]
        return sparse.csr_array(arrays, shape=row.shape)

    def outside(self, user: int) -> int:
        """The best column that is open and not on the list."""
        scores = self.ranker.scores(CATALOGUE.ratings[[user]])[0].astype(float)
        scores[self.lists.items[self.lists.users == user]] = -np.inf
        return int(scores.argmax()) if np.isfinite(scores).any() else -1

    def pieces(self, every: int = 7) -> pd.DataFrame:
        """Some of the evidence, with row and columns."""
        table = self.found.evidence.iloc[::every]
        return table.assign(
            user=CATALOGUE.user_rows(table["user_id"]),
            item=CATALOGUE.item_columns(table["item_id"]),
        )


@pytest.mark.parametrize(("explainer", "kind"), CASES)
def test_loss_and_lead_equal_scoring_again(explainer: str, kind: str) -> None:
    case = Case.of(explainer, kind)
    pieces = case.pieces()
    for piece in pieces.itertuples():
        full, less = (
            case.model.scores(case.without(piece.user, taken))[0].astype(float)
            for taken in (None, piece.rated_item_id)
        )
        loss = full - less
        outside = case.outside(piece.user)
        lead = loss[piece.item] - (loss[outside] if outside >= 0 else 0.0)
        np.testing.assert_allclose(piece.loss, loss[piece.item], **TOLERANCE)
        np.testing.assert_allclose(piece.lead, lead, **TOLERANCE)
    assert len(pieces) > 50
    assert (case.found.evidence["weight"] == case.found.evidence["loss"]).all()
    assert ((pieces["lead"] - pieces["loss"]).abs() > 1e-4).any()


@pytest.mark.parametrize(("explainer", "kind"), CASES)
def test_shares_sum_to_the_score_less_its_base(explainer: str, kind: str) -> None:
    """Of the whole history; models whose scores are no such sum have none."""
    case = Case.of(explainer, kind)
    evidence = case.found.evidence
    if kind in ("SVD", "FM"):
        assert evidence["share"].isna().all()
        with pytest.raises(InputError, match=r"order 'share': .* accepted: loss, lead"):
            Case.of(explainer, kind, "share")
        return
    sums = evidence.groupby(["user_id", "item_id"])["share"].sum()
    scores = case.lists.table.set_index(["user_id", "item_id"])["score"][sums.index]
    base = getattr(case.model, "mean", 0.0) + getattr(
        case.model, "item_biases", np.zeros(CATALOGUE.n_items)
    )
    if kind not in ("SVD of ratings", "MF"):
        base = np.zeros(CATALOGUE.n_items)
    items = CATALOGUE.item_columns(sums.index.get_level_values("item_id"))
    np.testing.assert_allclose(sums, scores - base[items], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("order", ["share", "loss", "lead"])
def test_the_order_decides_weight_order_and_totals(order: str) -> None:
    case = Case.of("contributions", "ALS", order)
    evidence = case.found.evidence
    assert (evidence["weight"] == evidence[order]).all()
    for _, pieces in evidence.groupby(["user_id", "item_id"]):
        support = pieces["weight"] > 0
        assert (np.diff(pieces["weight"][support]) <= 0).all()
        assert support.is_monotonic_decreasing
    sides = evidence.groupby(["user_id", "item_id"], sort=False)["weight"]
    totals = case.found.details["totals"].set_index(["user_id", "item_id"])
    for name, sign in (("supporting", 1), ("opposing", -1)):
        sums = sides.agg(lambda w, sign=sign: w[w * sign > 0].sum())
        np.testing.assert_allclose(totals[name][sums.index], sums, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["SVD", "ALS", "FM"])
@pytest.mark.parametrize("at_once", [1, 500_000])
def test_places_equal_ranking_again(
    kind: str, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explainable_recsys.explainers.influence.SCORES_AT_ONCE", at_once)
    case = Case.of("influence", kind)
    places, evidence = case.found.details["ranks_without"], case.found.evidence
    cited = evidence[(evidence["position"] <= 3) & (evidence["weight"] > 0)]
    keys = ["user_id", "item_id", "rated_item_id"]
    assert places[keys].to_numpy().tolist() == cited[keys].to_numpy().tolist()
    listed = case.lists.table.set_index(["user_id", "item_id"])["rank"]
    for piece in places.itertuples():
        assert piece.rank == listed[piece.user_id, piece.item_id]
    for piece in places[::5].itertuples():
        user = CATALOGUE.user_rows(np.array([piece.user_id]))
        history = case.without(user[0], piece.rated_item_id)
        scores = case.ranker.scores(history)
        scores[:, CATALOGUE.ratings[user].indices] = -np.inf  # what is taken away stays away
        column = CATALOGUE.item_columns(np.array([piece.item_id]))
        assert piece.rank_without == case.ranker.ranks(scores, column, N)[0]
    assert (places["rank_without"] > places["rank"]).mean() > 0.2


def test_without_the_only_rating_nothing_is_recommended() -> None:
    model = FITS["ALS"](CATALOGUE)
    arrays = np.array([5.0], np.float32), np.array([2]), np.array([0, 1])
    one = Interactions(
        sparse.csr_array(arrays, shape=(1, CATALOGUE.n_items)), np.array([7]), CATALOGUE.item_ids
    )
    data = data_of(CATALOGUE)
    table = recommend(model, one, RecommendationParameters(n=3), catalogue=CATALOGUE)
    lists = Lists.of(one, table)
    found = explain_by_influence(model, data, lists, InfluenceParameters())
    assert len(found.details["ranks_without"])
    assert (found.details["ranks_without"]["rank_without"] == 0).all()


def test_predicted_ratings_have_no_places() -> None:
    case = Case.of("influence", "SVD of ratings")
    places = case.found.details["ranks_without"]
    assert places.empty
    names = ["user_id", "item_id", "rated_item_id", "rank", "rank_without"]
    assert places.columns.tolist() == names
    assert case.found.facts == {"predicts_ratings": True}


def test_lists_that_hold_everything_have_nothing_outside() -> None:
    model = FITS["ALS"](CATALOGUE)
    everything = RecommendationParameters(n=CATALOGUE.n_items, min_ratings=0)
    lists = Lists.of(CATALOGUE, recommend(model, CATALOGUE, everything))
    assert (Ranker.of(model, CATALOGUE, 0).first_outside(lists) == -1).all()
    found = explain_by_contributions(model, data_of(CATALOGUE), lists, ContributionParameters())
    assert (found.evidence["lead"] == found.evidence["loss"]).all()
    with_barred = Ranker.of(model, CATALOGUE, 15).first_outside(lists.take(np.arange(0)))
    assert (with_barred >= 0).all()


def test_ties_outside_go_to_the_more_rated_item() -> None:
    counts = np.bincount(CATALOGUE.ratings.indices, minlength=CATALOGUE.n_items)
    model = FITS["ItemKNN"](CATALOGUE)
    ranker = Ranker.of(model, CATALOGUE, 0)
    lists = Lists.of(CATALOGUE, recommend(model, CATALOGUE, RecommendationParameters(n=N)))
    scores = ranker.scores(CATALOGUE.ratings)
    for user, found in enumerate(ranker.first_outside(lists)):
        mine = scores[user].copy()
        mine[lists.items[lists.users == user]] = -np.inf
        tied = np.flatnonzero(mine == mine.max())
        assert found == tied[np.argmax(counts[tied])]


def test_outside_of_a_part_of_a_list_is_what_is_outside_of_the_whole() -> None:
    ranker = Ranker.of(FITS["ALS"](CATALOGUE), CATALOGUE, 0)
    longer = RecommendationParameters(n=N + 2, min_ratings=0)
    lists = Lists.of(CATALOGUE, recommend(ranker.model, CATALOGUE, longer))
    ranks, next_best = lists.table["rank"].to_numpy(), lists.items.reshape(-1, N + 2)[:, N:]
    for rank in range(1, N + 2):
        part = dataclasses.replace(lists.take(ranks == rank), n=N)
        expected = next_best[:, 1 if rank == N + 1 else 0]
        np.testing.assert_array_equal(ranker.first_outside(part), expected)
