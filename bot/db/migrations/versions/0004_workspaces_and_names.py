"""Add a workspace to every row, rename columns, and create Slack's events and the write ledger.

An earlier release cannot work on the database afterwards: stop its processes before the first of
this one starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

EMPTY = sa.text("''")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TYPES: Mapping[type[object], Any] = {str: sa.Text(), float: sa.Double(), int: NUMBER}

FAILURE_TEXTS = ("failure_kind", "failure_text", "failure_details")

# table -> old name -> new name
RENAMED: Mapping[str, Mapping[str, str]] = {
    "sends": {
        "boot": "process_id",
        "state": "status",
        "state_at": "status_at",
        "report_due": "report_pending",
    },
    "events": {},
    "posts": {
        "shown": "delivered_version",
        "due": "pending",
        "place_channel": "message_channel",
        "place_ts": "message_ts",
        "boot": "process_id",
        "tried_at": "attempted_at",
        "doubt_since": "uncertain_since",
        "refusal": "error_code",
        "refused_at": "failed_at",
        "told_by": "notice_key",
        "waiting_since": "stale_since",
    },
    "watches": {
        "live": "active_key",
        "ending": "status",
        "seen_at": "progress_at",
        "whole": "complete",
        "privately": "notify_by_dm",
        "stall_told": "stall_notified",
        "points": "progress_points",
    },
    "uploads": {"turn": "attempt", "made_at": "created_at", "moved_at": "updated_at"},
}

# table -> column by its old name -> the value that replaces null
FILLED: Mapping[str, Mapping[str, str | float | int]] = {
    "sends": dict.fromkeys(("message_id", "wamid", *FAILURE_TEXTS), ""),
    "posts": dict.fromkeys(
        ("thread_key", "place_channel", "place_ts", "boot", "refusal", "told_by"), ""
    ),
    "watches": {"ended_at": 0.0, "seen_at": 0.0},
    "uploads": {"problem": "", "watch_id": 0},
}

# Stored values: table, column by its old name, old value -> new value
ERROR_KINDS = {
    "not_prepared": "preparation_failed",
    "person": "user_error",
    "file_unfit": "invalid_file",
    "not_set_up": "not_configured",
    "missing": "resource_not_found",
    "key_refused": "authentication_error",
    "role_too_small": "permission_denied",
    "throttled": "rate_limited",
    "file_not_taken": "file_upload_failed",
    "unreadable": "invalid_response",
    "store_unavailable": "database_unavailable",
    "store_in_use": "database_locked",
    "file_not_given": "file_unavailable",
    "marketing_withheld": "marketing_experiment",
    "template_stopped": "template_unavailable",
    "payment_missing": "payment_method_missing",
    "unnamed_code": "unknown_meta_code",
    "meta_access_refused": "meta_access_denied",
    "pair_throttled": "pair_rate_limited",
    "sender_throttled": "sender_rate_limited",
    "flow_throttled": "flow_rate_limited",
    "account_throttled": "account_rate_limited",
    "spam_limited": "spam_rate_limited",
    "meta_busy": "meta_unavailable",
}
WORDS: Sequence[tuple[str, str, Mapping[str, str]]] = (
    ("sends", "failure_kind", ERROR_KINDS),
    ("statuses", "failure_kind", ERROR_KINDS),
    ("posts", "refusal", {"dropped": "withdrawn"}),
    (
        "watches",
        "ending",
        {"watched": "active", "vanished": "job_not_found", "too_long": "timed_out"},
    ),
    ("uploads", "stage", {"going": "running"}),
)

OLD_INDEXES: Mapping[str, Sequence[Sequence[str]]] = {
    "sends": (
        ("recipient_hash", "content_hash", "started_at"),
        ("member", "started_at"),
        ("wamid",),
        ("message_id",),
        ("state", "started_at"),
        ("report_due",),
    ),
    "events": (("processed_at", "id"),),
    "posts": (
        ("due", "channel", "id"),
        ("channel", "refusal", "refused_at"),
        ("channel", "delivered_at"),
        ("changed_at",),
    ),
    "watches": (("ended_at",), ("member",)),
    "uploads": (("stage", "made_at"),),
}
NEW_INDEXES: Mapping[str, Sequence[Sequence[str]]] = {
    "sends": (
        ("workspace", "recipient_hash", "content_hash", "started_at"),
        ("workspace", "member", "started_at"),
        ("wamid",),
        ("message_id",),
        ("status", "started_at"),
        ("report_pending",),
    ),
    "events": (("processed_at", "id"),),
    "posts": (
        ("workspace", "pending", "channel", "id"),
        ("workspace", "channel", "error_code", "failed_at"),
        ("workspace", "channel", "delivered_at"),
        ("changed_at",),
    ),
    "watches": (("ended_at",), ("workspace", "member")),
    "uploads": (("stage", "created_at"),),
}
# table -> its unique column, by its old name
UNIQUE: Mapping[str, str] = {
    "sends": "key",
    "events": "digest",
    "posts": "key",
    "watches": "live",
    "uploads": "key",
}

STATUSES = (
    "wamid",
    "message_id",
    "state",
    "at",
    "received_at",
    "failure_kind",
    "failure_code",
    "failure_text",
    "failure_details",
)
PIECES = (
    "upload_id",
    "number",
    "first_row",
    "last_row",
    "rows",
    "state",
    "job_id",
    "problem",
    "body",
)
COPIED_RENAMES = {"state": "status", "at": "occurred_at"}
COPIED_TEXTS = (*FAILURE_TEXTS, "job_id", "problem")


def upgrade() -> None:
    _replace_words(WORDS)
    for table, renamed in RENAMED.items():
        _upgrade_table(table, renamed, FILLED.get(table, {}))
    _create_unmatched_statuses()
    _copy("statuses", "unmatched_statuses", STATUSES, COPIED_RENAMES)
    _create_upload_batches()
    _copy("pieces", "upload_batches", PIECES, {"rows": "row_count"})
    _create_rate_limits()
    _copy("paces", "rate_limits", ("name", "free_at"), {"free_at": "next_slot_at"}, order="name")
    _create_slack_events()
    _create_writes()


def downgrade() -> None:
    for table in ("writes", "slack_events"):
        op.drop_table(table)
    _create_paces()
    _copy_back("rate_limits", "paces", ("name", "free_at"), {"free_at": "next_slot_at"}, "name")
    _create_pieces()
    _copy_back("upload_batches", "pieces", PIECES, {"rows": "row_count"})
    _create_statuses()
    _copy_back("unmatched_statuses", "statuses", STATUSES, COPIED_RENAMES)
    for table, renamed in RENAMED.items():
        _downgrade_table(table, renamed, FILLED.get(table, {}))
    _replace_words(
        [(table, name, {new: old for old, new in words.items()}) for table, name, words in WORDS]
    )


def _replace_words(changes: Iterable[tuple[str, str, Mapping[str, str]]]) -> None:
    for table, name, words in changes:
        column: sa.ColumnClause[str] = sa.column(name, sa.Text())
        op.execute(
            sa.update(sa.table(table, column))
            .where(column.in_(list(words)))
            .values({name: sa.case(words, value=column, else_=column)})
        )


def _fill(table: str, values: Mapping[str, str | float | int]) -> None:
    for name, value in values.items():
        column: sa.ColumnClause[Any] = sa.column(name)
        op.execute(sa.update(sa.table(table, column)).where(column.is_(None)).values({name: value}))


def _upgrade_table(
    table: str, renamed: Mapping[str, str], filled: Mapping[str, str | float | int]
) -> None:
    _drop_indexes(table, OLD_INDEXES[table])
    _fill(table, filled)
    unique = UNIQUE[table]
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column("workspace", sa.Text(), nullable=False, server_default=EMPTY))
        if table == "sends":
            batch.add_column(sa.Column("failure_retry_after", sa.Double()))
        batch.drop_constraint(f"uq_{table}_{unique}", type_="unique")
        for name in {**renamed, **dict.fromkeys(filled)}:
            batch.alter_column(name, **_changes(name, renamed, filled))
    # In its own batch: on SQLite a batch loses the constraint of a column that it renames.
    key = renamed.get(unique, unique)
    with op.batch_alter_table(table) as batch:
        batch.create_unique_constraint(f"uq_{table}_workspace_{key}", ["workspace", key])
    _create_indexes(table, NEW_INDEXES[table])


def _changes(
    name: str, renamed: Mapping[str, str], filled: Mapping[str, str | float | int]
) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if name in renamed:
        changes["new_column_name"] = renamed[name]
    if name in filled:
        default = filled[name]
        changes |= {
            "existing_type": TYPES[type(default)],
            "nullable": False,
            "server_default": EMPTY if default == "" else "0",
        }
    return changes


def _downgrade_table(
    table: str, renamed: Mapping[str, str], filled: Mapping[str, str | float | int]
) -> None:
    """Rename the columns back, and turn the values that replaced null into null again."""
    _drop_indexes(table, NEW_INDEXES[table])
    unique = UNIQUE[table]
    key = renamed.get(unique, unique)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(f"uq_{table}_workspace_{key}", type_="unique")
        for name in {**renamed, **dict.fromkeys(filled)}:
            changes: dict[str, Any] = {}
            if name in renamed:
                changes["new_column_name"] = name
            if name in filled:
                changes |= {
                    "existing_type": TYPES[type(filled[name])],
                    "nullable": True,
                    "server_default": None,
                }
            batch.alter_column(renamed.get(name, name), **changes)
        if table == "sends":
            batch.drop_column("failure_retry_after")
        batch.drop_column("workspace")
    with op.batch_alter_table(table) as batch:
        batch.create_unique_constraint(f"uq_{table}_{unique}", [unique])
    _empty(table, filled)
    _create_indexes(table, OLD_INDEXES[table])


def _empty(table: str, values: Mapping[str, str | float | int]) -> None:
    for name, value in values.items():
        column: sa.ColumnClause[Any] = sa.column(name)
        op.execute(sa.update(sa.table(table, column)).where(column == value).values({name: None}))


# --- renamed tables ------------------------------------------------------------------------------


def _copy(
    source: str,
    target: str,
    names: Sequence[str],
    renamed: Mapping[str, str],
    order: str = "id",
) -> None:
    """Copy all rows, with new IDs, since nothing refers to the old ones."""
    values = [f"COALESCE({name}, '')" if name in COPIED_TEXTS else name for name in names]
    _insert_from(source, target, [renamed.get(name, name) for name in names], values, order)


def _copy_back(
    source: str,
    target: str,
    names: Sequence[str],
    renamed: Mapping[str, str],
    order: str = "id",
) -> None:
    values = [renamed.get(name, name) for name in names]
    values = [f"NULLIF({name}, '')" if name in COPIED_TEXTS else name for name in values]
    _insert_from(source, target, names, values, order)


def _insert_from(
    source: str, target: str, names: Sequence[str], values: Sequence[str], order: str
) -> None:
    columns, selected = ", ".join(names), ", ".join(values)
    op.execute(
        f"INSERT INTO {target} ({columns}) "  # noqa: S608 - built from constants above
        f"SELECT {selected} FROM {source} ORDER BY {order}"
    )
    op.drop_table(source)


def _create_unmatched_statuses() -> None:
    op.create_table(
        "unmatched_statuses",
        sa.Column("id", NUMBER, nullable=False),
        _optional_text("workspace"),
        *_texts("wamid", "message_id", "status"),
        sa.Column("occurred_at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        _optional_text("failure_kind"),
        sa.Column("failure_code", sa.Integer()),
        _optional_text("failure_text"),
        _optional_text("failure_details"),
        sa.Column("failure_retry_after", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_unmatched_statuses"),
    )
    columns = ("workspace", "wamid", "message_id", "status")
    _create_indexes("unmatched_statuses", [columns], unique=True)
    _create_indexes("unmatched_statuses", [("message_id",), ("received_at",)])


def _create_upload_batches() -> None:
    op.create_table(
        "upload_batches",
        sa.Column("id", NUMBER, nullable=False),
        _optional_text("workspace"),
        sa.Column("upload_id", NUMBER, nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("number", "first_row", "last_row", "row_count")
        ),
        *_texts("state"),
        _optional_text("job_id"),
        _optional_text("problem"),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_upload_batches"),
    )
    _create_indexes("upload_batches", [("upload_id", "number")], unique=True)


def _create_rate_limits() -> None:
    op.create_table(
        "rate_limits",
        _optional_text("workspace"),
        *_texts("name"),
        sa.Column("next_slot_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "name", name="pk_rate_limits"),
    )


def _create_statuses() -> None:
    op.create_table(
        "statuses",
        sa.Column("id", NUMBER, nullable=False),
        *_texts("wamid", "message_id", "state"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("failure_kind", sa.Text()),
        sa.Column("failure_code", sa.Integer()),
        sa.Column("failure_text", sa.Text()),
        sa.Column("failure_details", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_statuses"),
    )
    _create_indexes("statuses", [("wamid", "message_id", "state")], unique=True)
    _create_indexes("statuses", [("message_id",), ("received_at",)])


def _create_pieces() -> None:
    op.create_table(
        "pieces",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("upload_id", NUMBER, nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("number", "first_row", "last_row", "rows")
        ),
        *_texts("state"),
        sa.Column("job_id", sa.Text()),
        sa.Column("problem", sa.Text()),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_pieces"),
    )
    _create_indexes("pieces", [("upload_id", "number")], unique=True)


def _create_paces() -> None:
    op.create_table(
        "paces",
        *_texts("name"),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_paces"),
    )


# --- new tables ----------------------------------------------------------------------------------


def _create_slack_events() -> None:
    op.create_table(
        "slack_events",
        *_texts("event_id"),
        _optional_text("workspace"),
        *_texts("event_type"),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "event_id", name="pk_slack_events"),
    )
    _create_indexes("slack_events", [("received_at",)])


def _create_writes() -> None:
    op.create_table(
        "writes",
        sa.Column("id", NUMBER, nullable=False),
        _optional_text("workspace"),
        *_texts("key", "member", "verb", "subject", "content_hash", "process_id"),
        sa.Column("started_at", sa.Double(), nullable=False),
        *_texts("state"),
        sa.Column("state_at", sa.Double(), nullable=False),
        _optional_text("error_kind"),
        sa.Column("error_code", sa.Integer()),
        _optional_text("error_text"),
        _optional_text("result"),
        sa.PrimaryKeyConstraint("id", name="pk_writes"),
        sa.UniqueConstraint("workspace", "key", name="uq_writes_workspace_key"),
    )
    _create_indexes(
        "writes",
        [("workspace", "subject", "content_hash", "started_at"), ("state", "started_at")],
    )


# --- pieces of definitions -----------------------------------------------------------------------


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _optional_text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=EMPTY)


def _create_indexes(table: str, indexes: Sequence[Sequence[str]], *, unique: bool = False) -> None:
    for columns in indexes:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)


def _drop_indexes(table: str, indexes: Sequence[Sequence[str]]) -> None:
    for columns in indexes:
        op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
