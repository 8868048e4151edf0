"""`kedro recommend`: lists, and reasons, for a file of histories, from what the last run stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import pandas as pd

from explainable_recsys.data import Lists
from explainable_recsys.errors import InputError
from explainable_recsys.interactions import Interactions
from explainable_recsys.interface.histories import (
    blocks_of_people,
    check_ending,
    encoded,
    written,
)
from explainable_recsys.interface.stored import (
    Stored,
    load_stored,
    quick_catalog,
    stored_approach,
)
from explainable_recsys.wording import markup
from explainable_recsys.wording.phrases import phrase, plural


@dataclass(frozen=True)
class Order:
    """What is wanted.

    Attributes:
        histories: File of ratings.
        output: File of lists.
        approach: Name; None for the approach that `stored_approach` chooses.
        n: Length of the lists; None: as in the run.
        explain: Whether each recommendation comes with its sentence.
    """

    histories: Path
    output: Path
    approach: str | None = None
    n: int | None = None
    explain: bool = False


@dataclass
class Count:
    """How many people were there, and got a list; and ratings that say nothing."""

    people: int = 0
    listed: int = 0
    says_nothing: int = 0
    first_row: int = 0


def recommend_file(project: Path, env: str | None, order: Order) -> None:
    """Recommend to everybody in a file.

    Args:
        project: Root of the project.
        env: Environment; None for the embedded data.
        order: What is wanted.

    Raises:
        InputError: If a file cannot be read or written, a row is wrong, or nothing is stored.
    """
    check_ending("--histories", order.histories)
    check_ending("--output", order.output)
    if order.histories.resolve() == order.output.resolve():
        raise InputError(f"--output {order.output}: the file of the histories; accepted: another")
    catalog = quick_catalog(project, env)
    stored = load_stored(catalog, stored_approach(catalog, order.approach)).offering(order.n)
    count = write_lists(stored, order)
    if count.says_nothing:
        click.echo(
            plural(
                count.says_nothing,
                "{n} rating was left out, at {row}: nothing was learned of its item.",
                "{n} ratings were left out, the first at {row}: nothing was learned of "
                "their items.",
                row=count.first_row,
            )
        )
    click.echo(
        phrase(
            "Lists of {approach} for {listed} of {people} people: {file}",
            approach=stored.pair.record.name,
            listed=count.listed,
            people=count.people,
            file=order.output,
        )
    )


def write_lists(stored: Stored, order: Order) -> Count:
    """Write the lists of everybody, a block of people after the other.

    Raises:
        InputError: As `recommend_file`; then nothing is written.
    """
    count = Count()
    with written(order.output) as write:
        for block in blocks_of_people(order.histories, stored.recommendation.block_size):
            histories, left_out = encoded(order.histories, block, stored.data)
            table = lists_of(stored, histories, order.explain)
            count.people += histories.n_users
            count.listed += table["user_id"].nunique()
            if len(left_out) and not count.says_nothing:
                count.first_row = int(left_out.iloc[0])
            count.says_nothing += len(left_out)
            people = block["user_id"].drop_duplicates().reset_index(drop=True)
            whose = people.take(table["user_id"].to_numpy()).reset_index(drop=True)
            write(table.assign(user_id=whose))
    return count


def lists_of(stored: Stored, histories: Interactions, explain: bool) -> pd.DataFrame:
    """The lists of many people at once.

    Args:
        stored: Who answers.
        histories: Whom to recommend to.
        explain: Whether with sentences.

    Returns:
        Columns `user_id`, `rank`, `item_id`, `title`, `year`, `score`, and with reasons
        `sentence`, plain text, empty where nothing explains the recommendation.
    """
    lists: Lists = stored.listed(histories)
    table = lists.table
    facts = stored.data.items.drop_duplicates("item_id").set_index("item_id")
    facts = facts.reindex(table["item_id"])
    years = facts["year"].astype("Int32").reset_index(drop=True)
    found = table.assign(title=facts["title"].reset_index(drop=True), year=years)
    found = found[["user_id", "rank", "item_id", "title", "year", "score"]]
    return found.assign(sentence=_sentences(stored, histories, lists)) if explain else found


def _sentences(stored: Stored, histories: Interactions, lists: Lists) -> pd.Series[str]:
    said = stored.answered(histories, lists).sentences
    told = pd.Series(said["sentence"].to_numpy(), lists.positions_of(said))
    texts = told.reindex(range(len(lists)))
    return pd.Series(
        [markup.plain(text) if markup.is_text(text) else "" for text in texts], dtype="str"
    )
