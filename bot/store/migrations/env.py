"""Alembic's environment: runs the revisions on the connection that ``upgrade`` was given."""

from __future__ import annotations

from alembic import context

# SQLite undoes changes of tables like any other. The caller's transaction holds them all.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
