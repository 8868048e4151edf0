"""A few users: what they rated, and what is recommended to them and why."""

from __future__ import annotations

from typing import Any, NamedTuple

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.people import titled
from explainable_recsys.reporting.results import Results, records
from explainable_recsys.wording.markup import is_text
from explainable_recsys.wording.numbers import finite


class Recommended(NamedTuple):
    """A recommendation; its reason, a sentence with marked items, is empty if there is none."""

    rank: int
    title: str
    reason: str


class ExampleUser(NamedTuple):
    """A user.

    Attributes:
        user_id: Who.
        history: Titles, each with its stars (empty if not known).
        lists: What is recommended, by approach, in the order of the results.
    """

    user_id: str
    history: list[tuple[str, str]]
    lists: dict[str, list[Recommended]]


def example_users(content: ReportContent, results: Results) -> list[ExampleUser]:
    """The users of the examples, in their order there."""
    columns = ("user_id", "approach", "rank", "item_id", "title", "year", "sentence")
    order = {name: place for place, name in enumerate(results.approaches)}
    rows = records(content.examples, *columns)
    rows.sort(key=lambda row: (order.get(row["approach"], len(order)), finite(row["rank"]) or 0))
    users = {
        str(user): ExampleUser(str(user), [], {}) for user in content.examples.get("user_id", ())
    }
    for row in rows:
        reason = row["sentence"] if is_text(row["sentence"]) else ""
        recommended = Recommended(int(finite(row["rank"]) or 0), _title(row), reason)
        users[str(row["user_id"])].lists.setdefault(str(row["approach"]), []).append(recommended)
    for row in records(content.histories, "user_id", "item_id", "title", "year", "rating"):
        if user := users.get(str(row["user_id"])):
            rating = finite(row["rating"])
            user.history.append((_title(row), "" if rating is None else f"★ {rating:g}"))
    return list(users.values())


def _title(row: dict[str, Any]) -> str:
    title = row["title"] if is_text(row["title"]) else None
    return titled(title, finite(row["year"]), row["item_id"])
