"""The tables of queries of records: their exports to CSV, and those that are saved and scheduled.

Everything that identifies a customer is encrypted, with a key derived from Chakra's access token.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from bot.db.columns import (
    ID_TYPE,
    METADATA,
    id_column,
    optional_text,
    optional_time,
    text_column,
    workspace_column,
)

exports = Table(
    "exports",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # of its query while it runs: the same query is read once at a time
    text_column("member"),
    text_column("record_type"),
    Column("query", LargeBinary),  # what is read, and into which columns; encrypted
    text_column("state"),
    Column("attempt", Integer, nullable=False),  # 1, and one more each time it is continued
    Column("progress", LargeBinary),  # the reading position; encrypted
    Column("page_count", Integer, nullable=False),  # pages from Chakra that were recorded
    Column("chunk_count", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    optional_time("ended_at"),
    optional_text("file_id"),  # Slack's, once it has the file
    optional_time("shared_at"),  # when Slack was asked to post the file
    optional_text("problem"),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "state", "id"),
    Index(None, "ended_at"),
)
"""A query whose records are read page by page into a CSV file."""

export_chunks = Table(
    "export_chunks",
    METADATA,
    workspace_column(),
    Column("export_id", ID_TYPE, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # rows of the CSV, compressed and encrypted
    Column("digests", LargeBinary, nullable=False),  # of the IDs of its records
    PrimaryKeyConstraint("export_id", "number"),
    Index(None, "workspace"),
)
"""The rows of an export until Slack has its file: any process can continue it."""

saved_queries = Table(
    "saved_queries",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("name"),  # normalized: names that differ only in case are one
    text_column("label"),  # the name as it was typed
    text_column("member"),  # saved it
    text_column("record_type"),
    Column("query", LargeBinary),  # the typed query, encrypted
    Column("is_shared", Boolean, nullable=False),  # all members may run it
    optional_text("channel"),  # receives its result on schedule; a member's ID means a DM
    optional_text("schedule"),  # JSON: days, time, zone
    optional_text("scheduler"),  # the member who scheduled it
    Column(
        "allows_outsiders", Boolean, nullable=False
    ),  # people from other companies may read the result
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    optional_time("due_at"),  # 0 without a schedule
    optional_time("retry_at"),  # when it is tried again after an outage of Chakra
    optional_time("failing_since"),
    optional_time("posted_due_at"),  # the due time whose result was posted last
    optional_text("problem"),  # why its last result could not be posted
    optional_time("problem_at"),
    UniqueConstraint("workspace", "name"),
    Index(None, "workspace", "member"),
    Index(None, "workspace", "due_at"),
)
"""A query with a name, perhaps posted to a channel on schedule."""
