"""`kedro explain`: a user's history, list and reasons, from what the last run stored."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.io import DataCatalog
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from explainable_recsys.errors import InputError
from explainable_recsys.explainers.what_if import ranks
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.stored import Lists, load_lists, stored_approaches
from explainable_recsys.interface.terminal import heading, print_json, print_plainly
from explainable_recsys.pipelines.ask import ask, model_entry
from explainable_recsys.recommenders.lists import check_made_by
from explainable_recsys.reporting.lookup import find_item, find_user
from explainable_recsys.reporting.person import Person, person, titled
from explainable_recsys.wording import markup

N_RATED = 10
FORMATS = ("table", "json")


@dataclass(frozen=True)
class Question:
    """What to explain.

    Attributes:
        user: Id of a user, as typed.
        item: Id or title of an item, as typed; None for the whole list.
        approach: Name; None for the approach with the highest nDCG.
    """

    user: str
    item: str | None = None
    approach: str | None = None


@dataclass(frozen=True, eq=False)
class Reply:
    """What there is to say.

    Attributes:
        data: Name of the data set.
        approach: Who recommends.
        others: The other approaches that could have been asked, highest nDCG first.
        person: The user, with the list; or with the one item asked for.
        n_listed: Length of the list.
        item_id: Of the item asked for; None for the whole list.
    """

    data: str
    approach: str
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
        form: One of `FORMATS`.

    Raises:
        InputError: If the user, item or approach is not known, or nothing is stored.
    """
    session = KedroSession.create(project, env=env)
    with session:
        catalog = session.load_context().catalog
        assert isinstance(catalog, DataCatalog)  # settings.py chooses no other
        reply = answer(catalog, question)
    if form == "json":
        print_json(as_json(reply))
    else:
        print_plainly(drawn(reply))


def answer(catalog: DataCatalog, question: Question) -> Reply:
    """Look a question up in what is stored; ask the approach where it has not said it yet.

    Raises:
        InputError: As `explain`.
    """
    approaches = stored_approaches(catalog)
    approach = approaches[0] if question.approach is None else question.approach
    lists = load_lists(catalog, approach)
    found = lists.of(find_user(question.user, lists.histories.user_ids))
    item_id = None if question.item is None else find_item(question.item, lists.items)
    shown = found if item_id is None else _about(catalog, lists, found, item_id)
    return Reply(
        data=str(catalog.load("data_version")["name"]),
        approach=lists.approach,
        others=tuple(name for name in approaches if name != lists.approach),
        person=shown,
        n_listed=len(found.recommendations),
        item_id=item_id,
    )


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
        "approach": reply.approach,
        "user_id": _plain(someone.user_id),
        "history": _records(someone.history),
        "recommendations": listed,
    }


def drawn(reply: Reply) -> RenderableType:
    """The reply for people."""
    parts: list[RenderableType] = [_history(reply)]
    if reply.item_id is None:
        parts += [heading(f"{reply.approach} recommends"), _list(reply.person)]
    else:
        parts += _one(reply)
    if reply.others:
        others = Text(f"others to ask with --approach: {', '.join(reply.others)}", style="dim")
        parts += [Text(), _indented(others)]
    return Group(*parts)


def _about(catalog: DataCatalog, lists: Lists, someone: Person, item_id: Any) -> Person:
    """The person with one recommendation instead of the list.

    What the stored list lacks, the approach is asked for: its place among all, and its reasons.

    Raises:
        InputError: If the user rated the item, the approach would never recommend it, or the
            stored list is not of the stored model.
    """
    listed = someone.recommendations
    own = listed[listed["item_id"] == item_id].reset_index(drop=True)
    if len(own):
        return Person(someone.user_id, someone.history, own, someone.reasons_for(item_id))
    histories, items = lists.histories, lists.items
    rated = someone.history[someone.history["item_id"] == item_id]
    facts = items[items["item_id"] == item_id].iloc[0]
    title = titled(facts["title"], facts["year"], item_id)
    if len(rated):
        raise InputError(
            f"user {someone.user_id} rated {title} {rated['rating'].iloc[0]:g}; only what is not "
            "rated is recommended"
        )
    column = histories.item_columns(np.array([item_id]))
    if column[0] < 0:
        raise InputError(f"{title} has no rating to learn from, so no approach can recommend it")
    row = histories.known_rows(np.array([someone.user_id]))
    one = Interactions(histories.ratings[row], histories.user_ids[row], histories.item_ids)
    model = catalog.load(model_entry(lists.approach))
    check_made_by(model, one, listed.assign(user_id=someone.user_id))
    scores = model.scores(one.ratings)[0]
    if not np.isfinite(scores[column[0]]):
        raise InputError(
            f"{lists.approach} would never recommend {title} to user {someone.user_id}; "
            "nothing in the history leads to it"
        )
    asked = pd.DataFrame(
        {
            "user_id": one.user_ids,
            "item_id": histories.item_ids[column],
            "rank": np.asarray(ranks(scores, one.ratings, column).to_numpy(), dtype=np.int32),
            "score": scores[column],
        }
    )
    said = ask(catalog, lists.approach, one, asked)
    return person(someone.user_id, one, asked, said.explanations, said.sentences, items)


def _history(reply: Reply) -> RenderableType:
    someone = reply.person
    ratings = someone.history["rating"]
    n = len(ratings)
    first = f"User {someone.user_id} of {reply.data}: "
    if not n:
        return Text(first + "no ratings")
    first += f"{n} rating{'s' if n > 1 else ''}, mean {ratings.mean():.1f}"
    grid = _grid()
    for row in someone.history.head(N_RATED).to_dict("records"):
        title = titled(row["title"], row["year"], row["item_id"])
        grid.add_row(Text(f"★{row['rating']:g}", no_wrap=True), Text(title, overflow="fold"))
    more = [_indented(Text(f"and {n - N_RATED} more", style="dim"))] if n > N_RATED else []
    return Group(Text(first, style="bold"), _indented(grid), *more)


def _list(someone: Person) -> RenderableType:
    grid = _grid()
    grid.add_column(justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    for row in someone.recommendations.to_dict("records"):
        title = Text(titled(row["title"], row["year"], row["item_id"]), style="bold")
        grid.add_row(Text(f"{row['rank']}.", style="bold"), Group(title, _reason(row)))
    return _indented(grid)


def _one(reply: Reply) -> list[RenderableType]:
    """The place of one item, its sentence, and all of the evidence."""
    row = reply.person.recommendations.iloc[0].to_dict()
    title = titled(row["title"], row["year"], row["item_id"])
    place = f"number {row['rank']:,} of {reply.approach} (score {row['score']:.4g})"
    if row["rank"] > reply.n_listed:
        place += f"; recommended are the first {reply.n_listed}"
    parts: list[RenderableType] = [heading(title), _indented(Text(place)), _indented(_reason(row))]
    evidence = reply.person.reasons_for(reply.item_id)
    if len(evidence):
        parts += [Text(), _indented(_evidence(evidence))]
    return parts


def _reason(row: Mapping[Hashable, Any]) -> Text:
    sentence = row["sentence"]
    return markup.terminal(sentence) if markup.is_text(sentence) else Text("no explanation")


def _evidence(evidence: pd.DataFrame) -> Table:
    """All pieces of evidence; the parts of one rule stand together."""
    titles = {
        "item": ("rated item", "contribution"),
        "rule": ("liked together", "confidence"),
        "feature": ("feature", "weight"),
        "neighbour": ("rating", "neighbours"),
        "path": ("path", "weight"),
    }
    what, weight = titles.get(str(evidence["style"].iloc[0]), ("evidence", "weight"))
    table = _grid()
    table.show_header = True
    table.add_column(weight, justify="right", no_wrap=True)
    table.add_column(what, overflow="fold")
    if evidence["style"].iloc[0] == "rule":
        groups = evidence.groupby("group", sort=False)
        rows = [(f["weight"].iloc[0], " + ".join(f["evidence"].astype("str"))) for _, f in groups]
    else:
        rows = list(zip(evidence["weight"], evidence["evidence"].astype("str"), strict=True))
    for value, text in rows:
        table.add_row(f"{value:.3g}", Text(text))
    return table


def _grid() -> Table:
    return Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=False)


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)


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
