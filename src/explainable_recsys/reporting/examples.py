"""A few users: what they rated, and what each approach recommends to them and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explainable_recsys.reporting.content import ReportContent
from explainable_recsys.reporting.results import Results, records
from explainable_recsys.wording.markup import is_text
from explainable_recsys.wording.numbers import finite

NO_REASON = "No explanation."


@dataclass(frozen=True)
class Rated:
    """A title of a history, and the stars that it got (empty if not known)."""

    title: str
    stars: str


@dataclass(frozen=True)
class Recommended:
    """A recommendation; its reason is empty if there is none."""

    rank: int
    title: str
    reason: str


@dataclass(frozen=True)
class ApproachList:
    """What one approach recommends to a user; `explains` if it gives any reason."""

    approach: str
    recommended: tuple[Recommended, ...]

    @property
    def explains(self) -> bool:
        """Whether any of it has a reason."""
        return any(item.reason for item in self.recommended)


@dataclass(frozen=True)
class ExampleUser:
    """A user with a history and the lists of the approaches, highest nDCG first."""

    user_id: str
    history: tuple[Rated, ...]
    lists: tuple[ApproachList, ...]


def example_users(content: ReportContent, results: Results) -> list[ExampleUser]:
    """The users of the examples, in their order there."""
    columns = ("user_id", "approach", "rank", "item_id", "title", "year", "sentence")
    by_user: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in records(content.examples, *columns):
        of_user = by_user.setdefault(str(row["user_id"]), {})
        of_user.setdefault(str(row["approach"]), []).append(row)
    histories: dict[str, list[Rated]] = {}
    for row in records(content.histories, "user_id", "title", "rating"):
        histories.setdefault(str(row["user_id"]), []).append(_rated(row))
    return [
        ExampleUser(
            user,
            tuple(histories.get(user, [])),
            tuple(_list(name, lists[name]) for name in _in_order(list(lists), results)),
        )
        for user, lists in by_user.items()
    ]


def _in_order(names: list[str], results: Results) -> list[str]:
    known = [name for name in results.everybody if name in names]
    return known + [name for name in names if name not in known]


def _list(approach: str, rows: list[dict[str, Any]]) -> ApproachList:
    ranked = sorted(rows, key=lambda row: finite(row["rank"]) or 0.0)
    items = (
        Recommended(
            int(finite(row["rank"]) or 0),
            _title(row),
            row["sentence"] if is_text(row["sentence"]) else "",
        )
        for row in ranked
    )
    return ApproachList(approach, tuple(items))


def _rated(row: dict[str, Any]) -> Rated:
    rating = finite(row["rating"])
    title = row["title"] if is_text(row["title"]) else "untitled"
    return Rated(title, "" if rating is None else f"★ {rating:g}")


def _title(row: dict[str, Any]) -> str:
    year = finite(row["year"])
    title = row["title"] if is_text(row["title"]) else f"item {row['item_id']}"
    return title if year is None else f"{title} ({year:.0f})"
