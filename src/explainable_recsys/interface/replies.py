"""What `kedro explain` replies, drawn on a terminal or as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from explainable_recsys.answers.pairs import APPROACHES
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.explainers.styles import style_of
from explainable_recsys.explainers.views import View
from explainable_recsys.figures.what_if import what_changes
from explainable_recsys.interface.terminal import (
    grid,
    heading,
    indented,
    ranked,
    reason_of,
    title_of,
)
from explainable_recsys.reporting.people import Person
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import fixed, number, short
from explainable_recsys.wording.phrases import later, phrase, plural

N_RATED = 10

MOVES = {
    "up": later("up from {old}"),
    "down": later("down from {old}"),
    "new": later("new, was number {old}"),
    "same": "",
}
"""What is said of an item of the list after a change, by its move."""

WEIGHTS: dict[View, str] = {
    "share": later("part of score"),
    "loss": later("lost without"),
    "lead": later("lead lost without"),
}
"""What the weight of a rated item is, by the view that orders the evidence."""


@dataclass(frozen=True, eq=False)
class Reply:
    """What there is to say.

    Attributes:
        data: Name of the data set.
        pair: Who explains.
        lists: Recommender whose list it is.
        others: The other approaches that could have been asked, highest nDCG first.
        person: The user, with the list; or with the one item asked for.
        n_listed: Length of the list.
        item_id: Of the item asked for; None for the whole list.
        title: What that item is called.
        refused: Why it is not recommended at all; empty where it has a place.
        silence: Why there is no reason, where there is none.
        chosen: Why this approach answers; empty where the question named who is to.
        changed: What becomes of it with other ratings, if that was asked for.
        no_change: Why there is no smallest change, if one was asked for and there is none.
    """

    data: str
    pair: Pair
    lists: str
    others: tuple[str, ...]
    person: Person
    n_listed: int
    item_id: Any = None
    title: str = ""
    refused: str = ""
    silence: str = ""
    chosen: str = ""
    changed: Changed | None = None
    no_change: str = ""


@dataclass(frozen=True, eq=False)
class Changed:
    """The same question with other ratings.

    Attributes:
        changes: What is different: `item_id`, `title`, `rating`, `old_rating` (missing where it is
            not rated).
        words: The beginning of a sentence that says so.
        reply: What there is to say then.
        compared: The items of both lists; see `what_if.compared`.
        minimal: Of the smallest change, whether all smaller ones were tried; None if these changes
            were asked for.
    """

    changes: pd.DataFrame
    words: str
    reply: Reply
    compared: pd.DataFrame
    minimal: bool | None = None


def as_json(reply: Reply) -> dict[str, Any]:
    """The reply for other programs; what is missing is null."""
    found = {
        "data": reply.data,
        "approach": reply.pair.name if reply.pair.name in APPROACHES else None,
        "recommender": reply.pair.recommender,
        "explainer": reply.pair.explainer,
        "lists": reply.lists,
        "user_id": _plain(reply.person.user_id),
        **_said(reply),
    }
    if reply.changed is not None:
        changed = reply.changed
        found["what_if"] = {
            "changes": records(changed.changes),
            "minimal": changed.minimal,
            **_said(changed.reply),
            "moves": records(changed.compared),
        }
    if reply.no_change:
        found["no_change"] = reply.no_change
    return found


def _said(reply: Reply) -> dict[str, Any]:
    """A history, and what is recommended, with sentences and evidence."""
    found = {
        "history": records(reply.person.history),
        "recommendations": recommended(reply.person, reply.silence),
    }
    return {**found, "not_recommended": reply.refused} if reply.refused else found


def recommended(someone: Person, silence: str) -> list[dict[str, Any]]:
    """What is recommended, each with its sentence in plain text and its evidence.

    Args:
        someone: To whom.
        silence: Why there is no reason, where there is none.
    """
    evidence: dict[Any, list[dict[str, Any]]] = {}
    for piece in records(someone.reasons):
        evidence.setdefault(piece.pop("item_id"), []).append(piece)
    listed = records(someone.recommendations)
    for row in listed:
        told = row["sentence"] is not None
        row["sentence"] = markup.plain(row["sentence"]) if told else None
        row["no_reason"] = None if told else silence
        row["evidence"] = evidence.get(row["item_id"], [])
    return listed


def drawn(reply: Reply) -> RenderableType:
    """The reply for people."""
    parts: list[RenderableType] = [_history(reply)]
    parts += _list(reply) if reply.item_id is None else _one(reply)
    if reply.others:
        others = ", ".join(reply.others)
        hint = phrase("others to ask with --approach: {approaches}", approaches=others)
        said = [reply.chosen, hint] if reply.chosen else [hint]
        parts += [Text(), *(indented(Text(line, style="dim")) for line in said)]
    return Group(*parts)


def _list(reply: Reply) -> list[RenderableType]:
    """The list with its reasons; where ratings are changed, the titles, then the list after."""
    listed, changed = reply.person.recommendations, reply.changed
    title = phrase("Recommended by {lists}, {explained}", lists=_lists(reply), explained=_by(reply))
    about = phrase(reply.pair.about)
    parts: list[RenderableType] = [heading(title)]
    parts += [indented(Text(about, style="dim"))] if about else []
    if changed is None:
        return [*parts, indented(ranked(listed, reply.silence))]
    before = grid()
    before.add_column(justify="right", no_wrap=True)
    for row in listed.to_dict("records"):
        before.add_row(f"{row['rank']}.", Text(title_of(row), overflow="fold"))
    then = changed.reply.person
    parts += [indented(before), heading(what_changes(listed, then.recommendations, changed.words))]
    if then.recommendations.empty:
        return [*parts, indented(Text(_nothing(then)))]
    rows = changed.compared.to_dict("records")
    moves = {row["item_id"]: _move(row) for row in rows if row["move"] in MOVES}
    gone = [indented(Text(_gone(row))) for row in rows if row["move"] == "gone"]
    return [*parts, indented(ranked(then.recommendations, reply.silence, moves)), *gone]


def _move(row: Mapping[Any, Any]) -> str:
    """Where an item of a list was before."""
    if pd.isna(row["old_rank"]):
        return phrase("new")
    move = MOVES[row["move"]]
    return phrase(move, old=number(row["old_rank"], "count"))


def _gone(row: Mapping[Any, Any]) -> str:
    """Where an item is that was on the list before."""
    places = {"title": title_of(row), "old": number(row["old_rank"], "count")}
    if pd.isna(row["new_rank"]):
        return phrase("gone: {title}, number {old} before", **places)
    new = number(row["new_rank"], "count")
    return phrase("gone: {title}, number {old} before, {new} now", new=new, **places)


def _nothing(someone: Person) -> str:
    if someone.history.empty:
        return phrase("Nothing is left that is rated, so there is nobody to recommend to.")
    return phrase("Nothing is recommended.")


def _lists(reply: Reply) -> str:
    return RECOMMENDERS[reply.lists].title


def _by(reply: Reply) -> str:
    """What explains, and that the list is another recommender's where it is."""
    explainer = reply.pair.explainer.replace("_", " ")
    if reply.lists == reply.pair.recommender:
        return phrase("explained by {explainer}", explainer=explainer)
    return phrase(
        "explained by {explainer} of {recommender}, whose own list it is not",
        explainer=explainer,
        recommender=RECOMMENDERS[reply.pair.recommender].title,
    )


def _history(reply: Reply) -> RenderableType:
    history, who = reply.person.history, {"user": reply.person.user_id, "data": reply.data}
    n = len(history)
    if not n:
        return Text(phrase("User {user} of {data}: no ratings", **who))
    first = plural(
        n,
        "User {user} of {data}: {n} rating, mean {mean}",
        "User {user} of {data}: {n} ratings, mean {mean}",
        mean=fixed(history["rating"].mean(), 1),
        **who,
    )
    rated = grid()
    for row in history.head(N_RATED).to_dict("records"):
        stars = Text(f"★{short(row['rating'])}", no_wrap=True)
        rated.add_row(stars, Text(title_of(row), overflow="fold"))
    rest = plural(n - N_RATED, "and {n} more", "and {n} more")
    more = [indented(Text(rest, style="dim"))] if n > N_RATED else []
    return Group(Text(first, style="bold"), indented(rated), *more)


def _one(reply: Reply) -> list[RenderableType]:
    """The place of one item and its sentence, and all of the evidence or what a change does."""
    parts: list[RenderableType] = [heading(reply.title), *_place(reply)]
    if reply.no_change:
        return [*parts, Text(), indented(Text(reply.no_change))]
    if reply.changed is not None:
        parts += [heading(_other_place(reply, reply.changed)), *_place(reply.changed.reply)]
        if before := _taken_back_before(reply.changed):
            parts.append(indented(Text(before, style="dim")))
        if reply.changed.minimal is None:
            return parts
        tried = (
            phrase("This is the smallest change that takes it off the list.")
            if reply.changed.minimal
            else phrase("It is off the list then; smaller changes were not all tried.")
        )
        return [*parts, indented(Text(tried, style="dim"))]
    evidence = reply.person.reasons_for(reply.item_id)
    if evidence.empty:
        return parts
    parts += [Text(), indented(_evidence(evidence, reply.pair.order))]
    if reply.pair.order and "%" in str(reply.person.recommendations["sentence"].iloc[0]):
        unit = phrase("In the unit of the score; a % is of all that speaks for it, listed or not.")
        parts.append(indented(Text(unit, style="dim")))
    return parts


def _taken_back_before(changed: Changed) -> str:
    """That items are recommended before one only because their ratings were taken back."""
    taken = changed.changes.loc[changed.changes["rating"].isna(), "item_id"]
    ranks, places = changed.reply.person.recommendations["rank"], changed.compared
    is_before = places["item_id"].isin(taken) & (places["new_rank"] < ranks.min()).fillna(False)
    n = int(is_before.sum())
    return (
        plural(
            n,
            "{n} item that is not rated any more stands before it.",
            "{n} items that are not rated any more stand before it.",
        )
        if n
        else ""
    )


def _place(reply: Reply) -> list[RenderableType]:
    """The place of one item, and why."""
    if reply.refused:
        return [indented(Text(reply.refused))]
    row = reply.person.recommendations.iloc[0].to_dict()
    sentence = (
        phrase(
            "number {rank} by {lists} (score {score}), {explained}; "
            "recommended are the first {listed}"
        )
        if row["rank"] > reply.n_listed
        else phrase("number {rank} by {lists} (score {score}), {explained}")
    )
    place = sentence.format(
        rank=number(row["rank"], "count"),
        lists=_lists(reply),
        score=f"{row['score']:.4g}",
        explained=_by(reply),
        listed=reply.n_listed,
    )
    return [indented(Text(place)), indented(reason_of(row, reply.silence))]


def _other_place(reply: Reply, changed: Changed) -> str:
    """The places of one item before and after a change, as far as it has one."""
    old, new = (
        number(rows["rank"].iloc[0], "count") if len(rows) else ""
        for rows in (reply.person.recommendations, changed.reply.person.recommendations)
    )
    if not new:
        return phrase("{change}, it is not recommended any more", change=changed.words)
    if not old:
        return phrase("{change}, it is number {new}", change=changed.words, new=new)
    if old == new:
        return phrase("{change}, it stays number {old}", change=changed.words, old=old)
    return phrase(
        "{change}, it is number {new} instead of {old}", change=changed.words, new=new, old=old
    )


def _evidence(evidence: pd.DataFrame, order: View | None) -> Table:
    """All pieces of evidence; the parts of one rule stand together."""
    style = style_of(evidence["style"])
    table = grid(show_header=True)
    weight = phrase(WEIGHTS[order] if order else style.weight)
    table.add_column(weight, justify="right", no_wrap=True)
    table.add_column(phrase(style.piece), overflow="fold")
    if style.name == "rule":
        groups = evidence.groupby("group", sort=False)
        rows = [(f["weight"].iloc[0], " + ".join(f["evidence"].astype("str"))) for _, f in groups]
    else:
        rows = list(zip(evidence["weight"], evidence["evidence"].astype("str"), strict=True))
    for value, text in rows:
        table.add_row(f"{value:.3g}", Text(text))
    return table


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as JSON knows them; what is missing or not finite is None."""
    names = [str(name) for name in table.columns]
    columns = [map(_plain, table[name].tolist()) for name in table.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    """A number or text that JSON knows; None for what is missing or not finite."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return None if plain is pd.NA else plain
