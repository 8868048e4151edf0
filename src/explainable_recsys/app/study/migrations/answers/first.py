"""The first tables, and what keeps events as they were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "answers_1", None

SQLITE = """
CREATE TRIGGER event_{name} BEFORE {what} ON event {when}
BEGIN SELECT RAISE(ABORT, 'events are kept as they were'); END
"""

POSTGRESQL = (
    """
CREATE FUNCTION keep_events() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT 1 FROM participant WHERE id = OLD.participant AND withdrawn_at IS NOT NULL
    ) THEN RETURN OLD; END IF;
    RAISE EXCEPTION 'events are kept as they were';
END $$
""",
    """
CREATE TRIGGER event_kept BEFORE UPDATE OR DELETE ON event
FOR EACH ROW EXECUTE FUNCTION keep_events()
""",
)

STAYS = """WHEN EXISTS (
    SELECT 1 FROM participant WHERE id = OLD.participant AND withdrawn_at IS NULL
)"""


def upgrade() -> None:
    """Make them; events can be deleted of those who withdrew, and changed never."""
    op.create_table(
        "study",
        sa.Column("slug", sa.Text, primary_key=True),
        sa.Column("plan", sa.JSON, nullable=False),
        sa.Column("plan_hash", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("data_version", sa.Text, nullable=False),
        sa.Column("code_version", sa.Text, nullable=False),
        sa.Column("made_at", sa.Text, nullable=False),
    )
    op.create_table(
        "code",
        sa.Column("study", sa.Text, sa.ForeignKey("study.slug"), primary_key=True),
        sa.Column("code_hash", sa.Text, primary_key=True),
    )
    op.create_table(
        "participant",
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
    op.create_table(
        "rating",
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), primary_key=True),
        sa.Column("item_id", sa.Text, primary_key=True),
        sa.Column("rating", sa.Float, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "listed",
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), primary_key=True),
        sa.Column("rank", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("explained", sa.JSON, nullable=False),
    )
    op.create_table(
        "trial",
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), primary_key=True),
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
    op.create_table(
        "task",
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), primary_key=True),
        sa.Column("task", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("item_id", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
    )
    op.create_table(
        "answer",
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("question", sa.Text, primary_key=True),
        sa.Column("value", sa.Text),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("participant", sa.Text, sa.ForeignKey("participant.id"), nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.UniqueConstraint("participant", "key", "turn"),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(SQLITE.format(name="changed", what="UPDATE", when=""))
        op.execute(SQLITE.format(name="deleted", what="DELETE", when=STAYS))
    else:
        for statement in POSTGRESQL:
            op.execute(statement)
