"""The tables of this release; ``migrations/`` brings those of earlier releases up to them.

Every row belongs to a workspace, named by its Slack team ID; "" marks a row that a single-workspace
release wrote and no installation has adopted yet. Times are seconds since 1970 by this machine's
clock. Text columns are NOT NULL with "" for "none", so that a row maps to its dataclass directly.

No phone number, name or filled-in value is stored in the clear longer than needed to process an
event or to deliver it to the one person who may read it: recipients are masked, and compared by
keyed hashes. The details of a send are encrypted, with a key that is derived from the access token
of Chakra. The exceptions are the rows of a table that wait to be uploaded or checked, for up to a
week, and a webhook event that this release can't read, for 30 days.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    false,
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


def _build_failure_columns() -> list[Column[Any]]:
    return [
        optional_text("failure_kind"),  # of bot.errors; "" for no failure
        Column("failure_code", Integer),  # Meta's
        optional_text("failure_text"),
        optional_text("failure_details"),
        Column("failure_retry_after", Double),  # seconds
    ]


sends = Table(
    "sends",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # of the submission: submitted twice, sent once
    text_column("member"),  # the sender, a Slack member ID
    text_column("template"),
    text_column("language"),
    text_column("recipient"),  # masked, as displayed
    text_column("recipient_hash"),
    text_column("content_hash"),  # of template and values
    Column("followable", Boolean, nullable=False),  # whether its status events are sure to arrive
    text_column("process_id"),  # the process that sends it
    Column("started_at", Double, nullable=False),
    text_column("status"),
    Column("status_at", Double, nullable=False),
    optional_text("message_id"),  # Chakra's ID of the message
    optional_text("wamid"),  # Meta's
    *_build_failure_columns(),
    Column("report_pending", Boolean, nullable=False, server_default=false()),
    optional_time("sent_at"),  # by WhatsApp, 0 until it reports it; likewise the next two
    optional_time("delivered_at"),
    optional_time("read_at"),
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
    id_column(),
    workspace_column(),
    text_column("digest"),  # of the body: the same event delivered twice is stored once
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
    id_column(),
    workspace_column(),
    text_column("wamid"),  # "" if the event has none; likewise message_id
    text_column("message_id"),
    text_column("status"),
    Column("occurred_at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    *_build_failure_columns(),
    Index(None, "workspace", "wamid", "message_id", "status", unique=True),
    Index(None, "message_id"),
    Index(None, "received_at"),
)
"""Status updates of messages whose send is not known yet."""

slack_events = Table(
    "slack_events",
    METADATA,
    text_column("event_id"),
    workspace_column(),
    text_column("event_type"),
    Column("received_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "event_id"),
    Index(None, "received_at"),
)
"""Slack events that were received: Slack repeats those that it considers lost."""

posts = Table(
    "posts",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # the same key again is an edit
    text_column("channel"),  # a channel's ID, or a member's for the direct messages with the app
    text_column("member"),  # requested it, and is notified if it cannot be delivered
    text_column("content"),  # JSON; "" once Slack has it
    text_column("digest"),  # of the newest content
    Column("version", Integer, nullable=False),  # of the content
    Column("delivered_version", Integer, nullable=False),  # the version that Slack has
    Column("pending", Boolean, nullable=False),  # to be posted or edited
    Column("urgent", Boolean, nullable=False),  # edited before posts that are not
    optional_text("thread_key"),  # the post whose thread it belongs to
    Column("broadcast", Boolean, nullable=False),
    optional_text("message_channel"),  # of the Slack message; "" until posted
    optional_text("message_ts"),
    optional_text("process_id"),  # the process that delivers it
    Column("attempted_at", Double),
    Column("uncertain_since", Double),  # the first attempt whose outcome is unknown
    Column("not_before", Double),
    optional_text("error_code"),  # why it is not retried: Slack's code, or one of bot.outbox
    Column("failed_at", Double),
    optional_text("notice_key"),  # the post that notifies the member of that
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
    id_column(),
    workspace_column(),
    text_column("subject"),  # a job's ID, or an upload's key
    Column("active_key", Text),  # subject and channel; null once ended, since it is unique
    text_column("jobs"),  # JSON: Chakra's IDs
    text_column("member"),  # the requester
    text_column("channel"),  # of its message
    text_column("title"),  # masked
    text_column("status"),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double, nullable=False, server_default="0"),  # 0 while active
    Column("progress_at", Double, nullable=False, server_default="0"),  # of Chakra's last answer
    Column("complete", Boolean, nullable=False),  # no further jobs will be added
    Column("notify_by_dm", Boolean, nullable=False, server_default=false()),
    Column("stall_notified", Boolean, nullable=False, server_default=false()),
    text_column("counts"),  # JSON: state -> entries
    text_column("progress_points"),  # JSON: [[time, entries done], …]
    UniqueConstraint("workspace", "active_key"),
    Index(None, "ended_at"),
    Index(None, "workspace", "member"),
)

uploads = Table(
    "uploads",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # the form: submitted twice, uploaded once
    text_column("member"),
    text_column("channel"),  # of its watch
    text_column("procedure"),
    text_column("kind"),  # create or update
    text_column("filename"),  # masked
    Column("file", LargeBinary),  # as uploaded; null once split into batches
    text_column("stage"),
    Column("attempt", Integer, nullable=False, server_default="0"),  # how many times it was started
    Column("watch_id", ID_TYPE, nullable=False, server_default="0"),  # 0 until it has one
    optional_text("problem"),  # why it stopped
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double),
    UniqueConstraint("workspace", "key"),
    Index(None, "stage", "created_at"),
)

upload_batches = Table(
    "upload_batches",
    METADATA,
    id_column(),
    workspace_column(),
    Column("upload_id", ID_TYPE, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_row", Integer, nullable=False),  # of the file, counted from 1
    Column("last_row", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),  # rows between them that it contains
    text_column("state"),
    optional_text("job_id"),  # Chakra's
    optional_text("problem"),
    Column("body", LargeBinary),  # JSON; null once Chakra has it
    Index(None, "upload_id", "number", unique=True),
)
"""Customers' data in the clear, until Chakra has it or for a week at most."""

writes = Table(
    "writes",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # the form or button: submitted twice, written once
    text_column("member"),  # the requester, a Slack member ID
    text_column("verb"),
    text_column("subject"),  # what is written: a user, a template, …
    text_column("content_hash"),
    text_column("process_id"),  # the process that carries it out
    Column("started_at", Double, nullable=False),
    text_column("state"),
    Column("state_at", Double, nullable=False),
    optional_text("error_kind"),  # of bot.errors; "" for no error
    Column("error_code", Integer),
    optional_text("error_text"),
    optional_text("result"),
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "subject", "content_hash", "started_at"),
    Index(None, "state", "started_at"),
)
"""Writes to Chakra other than sends and uploads: users, templates."""

rate_limits = Table(
    "rate_limits",
    METADATA,
    workspace_column(),
    text_column("name"),  # of what is limited
    Column("next_slot_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "name"),
)
"""Rate limits shared by all replicas."""
