"""Ranking metrics: by hand, against trec_eval, and what must not change them."""

import numpy as np
import pandas as pd
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from explainable_recsys.errors import InputError
from explainable_recsys.metrics.ranking import ranking_per_user, top_k

NAMES = ["recall", "hit_rate", "precision", "ndcg", "map", "mrr"]


def lists_table(lists):
    """Recommendations table of {user: [items, best first]}."""
    rows = [
        (user, item, rank) for user, items in lists.items() for rank, item in enumerate(items, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "rank"])
    return table.assign(score=-table["rank"].astype(float))


def held_out_table(relevant, rating=4.0):
    rows = [(user, item, rating) for user, items in relevant.items() for item in items]
    return pd.DataFrame(rows, columns=["user_id", "item_id", "rating"])


def trec_eval(lists, relevant, k):
    """The same metrics from trec_eval, which knows no cut for mrr and divides AP by |T|."""
    qrel = {str(u): {str(i): 1 for i in items} for u, items in relevant.items()}
    run = {
        str(u): {str(i): float(-rank) for rank, i in enumerate(items[:k])}
        for u, items in lists.items()
        if u in relevant
    }
    measures = {f"{m}.{k}" for m in ("recall", "success", "P", "ndcg_cut", "map_cut")}
    results = pytrec_eval.RelevanceEvaluator(qrel, measures | {"recip_rank"}).evaluate(run)
    table = pd.DataFrame(0.0, index=sorted(relevant), columns=[f"{n}@{k}" for n in NAMES])
    for user, items in relevant.items():
        if str(user) in results:
            r = results[str(user)]
            table.loc[user] = [
                r[f"recall_{k}"],
                r[f"success_{k}"],
                r[f"P_{k}"],
                r[f"ndcg_cut_{k}"],
                r[f"map_cut_{k}"] * len(items) / min(len(items), k),
                r["recip_rank"],
            ]
    return table


def test_by_hand():
    lists = {1: ["a", "b", "c", "d"], 2: ["x", "y", "z", "w"]}
    relevant = {1: ["b", "d", "q"], 2: ["nothing"], 3: ["a"]}
    report = ranking_per_user(lists_table(lists), held_out_table(relevant), 3)
    assert report.index.tolist() == [1, 2, 3]
    gain, ideal = 1 / np.log2(3), 1 + 1 / np.log2(3) + 1 / np.log2(4)
    assert report.loc[1].tolist() == pytest.approx([1 / 3, 1, 1 / 3, gain / ideal, 1 / 6, 1 / 2])
    assert (report.loc[[2, 3]] == 0).all(axis=None)
    assert report.columns.tolist() == [f"{name}@3" for name in NAMES]


def test_a_perfect_list_scores_one_everywhere():
    lists = lists_table({1: [5, 6], 2: [7, 8]})
    report = ranking_per_user(lists, held_out_table({1: [6, 5], 2: [7, 8]}), 2)
    assert np.allclose(report, 1)


def test_who_has_nothing_relevant_is_left_out():
    lists = lists_table({1: [6, 5], 2: [6, 5]})
    report = ranking_per_user(lists, held_out_table({1: [5]}), 2)
    assert report.index.tolist() == [1]
    assert report.loc[1, ["recall@2", "mrr@2"]].tolist() == [1, 0.5]
    assert ranking_per_user(lists, held_out_table({}), 2).shape == (0, 6)


def test_an_item_that_is_held_out_twice_counts_once():
    twice = pd.concat([held_out_table({1: [5]}), held_out_table({1: [5]}, rating=2.0)])
    report = ranking_per_user(lists_table({1: [5, 6]}), twice, 2)
    assert report.loc[1, ["recall@2", "precision@2", "ndcg@2"]].tolist() == [1, 0.5, 1]


lists_and_relevant = st.tuples(
    st.dictionaries(
        st.integers(0, 8),
        st.permutations(list(range(15))).flatmap(
            lambda items: st.integers(1, 15).map(lambda n: items[:n])
        ),
        min_size=1,
    ),
    st.dictionaries(
        st.integers(0, 8), st.sets(st.integers(0, 20), min_size=1, max_size=12), min_size=1
    ),
)


@settings(deadline=None, max_examples=26)
@given(lists_and_relevant, st.data())
def test_agrees_with_trec_eval(tables, data):
    lists, relevant = tables
    k = data.draw(st.integers(1, max(map(len, lists.values()))))
    report = ranking_per_user(lists_table(lists), held_out_table(relevant), k)
    expected = trec_eval(lists, relevant, k)
    pd.testing.assert_frame_equal(
        report, expected, check_names=False, check_index_type=False, rtol=0, atol=1e-9
    )


@pytest.fixture(scope="module")
def random_tables():
    random = np.random.default_rng(0)
    lists = {u: random.permutation(60)[:10].tolist() for u in range(0, 80, 2)}
    relevant = {u: random.permutation(60)[: random.integers(1, 20)].tolist() for u in range(60)}
    return lists_table(lists), held_out_table(relevant)


def test_row_order_does_not_matter(random_tables):
    lists, held_out = random_tables
    expected = ranking_per_user(lists, held_out, 5)
    shuffled = ranking_per_user(
        lists.sample(frac=1, random_state=1), held_out.sample(frac=1, random_state=2), 5
    )
    pd.testing.assert_frame_equal(shuffled, expected)


def test_string_ids_give_the_same(random_tables):
    lists, held_out = random_tables
    expected = ranking_per_user(lists, held_out, 10)

    def as_text(table):
        text = {c: "id" + table[c].astype(str).str.zfill(3) for c in ("user_id", "item_id")}
        return table.assign(**text)

    report = ranking_per_user(as_text(lists), as_text(held_out), 10)
    assert report.index.tolist() == [f"id{user:03}" for user in expected.index]
    assert np.array_equal(report.to_numpy(), expected.to_numpy())


def test_top_k_follows_rank_not_rows():
    table = lists_table({1: [5, 6, 7]})[::-1]
    assert sorted(top_k(table, 2)["item_id"]) == [5, 6]


@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(k):
    table = lists_table({1: [5, 6, 7], 2: [5]})
    with pytest.raises(InputError, match=rf"evaluation\.k = {k}; accepted: 1 or more"):
        ranking_per_user(table, held_out_table({1: [5]}), k)


def test_places_that_a_short_list_leaves_empty_are_misses():
    scores = ranking_per_user(lists_table({1: [5]}), held_out_table({1: [5]}), 4)
    assert scores.loc[1, "precision@4"] == 0.25
    assert scores.loc[1, "recall@4"] == 1


def test_no_recommendations_at_all_score_nothing():
    scores = ranking_per_user(lists_table({}), held_out_table({1: [5]}), 1)
    assert (scores.loc[1] == 0).all()


def test_columns_that_lists_lack_are_named():
    mine = pd.DataFrame({"user_id": [1], "item_id": [1], "score": [0.5]})
    with pytest.raises(InputError, match="recommendations table: no column rank; found user_id"):
        ranking_per_user(mine, held_out_table({1: [1]}), 10)
    with pytest.raises(InputError, match="held-out ratings table: no column item_id; found user"):
        ranking_per_user(mine.assign(rank=1), mine.drop(columns="item_id"), 10)
