"""Create the tables of sends, of Chakra's events, and of statuses without a known send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _sends()
    _events()
    _statuses()


def downgrade() -> None:
    for table in ("statuses", "events", "sends"):
        op.drop_table(table)


def _sends() -> None:
    op.create_table(
        "sends",
        sa.Column("id", NUMBER, nullable=False),
        *_texts("key", "member", "template", "language", "recipient"),
        *_texts("recipient_hash", "content_hash"),
        sa.Column("followable", sa.Boolean(), nullable=False),
        *_texts("boot"),
        sa.Column("started_at", sa.Double(), nullable=False),
        *_texts("state"),
        sa.Column("state_at", sa.Double(), nullable=False),
        *_texts("message_id", "wamid", nullable=True),
        *_failure(),
        sa.Column("report_due", sa.Boolean(), server_default=sa.false(), nullable=False),
        *_texts("report_state", "report_channel", "report_ts", "report_boot", nullable=True),
        sa.Column("report_tried_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_sends"),
        sa.UniqueConstraint("key", name="uq_sends_key"),
    )
    _index("sends", "recipient_hash", "content_hash", "started_at")
    _index("sends", "member", "started_at")
    _index("sends", "wamid")
    _index("sends", "message_id")
    _index("sends", "state", "started_at")
    _index("sends", "report_due")


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", NUMBER, nullable=False),
        *_texts("digest"),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("processed_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sa.UniqueConstraint("digest", name="uq_events_digest"),
    )
    _index("events", "processed_at", "id")


def _statuses() -> None:
    op.create_table(
        "statuses",
        sa.Column("id", NUMBER, nullable=False),
        *_texts("wamid", "message_id", "state"),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        *_failure(),
        sa.PrimaryKeyConstraint("id", name="pk_statuses"),
    )
    _index("statuses", "wamid", "message_id", "state", unique=True)
    _index("statuses", "message_id")
    _index("statuses", "received_at")


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _failure() -> list[sa.Column[object]]:
    return [
        sa.Column("failure_kind", sa.Text()),
        sa.Column("failure_code", sa.Integer()),
        sa.Column("failure_text", sa.Text()),
        sa.Column("failure_details", sa.Text()),
    ]


def _index(table: str, *columns: str, unique: bool = False) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=unique)
