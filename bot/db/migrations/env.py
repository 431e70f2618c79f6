"""Run a command of Alembic on the connection that ``bot.db.migrate`` passes."""

from __future__ import annotations

from alembic import context

from bot.db.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # for SQLite, which alters a table by recreating it
)
with context.begin_transaction():
    context.run_migrations()
