"""What a study found, as tables that anybody can analyse: nobody's name, token or time of day."""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from explainable_recsys.app.study.store import Answer, Participant, Shown, Store, Study, Task
from explainable_recsys.data import Data
from explainable_recsys.datasets.leftovers import temporary
from explainable_recsys.errors import InputError
from explainable_recsys.reporting.people import titled
from explainable_recsys.study.flow import all_questions
from explainable_recsys.study.matching import popularity_rank
from explainable_recsys.study.plan import Plan
from explainable_recsys.wording.markup import plain


class Column(NamedTuple):
    """A column of an exported table."""

    name: str
    dtype: str
    meaning: str
    accepted: str = ""


PARTICIPANT = Column("participant", "int64", "order in which people came", "from 1")
CONDITION = Column("condition", "str", "kind of reason", "a kind of the plan")
FORM = Column("form", "str", "how the reason was shown", "sentence, drawn")
ITEM = Column("item_id", "str", "film", "id in the data")
FAITHFULNESS = Column(
    *("faithfulness", "float64"),
    "how far the first three pieces of the reason take the film down, of what is possible",
    "0 to 1; missing: no reason, or nothing takes it down",
)
SECONDS = Column("seconds", "float64", "for which the page was looked at", "seconds")

TABLES: Mapping[str, tuple[Column, ...]] = {
    "participants": (
        PARTICIPANT,
        Column("language", "str", "of the pages", "a language of the plan; empty: it has one"),
        Column("consented", "bool", "agreed to take part"),
        Column("started_at", "str", "day", "UTC"),
        Column("finished", "bool", "came to the last page"),
        Column("minutes", "float64", "from the first thing done to the last", "minutes"),
        Column("n_ratings", "int64", "films rated"),
        Column("n_matched", "int64", "films of the list that every kind explains"),
        Column(
            *("list_popularity_rank", "float64"),
            *("median of the list", "1: rated most often in the data"),
        ),
    ),
    "trials": (
        PARTICIPANT,
        Column("position", "int64", "of the recommendation in the session", "from 1"),
        CONDITION,
        FORM,
        ITEM,
        Column("title", "str", "of the film, with its year"),
        Column("rank", "int64", "of the film in the recommender's list", "from 1"),
        Column("score", "float64", "of the recommender"),
        Column("stratum", "int64", "of ranks from which it was drawn", "from 1; 0: none"),
        Column("popularity_rank", "Int64", "of the film", "1: rated most often in the data"),
        Column("explained", "bool", "an approach gave the reason"),
        FAITHFULNESS,
        Column("sentence", "str", "the reason; empty for none"),
    ),
    "answers": (
        PARTICIPANT,
        Column("step", "str", "page"),
        Column("question", "str", "name in the plan"),
        Column("value", "str", "answer", "see the questions; missing: left out"),
        SECONDS,
        Column("position", "Int64", "of the recommendation", "missing on other pages"),
        *(
            one._replace(accepted=f"{one.accepted}; missing on other pages")
            for one in (CONDITION, FORM, ITEM)
        ),
    ),
    "tasks": (
        PARTICIPANT,
        Column("task", "str", "kind of task", "side_by_side, forecast, correction"),
        Column("number", "int64", "which of its kind", "from 1"),
        ITEM,
        Column(
            *("condition", "str", "kind of the reason shown; of side_by_side, of the one chosen"),
            "a kind of the plan",
        ),
        Column(
            *("chosen", "str", "kind, rated film, or ratings moved"),
            "a kind, an id, or JSON by id; null: taken back",
        ),
        Column(
            *("right", "boolean", "the film falls furthest, or leaves the first ten"),
            "missing for side_by_side",
        ),
        Column("rank_before", "Int64", "of the film"),
        Column("rank_after_chosen", "Int64", "without the rating chosen, or as moved"),
        Column("rank_after_best", "Int64", "without the rating that is right", "forecast"),
        FAITHFULNESS,
        SECONDS,
    ),
    "ratings": (
        PARTICIPANT,
        ITEM,
        Column("rating", "float64", "of the film", "on the scale of the data"),
        Column("position", "int64", "which was rated first", "from 1"),
    ),
}
"""Columns of each table, and what they mean."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute."""

Row = dict[str, Any]


def exported(
    store: Store, study: Study, data: Data, with_text: bool = False
) -> dict[str, pd.DataFrame]:
    """The tables of a study, without those who withdrew.

    Args:
        store: Where its answers are.
        study: Which.
        data: Of its run, for titles and popularity.
        with_text: Whether free text comes too, in which people may have told who they are.

    Returns:
        As `TABLES`, and the codebook.
    """
    items = _facts(data)
    hidden = (
        set() if with_text else {q.name for q in all_questions(study.plan) if q.answer == "text"}
    )
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    for one in store.participants(study.slug):
        if one.withdrawn_at is not None:
            continue
        who = {"participant": one.number + 1}
        trials, answers = store.trials(one), store.answer_rows(one)
        told = (answer for answer in answers if answer.question not in hidden)
        found: Mapping[str, Iterable[Row]] = {
            "participants": [_participant(store, study.plan, one, items)],
            "trials": (_trial(trial, items) for trial in trials),
            "answers": _answers(study.plan, trials, told),
            "tasks": _tasks(store.tasks(one), answers),
            "ratings": (asdict(rated) for rated in store.ratings(one)),
        }
        for name, some in found.items():
            rows[name] += ({**who, **row} for row in some)
    tables = {name: _table(some, TABLES[name]) for name, some in rows.items()}
    return {**tables, "codebook": codebook(study.plan)}


def codebook(plan: Plan) -> pd.DataFrame:
    """What each column means, and each question: `table`, `column`, `meaning`, `values`."""
    rows = [
        (table, column.name, column.meaning, column.accepted)
        for table, columns in TABLES.items()
        for column in columns
    ]
    for one in all_questions(plan):
        if one.answer == "number":
            values = f"{one.least:g} to {one.most:g}"
        else:
            values = "text" if one.answer == "text" else ", ".join(one.accepted)
        turned = "; agreement means less" if one.reverse else ""
        text = next(iter(one.text.root.values()))
        rows.append(("answers", f"value where question is {one.name}", text, values + turned))
    return pd.DataFrame(rows, columns=["table", "column", "meaning", "values"])


def check_new(folder: Path) -> None:
    """Make sure that an export can be written to a folder.

    Raises:
        InputError: If the folder is there already.
    """
    if folder.exists():
        raise InputError(f"--output {folder}: it is there already; accepted: a new folder")


def write_export(
    folder: Path, tables: Mapping[str, pd.DataFrame], plan: Plan, manifest: Mapping[str, Any]
) -> None:
    """Write a folder with each table as Parquet and CSV, the plan and the manifest: all or nothing.

    Raises:
        InputError: If the folder is there already, or cannot be written.
    """
    check_new(folder)
    unfinished = temporary(folder)
    try:
        unfinished.mkdir(parents=True)
        for name, table in tables.items():
            table.to_parquet(unfinished / f"{name}.parquet", index=False)
            safe(table).to_csv(unfinished / f"{name}.csv", index=False)
        facts = {"plan": plan.model_dump(mode="json"), "manifest": dict(manifest)}
        for name, content in facts.items():
            text = json.dumps(content, indent=2, ensure_ascii=False)
            (unfinished / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
        unfinished.rename(folder)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"--output {folder}: {reason}; nothing was written") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def safe(table: pd.DataFrame) -> pd.DataFrame:
    """A table of which a spreadsheet computes nothing: such cells begin with an apostrophe.

    >>> safe(pd.DataFrame({"value": ["=1+1", "good", None], "n": [-1, 2, 3]}))["value"].tolist()
    ["'=1+1", 'good', nan]
    """
    texts = [str(name) for name in table if pd.api.types.is_string_dtype(table[name])]
    changed = {
        name: table[name].mask(table[name].str.startswith(FORMULA, na=False), "'" + table[name])
        for name in texts
    }
    return table.assign(**changed)


def manifest_of(study: Study, today: datetime.date, with_text: bool) -> dict[str, Any]:
    """What an export says of itself."""
    return {
        "study": study.slug,
        "simulated": study.plan.simulated,
        "run": study.run_id,
        "data_version": study.data_version,
        "code_version": study.code_version,
        "plan_hash": study.plan_hash,
        "exported_on": today.isoformat(),
        "with_text": with_text,
    }


def _facts(data: Data) -> pd.DataFrame:
    """Title and popularity rank of the items, by id as text."""
    facts = data.items.drop_duplicates("item_id").set_index("item_id")
    facts = facts.reindex(data.interactions.item_ids)
    names = [
        titled(title, year, item)
        for item, title, year in zip(facts.index, facts["title"], facts["year"], strict=True)
    ]
    ranks = popularity_rank(data, data.interactions.item_ids).to_numpy()
    return pd.DataFrame({"title": names, "popularity_rank": ranks}, facts.index.astype(str))


def _participant(store: Store, plan: Plan, one: Participant, items: pd.DataFrame) -> Row:
    listed, kinds = store.listed(one), {kind.name for kind in plan.explained}
    times = [datetime.datetime.fromisoformat(event.at) for event in store.events(one)]
    popular = items["popularity_rank"].reindex([row.item_id for row in listed])
    return {
        "language": one.language,
        "consented": one.consented_at is not None,
        "started_at": one.started_at[:10],
        "finished": one.finished_at is not None,
        "minutes": round((max(times) - min(times)).total_seconds() / 60, 2),
        "n_ratings": len(store.ratings(one)),
        "n_matched": sum(kinds <= set(row.explained) for row in listed),
        "list_popularity_rank": popular.median(),
    }


def _trial(trial: Shown, items: pd.DataFrame) -> Row:
    reason = trial.reason or {}
    return {
        "position": trial.position,
        "condition": trial.kind,
        "form": trial.form,
        "item_id": trial.item_id,
        "title": items["title"].get(trial.item_id),
        "rank": trial.rank,
        "score": trial.score,
        "stratum": trial.stratum,
        "popularity_rank": items["popularity_rank"].get(trial.item_id),
        "explained": bool(reason.get("evidence")),
        "faithfulness": reason.get("faithfulness"),
        "sentence": plain(trial.sentence),
    }


def _answers(plan: Plan, trials: list[Shown], answers: Iterable[Answer]) -> Iterator[Row]:
    """Page by page as they were done, and on each the questions as they are asked."""
    asked = {question.name: place for place, question in enumerate(all_questions(plan))}
    of_step = {f"recommendation-{trial.position}": trial for trial in trials}
    own = [answer for answer in answers if answer.question in asked]
    pages = {step: place for place, step in enumerate(dict.fromkeys(one.step for one in own))}
    for answer in sorted(own, key=lambda one: (pages[one.step], asked[one.question])):
        row = {"step": answer.step, "question": answer.question, "value": answer.value}
        about: Row = {"seconds": answer.seconds}
        if (trial := of_step.get(answer.step)) is not None:
            about |= {"position": trial.position, "condition": trial.kind}
            about |= {"form": trial.form, "item_id": trial.item_id}
        yield row | about


def _tasks(tasks: list[Task], answers: list[Answer]) -> Iterator[Row]:
    """The tasks that were done."""
    given: dict[str, dict[str, Answer]] = {}
    for answer in answers:
        given.setdefault(answer.step, {})[answer.question] = answer
    for task in tasks:
        own = given.get(f"{task.task.replace('_', '-')}-{task.number}", {})
        done = own.get({"side_by_side": "best", "forecast": "chosen"}.get(task.task, "done"))
        if done is not None and done.value is not None:
            about = {"task": task.task, "number": task.number, "item_id": task.item_id}
            yield {**about, **_RESULTS[task.task](task, own), "seconds": done.seconds}


def _side_by_side(task: Task, given: Mapping[str, Answer]) -> Row:
    best, rank = given["best"].value, task.options["rank"]
    chosen = next(choice for choice in task.options["choices"] if choice["kind"] == best)
    how_true = chosen.get("faithfulness")
    return {"condition": best, "chosen": best, "rank_before": rank, "faithfulness": how_true}


def _forecast(task: Task, given: Mapping[str, Answer]) -> Row:
    ranks = {choice["item_id"]: choice["rank"] for choice in task.options["choices"]}
    chosen = str(given["chosen"].value)
    return {
        **_of_task(task),
        "chosen": chosen,
        "right": ranks[chosen] == max(ranks.values()),
        "rank_after_chosen": ranks[chosen],
        "rank_after_best": max(ranks.values()),
    }


def _correction(task: Task, given: Mapping[str, Answer]) -> Row:
    rank = int(given["rank"].value or 0)
    return {
        **_of_task(task),
        "chosen": given["ratings"].value,
        "right": rank > task.options["top"],
        "rank_after_chosen": rank,
    }


def _of_task(task: Task) -> Row:
    how_true, rank = task.options.get("faithfulness"), task.options["rank"]
    return {"condition": task.kind, "rank_before": rank, "faithfulness": how_true}


_RESULTS = {"side_by_side": _side_by_side, "forecast": _forecast, "correction": _correction}


def _table(rows: list[Row], columns: tuple[Column, ...]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[column.name for column in columns])
    return table.astype({column.name: column.dtype for column in columns})
