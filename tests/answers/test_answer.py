"""One function answers everybody: what a run stored, what is asked anew, any pair that fits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from scipy import sparse

from explainable_recsys.answers.answer import Answer, FittedPair, answer, place_among_all
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES, explainers_for, pair_of
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.data import Data, Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.influence import InfluenceParameters, explain_by_influence
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import load_pair
from explainable_recsys.metrics.beyond_accuracy import item_popularity
from explainable_recsys.recommenders.lists import Ranker, RecommendationParameters
from tests.lists_of import assert_is_evidence

USUAL = tuple(name for name, pair in APPROACHES.items() if not pair.on_request)
PAIR = ["user_id", "item_id"]
KNOWN = [0, 7, 41]
FOND = 8  # the row of somebody who likes most of what they rated, so that all is explained
NEW_USER = 0  # no user of the data has this id


def of_users(data: Data, rows: list[int], ids: list[int] | None = None) -> Interactions:
    """Some users' histories, under their own or other ids."""
    known = data.histories
    names = known.user_ids[rows] if ids is None else np.array(ids)
    return Interactions(known.ratings[rows], names, known.item_ids)


def stored(catalog: DataCatalog, pair: Pair, users: Any) -> dict[str, pd.DataFrame]:
    """Rows of some users in what the run stored."""
    details = EXPLAINERS[pair.explainer].details
    named = {name: f"{pair.name}.{name}" for name in ("explanations", "sentences", *details)}
    named |= {"recommendations": f"{pair.recommender}.recommendations"}
    tables = {name: catalog.load(entry) for name, entry in named.items()}
    return {name: table[table["user_id"].isin(users)] for name, table in tables.items()}


def assert_same(found: Answer, expected: dict[str, pd.DataFrame]) -> None:
    """The same rows; scores may differ in the last digits, since other users were scored too."""
    of = ("recommendations", "explanations", "sentences")
    tables = {**{name: getattr(found, name) for name in of}, **found.details}
    assert tables.keys() == expected.keys()
    for name, table in tables.items():
        both = [one.reset_index(drop=True) for one in (table, expected[name])]
        for one in both:
            texts = one.columns[one.dtypes == "category"]
            one[texts] = one[texts].astype("str")
        pd.testing.assert_frame_equal(*both, rtol=1e-4, atol=1e-6, check_dtype=False)


@pytest.mark.parametrize("approach", USUAL)
def test_everybody_with_these_ratings_gets_what_is_stored(
    approach: str, catalog: DataCatalog, data: Data
) -> None:
    """Known users, a new one with the ratings of a known one, and the list when it is given."""
    pair = load_pair(catalog, APPROACHES[approach])
    expected = stored(catalog, pair.record, data.histories.user_ids[KNOWN])
    assert len(expected["recommendations"])
    assert_same(answer(pair, data, of_users(data, KNOWN)), expected)

    assert NEW_USER not in data.histories.user_ids
    of_one = stored(catalog, pair.record, data.histories.user_ids[[7]])
    renamed = {name: table.assign(user_id=NEW_USER) for name, table in of_one.items()}
    assert_same(answer(pair, data, of_users(data, [7], [NEW_USER])), renamed)

    second = of_one["recommendations"].query("rank == 2")
    asked = Lists.of(of_users(data, [7]), second)
    of_second = {
        name: table[table["item_id"].isin(second["item_id"])] for name, table in of_one.items()
    }
    assert_same(answer(pair, data, lists=asked), of_second)


@pytest.mark.parametrize("approach", USUAL)
def test_an_empty_history(approach: str, catalog: DataCatalog, data: Data) -> None:
    nothing = sparse.csr_array((1, data.histories.n_items), dtype=np.float32)
    somebody = Interactions(nothing, np.array([NEW_USER]), data.histories.item_ids)
    found = answer(load_pair(catalog, APPROACHES[approach]), data, somebody)
    # Whatever would be on a list would be there for everybody.
    expected = stored(catalog, APPROACHES[approach], data.histories.user_ids[KNOWN])
    for name in ("recommendations", "explanations", "sentences"):
        table = getattr(found, name)
        assert table.empty
        assert table.columns.tolist() == expected[name].columns.tolist()


def test_influence_needs_a_closed_form(catalog: DataCatalog, data: Data) -> None:
    """Scores of a model that is drawn to explainable items are none, which it says itself."""
    model = catalog.load("emf.model")
    lists = Lists.of(data.histories, catalog.load("emf.recommendations"))
    with pytest.raises(InputError, match=r"explainability_weight: .* no closed form"):
        explain_by_influence(model, data, lists, InfluenceParameters())


@pytest.mark.parametrize("recommender", RECOMMENDERS)
def test_any_pair_that_fits_explains_the_lists_of_the_recommender(
    recommender: str, catalog: DataCatalog, data: Data
) -> None:
    one = of_users(data, [FOND])
    lists = catalog.load(f"{recommender}.recommendations")
    own = lists[lists["user_id"] == one.user_ids[0]].head(3).reset_index(drop=True)
    rated = set(one.item_ids[one.ratings.indices])
    for explainer in explainers_for(recommender):
        pair = load_pair(catalog, pair_of(recommender, explainer))
        found = answer(pair, data, one, recommendation=RecommendationParameters(n=3))
        made = found.recommendations
        if recommender == "popularity":  # what ties for the third place is left out
            own = own.head(len(made))
        pd.testing.assert_frame_equal(made, own, rtol=1e-4, atol=1e-6, check_dtype=False)
        evidence, viewed = found.explanations, explainer in ("influence", "contributions")
        assert_is_evidence(evidence.astype(dict.fromkeys(PAIR, "int64")), views=viewed)
        assert set(evidence["item_id"]) <= set(own["item_id"])
        assert set(evidence["rated_item_id"].dropna()) <= rated
        assert evidence[PAIR].drop_duplicates().reset_index(drop=True).equals(found.sentences[PAIR])
        if viewed and recommender != "svd_ratings":  # there some ratings change too little
            assert len(found.sentences) == len(own)
        for name in EXPLAINERS[explainer].details:
            assert set(found.details[name]["item_id"]) <= set(own["item_id"]), name
    assert 0 < len(own) <= 3 if recommender == "popularity" else len(own) == 3


def test_any_list_is_explained(catalog: DataCatalog, data: Data) -> None:
    """Lists of another recommender, as controls are, and one item with its place among all."""
    pair = load_pair(catalog, APPROACHES["posthoc_ar"])
    of_control = catalog.load("rules.explanations_of_popularity")
    lists = Lists.of(data.histories, catalog.load("popularity.recommendations"))
    found = answer(pair, data, lists=lists)
    assert found.recommendations is lists.table
    assert len(of_control)
    pd.testing.assert_frame_equal(
        found.explanations, of_control, check_categorical=False, check_dtype=False
    )
    ease = load_pair(catalog, APPROACHES["intrinsic_ease"])
    one = of_users(data, [7])
    scores = ease.model.scores(one.ratings)[0].astype(float)
    few = np.bincount(data.interactions.ratings.indices, minlength=len(scores)) < 3
    scores[few] = scores[one.ratings.indices] = -np.inf
    last = int(np.argsort(-scores, kind="stable")[np.isfinite(scores).sum() - 1])
    ranker = Ranker.of(ease.model, data.interactions, 3)
    asked = place_among_all(ranker, one, last, 10)
    assert asked.table["rank"].item() == (scores >= scores[last]).sum()
    assert asked.table["score"].item() == pytest.approx(scores[last])
    for never in (one.ratings.indices[0], np.flatnonzero(few)[0]):
        nowhere = place_among_all(ranker, one, int(never), 10).table
        assert (nowhere["rank"].item(), nowhere["score"].item()) == (0, -np.inf)
    user, item = catalog.load("intrinsic_ease.explanations")[PAIR].iloc[0]
    other = of_users(data, data.histories.user_rows(np.array([user])).tolist())
    (column,) = other.item_columns(np.array([item]))
    told = answer(ease, data, lists=place_among_all(ranker, other, int(column), 10))
    assert set(told.explanations["item_id"]) == {item}


def test_length_and_choice_of_the_items(catalog: DataCatalog, data: Data) -> None:
    pair, one = load_pair(catalog, APPROACHES["intrinsic_als"]), of_users(data, [7])

    def listed(n: int = 10, **choice: Any) -> list[int]:
        asked = RecommendationParameters(n=n, min_ratings=choice.pop("min_ratings", 3))
        table = answer(pair, data, one, recommendation=asked, **choice).recommendations
        assert table["rank"].tolist() == list(range(1, len(table) + 1))
        return list(table["item_id"])

    best = listed(n=20)
    assert listed() == best[:10]
    assert answer(pair, data, one).recommendations["item_id"].tolist() == best[:10]
    counts = dict(zip(data.interactions.item_ids, item_popularity(data.interactions), strict=True))
    assert min(counts[item] for item in best) >= 3
    assert min(counts[item] for item in listed(n=200, min_ratings=20)) >= 20
    assert listed(n=5, exclude=np.array(best[:3])) == best[3:8]
    assert listed(n=3, only=np.array(best[::-2])) == [i for i in best if i in best[::-2]][:3]
    assert listed(n=3, only=np.array(best[4:6]), exclude=np.array(best[4:5])) == [best[5]]
    rated = one.item_ids[one.ratings.indices]
    assert listed(n=3, only=rated) == []
    for choice in ("only", "exclude"):
        with pytest.raises(InputError, match="-1"):
            listed(**{choice: np.array([-1])})


def test_without_a_question_everybody_is_answered(catalog: DataCatalog, data: Data) -> None:
    pair = load_pair(catalog, APPROACHES["posthoc_knn"])
    few = data.of(of_users(data, KNOWN))
    expected = stored(catalog, pair.record, few.histories.user_ids)
    assert_same(answer(pair, few), expected)


def test_details_are_what_the_explainer_promises(catalog: DataCatalog, data: Data) -> None:
    lists = Lists.of(data.histories, catalog.load("svd.recommendations").head(3))
    for name in USUAL:
        pair = load_pair(catalog, APPROACHES[name])
        if pair.record.recommender == "svd":
            found = answer(pair, data, lists=lists)
            assert tuple(found.details) == pair.explainer.details
    assert isinstance(pair, FittedPair)
