"""The tables of this release; ``migrations/`` brings those of earlier releases up to them.

Every row belongs to a workspace, named by its Slack team ID; "" marks a row that a single-workspace
release wrote and no installation has adopted yet. Times are seconds since 1970 by this machine's
clock. Text columns are NOT NULL with "" for "none", so that a row maps to its dataclass directly.

No phone number, name or filled-in value is stored in the clear for longer than it takes to process
an event or to deliver it to the one person who may read it: recipients are masked, and compared by
keyed hashes. The details of a send are encrypted, with a key that is derived from the access token
of Chakra. The exceptions are the rows of a table that wait to be uploaded or checked, for a week
at most, and a webhook event that this release cannot read, for 30 days.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID_TYPE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column whose type is INTEGER."""

EMPTY = text("''")
"""As Alembic reads it back from SQLite; it would see a plain "" as a difference."""


def _id() -> Column[int]:
    return Column("id", ID_TYPE, primary_key=True)


def _text(name: str) -> Column[str]:
    """Return a text column that a row must fill."""
    return Column(name, Text, nullable=False)


def _optional_text(name: str) -> Column[str]:
    """Return a text column that is "" unless a row fills it."""
    return Column(name, Text, nullable=False, server_default=EMPTY)


def _optional_time(name: str) -> Column[float]:
    """Return a column of seconds that is 0 unless a row fills it."""
    return Column(name, Double, nullable=False, server_default="0")


def _workspace() -> Column[str]:
    return _optional_text("workspace")


def _failure() -> list[Column[Any]]:
    return [
        _optional_text("failure_kind"),  # of bot.errors; "" for no failure
        Column("failure_code", Integer),  # Meta's
        _optional_text("failure_text"),
        _optional_text("failure_details"),
        Column("failure_retry_after", Double),  # seconds
    ]


sends = Table(
    "sends",
    METADATA,
    _id(),
    _workspace(),
    _text("key"),  # of the submission: submitted twice, sent once
    _text("member"),  # the sender, a Slack member ID
    _text("template"),
    _text("language"),
    _text("recipient"),  # masked, as displayed
    _text("recipient_hash"),
    _text("content_hash"),  # of template and values
    Column("followable", Boolean, nullable=False),  # whether its status events are sure to arrive
    _text("process_id"),  # the process that sends it
    Column("started_at", Double, nullable=False),
    _text("status"),
    Column("status_at", Double, nullable=False),
    _optional_text("message_id"),  # Chakra's ID of the message
    _optional_text("wamid"),  # Meta's
    *_failure(),
    Column("report_pending", Boolean, nullable=False, server_default=false()),
    _optional_time("sent_at"),  # by WhatsApp, 0 until it reports it; likewise the next two
    _optional_time("delivered_at"),
    _optional_time("read_at"),
    Column("has_failure_notice", Boolean, nullable=False, server_default=false()),
    Column("details", LargeBinary),  # recipient, values and text, encrypted
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "recipient_hash", "content_hash", "started_at"),
    Index(None, "workspace", "started_at"),
    Index(None, "workspace", "member", "started_at"),
    Index(None, "wamid"),
    Index(None, "message_id"),
    Index(None, "status", "started_at"),
    Index(None, "report_pending"),
)

events = Table(
    "events",
    METADATA,
    _id(),
    _workspace(),
    _text("digest"),  # of the body: the same event delivered twice is stored once
    Column("received_at", Double, nullable=False),
    Column("body", LargeBinary),  # as received; null once processed, unless it could not be read
    Column("processed_at", Double),
    UniqueConstraint("workspace", "digest"),
    Index(None, "processed_at", "id"),
)
"""Chakra's webhook deliveries."""

unmatched_statuses = Table(
    "unmatched_statuses",
    METADATA,
    _id(),
    _workspace(),
    _text("wamid"),  # "" if the event has none; likewise message_id
    _text("message_id"),
    _text("status"),
    Column("occurred_at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    *_failure(),
    Index(None, "workspace", "wamid", "message_id", "status", unique=True),
    Index(None, "message_id"),
    Index(None, "received_at"),
)
"""Status updates of messages whose send is not known yet."""

slack_events = Table(
    "slack_events",
    METADATA,
    _text("event_id"),
    _workspace(),
    _text("event_type"),
    Column("received_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "event_id"),
    Index(None, "received_at"),
)
"""Slack's events already received: Slack repeats one that it considers lost."""

posts = Table(
    "posts",
    METADATA,
    _id(),
    _workspace(),
    _text("key"),  # the same key again is an edit
    _text("channel"),  # a channel's ID, or a member's for the direct messages with the app
    _text("member"),  # requested it, and is notified if it cannot be delivered
    _text("content"),  # JSON; "" once Slack has it
    _text("digest"),  # of the newest content
    Column("version", Integer, nullable=False),  # of the content
    Column("delivered_version", Integer, nullable=False),  # the version that Slack has
    Column("pending", Boolean, nullable=False),  # to be posted or edited
    Column("urgent", Boolean, nullable=False),  # edited before posts that are not
    _optional_text("thread_key"),  # the post whose thread it belongs to
    Column("broadcast", Boolean, nullable=False),
    _optional_text("message_channel"),  # of the Slack message; "" until posted
    _optional_text("message_ts"),
    _optional_text("process_id"),  # the process that delivers it
    Column("attempted_at", Double),
    Column("uncertain_since", Double),  # the first attempt whose outcome is unknown
    Column("not_before", Double),
    _optional_text("error_code"),  # why it is not retried: Slack's code, or one of bot.outbox
    Column("failed_at", Double),
    _optional_text("notice_key"),  # the post that notifies the member of that
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("stale_since", Double, nullable=False),  # since when Slack lacks the newest version
    Column("delivered_at", Double),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "pending", "channel", "id"),
    Index(None, "workspace", "channel", "error_code", "failed_at"),
    Index(None, "workspace", "channel", "delivered_at"),
    Index(None, "changed_at"),
)

watches = Table(
    "watches",
    METADATA,
    _id(),
    _workspace(),
    _text("subject"),  # a job's ID, or an upload's key
    Column("active_key", Text),  # subject and channel; null once ended, since it is unique
    _text("jobs"),  # JSON: Chakra's IDs
    _text("member"),  # the requester
    _text("channel"),  # of its message
    _text("title"),  # masked
    _text("status"),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double, nullable=False, server_default="0"),  # 0 while active
    Column("progress_at", Double, nullable=False, server_default="0"),  # of Chakra's last answer
    Column("complete", Boolean, nullable=False),  # no further jobs will be added
    Column("notify_by_dm", Boolean, nullable=False, server_default=false()),
    Column("stall_notified", Boolean, nullable=False, server_default=false()),
    _text("counts"),  # JSON: state -> entries
    _text("progress_points"),  # JSON: [[time, entries done], …]
    UniqueConstraint("workspace", "active_key"),
    Index(None, "ended_at"),
    Index(None, "workspace", "member"),
)

uploads = Table(
    "uploads",
    METADATA,
    _id(),
    _workspace(),
    _text("key"),  # the form: submitted twice, uploaded once
    _text("member"),
    _text("channel"),  # of its watch
    _text("procedure"),
    _text("kind"),  # create or update
    _text("filename"),  # masked
    Column("file", LargeBinary),  # as uploaded; null once split into batches
    _text("stage"),
    Column("attempt", Integer, nullable=False, server_default="0"),  # how many times it was started
    Column("watch_id", ID_TYPE, nullable=False, server_default="0"),  # 0 until it has one
    _optional_text("problem"),  # why it stopped
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double),
    UniqueConstraint("workspace", "key"),
    Index(None, "stage", "created_at"),
)

upload_batches = Table(
    "upload_batches",
    METADATA,
    _id(),
    _workspace(),
    Column("upload_id", ID_TYPE, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_row", Integer, nullable=False),  # of the file, counted from 1
    Column("last_row", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),  # rows between them that it contains
    _text("state"),
    _optional_text("job_id"),  # Chakra's
    _optional_text("problem"),
    Column("body", LargeBinary),  # JSON; null once Chakra has it
    Index(None, "upload_id", "number", unique=True),
)
"""Customers' data in the clear, until Chakra has it or for a week at most."""

writes = Table(
    "writes",
    METADATA,
    _id(),
    _workspace(),
    _text("key"),  # the form or button: submitted twice, written once
    _text("member"),  # the requester, a Slack member ID
    _text("verb"),
    _text("subject"),  # what is written: a user, a template, …
    _text("content_hash"),
    _text("process_id"),  # the process that carries it out
    Column("started_at", Double, nullable=False),
    _text("state"),
    Column("state_at", Double, nullable=False),
    _optional_text("error_kind"),  # of bot.errors; "" for no error
    Column("error_code", Integer),
    _optional_text("error_text"),
    _optional_text("result"),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "subject", "content_hash", "started_at"),
    Index(None, "state", "started_at"),
)
"""Writes to Chakra other than sends and uploads: users, templates."""

rate_limits = Table(
    "rate_limits",
    METADATA,
    _workspace(),
    _text("name"),  # of what is limited
    Column("next_slot_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "name"),
)
"""Rate limits shared by all replicas."""
