"""The tables in which answers are kept, and in a database of their own the addresses of a raffle.

`migrations/` makes them and changes them: a change here needs a new file there.
"""

from __future__ import annotations

import sqlalchemy as sa

ANSWERS, EMAILS = sa.MetaData(), sa.MetaData()
"""What is in the two databases."""


def _key(name: str, table: str) -> sa.Column[str]:
    """Part of the key of a table that belongs to another."""
    return sa.Column(name, sa.Text, sa.ForeignKey(table), primary_key=True)


study = sa.Table(
    "study",
    ANSWERS,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("plan", sa.JSON, nullable=False),
    sa.Column("plan_hash", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("data_version", sa.Text, nullable=False),
    sa.Column("code_version", sa.Text, nullable=False),
    sa.Column("made_at", sa.Text, nullable=False),
)

code = sa.Table(
    "code",
    ANSWERS,
    _key("study", "study.slug"),
    sa.Column("code_hash", sa.Text, primary_key=True),
)

participant = sa.Table(
    "participant",
    ANSWERS,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("study", sa.Text, sa.ForeignKey("study.slug"), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("token_hash", sa.Text, nullable=False, unique=True),
    sa.Column("code_hash", sa.Text),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("consent_version", sa.Text),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("consented_at", sa.Text),
    sa.Column("finished_at", sa.Text),
    sa.Column("withdrawn_at", sa.Text),
    sa.Column("withdrawal_hash", sa.Text, nullable=False, unique=True),
    sa.UniqueConstraint("study", "number"),
)

rating = sa.Table(
    "rating",
    ANSWERS,
    _key("participant", "participant.id"),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("rating", sa.Float, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

listed = sa.Table(
    "listed",
    ANSWERS,
    _key("participant", "participant.id"),
    sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("explained", sa.JSON, nullable=False),
)

trial = sa.Table(
    "trial",
    ANSWERS,
    _key("participant", "participant.id"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("rank", sa.Integer, nullable=False),
    sa.Column("score", sa.Float),
    sa.Column("stratum", sa.Integer, nullable=False),
    sa.Column("sentence", sa.Text, nullable=False),
    sa.Column("reason", sa.JSON, nullable=False),
)

task = sa.Table(
    "task",
    ANSWERS,
    _key("participant", "participant.id"),
    sa.Column("task", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("options", sa.JSON, nullable=False),
)

answer = sa.Table(
    "answer",
    ANSWERS,
    _key("participant", "participant.id"),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("question", sa.Text, primary_key=True),
    sa.Column("value", sa.Text),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
)

event = sa.Table(
    "event",
    ANSWERS,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("turn", sa.Integer, nullable=False),
    sa.Column("payload", sa.JSON, nullable=False),
    sa.UniqueConstraint("participant", "key", "turn"),
)

email = sa.Table(
    "email",
    EMAILS,
    sa.Column("study", sa.Text, primary_key=True),
    sa.Column("address", sa.Text, primary_key=True),
    sa.Column("at_day", sa.Text, nullable=False),
    sqlite_with_rowid=False,  # so that no order is kept in which they came
)

OF_A_PERSON = (rating, listed, trial, task, answer, event)
"""What is deleted with a person; the row in `participant` says that there was one."""
