"""`kedro explain`: a user's history, list and reasons, from what the last run stored."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from explainable_recsys.answers.pairs import (
    APPROACHES,
    explainers_for,
    knowledge_inputs,
    pair_of,
    record_of,
)
from explainable_recsys.answers.recommenders import RECOMMENDERS
from explainable_recsys.answers.records import Pair
from explainable_recsys.errors import InputError
from explainable_recsys.explainers.styles import style_of
from explainable_recsys.interface.runs import Run, named, runs_of
from explainable_recsys.interface.stored import load_stored, stored_approach, stored_approaches
from explainable_recsys.interface.terminal import (
    grid,
    heading,
    indented,
    print_json,
    print_plainly,
    ranked,
    reason_of,
    title_of,
)
from explainable_recsys.reporting.people import Person, find_item, find_user
from explainable_recsys.wording import markup
from explainable_recsys.wording.numbers import fixed, number, short
from explainable_recsys.wording.phrases import phrase, plural

N_RATED = 10


@dataclass(frozen=True)
class Question:
    """What to explain.

    Attributes:
        user: Id of a user, as typed.
        item: Id or title of an item, as typed; None for the whole list.
        approach: Name; None for the approach with the highest nDCG.
        recommender: Name, to ask for a pair that need not be an approach.
        explainer: Name; None: that of the recommender's first approach.
        lists: Recommender whose list is to be explained; None: the pair's own.
        min_ratings: Items with fewer training ratings are not recommended; None: as in the run.
    """

    user: str
    item: str | None = None
    approach: str | None = None
    recommender: str | None = None
    explainer: str | None = None
    lists: str | None = None
    min_ratings: int | None = None


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
    """

    data: str
    pair: Pair
    lists: str
    others: tuple[str, ...]
    person: Person
    n_listed: int
    item_id: Any = None


def explain(project: Path, env: str | None, question: Question, form: str) -> None:
    """Answer a question on the terminal.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        question: What to explain.
        form: `table` or `json`.

    Raises:
        InputError: If the user, item or approach is not known, or nothing is stored.
    """
    session = KedroSession.create(project, env=env)
    with session:
        catalog = session.load_context().catalog
        assert isinstance(catalog, DataCatalog)  # settings.py chooses no other
        reply = answer(catalog, question)
        runs = runs_behind(catalog, reply)
    if form == "json":
        print_json(as_json(reply) | {"runs": [run._asdict() for run in runs]})
    else:
        print_plainly(Group(*map(named, runs), drawn(reply)))


def runs_behind(catalog: DataCatalog, reply: Reply) -> list[Run]:
    """The runs with parameters on their command lines, or interrupted, that a reply rests on."""
    models = {f"{name}.model" for name in (reply.lists, reply.pair.recommender)}
    knowledge = knowledge_inputs(reply.pair).values()
    runs = runs_of(catalog, [f"{reply.lists}.recommendations", *models, *knowledge])
    return [run for run in runs if run.given != {}]


def answer(catalog: DataCatalog, question: Question) -> Reply:
    """Ask the pair that is meant, with what its last run left.

    Raises:
        InputError: As `explain`.
    """
    pair = chosen_pair(catalog, question)
    stored = load_stored(catalog, pair, question.lists)
    user_id = find_user(question.user, stored.data.histories.user_ids)
    item_id = None if question.item is None else find_item(question.item, stored.data.items)
    if question.min_ratings is not None:
        stored = stored.with_min_ratings(user_id, question.min_ratings)
    person = stored.of(user_id)
    listed = person.recommendations
    if item_id is not None and item_id in set(listed["item_id"]):
        own = listed[listed["item_id"] == item_id].reset_index(drop=True)
        person = replace(person, recommendations=own, reasons=person.reasons_for(item_id))
    elif item_id is not None:
        person = stored.about(user_id, item_id)
    return Reply(
        data=str(catalog.load("data_version")["name"]),
        pair=pair,
        lists=stored.whose,
        others=tuple(name for name in stored_approaches(catalog) if name != pair.name),
        person=person,
        n_listed=len(listed),
        item_id=item_id,
    )


def chosen_pair(catalog: DataCatalog, question: Question) -> Pair:
    """The approach or pair that a question is for.

    Raises:
        InputError: If it is not known, not stored, or does not fit, or both are named.
    """
    if question.recommender is None and question.explainer is None:
        return stored_approach(catalog, question.approach)
    if question.approach is not None:
        raise InputError(
            "--approach names both a recommender and an explainer; accepted: it alone, or "
            "--recommender with or without --explainer"
        )
    if question.recommender is None:
        raise InputError("--explainer needs a --recommender to explain")
    record_of(RECOMMENDERS, question.recommender, "recommender")
    own = [pair for pair in APPROACHES.values() if pair.recommender == question.recommender]
    usual = own[0].explainer if own else explainers_for(question.recommender)[0]
    return pair_of(question.recommender, question.explainer or usual)


def as_json(reply: Reply) -> dict[str, Any]:
    """The reply for other programs; what is missing is null."""
    someone = reply.person
    listed = _records(someone.recommendations)
    for row in listed:
        if row["sentence"] is not None:
            row["sentence"] = markup.plain(row["sentence"])
        evidence = _records(someone.reasons_for(row["item_id"]))
        row["evidence"] = [{k: v for k, v in piece.items() if k != "item_id"} for piece in evidence]
    return {
        "data": reply.data,
        "approach": reply.pair.name if reply.pair.name in APPROACHES else None,
        "recommender": reply.pair.recommender,
        "explainer": reply.pair.explainer,
        "lists": reply.lists,
        "user_id": _plain(someone.user_id),
        "history": _records(someone.history),
        "recommendations": listed,
    }


def drawn(reply: Reply) -> RenderableType:
    """The reply for people."""
    parts: list[RenderableType] = [_history(reply)]
    if reply.item_id is None:
        title = phrase("{lists} recommends, {explained}", lists=reply.lists, explained=_by(reply))
        parts += [heading(title), indented(ranked(reply.person.recommendations))]
    else:
        parts += _one(reply)
    if reply.others:
        others = ", ".join(reply.others)
        hint = phrase("others to ask with --approach: {approaches}", approaches=others)
        parts += [Text(), indented(Text(hint, style="dim"))]
    return Group(*parts)


def _by(reply: Reply) -> str:
    """What explains, and that the list is another recommender's where it is."""
    explainer = reply.pair.explainer.replace("_", " ")
    if reply.lists == reply.pair.recommender:
        return phrase("explained by {explainer}", explainer=explainer)
    return phrase(
        "explained by {explainer} of {recommender}, whose own list it is not",
        explainer=explainer,
        recommender=reply.pair.recommender,
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
    """The place of one item, its sentence, and all of the evidence."""
    row = reply.person.recommendations.iloc[0].to_dict()
    sentence = (
        phrase(
            "number {rank} of {lists} (score {score}), {explained}; "
            "recommended are the first {listed}"
        )
        if row["rank"] > reply.n_listed
        else phrase("number {rank} of {lists} (score {score}), {explained}")
    )
    place = sentence.format(
        rank=number(row["rank"], "count"),
        lists=reply.lists,
        score=f"{row['score']:.4g}",
        explained=_by(reply),
        listed=reply.n_listed,
    )
    evidence = reply.person.reasons_for(reply.item_id)
    parts: list[RenderableType] = [heading(title_of(row)), indented(Text(place))]
    parts.append(indented(reason_of(row)))
    return [*parts, Text(), indented(_evidence(evidence))] if len(evidence) else parts


def _evidence(evidence: pd.DataFrame) -> Table:
    """All pieces of evidence; the parts of one rule stand together."""
    style = style_of(evidence["style"])
    table = grid(show_header=True)
    table.add_column(phrase(style.weight), justify="right", no_wrap=True)
    table.add_column(phrase(style.piece), overflow="fold")
    if style.name == "rule":
        groups = evidence.groupby("group", sort=False)
        rows = [(f["weight"].iloc[0], " + ".join(f["evidence"].astype("str"))) for _, f in groups]
    else:
        rows = list(zip(evidence["weight"], evidence["evidence"].astype("str"), strict=True))
    for value, text in rows:
        table.add_row(f"{value:.3g}", Text(text))
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """A number or text that JSON knows; None for what is missing or not finite."""
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return None if plain is pd.NA else plain
