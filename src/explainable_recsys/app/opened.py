"""What an opened recommendation shows: its evidence, what hangs on it, and who else says what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from explainable_recsys.answers.answer import Answer
from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.records import Pair
from explainable_recsys.app.evidence import Scale, drawing
from explainable_recsys.app.questions import (
    MOST_REMOVED,
    Elsewhere,
    Fall,
    elsewhere,
    smallest_change,
    without_cited,
)
from explainable_recsys.app.state import State
from explainable_recsys.app.views import Explored
from explainable_recsys.errors import InputError
from explainable_recsys.interface.stored import Stored, ratings_of
from explainable_recsys.reporting.people import titled
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import enumerated, number
from explainable_recsys.wording.phrases import phrase


def opened_view(seen: Explored) -> dict[str, Any]:
    """What `opened.html.j2` shows of the recommendation that is unfolded.

    Args:
        seen: Whose list it is, and which recommendation.

    Returns:
        `title`; `drawing`, None without evidence; `removal`, what becomes of it without what the
        reason cites, marked up, empty without evidence; `is_listed`; `query`, the address's.

    Raises:
        InputError: If nothing is unfolded, or it cannot be recommended.
    """
    stored, one, item = seen.stored, seen.one, opened_item(seen)
    said = stored.answered(one, stored.place(one, item))
    rank, score = (said.recommendations[name].iloc[0] for name in ("rank", "score"))
    drawn = drawing(
        said.explanations,
        ratings_of(one),
        scale_of(stored, said, float(score)),
        said.details.get("cited_rules"),
        mined_from(stored),
    )
    return {
        "title": _title(seen, item),
        "drawing": drawn,
        "removal": "" if drawn is None else _removal(seen, without_cited(stored, one, said)),
        "is_listed": bool(0 < rank <= seen.n),
        "query": seen.state.query(),
    }


def smallest_view(seen: Explored) -> dict[str, Any]:
    """What `smallest.html.j2` shows: the fewest ratings without which it is not recommended.

    Returns:
        `title`; `text`, marked up; `tried`, how sure that is; `query`, of the list without them;
        the last two may be empty.

    Raises:
        InputError: As `opened_view`.
    """
    item = opened_item(seen)
    title = _title(seen, item)
    asked = seen.stored.place(seen.one, item)
    if asked.table["rank"].iloc[0] > seen.n:
        text = phrase("It is not on the list, so no change of the ratings takes it off.")
        return {"title": title, "text": text, "tried": "", "query": ""}
    found = smallest_change(seen.stored, seen.one, item)
    if found is None:
        text = phrase(
            "No {n} or fewer of the ratings were found without which it is off the list.",
            n=MOST_REMOVED,
        )
        return {"title": title, "text": text, "tried": "", "query": ""}
    tried = (
        phrase("No smaller change takes it off the list.")
        if found.minimal
        else phrase("Smaller changes were not all tried.")
    )
    state = seen.state
    for removed in found.removed:
        state = state.dropped(str(removed))
    text = _fallen(seen, found)
    return {"title": title, "text": text, "tried": tried, "query": state.but(open=None).query()}


@dataclass(frozen=True)
class Other:
    """What another approach says of the same item.

    Attributes:
        title: What it is called.
        kind: Of its reasons.
        place: The item's place in its own list, in words.
        sentence: Its reason, marked up; empty if it has none.
        silence: Why it has none; else empty.
        query: Of its list, with the item unfolded.
    """

    title: str
    kind: str
    place: str
    sentence: str
    silence: str
    query: str


def others_view(seen: Explored) -> dict[str, Any]:
    """What `others.html.j2` shows: the same item explained by the other approaches.

    Returns:
        `title`; `others`, those that are loaded: first whose list has it, the highest first.

    Raises:
        InputError: If nothing is unfolded.
    """
    item = opened_item(seen)
    names = [name for name in seen.service.ready if name != seen.approach]
    found = elsewhere(seen.service, seen.one, item, names, seen.wanted)
    found.sort(key=lambda one: one.rank if one.rank else np.inf)
    lengths = {name: seen.service.asked(name, seen.wanted).recommendation.n for name in names}
    others = [_other(one, lengths[one.approach], seen.state) for one in found]
    return {"title": _title(seen, item), "others": others}


def opened_item(seen: Explored) -> Any:
    """Id of the item that is unfolded.

    Raises:
        InputError: If none is.
        NotHereError: If there is no such item.
    """
    if seen.state.open is None:
        raise InputError("open: no film is named; accepted: the id of one")
    return seen.service.items.known(seen.state.open)


def scale_of(stored: Stored, said: Answer, score: float) -> Scale:
    """What the weights of the evidence of one item are measured in.

    Args:
        stored: Who explains.
        said: What it said of the item.
        score: The item's.
    """
    record, totals = stored.pair.record, said.details.get("totals")
    if totals is not None and len(totals):
        note = phrase("Percentages are of all that speaks for it, shown here or not.")
        return Scale(note, float(totals["supporting"].iloc[0]))
    if record.exact and record.order is None:
        return Scale(phrase("Percentages are of its score."), score)
    if record.order is None:
        return Scale(phrase("Numbers are weights: the larger, the more it counts here."))
    if getattr(stored.lister, "predicts_ratings", False):
        return Scale(phrase("Numbers: by how much the predicted rating falls without it."))
    return Scale(phrase("Numbers: what the score loses without it."))


def mined_from(stored: Stored) -> str:
    """What the rules are about, if it explains by rules: what people liked, rated, or lists."""
    transactions = stored.pair.knowledge.get("transactions")
    if transactions is None or transactions.source == "liked":
        return "rated" if stored.data.liking.everything else "liked"
    return str(transactions.source)


def _removal(seen: Explored, found: Fall | None) -> str:
    """What becomes of an item without the ratings that its reason cites, marked up."""
    if found is None:
        return phrase("The reason rests on none of your ratings, so none can be taken away.")
    return _fallen(seen, found)


def _title(seen: Explored, item: Any) -> str:
    """Title and year of an item, as far as they are known."""
    film = seen.shelf.film(item)
    return titled(film.title, film.year, film.item_id)


def _fallen(seen: Explored, found: Fall) -> str:
    """What becomes of an item without some ratings, marked up."""
    titles = enumerated([markup.marked(_title(seen, item)) for item in found.removed])
    old, new = (number(rank, "count") for rank in (found.old_rank, found.new_rank))
    if not found.new_rank:
        return phrase("Without {titles} nothing leads to it any more.", titles=titles)
    if found.new_rank == found.old_rank:
        return phrase(
            "Without {titles} it would stay number {old}: it does not hang on them.",
            titles=titles,
            old=old,
        )
    places = {"titles": titles, "new": new, "old": old}
    n = seen.n
    if found.old_rank <= n < found.new_rank:
        return phrase(
            "Without {titles} it would be number {new} instead of {old}, and off the list.",
            **places,
        )
    return phrase("Without {titles} it would be number {new} instead of {old}.", **places)


def _other(found: Elsewhere, n: int, state: State) -> Other:
    rank = number(found.rank, "count")
    if not found.rank:
        place = phrase("Would not recommend it")
    elif found.rank <= n:
        place = phrase("Number {rank} of its list", rank=rank)
    else:
        place = phrase("Number {rank} by its order, not on its list of {n}", rank=rank, n=n)
    return Other(
        phrase(APPROACHES[found.approach].title),
        kind_of(APPROACHES[found.approach]),
        place,
        found.sentence or "",
        found.silence,
        state.but(approach=found.approach).query(),
    )


def kind_of(pair: Pair) -> str:
    """Which kind of reasons an approach gives."""
    return phrase("intrinsic") if pair.intrinsic else phrase("post hoc")
