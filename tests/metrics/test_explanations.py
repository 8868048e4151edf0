"""Coverage, length, evidence and additivity of explanations against slow versions."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.styles import STYLES
from explainable_recsys.interactions import Interactions
from explainable_recsys.metrics import explanations as module
from explainable_recsys.metrics.explanations import (
    additivity_error,
    coverage,
    evaluate_explanations,
    evidence_diversity,
    evidence_popularity,
    explanation_counts,
    match_evidence,
    popularity_gap,
)
from tests.lists_of import data_of, lists_of


def recommendation_table(pairs):
    table = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    return table.assign(rank=table.groupby("user_id").cumcount() + 1, score=1.0)


def explanation_table(rows, style="item"):
    """Explanations of (user, item, evidence id) rows."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "evidence_id"])
    return table.assign(style=style, rated_item_id=table["evidence_id"])


def widened(interactions, recommendations):
    """The same ratings, with the users and items of recommendations that nobody rated."""
    known = {"user_id": interactions.user_ids, "item_id": interactions.item_ids}
    users, items = (
        np.unique(np.append(ids, recommendations[name].to_numpy().astype(ids.dtype.type)))
        for name, ids in known.items()
    )
    entries = interactions.ratings.tocoo()
    rows = np.searchsorted(users, interactions.user_ids)[entries.row]
    columns = np.searchsorted(items, interactions.item_ids)[entries.col]
    matrix = sparse.csr_array((entries.data, (rows, columns)), shape=(len(users), len(items)))
    return Interactions(matrix, users, items)


def listed(recommendations, interactions=None):
    """Lists of recommendations from histories, or from none in particular."""
    if interactions is None:
        interactions = Interactions.from_frame(recommendations.assign(rating=1.0))
    return lists_of(widened(interactions, recommendations), recommendations)


def evaluate(recommendations, explanations, interactions, *arguments, **options):
    lists = listed(recommendations, interactions)
    return evaluate_explanations(
        data_of(lists.histories), lists, explanations, *arguments, **options
    )


def popularity_of(recommendations, explanations, interactions):
    lists = listed(recommendations, interactions)
    matched = match_evidence(lists, explanations)
    return evidence_popularity(matched, lists.histories, lists.histories)


@pytest.fixture
def interactions():
    return Interactions.from_frame(
        pd.DataFrame(
            {
                "user_id": [1, 1, 1, 2, 2, 3],
                "item_id": [10, 20, 30, 10, 20, 10],
                "rating": [4.0, 5.0, 3.0, 2.0, 1.0, 5.0],
            }
        )
    )


@pytest.fixture(scope="module")
def random_data():
    random = np.random.default_rng(0)
    ratings = pd.DataFrame({"user_id": np.repeat(np.arange(40), 10), "rating": 3.0})
    ratings["item_id"] = np.concatenate([random.permutation(30)[:10] for _ in range(40)])
    made = [(user, 100 + i) for user in range(40) for i in random.permutation(8)[:5]]
    given = [
        (user, item, evidence)
        for user, item in made
        for evidence in random.permutation(30)[: random.integers(0, 6)]
    ]
    return recommendation_table(made), explanation_table(given), ratings


def slow_diversity(recommendations, explanations):
    result = {}
    for user in sorted(recommendations["user_id"].unique()):
        mine = explanations[explanations["user_id"] == user]
        sets = [set(ids) for _, ids in mine.groupby("item_id")["evidence_id"]]
        pairs = [len(a & b) / max(len(a), len(b)) for a, b in combinations(sets, 2)]
        result[user] = np.mean(pairs) if pairs else np.nan
    return pd.Series(result)


def slow_popularity(recommendations, explanations, ratings):
    raters = ratings.groupby("item_id")["user_id"].nunique()
    result = {}
    for user in sorted(recommendations["user_id"].unique()):
        cited = explanations.loc[explanations["user_id"] == user, "evidence_id"]
        history = ratings.loc[ratings["user_id"] == user, "item_id"]
        result[user] = np.nan if cited.empty else raters[cited].mean() / raters[history].mean()
    return pd.Series(result)


def test_report_by_hand(interactions):
    recommendations = recommendation_table([(1, 77), (1, 78), (1, 79), (2, 77), (3, 77)])
    explanations = explanation_table(
        [(1, 77, 10), (1, 77, 20), (1, 78, 10), (2, 77, 20), (2, 99, 10)]
    )
    report, by_user = evaluate(recommendations, explanations, interactions, 0, seed=0)
    # Raters: item 10 three, 20 two, 30 one. User 1 cites 10, 20, 10; user 2 cites 20.
    expected_popularity = ((8 / 3) / 2 + 2 / 2.5) / 2
    assert report == {
        "coverage": pytest.approx(3 / 5),
        "coverage/n": 3,
        "length": pytest.approx(4 / 3),
        "length/n": 2,
        "evidence_popularity": pytest.approx(expected_popularity),
        "evidence_popularity/n": 2,
        "evidence_diversity": pytest.approx(1 / 2),
        "evidence_diversity/n": 1,
        "popularity_gap": 0.0,  # nobody rated what is recommended
    }
    nan = np.nan
    expected_by_user = pd.DataFrame(
        {
            "coverage": [2 / 3, 1, 0],
            "length": [3 / 2, 1, nan],
            "evidence_popularity": [(8 / 3) / 2, 2 / 2.5, nan],
            "evidence_diversity": [1 / 2, nan, nan],
        },
        index=pd.Index([1, 2, 3], name="user_id"),
    )
    pd.testing.assert_frame_equal(by_user, expected_by_user)


def test_counts_by_user():
    recommendations = recommendation_table([("b", 1), ("a", 1), ("b", 2)])
    explanations = explanation_table([("b", 2, 5), ("b", 2, 6), ("c", 1, 5)])
    counts = explanation_counts(match_evidence(listed(recommendations), explanations))
    assert counts.index.tolist() == ["a", "b"]
    assert counts.to_numpy().tolist() == [[1, 0, 0], [2, 1, 2]]


@pytest.mark.parametrize("block", [1, 50, 200_000])
def test_evidence_equals_the_slow_versions(random_data, block, monkeypatch):
    monkeypatch.setattr(module, "PIECES_PER_BLOCK", block)
    recommendations, explanations, ratings = random_data
    explained = match_evidence(listed(recommendations), explanations.sample(frac=1, random_state=0))
    diversity = evidence_diversity(explained)
    popularity = popularity_of(recommendations, explanations, Interactions.from_frame(ratings))
    expected = slow_diversity(recommendations, explanations)
    pd.testing.assert_series_equal(diversity, expected, check_names=False)
    expected = slow_popularity(recommendations, explanations, ratings)
    pd.testing.assert_series_equal(popularity, expected, check_names=False)


def test_text_ids_and_categories_give_the_same(random_data):
    recommendations, explanations, ratings = random_data
    data = Interactions.from_frame(ratings)
    expected, expected_by_user = evaluate(recommendations, explanations, data, 20, seed=1)

    def as_text(table):
        ids = ("user_id", "item_id", "evidence_id", "rated_item_id")
        names = [c for c in ids if c in table]
        return table.assign(**{c: "i" + table[c].astype(str).str.zfill(3) for c in names})

    explanations = as_text(explanations)
    explanations[["style", "evidence_id"]] = explanations[["style", "evidence_id"]].astype(
        "category"
    )
    data = Interactions.from_frame(as_text(ratings))
    report, by_user = evaluate(as_text(recommendations), explanations, data, 20, seed=1)
    assert report == pytest.approx(expected)
    np.testing.assert_allclose(by_user, expected_by_user)
    assert by_user.index.tolist() == [f"i{user:03}" for user in expected_by_user.index]
    assert report["coverage/low"] <= report["coverage"] <= report["coverage/high"]


def test_nothing_explained_is_coverage_zero(interactions):
    recommendations = recommendation_table([(1, 77), (2, 77)])
    report, by_user = evaluate(recommendations, explanation_table([]), interactions, 10, seed=0)
    assert [report[f"coverage{end}"] for end in ("", "/low", "/high", "/n")] == [0, 0, 0, 2]
    for name in ("length", "evidence_popularity", "evidence_diversity"):
        assert np.isnan([report[name], report[f"{name}/low"], report[f"{name}/high"]]).all()
        assert report[f"{name}/n"] == 0
        assert by_user[name].isna().all()
    assert by_user["coverage"].tolist() == [0, 0]


def test_only_rated_items_of_the_catalogue_are_citations(interactions):
    recommendations = recommendation_table([(1, 77), (2, 77), (3, 77), (4, 77)])
    rows = [(1, 77, 10), (1, 77, None), (2, 77, 10), (3, 77, 999), (4, 77, 10)]
    explanations = explanation_table(rows).astype({"rated_item_id": "Int64"})
    explanations.loc[explanations["user_id"] == 2, "style"] = "feature"
    popularity = popularity_of(recommendations, explanations, interactions)
    # User 2 is told of a feature, user 3 cites an unknown item, user 4 has no training history.
    assert popularity.to_numpy() == pytest.approx([3 / 2, np.nan, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("explained", "expected"),
    [
        ([], 0),
        ([(1, 77, 10)], 1 / 4),
        ([(1, 77, 10), (1, 77, 20), (1, 77, 30)], 1 / 4),
        ([(1, 77, 10), (2, 77, 10), (1, 78, 10)], 3 / 4),
        ([(2, 78, 10), (2, 77, 10), (1, 78, 10), (1, 77, 20)], 1),
        ([(1, 79, 10), (3, 77, 10), (2, 78, 10)], 1 / 4),  # the first two were not recommended
    ],
)
def test_coverage_is_the_share_of_recommendations_with_evidence(explained, expected):
    recommendations = recommendation_table([(1, 77), (1, 78), (2, 78), (2, 77)])
    assert coverage(listed(recommendations), explanation_table(explained)) == pytest.approx(
        expected
    )


def test_coverage_of_nothing_recommended_is_undefined():
    nothing = listed(recommendation_table([(1, 77)])).take(np.arange(0))
    assert np.isnan(coverage(nothing, explanation_table([(1, 77, 10)])))
    assert np.isnan(coverage(nothing, explanation_table([])))


def test_coverage_equals_that_of_the_report(random_data):
    recommendations, explanations, ratings = random_data
    data = Interactions.from_frame(ratings)
    report, _ = evaluate(recommendations, explanations, data, 0, seed=0)
    assert coverage(listed(recommendations), explanations) == pytest.approx(report["coverage"])


@pytest.mark.parametrize("style", STYLES)
def test_items_of_the_history_are_cited_by_items_rules_and_sets(interactions, style):
    """Raters: item 10 three, 20 two, 30 one; the mean of user 1's history is 2."""
    recommendations = recommendation_table([(1, 77), (1, 78)])
    explanations = explanation_table([(1, 77, 30), (1, 77, 10), (1, 78, 10)])
    explanations["style"] = ["item", style, style]
    popularity = popularity_of(recommendations, explanations, interactions)
    cited = (1 + 3 + 3) / 3 if style in ("item", "rule", "set") else 1
    assert popularity.to_numpy() == pytest.approx([cited / 2])


def test_popularity_is_of_training_and_relative_to_the_histories(interactions):
    """Raters: item 10 three, 20 two, 30 one; user 9, whom training has not seen, rated 20, 30."""
    rated = pd.DataFrame({"user_id": [9, 9], "item_id": [20, 30], "rating": [5.0, 4.0]})
    histories = interactions.histories(rated)
    recommendations = recommendation_table([(9, 10), (1, 10)])
    lists = listed(recommendations, histories)
    explained = match_evidence(lists, explanation_table([(9, 10, 20), (1, 10, 20)]))
    popularity = evidence_popularity(explained, interactions, lists.histories)
    assert popularity.to_dict() == pytest.approx({1: np.nan, 9: 2 / 1.5}, nan_ok=True)


def test_popularity_is_relative_to_the_own_history_where_others_have_no_list(interactions):
    """Raters: item 10 three, 20 two, 30 one; means of the histories 2 (user 1), 2.5 and 3."""
    explanations = explanation_table([(2, 77, 20), (3, 77, 10)])
    for users, expected in (((2, 3), [2 / 2.5, 3 / 3]), ((3,), [3 / 3]), ((2,), [2 / 2.5])):
        recommendations = recommendation_table([(user, 77) for user in users])
        lists = lists_of(widened(interactions, recommendations), recommendations)
        matched = match_evidence(lists, explanations)
        found = evidence_popularity(matched, lists.histories, lists.histories)
        assert found.index.tolist() == list(users)
        np.testing.assert_allclose(found, expected)


def test_same_and_disjoint_evidence_bound_the_diversity():
    recommendations = recommendation_table([(u, i) for u in (1, 2, 3) for i in (7, 8)])
    rows = [(1, 7, 5), (1, 7, 6), (1, 8, 6), (1, 8, 5), (2, 7, 5), (2, 8, 6), (3, 7, 5)]
    diversity = evidence_diversity(match_evidence(listed(recommendations), explanation_table(rows)))
    assert diversity.to_numpy() == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_evidence_repeated_or_without_an_id_adds_nothing_to_the_sets():
    recommendations = recommendation_table([(1, 7), (1, 8), (1, 9)])
    rows = [(1, 7, "5"), (1, 7, "5"), (1, 7, None), (1, 8, "5"), (1, 9, None)]
    explained = match_evidence(listed(recommendations), explanation_table(rows))
    assert evidence_diversity(explained).tolist() == [1.0]
    assert explanation_counts(explained).to_numpy().tolist() == [[3, 3, 5]]


@dataclass(frozen=True)
class ItemItem:
    """Score = history @ similarity, one term per rated item."""

    similarity: np.ndarray

    def scores(self, histories):
        return histories @ self.similarity

    def contributions(self, histories, items):
        assert items.min(initial=0) >= 0
        terms = self.similarity[histories.columns[:, None, :], items[:, :, None]]
        return terms * np.where(histories.filled, histories.values, 0.0)[:, None, :]


@pytest.fixture(scope="module")
def additive():
    """A random additive model, and lists of all lengths in any order."""
    random = np.random.default_rng(3)
    users = np.repeat(np.arange(30), random.integers(1, 15, 30))
    ratings = pd.DataFrame({"user_id": users, "rating": random.integers(1, 6, len(users))})
    ratings["item_id"] = ratings.groupby("user_id").cumcount()
    interactions = Interactions.from_frame(ratings)
    model = ItemItem(random.normal(size=(interactions.n_items, interactions.n_items)))
    users = np.repeat(np.arange(5, 30), random.integers(1, 8, 25))
    table = pd.DataFrame({"user_id": users})
    table["item_id"] = table.groupby("user_id").cumcount()
    table["score"] = model.scores(interactions.ratings)[table["user_id"], table["item_id"]]
    return model, lists_of(interactions, table.sample(frac=1, random_state=0))


def test_an_additive_model_adds_up(additive):
    report = additivity_error(*additive)
    assert report["additivity_error"] < 1e-12
    assert report["additivity_error_relative"] < 1e-10


def test_the_largest_error_is_found(additive):
    model, lists = additive
    scores = lists.table["score"].to_numpy() + np.eye(1, len(lists), 17)[0] * 0.5
    wrong = lists_of(lists.histories, lists.table.assign(score=scores))
    report = additivity_error(model, wrong)
    assert report["additivity_error"] == pytest.approx(0.5)
    assert report["additivity_error_relative"] == pytest.approx(0.5 / abs(scores[17]))


def test_a_score_of_zero_gives_a_finite_relative_error(additive):
    model, lists = additive
    one = lists.table[:1].assign(score=0.0)
    report = additivity_error(model, lists_of(lists.histories, one))
    assert np.isfinite(report["additivity_error_relative"])
    assert report["additivity_error_relative"] > 1


def test_no_recommendations_have_no_error(additive):
    model, lists = additive
    assert np.isnan(list(additivity_error(model, lists.take(np.arange(0))).values())).all()


def test_popularity_gap() -> None:
    """Of items with 3, 2, 1 and 1 ratings the first is explained, the third and fourth are not."""
    ratings = sparse.csr_array(np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1]], np.float32))
    catalogue = Interactions(ratings, np.arange(3), np.arange(4))
    empty = Interactions(sparse.csr_array((3, 4), dtype=np.float32), np.arange(3), np.arange(4))
    table = pd.DataFrame({"user_id": 0, "item_id": [0, 2, 3], "rank": [1, 2, 3], "score": 1.0})
    lists = Lists.of(empty, table)
    explained = pd.DataFrame({"user_id": [0, 0], "item_id": [0, 0]})
    data = data_of(catalogue)
    gap = popularity_gap(data, lists, explained)["popularity_gap"]
    assert gap == pytest.approx((4 - 0.5) / 4 - (1.5 - 0.5) / 4)
    assert popularity_gap(data, lists, explained[:0]) == {}
    assert popularity_gap(data, lists, table) == {}


MINE = pd.DataFrame(
    {"user_id": [1], "item_id": [1], "style": ["item"], "evidence_id": ["2"]}
).assign(rated_item_id=2, weight=1.0)


@pytest.mark.parametrize("column", MINE.columns.drop("weight"))
def test_a_column_that_evidence_lacks_is_named(column, interactions):
    recommendations = recommendation_table([(1, 1)])
    with pytest.raises(InputError, match=rf"evidence table: no column {column}; found .*weight"):
        evaluate(recommendations, MINE.drop(columns=column), interactions, 0, 0)


def test_a_style_that_there_is_not_is_named_with_those_that_there_are(interactions):
    mine = MINE.assign(style="items")
    with pytest.raises(
        InputError, match=r"no style 'items'; did you mean 'item'\? accepted: .*set"
    ):
        evaluate(recommendation_table([(1, 1)]), mine, interactions, 0, 0)
