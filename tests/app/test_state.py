"""An address says what somebody has chosen, and reads what a form sends."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainable_recsys.app.state import COMPARE, LONGEST_LIST, PICK, State
from explainable_recsys.errors import InputError

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).filter(
    lambda text: text == text.strip()
)
STARS = st.sampled_from([0.5, 1.0, 2.5, 4.0, 5.0])
SEVERAL = st.lists(IDS, unique=True, max_size=3).map(tuple)


@st.composite
def states(draw: st.DrawFn) -> State:
    user = draw(st.none() | IDS)
    ratings = draw(st.dictionaries(IDS, STARS | st.none(), max_size=5))
    base = {} if user else {item: 3.0 for item in ratings if draw(st.booleans())}
    base |= {} if user else {item: 3.0 for item, rating in ratings.items() if rating is None}
    return State(
        user=user,
        ratings=ratings,
        base=base,
        marked=tuple(item for item in ratings if draw(st.booleans())),
        approach=draw(st.none() | IDS),
        n=draw(st.none() | st.integers(1, LONGEST_LIST)),
        exclude=draw(SEVERAL),
        genres=draw(SEVERAL),
        without_genres=draw(SEVERAL),
        adult=draw(st.booleans()),
        view=draw(st.sampled_from(["", PICK, COMPARE])),
        page=draw(st.integers(0, 10_000)),
        text=draw(st.just("") | IDS),
        open=draw(st.none() | IDS),
        run=draw(st.none() | IDS),
    )


def read(query: str) -> State:
    return State.parse(parse_qsl(query, keep_blank_values=True))


@given(states())
def test_an_address_says_all(state: State) -> None:
    assert read(state.query()) == state


@given(states(), st.randoms())
def test_the_order_of_an_address_does_not_matter(state: State, random: object) -> None:
    pairs = list(state.pairs())
    random.shuffle(pairs)  # type: ignore[attr-defined]
    again = State.parse(pairs)
    assert again.ratings == state.ratings
    assert again.base == state.base
    assert set(again.exclude) == set(state.exclude)


def test_a_usual_state_needs_no_address() -> None:
    assert State().query() == ""
    assert read("utm_source=elsewhere&r=&u=") == State()


@pytest.mark.parametrize(
    "query",
    [
        *("r=318", "r=318:", "r=318:good", "r=318:nan", "r=318:inf", "r=:4", "r.318=five"),
        *("r=318:4&r=318:5", "r=318:4&r=318:-", "u=1&u=2", "a=x&a=y"),
        *("n=0", "n=-3", "n=ten", "n=101", "n=٣", "n=99999999999999999999", "p=-1", "adult=yes"),
        *("v=upside-down", "b=1:x"),
    ],
)
def test_what_is_no_choice_is_refused_with_what_is_accepted(query: str) -> None:
    with pytest.raises(InputError, match="accepted"):
        read(query)


def test_a_slider_that_stayed_changes_nothing() -> None:
    """It sends its rating all the same, and beside it what it stood at."""
    still = "r.318=4&b=318:4&r.50=2&b=50:3"
    assert read(f"u=7&{still}").ratings == {"50": 2.0}
    assert read(still) == State(ratings={"318": 4.0, "50": 2.0}, base={"50": 3.0})
    assert read("r=318:-&b=318:3&r.318=4").ratings == {"318": 4.0}, "what is moved counts"


def test_ratings_of_somebody_new_that_are_tried_can_be_taken_back_or_kept() -> None:
    tried = read("r=318:4&r=50:5").dropped("318")
    assert tried.changed == {"318": None}
    assert tried.before().ratings == {"318": 4.0, "50": 5.0}
    assert tried.undone("318") == read("r=318:4&r=50:5")
    assert tried.kept() == State(ratings={"50": 5.0})
    dragged = read("r=318:1&b=318:4&r=50:5")
    assert (dragged.changed, dragged.before().ratings["318"]) == ({"318": 1.0}, 4.0)
    assert dragged.undone("318").ratings == dragged.before().ratings
    assert read("r=318:4&undo=318") == State(), "what was given is taken back whole"


def test_changes_of_a_user_of_the_data_are_all_tried() -> None:
    changed = read("u=7&r=318:1&r=50:-&r=9:5")
    assert changed.changed == {"318": 1.0, "50": None, "9": 5.0}
    assert changed.before() == State(user="7")
    assert changed.undone("50").ratings == {"318": 1.0, "9": 5.0}
    assert read("u=7&drop=318").ratings == {"318": None}


def test_more_or_less_like_a_film_is_a_rating_with_a_mark() -> None:
    asked = read("r=318:4&like=50:5")
    assert list(asked.ratings.items()) == [("50", 5.0), ("318", 4.0)], "the new one first"
    assert asked.marked == ("50",)
    assert read(asked.query()) == asked
    assert asked.undone("50") == read("r=318:4")


def test_ids_may_be_any_text() -> None:
    odd = State(ratings={"a:b&c=d": 4.0, "💡 1": 2.0}, exclude=("<b>", "a.b"))
    assert read(odd.query()) == odd
