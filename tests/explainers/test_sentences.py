"""Sentences, letter by letter."""

import warnings

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.explainers.sentences import contribution_sentences, enumerate_runs, italic
from explainable_recsys.explainers.tables import explanation_table
from explainable_recsys.interactions import Interactions

TITLES = {1: "Aliens", 2: "Alien", 3: "M*A*S*H", 4: "Amélie", 5: "千と千尋の神隠し", 6: "New"}
RATINGS = [(1, 1, 5.0), (1, 2, 4.0), (1, 3, 4.5), (1, 4, 0.5), (2, 5, 0.0), (2, 6, 1.0), (2, 1, 3)]


def interactions_of(rows):
    return Interactions.from_frame(pd.DataFrame(rows, columns=["user_id", "item_id", "rating"]))


def sentences(evidence, scores, n_cited=3, ratings=RATINGS, titles=TITLES):
    """Sentences of [(user, item, [(evidence item, weight), …]), …]."""
    rows = [
        (user, item, place, cited, weight)
        for user, item, cites in evidence
        for place, (cited, weight) in enumerate(cites, 1)
    ]
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "place", "evidence_id", "weight"])
    explanations = explanation_table(
        table,
        place=table["place"].to_numpy(),
        evidence_ids=table["evidence_id"].to_numpy(),
        weights=table["weight"].to_numpy(),
        style="item",
        items=pd.DataFrame({"item_id": list(titles), "title": list(titles.values())}),
    )
    recommendations = pd.DataFrame(
        [(user, item, score) for (user, item), score in scores.items()],
        columns=["user_id", "item_id", "score"],
    )
    return contribution_sentences(explanations, recommendations, interactions_of(ratings), n_cited)


def test_exact_sentence():
    table = sentences([(1, 6, [(1, 0.42), (2, 0.31)])], {(1, 6): 1.0})
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table.to_numpy().tolist() == [
        [1, 6, "Recommended because you rated *Aliens* ★5 (42 %), *Alien* ★4 (31 %)."]
    ]
    assert table["sentence"].dtype == "str"


def test_half_stars_zero_stars_asterisks_and_other_scripts():
    table = sentences(
        [(1, 6, [(3, 1.0), (4, 0.5)]), (2, 2, [(5, 1.5)])], {(1, 6): 2.0, (2, 2): 1.5}
    )
    assert table["sentence"].tolist() == [
        r"Recommended because you rated *M\*A\*S\*H* ★4.5 (50 %), *Amélie* ★0.5 (25 %).",
        "Recommended because you rated *千と千尋の神隠し* ★0 (100 %).",
    ]


@pytest.mark.parametrize(
    ("n_cited", "cited"),
    [
        (1, "*Aliens* ★5 (60 %)"),
        (2, "*Aliens* ★5 (60 %), *Alien* ★4 (50 %)"),
        (9, "*Aliens* ★5 (60 %), *Alien* ★4 (50 %)"),
    ],
)
def test_n_cited_and_opposing_evidence(n_cited, cited):
    evidence = [(1, 6, [(1, 0.6), (2, 0.5), (3, -0.09), (4, -0.01)])]
    table = sentences(evidence, {(1, 6): 1.0}, n_cited)
    assert table["sentence"].tolist() == [f"Recommended because you rated {cited}."]


def test_recommendation_without_support_has_no_row():
    evidence = [(1, 5, [(1, -0.5)]), (1, 6, [(2, 0.5)]), (2, 3, [(5, -1.0), (6, -0.5)])]
    table = sentences(evidence, {(1, 5): -0.5, (1, 6): 0.5, (2, 3): -1.5, (2, 4): 0.0})
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[1, 6]]


def test_no_support_at_all():
    table = sentences([(1, 5, [(1, -0.5)])], {(1, 5): -0.5})
    assert table.columns.tolist() == ["user_id", "item_id", "sentence"]
    assert table.empty


def test_shares_are_of_each_recommendations_own_score():
    evidence = [(2, 2, [(6, 1.0)]), (1, 6, [(2, 1.0)]), (1, 5, [(2, 1.0)])]
    table = sentences(evidence, {(1, 5): 4.0, (1, 6): 2.0, (2, 2): 8.0})
    assert table[["user_id", "item_id"]].to_numpy().tolist() == [[2, 2], [1, 6], [1, 5]]
    assert table["sentence"].str.extract(r"\((.*) %\)")[0].tolist() == ["12", "50", "25"]


def test_text_ids():
    table = sentences(
        [("zoë", "x", [("ä", 1.0)])],
        {("zoë", "x"): 2.0},
        ratings=[("zoë", "ä", 3.5), ("al", "x", 1.0)],
        titles={"ä": "Ärger", "x": "X"},
    )
    assert table.to_numpy().tolist() == [
        ["zoë", "x", "Recommended because you rated *Ärger* ★3.5 (50 %)."]
    ]


@pytest.mark.parametrize("score", [0.0, -0.5])
def test_no_share_of_a_score_that_is_not_positive(score):
    """Opposing ratings can outweigh the support; then a percentage would mean nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = sentences([(1, 6, [(1, 0.5), (2, -0.5 + score)])], {(1, 6): score})
    assert table["sentence"].tolist() == ["Recommended because you rated *Aliens* ★5."]


def test_many_sentences_at_once_equal_one_at_a_time():
    rng = np.random.default_rng(0)
    ratings = [
        (user, item, 1 + (user + item) % 9 / 2) for user in range(20) for item in range(1, 7)
    ]
    evidence, scores = [], {}
    for user in range(20):
        for item in (5, 6):
            weights = -np.sort(-rng.random(rng.integers(1, 5)))
            evidence.append((user, item, list(enumerate(weights, 1))))
            scores[user, item] = weights.sum()
    together = sentences(evidence, scores, ratings=ratings)
    alone = [sentences([one], scores, ratings=ratings) for one in evidence]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True))


def test_italic():
    assert italic(pd.Series(["a", "*b", "c*d*"])).to_pylist() == ["*a*", r"*\*b*", r"*c\*d\**"]


def test_italic_escapes_a_backslash():
    """Otherwise a title that ends in one would escape the closing asterisk."""
    assert italic(pd.Series(["a\\"])).to_pylist() == ["*a\\\\*"]


def test_enumerate_runs():
    texts = italic(pd.Series(["a", "b", "c"]))
    assert enumerate_runs(texts, np.array([0, 2])).to_pylist() == ["*a*, *b*", "*c*"]
