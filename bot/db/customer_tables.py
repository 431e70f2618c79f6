"""The tables of customers, their events and conversations, and of channel notifications.

Everything that names a customer is encrypted, with a key that is derived from the access token of
Chakra, or is a keyed hash.
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

# --- customers and their events -------------------------------------------------------------------

event_log = Table(
    "event_log",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("key"),  # of the event itself: the same event in both formats is recorded once
    text_column("type"),  # status, message, template, account or other
    text_column("kind"),
    Column("occurred_at", Double, nullable=False),
    Column("recorded_at", Double, nullable=False),
    Column("customer_id", ID_TYPE, nullable=False, server_default="0"),
    optional_text("phone_number_id"),  # of our number
    Column("content", LargeBinary),  # the event, encrypted
    Column("pending", Boolean, nullable=False),  # its channels are yet to be decided
    UniqueConstraint("workspace", "key"),
    Index(None, "workspace", "pending", "id"),
    Index(None, "workspace", "id"),
    Index(None, "workspace", "customer_id", "id"),
    Index(None, "recorded_at"),
)
"""Each WhatsApp event once, as channel rules and `/chakra notify recent` see it."""

customers = Table(
    "customers",
    METADATA,
    id_column(),
    workspace_column(),
    Column("merged_into", ID_TYPE, nullable=False, server_default="0"),  # the same person's row
    Column("details", LargeBinary),  # name, username, numbers, user IDs, encrypted
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Index(None, "workspace", "id"),
    Index(None, "merged_into"),
)

customer_keys = Table(
    "customer_keys",
    METADATA,
    workspace_column(),
    text_column("key_hash"),  # of a phone number or a business-scoped user ID
    text_column("kind"),
    Column("customer_id", ID_TYPE, nullable=False),
    Column("noted_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "key_hash"),
    Index(None, "customer_id"),
)

opt_outs = Table(
    "opt_outs",
    METADATA,
    id_column(),
    workspace_column(),
    Column("customer_id", ID_TYPE, nullable=False),
    text_column("source"),  # how we know: typed, preference, failure or manual
    text_column("scope"),  # all or marketing
    Column("noted_at", Double, nullable=False),
    Column("note", LargeBinary),  # the customer's words, encrypted
    optional_text("noted_by"),  # a Slack member ID, if a member noted it
    optional_time("repeated_at"),  # when the customer last said so again
    optional_time("lifted_at"),  # 0 while it holds
    optional_text("lifted_by"),
    optional_text("lift_reason"),
    Index(None, "workspace", "customer_id"),
    Index(None, "workspace", "noted_at"),
)

customer_windows = Table(
    "customer_windows",
    METADATA,
    workspace_column(),
    Column("customer_id", ID_TYPE, nullable=False),
    text_column("phone_number_id"),  # of our number
    Column("last_inbound_at", Double, nullable=False),
    text_column("last_wamid"),
    PrimaryKeyConstraint("workspace", "customer_id", "phone_number_id"),
)
"""When a customer last wrote to each of our numbers: free text may be sent for 24 hours."""

# --- channels -------------------------------------------------------------------------------------

notification_rules = Table(
    "notification_rules",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("channel"),
    Column("position", Integer, nullable=False),  # the first matching rule of a channel decides
    text_column("member"),  # created it
    text_column("spec"),  # JSON: events, filters, delivery
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    optional_text("problem"),  # Slack's code if its messages can't be posted
    optional_time("problem_at"),
    Index(None, "workspace", "channel", "position"),
)

notification_deliveries = Table(
    "notification_deliveries",
    METADATA,
    id_column(),
    workspace_column(),
    Column("event_id", ID_TYPE, nullable=False),
    Column("rule_id", ID_TYPE, nullable=False),
    text_column("channel"),
    text_column("stream"),  # message, failed, status …: a burst of one stream is combined
    text_column("state"),
    Column("due_at", Double, nullable=False),
    optional_text("post_key"),  # of the message that shows it, alone or with others
    Column("created_at", Double, nullable=False),
    optional_time("done_at"),
    UniqueConstraint("workspace", "channel", "event_id"),
    Index(None, "workspace", "state", "due_at"),
    Index(None, "workspace", "channel", "state", "event_id"),
    Index(None, "post_key"),
    Index(None, "done_at"),
)
"""An event that a channel receives; written in the transaction that records the event."""

conversations = Table(
    "conversations",
    METADATA,
    id_column(),
    workspace_column(),
    text_column("channel"),
    Column("customer_id", ID_TYPE, nullable=False),
    text_column("post_key"),  # of the message that begins its thread
    text_column("state"),  # open, resolved or snoozed
    Column("state_at", Double, nullable=False),
    Column("takes_replies", Boolean, nullable=False),  # its channel is in reply mode
    optional_text("assignee"),  # the assigned member
    optional_time("snoozed_until"),
    optional_time("unanswered_since"),  # of the first message without an answer
    optional_time("reminded_at"),
    optional_text("phone_number_id"),  # of our number that the customer wrote to last
    optional_time("last_message_at"),  # of the customer's latest message in it
    Column("last_event_id", ID_TYPE, nullable=False, server_default="0"),  # that message's event
    Column(
        "raised_event_id", ID_TYPE, nullable=False, server_default="0"
    ),  # last shown in the channel
    Column("opened_at", Double, nullable=False),
    UniqueConstraint("workspace", "channel", "customer_id"),
    Index(None, "workspace", "state", "snoozed_until"),
    Index(None, "workspace", "unanswered_since"),
)
"""A customer's thread in a channel."""

typed_texts = Table(
    "typed_texts",
    METADATA,
    workspace_column(),
    Column("conversation_id", ID_TYPE, nullable=False),
    text_column("ts"),  # of the message in Slack
    Column("content", LargeBinary),  # encrypted
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("workspace", "conversation_id", "ts"),
    Index(None, "created_at"),
)
"""Texts that were typed in a thread and are longer than a button can carry, until they are sent."""

conversation_files = Table(
    "conversation_files",
    METADATA,
    id_column(),
    workspace_column(),
    Column("conversation_id", ID_TYPE, nullable=False),
    Column("event_id", ID_TYPE, nullable=False),  # of the message that has the file
    text_column("state"),  # waiting, claimed, attached or refused
    optional_text("file_id"),  # Slack's
    optional_time("not_before"),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("workspace", "conversation_id", "event_id"),
    Index(None, "workspace", "state", "not_before"),
    Index(None, "created_at"),
)
"""Files of customers that are uploaded into their thread, once."""
