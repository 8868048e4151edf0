"""The table of the addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision, down_revision = "emails_1", None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "email",
        sa.Column("study", sa.Text, primary_key=True),
        sa.Column("address", sa.Text, primary_key=True),
        sa.Column("at_day", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
