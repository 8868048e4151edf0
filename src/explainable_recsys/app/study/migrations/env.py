"""Alembic runs this to change a database; the connection is that of who opens the store."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
