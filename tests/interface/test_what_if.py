"""What if, asked by titles: against what the library answers for the changed history."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog
from scipy import sparse

from explainable_recsys import answer as library_answer
from explainable_recsys import recommend
from explainable_recsys.answers.explainers import EXPLAINERS
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import Change
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.explain import Question, answer
from explainable_recsys.interface.stored import Stored, load_stored, ratings_of
from explainable_recsys.interface.what_if import wanted_changes
from explainable_recsys.reporting.people import Person
from explainable_recsys.wording.markup import plain
from tests.interface.test_explain import order_by_hand, text_of, through_json
from tests.interface.test_stored import EXPLAINING
from tests.interface.test_terminal import Terminal

USER = 7  # row of a user of the `test` environment, as in test_explain
SEVERAL = ("intrinsic_ease", "intrinsic_mf", "posthoc_ar", "posthoc_fm_lime", "knowledge_graph")


@pytest.fixture(scope="module")
def ease(catalog: DataCatalog) -> Stored:
    return load_stored(catalog, APPROACHES["intrinsic_ease"])


@pytest.fixture(scope="module")
def user(ease: Stored) -> str:
    return str(ease.data.histories.user_ids[USER])


@pytest.fixture(scope="module")
def ratings(ease: Stored) -> dict[int, float]:
    """What the user rated, by item."""
    known = ease.data.histories
    row = known.ratings[[USER]].toarray()[0]
    return {int(known.item_ids[column]): float(row[column]) for column in np.flatnonzero(row)}


@pytest.fixture(scope="module")
def changes(ease: Stored, ratings: dict[int, float]) -> tuple[list[int], dict[int, float]]:
    """Two rated items to take back; one to rate otherwise and one to rate that is not rated."""
    best = sorted(ratings, key=lambda item: -ratings[item])
    counts = np.bincount(ease.data.interactions.ratings.indices)
    popular = ease.data.interactions.item_ids[np.argsort(-counts)].tolist()
    unrated = next(item for item in popular[15:] if item not in ratings)
    return best[:2], {best[2]: 1.5, unrated: 5.0}


def history(ratings: Mapping[int, float], catalogue: Interactions, user: int) -> Interactions:
    """One history, made by hand."""
    row = np.zeros((1, catalogue.n_items), np.float32)
    row[0, np.searchsorted(catalogue.item_ids, list(ratings))] = list(ratings.values())
    return Interactions(sparse.csr_array(row), np.array([user]), catalogue.item_ids)


def asked(user: str, changes: tuple[list[int], dict[int, float]], **more: Any) -> Question:
    without, rate = changes
    typed = tuple(f"{item}={rating}" for item, rating in rate.items())
    return Question(user, without=tuple(map(str, without)), rate=typed, **more)


def changed(ratings: dict[int, float], changes: tuple[list[int], dict[int, float]]) -> Any:
    without, rate = changes
    return {item: rating for item, rating in ratings.items() if item not in without} | rate


@pytest.mark.parametrize("approach", SEVERAL)
def test_before_and_after_are_what_the_library_answers(
    approach: str,
    catalog: DataCatalog,
    user: str,
    ratings: dict[int, float],
    changes: tuple[list[int], dict[int, float]],
) -> None:
    stored = load_stored(catalog, APPROACHES[approach])
    reply = through_json(answer(catalog, asked(user, changes, approach=approach)))
    rows = {"before": reply, "after": reply["what_if"]}
    for when, given in (("before", ratings), ("after", changed(ratings, changes))):
        one = history(given, stored.data.interactions, int(user))
        said = library_answer(stored.pair, stored.data, one)
        found = rows[when]["recommendations"]
        expected = said.recommendations
        assert [row["item_id"] for row in found] == expected["item_id"].tolist()
        assert [row["rank"] for row in found] == list(range(1, len(found) + 1))
        assert [row["score"] for row in found] == pytest.approx(expected["score"], rel=1e-4)
        sentences = said.sentences.set_index("item_id")["sentence"]
        for row in found:
            if row["item_id"] in sentences.index:
                assert row["sentence"] == plain(sentences[row["item_id"]])
            else:
                assert row["sentence"] is None
                assert row["no_reason"]
            evidence = said.explanations.query("item_id == @row['item_id']")
            assert [piece["evidence"] for piece in row["evidence"]] == evidence["evidence"].tolist()
        assert {row["item_id"]: row["rating"] for row in rows[when]["history"]} == given
    assert [row["item_id"] for row in reply["what_if"]["changes"]] == [*changes[0], *changes[1]]
    assert [row["old_rating"] for row in reply["what_if"]["changes"]] == [
        ratings.get(item) for item in (*changes[0], *changes[1])
    ]


@pytest.mark.parametrize("approach", ["intrinsic_ease", "posthoc_ar"])
def test_moves(
    approach: str,
    catalog: DataCatalog,
    ease: Stored,
    user: str,
    ratings: dict[int, float],
    changes: tuple[list[int], dict[int, float]],
) -> None:
    """Old and new places are those of all that could be recommended, counted by hand."""
    catalogue, whose = ease.data.histories, APPROACHES[approach].recommender
    reply = answer(catalog, asked(user, changes, approach=approach))
    orders = []
    for given in (ratings, changed(ratings, changes)):
        own = history(given, catalogue, int(user)).ratings
        ids = catalogue.item_ids[order_by_hand(catalog, whose, catalogue, own=own)].tolist()
        orders.append({item: place for place, item in enumerate(ids, 1)})
    lists = [[item for item, place in order.items() if place <= 10] for order in orders]
    found = through_json(reply)["what_if"]["moves"]
    others = [row for row in found if row["move"] == "changed"]
    assert {row["item_id"] for row in others} == {*changes[0], *changes[1]} - {*lists[0], *lists[1]}
    for row in others:
        assert [row["old_rank"], row["new_rank"]] == [o.get(row["item_id"]) for o in orders]
    found = [row for row in found if row["move"] != "changed"]
    gone = [item for item in lists[0] if item not in lists[1]]
    assert [row["item_id"] for row in found] == [*lists[1], *gone]
    assert {row["item_id"] for row in found if row["move"] == "gone"} == set(gone)
    for row in found:
        item, text = row["item_id"], row["move"]
        assert [row["old_rank"], row["new_rank"]] == [order.get(item) for order in orders]
        if item in lists[0] and item in lists[1]:
            rise = row["old_rank"] - row["new_rank"]
            assert text == ("up" if rise > 0 else "down" if rise < 0 else "same")
        else:
            assert text == ("new" if item in lists[1] else "gone")
    text = " ".join(text_of(reply).split())
    assert text.count(" gone: ") == len(gone)
    assert text.count(" new, was number ") == len(set(lists[1]) & set(orders[0]) - set(lists[0]))
    loses = f"the list loses {len(gone)} of 10 items" in text
    assert loses == bool(gone)  # SVD's list may keep all of them: it depends on the machine


@pytest.mark.parametrize("approach", EXPLAINING)
def test_the_place_of_one_item_before_and_after(
    approach: str,
    catalog: DataCatalog,
    user: str,
    ratings: dict[int, float],
    changes: tuple[list[int], dict[int, float]],
) -> None:
    stored = load_stored(catalog, APPROACHES[approach])
    listed = stored.of(int(user)).recommendations
    item = int(next(item for item in listed["item_id"] if item not in changes[1]))
    reply = answer(catalog, asked(user, changes, item=str(item), approach=approach))
    found = through_json(reply)
    (before,) = found["recommendations"]
    assert before["item_id"] == item
    one = history(changed(ratings, changes), stored.data.interactions, int(user))
    everything = stored.recommendation.model_copy(update={"n": 2000})
    after = recommend(stored.lister, one, everything, catalogue=stored.data.interactions)
    place = after.loc[after["item_id"] == item, "rank"]
    text = " ".join(text_of(reply).split())
    if place.empty:
        assert found["what_if"]["recommendations"] == []
        assert "it is not recommended any more" in text
        return
    (row,) = found["what_if"]["recommendations"]
    assert row["rank"] == place.item()
    moved = f"{place.item():,} instead of {before['rank']}"
    assert (f"it is number {moved}" in text) == (row["rank"] != before["rank"])
    assert ("recommended are the first 10" in text) == (row["rank"] > 10)
    assert "evidence" not in text


def test_the_places_that_influence_tells_of(catalog: DataCatalog) -> None:
    """They are found, but for what is not rated any more and stands before the item itself."""
    stored = load_stored(catalog, APPROACHES["posthoc_influence"])
    user = str(catalog.load("posthoc_influence.explanations")["user_id"].iloc[0])
    said = library_answer(stored.pair, stored.data, stored.history(int(user)))
    told = said.details["ranks_without"].query("rank_without > 0").tail(4)
    assert len(told) > 1
    for row in told.to_dict("records"):
        item, taken = str(row["item_id"]), str(row["rated_item_id"])
        reply = answer(catalog, Question(user, item, "posthoc_influence", without=(taken,)))
        found = through_json(reply)["what_if"]
        place = found["recommendations"][0]["rank"]
        ranks = {one["item_id"]: one["new_rank"] for one in found["moves"]}
        before = (ranks[row["rated_item_id"]] or place) < place
        assert place - before == row["rank_without"]
        assert ("not rated any more stands before it" in " ".join(text_of(reply).split())) == before


def test_an_item_that_was_rated(catalog: DataCatalog, user: str, ratings: dict[int, float]) -> None:
    """Without its rating it may be recommended; with other changes it is still rated."""
    best = str(max(ratings, key=lambda item: ratings[item]))
    found = through_json(answer(catalog, Question(user, best, "intrinsic_ease", without=(best,))))
    assert found["recommendations"] == []
    assert "only what is not rated" in found["not_recommended"]
    assert found["what_if"]["recommendations"][0]["rank"] >= 1
    other = str(min(ratings, key=lambda item: ratings[item]))
    with pytest.raises(InputError, match="only what is not rated is recommended"):
        answer(catalog, Question(user, best, "intrinsic_ease", without=(other,)))


FILMS = pd.DataFrame(
    {
        "item_id": [1, 2, 3, 4, 5],
        "title": ["Alien", "E=mc2", "Heat", "Heat", "2"],
        "year": pd.array([1979, 2005, 1995, 1986, None], dtype="Int16"),
    }
)
RATED = Person("ann", FILMS.iloc[:3].assign(rating=4.0), pd.DataFrame(), pd.DataFrame())


def changes_of(without: tuple[str, ...] = (), rate: tuple[str, ...] = ()) -> list[Change]:
    return wanted_changes(without, rate, FILMS, RATED)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Alien=2", (1, 2.0)),
        (" alien (1979) = 2.5", (1, 2.5)),
        ("E=mc2=4", (2, 4.0)),
        ("1=3", (1, 3.0)),
        ("2=3", (2, 3.0)),
        ("Heat (1986)=1", (4, 1.0)),
        ("Heat (1986)=1e0", (4, 1.0)),
    ],
)
def test_what_is_to_be_rated(typed: str, expected: tuple[int, float]) -> None:
    assert changes_of(rate=(typed,)) == [expected]


@pytest.mark.parametrize("typed", ["Alien", "Alien=", "Alien=good", "=4", "  =4", "", "E=mc2"])
def test_what_has_no_rating(typed: str) -> None:
    with pytest.raises(InputError, match=r"no rating at its end; accepted: .* \"Alien=4\""):
        changes_of(rate=(typed,))


def test_what_is_to_be_taken_back() -> None:
    """Only what is rated is meant: of two films of one name the rated one."""
    assert changes_of(("heat", "1")) == [(3, None), (1, None)]
    with pytest.raises(InputError, match=r"user ann has not rated '4'; near: .*3 \(Heat \(1995\)"):
        changes_of(("4",))
    with pytest.raises(InputError, match=r"has not rated 'Alie'; near: 1 \(Alien \(1979\)\)"):
        changes_of(("Alie",))
    with pytest.raises(InputError, match=r"unknown item 'Alie'; near: 1 \(Alien \(1979\)\)"):
        changes_of(rate=("Alie=4",))
    with pytest.raises(InputError, match="several items are called 'Heat'"):
        changes_of(rate=("Heat=4",))


def test_changes_that_cannot_be(
    catalog: DataCatalog, ease: Stored, user: str, ratings: dict[int, float]
) -> None:
    listed = ease.of(int(user)).recommendations
    item, rated = str(listed["item_id"].iloc[0]), str(next(iter(ratings)))
    title = ease.titled(int(rated))
    unlearned = set(ease.data.items["item_id"]) - set(ease.data.interactions.item_ids)
    for more, said in (
        ({"without": (rated, title)}, "is changed twice"),
        ({"without": (rated,), "rate": (f"{rated}=2",)}, "is changed twice"),
        ({"rate": (f"{item}=2", f"{item}=2")}, "is changed twice"),
        ({"rate": (f"{item}=6",)}, r"rated 6 is off the scale; accepted: 0.5 to 5"),
        ({"rate": (f"{item}=0",)}, r"rated 0 is off the scale"),
        ({"rate": (f"{item}=nan",)}, r"is off the scale"),
        ({"rate": (f"{item}=3",), "item": item}, "is what is asked about, and only what is not"),
        ({"rate": (f"{min(unlearned)}=3",)}, "has no rating to learn from, so rating it"),
        ({"without": (item,)}, rf"user {user} has not rated '{item}'"),
        ({"without": (rated,), "smallest_change": True}, "--smallest-change finds out itself"),
    ):
        with pytest.raises(InputError, match=said) as error:
            answer(catalog, Question(user, approach="intrinsic_ease", **more))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("approach", EXPLAINING)
def test_nothing_is_left(
    approach: str, catalog: DataCatalog, user: str, ratings: dict[int, float]
) -> None:
    everything = tuple(map(str, ratings))
    question = Question(user, approach=approach, without=everything)
    reply = answer(catalog, question)
    found = through_json(reply)["what_if"]
    assert found["recommendations"] == found["history"] == []
    assert {row["move"] for row in found["moves"]} == {"gone", "changed"}
    assert all(row["new_rank"] is None for row in found["moves"])
    assert "Nothing is left that is rated" in " ".join(text_of(reply).split())
    item = str(found["moves"][0]["item_id"])
    text = text_of(answer(catalog, replace(question, item=item)))
    assert "it is not recommended any more" in " ".join(text.split())


def test_what_is_the_same_for_everybody_stays(catalog: DataCatalog, user: str) -> None:
    """Whatever is taken back, the most popular are listed, and what was taken back among them."""
    question = Question(user, recommender="als", explainer="rules", lists="popularity")
    rated = [row["item_id"] for row in through_json(answer(catalog, question))["history"]]
    for taken in (rated[:2], rated):
        found = through_json(answer(catalog, replace(question, without=tuple(map(str, taken)))))
        before, after = (
            [row["item_id"] for row in rows["recommendations"]]
            for rows in (found, found["what_if"])
        )
        others = [item for item in after if item not in taken]
        assert after
        assert others == before[: len(others)]
    whole = through_json(answer(catalog, replace(question, smallest_change=True)))
    assert whole["no_change"].startswith("No 10 or fewer")
    assert "what_if" not in whole


@pytest.mark.parametrize("approach", ["intrinsic_ease", "intrinsic_als"])
def test_the_smallest_change(approach: str, catalog: DataCatalog) -> None:
    """Asked again, the item is off the list; and if it says so, no smaller set does that."""
    stored, sizes = load_stored(catalog, APPROACHES[approach]), []
    known = stored.data.histories
    user = int(known.user_ids[np.argmin(np.diff(known.ratings.indptr))])
    ratings = ratings_of(stored.history(user))
    for item in stored.of(user).recommendations["item_id"].tail(4):
        question = Question(str(user), str(item), approach)
        reply = through_json(answer(catalog, replace(question, smallest_change=True)))
        if "no_change" in reply:
            assert "what_if" not in reply
            continue
        said = reply["what_if"]
        removed = [row["item_id"] for row in said["changes"]]
        assert all(row["rating"] is None for row in said["changes"])
        assert not lists_it(stored, ratings, removed, item)
        assert all(row["rank"] > 10 for row in said["recommendations"])
        same = answer(catalog, replace(question, without=tuple(map(str, removed))))
        assert through_json(same)["what_if"] == {**said, "minimal": None}
        if said["minimal"]:
            sizes.append(len(removed))
            smaller = itertools.combinations(ratings, len(removed) - 1)
            assert all(lists_it(stored, ratings, some, item) for some in smaller)
    assert sizes


def lists_it(stored: Stored, ratings: dict[int, float], without: Any, item: int) -> bool:
    left = {rated: rating for rated, rating in ratings.items() if rated not in without}
    one = history(left, stored.data.interactions, 0)
    listed = recommend(
        stored.lister, one, stored.recommendation, catalogue=stored.data.interactions
    )
    return item in listed["item_id"].tolist()


def test_the_smallest_change_of_the_first_recommendation(
    catalog: DataCatalog, ease: Stored
) -> None:
    known = ease.data.histories
    user = str(known.user_ids[np.argmin(np.diff(known.ratings.indptr))])
    question = Question(user, approach="intrinsic_ease", smallest_change=True)
    reply = answer(catalog, question)
    first = str(ease.of(int(user)).recommendations["item_id"].iloc[0])
    found = through_json(reply)
    assert found == through_json(answer(catalog, replace(question, item=first)))
    text = " ".join(text_of(reply).split())
    assert f"it is number {found['what_if']['recommendations'][0]['rank']} instead of 1" in text
    assert ("This is the smallest change" in text) == found["what_if"]["minimal"]


def test_no_change_takes_off_what_is_not_on_the_list(
    catalog: DataCatalog, ease: Stored, user: str
) -> None:
    column = order_by_hand(catalog, "ease", ease.data.histories)[30]
    item = str(ease.data.histories.item_ids[column])
    question = Question(user, item, "intrinsic_ease", smallest_change=True)
    reply = answer(catalog, question)
    assert "It is not on the list" in text_of(reply)
    assert "not on the list" in through_json(reply)["no_change"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("item", [None, "first"])
def test_narrow_terminals(
    encoding: str,
    item: str | None,
    catalog: DataCatalog,
    ease: Stored,
    user: str,
    changes: tuple[list[int], dict[int, float]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = None if item is None else str(ease.of(int(user)).recommendations["item_id"].iloc[-1])
    reply = answer(catalog, asked(user, changes, item=first, approach="intrinsic_ease"))
    monkeypatch.setenv("COLUMNS", "30")
    text = text_of(reply, Terminal(encoding))
    assert max(map(len, text.splitlines())) <= 30
    assert "\x1b" not in text


@pytest.mark.parametrize("approach", EXPLAINING)
def test_somebody_new_with_the_ratings_of_somebody_known(
    approach: str, catalog: DataCatalog, user: str
) -> None:
    stored = load_stored(catalog, APPROACHES[approach])
    known = stored.of(int(user))
    found = stored.ask(ratings_of(stored.history(int(user))))
    assert found.recommendations["item_id"].tolist() == known.recommendations["item_id"].tolist()
    said, expected = (someone.recommendations["sentence"].notna() for someone in (found, known))
    assert said.tolist() == expected.tolist()
    lines = str(found).splitlines()
    assert len(lines) == 2 * len(found.recommendations)
    assert lines[0] == f"1. {stored.titled(found.recommendations['item_id'].iloc[0])}"


def test_somebody_new_by_titles(ease: Stored) -> None:
    films = ease.data.items.set_index("title").loc[["Fargo", "Toy Story"]]
    by_title = ease.ask({"fargo": 5, "Toy Story (1995)": 4.5})
    by_id = ease.ask(dict(zip(films["item_id"], (5, 4.5), strict=True)))
    pd.testing.assert_frame_equal(by_title.recommendations, by_id.recommendations)
    with pytest.raises(InputError, match="is changed twice"):
        ease.ask({"Fargo": 5, "fargo": 4})
    with pytest.raises(InputError, match=r"off the scale; accepted: 0\.5 to 5"):
        ease.ask({"Fargo": 10})
    with pytest.raises(InputError, match="unknown item 'Farg'; near: "):
        ease.ask({"Farg": 4})
    assert str(ease.ask({})) == ""


def silent(stored: Stored) -> list[tuple[int, int]]:
    """Users and items of random's list that have no reason."""
    found = []
    for user in stored.data.histories.user_ids[:15]:
        table = stored.of(user).recommendations
        found += [(int(user), int(item)) for item in table[table["sentence"].isna()]["item_id"]]
    assert found
    return found


def liked_by(stored: Stored, user: int) -> set[int]:
    given = ratings_of(stored.history(user))
    return {item for item, rating in given.items() if rating >= stored.data.liking.at_least}


def test_no_rule_leads_to_what_rules_do_not_explain(catalog: DataCatalog) -> None:
    stored = load_stored(catalog, APPROACHES["posthoc_ar"], "random")
    assert stored.pair.silence.startswith("no rule leads to it")
    rules = catalog.load("rules.rules")
    names = [name for name in rules if name.startswith("antecedent")]
    for user, item in silent(stored):
        liked = liked_by(stored, user)
        for given in rules.loc[rules["consequent"] == item, names].itertuples(index=False):
            assert not {int(part) for part in given if pd.notna(part)} <= liked


def test_too_few_neighbours_like_what_they_do_not_explain(catalog: DataCatalog) -> None:
    """Neighbours by cosine, counted by hand; the shares are those of the parameters."""
    stored = load_stored(catalog, APPROACHES["intrinsic_mf"], "random")
    assert "(30 % of all and 60 % of those who rated it" in stored.pair.silence
    known, k = stored.data.interactions, stored.pair.knowledge["neighbourhood"].k
    dense = known.ratings.toarray().astype(np.float64)
    norms = np.sqrt((dense**2).sum(axis=1))
    for user, item in silent(stored):
        row = int(np.searchsorted(known.user_ids, user))
        similar = dense @ dense[row] / norms / norms[row]
        similar[row] = -1
        given = dense[np.argsort(-similar)[:k], np.searchsorted(known.item_ids, item)]
        likes = (given >= stored.data.liking.at_least).sum()
        assert likes < 1 or likes < 0.3 * k or likes < 0.6 * (given > 0).sum()


def test_why_there_is_no_reason_is_said_of_every_explainer(catalog: DataCatalog) -> None:
    for record in EXPLAINERS.values():
        assert record.silence
    stored = load_stored(catalog, APPROACHES["intrinsic_mf"])
    near = stored.pair.knowledge["neighbourhood"].model_copy(update={"form": "items"})
    by_items = replace(stored.pair, knowledge={**stored.pair.knowledge, "neighbourhood": near})
    assert by_items.silence == EXPLAINERS["similar_items"].silence
