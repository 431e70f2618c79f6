"""Run by alembic, for each command, with the connection that ``bot.db.migrate`` opened."""

from __future__ import annotations

from alembic import context

from bot.db.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
