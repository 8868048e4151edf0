"""Paths in words."""

import numpy as np
import pandas as pd
import pytest

from explainable_recsys.wording.paths import path_sentences
from tests.wording.tables import cited, data_of, explained_by, keys, lists_of, shown

TITLES = {1: "Alien", 2: "Brazil", 3: "Cube", 4: "D*ne", 8: "Eight", 9: "Nine"}


def sentences(rows, n_cited=3, relation="liked", titles=TITLES, scores=1.0, said=None):
    """Of (user, item, from_item, label or number of people), best first.

    A path weighs 1 or what stands after it, and `scores` is the score of all, or of each pair.
    `said` are the places of those that are evidence; None: all are.
    """
    names = ["user_id", "item_id", "from_item", "link", "weight"]
    paths = pd.DataFrame([(*row, 1.0)[:5] for row in rows], columns=names)
    people = np.array([isinstance(link, int) for link in paths["link"]], bool)
    paths = paths.assign(
        entity=pd.Categorical(np.where(people, "", "e")),
        label=pd.Categorical(paths["link"].astype("str")),
        n_sharing=pd.to_numeric(paths["link"], errors="coerce").fillna(5).astype(int),
    )
    places = paths.groupby(["user_id", "item_id"]).cumcount() + 1
    paths = paths.assign(position=places)
    told = paths if said is None else paths[paths["position"].isin(said)]
    evidence = told[["user_id", "item_id"]].assign(group=told["position"])
    explained = explained_by(evidence, {"relation": relation}, paths=paths)
    found = list(dict.fromkeys((user, item) for user, item, *_ in rows))
    users = dict.fromkeys(user for user, _ in found) or [1]
    data = data_of(titles, [(user, item, 4.0) for user in users for item in titles])
    each = scores if isinstance(scores, dict) else dict.fromkeys(found, scores)
    return path_sentences(explained, data, lists_of(data, each), cited(n_cited))


@pytest.mark.parametrize(
    ("n", "named"),
    [
        (1, "⟨Alien⟩ (a)"),
        (2, "⟨Alien⟩ (a) and ⟨Brazil⟩ (b)"),
        (3, "⟨Alien⟩ (a), ⟨Brazil⟩ (b) and ⟨Cube⟩ (c)"),
        (4, "⟨Alien⟩ (a), ⟨Brazil⟩ (b) and ⟨Cube⟩ (c)"),
    ],
)
def test_items_in_a_sentence(n, named):
    rows = [(1, 9, start, link) for start, link in zip([1, 2, 3, 4], "abcd", strict=True)]
    assert shown(sentences(rows[:n])) == [f"Because you liked {named}."]
    assert shown(sentences(rows[:n], relation="rated")) == [f"Because you rated {named}."]


def test_every_item_is_named_once_with_its_best_path():
    rows = [(1, 9, *path) for path in [(2, "a"), (1, "b"), (2, "c"), (1, "d"), (3, "e")]]
    expected = "Because you liked ⟨Brazil⟩ (a), ⟨Alien⟩ (b) and ⟨Cube⟩ (e)."
    assert shown(sentences(rows)) == [expected]
    assert shown(sentences(rows, 1)) == ["Because you liked ⟨Brazil⟩ (a)."]


def test_a_small_part_of_the_score_is_said():
    """Of what is named, each item's best path: 0.5 + 0.25, of which the score is 3 or 4."""
    rows = [(1, 9, 1, "a", 0.5), (1, 9, 2, "b", 0.25), (1, 9, 2, "c", 0.2), (1, 9, 3, "d", 0.1)]
    for score, part in ((3.0, None), (4.0, "19 %"), (10.7, "7 %"), (1000.0, "1 %")):
        (text,) = shown(sentences(rows, 2, scores=score))
        assert text.startswith("Because you liked ⟨Alien⟩ (a) and ⟨Brazil⟩ (b)")
        assert ("%" in text) == (part is not None)
        assert part is None or part in text


def test_paths_that_are_no_evidence_are_not_named():
    rows = [(1, 9, 1, "a"), (1, 9, 2, "b"), (1, 9, 3, "c")]
    assert shown(sentences(rows, said=[2])) == ["Because you liked ⟨Brazil⟩ (b)."]


def test_each_sentence_says_its_own_part():
    rows = [(2, 9, 1, "a", 0.1), (1, 8, 2, "b", 0.5), (1, 9, 1, "c", 0.2), (1, 9, 3, "d", 0.1)]
    scores = {(1, 9): 2.0, (2, 9): 10.0, (1, 8): 1.0, (1, 3): 9.0}
    table = sentences(rows, scores=scores)
    assert keys(table) == [(2, 9), (1, 8), (1, 9)]
    assert table["sentence"].str.extract(r"(\d+) %")[0].fillna("").tolist() == ["1", "", "15"]


def test_one_person_and_a_thousand():
    table = sentences([(1, 9, 1, 1), (1, 8, 4, 1234), (1, 8, 1, "same genre: War")])
    assert shown(table) == [
        "Because you liked ⟨Alien⟩ (one person liked both).",
        "Because you liked ⟨D*ne⟩ (1,234 people liked both) and ⟨Alien⟩ (same genre: War).",
    ]


def test_sentences_of_many_recommendations():
    rows = [(1, 9, 1, "a"), (1, 9, 2, "b"), (2, 9, 1, "c"), (1, 8, 1, "d")]
    table = sentences(rows)
    assert keys(table) == [(1, 9), (2, 9), (1, 8)]
    assert [text.count("⟨") for text in shown(table)] == [2, 1, 1]
    assert shown(sentences([])) == []


def test_text_ids():
    table = sentences([("zoë", "x", "ä", "a")], titles={"ä": "Ärger", "x": "X"})
    assert keys(table) == [("zoë", "x")]
    assert shown(table) == ["Because you liked ⟨Ärger⟩ (a)."]
