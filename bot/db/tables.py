"""The tables as they are now; ``migrations/`` makes them of those of earlier releases.

No phone number, name or filled-in value stands in the clear here for longer than it takes to
process an event, or until it is delivered to the one person who may read it: recipients are masked,
and compared by keyed hashes.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID_TYPE = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column that is called INTEGER."""

# Moments are seconds since 1970, by this machine's clock.

sends = Table(
    "sends",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the submission: pressed twice, sent once
    Column("member", Text, nullable=False),  # who sends, a Slack member id
    Column("template", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("recipient", Text, nullable=False),  # masked, as it is shown
    Column("recipient_hash", Text, nullable=False),
    Column("content_hash", Text, nullable=False),  # template and values
    Column("followable", Boolean, nullable=False),  # whether events of it can be trusted to come
    Column("boot", Text, nullable=False),  # the process that sends it
    Column("started_at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_at", Double, nullable=False),
    Column("message_id", Text),  # Chakra's id of the message
    Column("wamid", Text),  # Meta's
    Column("failure_kind", Text),  # of bot.errors
    Column("failure_code", Integer),  # Meta's
    Column("failure_text", Text),
    Column("failure_details", Text),
    Column("report_due", Boolean, nullable=False, server_default=false()),  # to go to the outbox
    Index(None, "recipient_hash", "content_hash", "started_at"),
    Index(None, "member", "started_at"),
    Index(None, "wamid"),
    Index(None, "message_id"),
    Index(None, "state", "started_at"),
    Index(None, "report_due"),
)

events = Table(
    "events",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # of the body: the same twice is one
    Column("received_at", Double, nullable=False),
    Column("body", LargeBinary),  # as it came; gone once processed
    Column("processed_at", Double),
    Index(None, "processed_at", "id"),
)

unmatched_statuses = Table(
    "statuses",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("wamid", Text, nullable=False),  # "" where the event named none; so for message_id
    Column("message_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("failure_kind", Text),
    Column("failure_code", Integer),
    Column("failure_text", Text),
    Column("failure_details", Text),
    Index(None, "wamid", "message_id", "state", unique=True),
    Index(None, "message_id"),
    Index(None, "received_at"),
)
"""What events say of messages, until the send is known that they are about. Chakra tells of all
that the team sends, so that most of what waits here is nobody's and goes after a while."""

posts = Table(
    "posts",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),  # the order of posting in a channel
    Column("key", Text, nullable=False, unique=True),
    Column("channel", Text, nullable=False),  # a channel's id, or a member's: direct messages
    Column("member", Text, nullable=False),  # who is told where it cannot be delivered
    Column("content", Text, nullable=False),  # JSON; gone once Slack has it
    Column("digest", Text, nullable=False),  # of the newest content
    Column("version", Integer, nullable=False),  # of the content
    Column("shown", Integer, nullable=False),  # the version that Slack has
    Column("due", Boolean, nullable=False),  # to be posted or edited
    Column("urgent", Boolean, nullable=False),  # edited before those that are not
    Column("thread_key", Text),  # the post in whose thread it stands
    Column("broadcast", Boolean, nullable=False),
    Column("place_channel", Text),
    Column("place_ts", Text),
    Column("boot", Text),  # the process that has it in hand
    Column("tried_at", Double),
    Column("doubt_since", Double),  # the first try of which it is not known how it came out
    Column("not_before", Double),
    Column("refusal", Text),  # why nothing more is tried: Slack's code, or a word of bot.outbox
    Column("refused_at", Double),
    Column("told_by", Text),  # the post that tells the member so
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("waiting_since", Double, nullable=False),  # with a version that Slack does not show
    Column("delivered_at", Double),
    Index(None, "due", "channel", "id"),
    Index(None, "channel", "refusal", "refused_at"),
    Index(None, "channel", "delivered_at"),
    Index(None, "changed_at"),
)

watches = Table(
    "watches",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("subject", Text, nullable=False),  # a job's id, or an upload's key
    Column("live", Text, unique=True),  # subject and channel; null once it has ended
    Column("jobs", Text, nullable=False),  # JSON: Chakra's ids
    Column("member", Text, nullable=False),  # who asked
    Column("channel", Text, nullable=False),  # where its message stands
    Column("title", Text, nullable=False),
    Column("ending", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("seen_at", Double),  # when Chakra last told of it
    Column("whole", Boolean, nullable=False),  # no more jobs will come
    Column("privately", Boolean, nullable=False, server_default=false()),
    Column("stall_told", Boolean, nullable=False, server_default=false()),
    Column("counts", Text, nullable=False),  # JSON: state -> entries
    Column("points", Text, nullable=False),  # JSON: [[when, done], …]
    Index(None, "ended_at"),
    Index(None, "member"),
)

paces = Table(
    "paces",
    METADATA,
    Column("name", Text, primary_key=True),  # of what is done in turns
    Column("free_at", Double, nullable=False),  # when the next turn is
)
"""Turns that replicas share, so that together they keep to one rate."""

uploads = Table(
    "uploads",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the form: submitted twice, uploaded once
    Column("member", Text, nullable=False),
    Column("channel", Text, nullable=False),  # where its watch stands
    Column("procedure", Text, nullable=False),
    Column("kind", Text, nullable=False),  # create or update
    Column("filename", Text, nullable=False),
    Column("file", LargeBinary),  # as uploaded; gone once it is cut into pieces
    Column("stage", Text, nullable=False),
    Column("turn", Integer, nullable=False, server_default="0"),  # how often it was set going
    Column("watch_id", ID_TYPE),
    Column("problem", Text),  # why it stopped
    Column("made_at", Double, nullable=False),
    Column("moved_at", Double),
    Index(None, "stage", "made_at"),
)

upload_batches = Table(
    "pieces",
    METADATA,
    Column("id", ID_TYPE, primary_key=True),
    Column("upload_id", ID_TYPE, nullable=False),
    Column("number", Integer, nullable=False),
    Column("first_row", Integer, nullable=False),  # of the file, as a person counts
    Column("last_row", Integer, nullable=False),
    Column("rows", Integer, nullable=False),  # of those, the ones it holds
    Column("state", Text, nullable=False),
    Column("job_id", Text),  # Chakra's
    Column("problem", Text),
    Column("body", LargeBinary),  # customers' data, in JSON; gone once Chakra has it
    Index(None, "upload_id", "number", unique=True),
)
"""Customers' data in the clear, for as long as it takes to hand them on; a week at the most."""
