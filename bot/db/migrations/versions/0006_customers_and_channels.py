"""Create the tables of customers, their events and conversations, and of channel notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "conversation_files",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("conversation_id", NUMBER, nullable=False),
        sa.Column("event_id", NUMBER, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("not_before", sa.Double(), server_default="0", nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation_files")),
        sa.UniqueConstraint(
            "workspace",
            "conversation_id",
            "event_id",
            name=op.f("uq_conversation_files_workspace_conversation_id_event_id"),
        ),
    )
    op.create_index(op.f("ix_conversation_files_created_at"), "conversation_files", ["created_at"])
    op.create_index(
        op.f("ix_conversation_files_workspace_state_not_before"),
        "conversation_files",
        ["workspace", "state", "not_before"],
    )
    op.create_table(
        "conversations",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("customer_id", NUMBER, nullable=False),
        sa.Column("post_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", sa.Double(), nullable=False),
        sa.Column("takes_replies", sa.Boolean(), nullable=False),
        sa.Column("assignee", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("snoozed_until", sa.Double(), server_default="0", nullable=False),
        sa.Column("unanswered_since", sa.Double(), server_default="0", nullable=False),
        sa.Column("reminded_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("phone_number_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("last_message_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("last_event_id", NUMBER, server_default="0", nullable=False),
        sa.Column("raised_event_id", NUMBER, server_default="0", nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
        sa.UniqueConstraint(
            "workspace",
            "channel",
            "customer_id",
            name=op.f("uq_conversations_workspace_channel_customer_id"),
        ),
    )
    op.create_index(
        op.f("ix_conversations_workspace_state_snoozed_until"),
        "conversations",
        ["workspace", "state", "snoozed_until"],
    )
    op.create_index(
        op.f("ix_conversations_workspace_unanswered_since"),
        "conversations",
        ["workspace", "unanswered_since"],
    )
    op.create_table(
        "customer_keys",
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", NUMBER, nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "key_hash", name=op.f("pk_customer_keys")),
    )
    op.create_index(op.f("ix_customer_keys_customer_id"), "customer_keys", ["customer_id"])
    op.create_table(
        "customer_windows",
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("customer_id", NUMBER, nullable=False),
        sa.Column("phone_number_id", sa.Text(), nullable=False),
        sa.Column("last_inbound_at", sa.Double(), nullable=False),
        sa.Column("last_wamid", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace", "customer_id", "phone_number_id", name=op.f("pk_customer_windows")
        ),
    )
    op.create_table(
        "customers",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("merged_into", NUMBER, server_default="0", nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index(op.f("ix_customers_merged_into"), "customers", ["merged_into"])
    op.create_index(op.f("ix_customers_workspace_id"), "customers", ["workspace", "id"])
    op.create_table(
        "event_log",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.Double(), nullable=False),
        sa.Column("recorded_at", sa.Double(), nullable=False),
        sa.Column("customer_id", NUMBER, server_default="0", nullable=False),
        sa.Column("phone_number_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_log")),
        sa.UniqueConstraint("workspace", "key", name=op.f("uq_event_log_workspace_key")),
    )
    op.create_index(op.f("ix_event_log_recorded_at"), "event_log", ["recorded_at"])
    op.create_index(
        op.f("ix_event_log_workspace_customer_id_id"),
        "event_log",
        ["workspace", "customer_id", "id"],
    )
    op.create_index(op.f("ix_event_log_workspace_id"), "event_log", ["workspace", "id"])
    op.create_index(
        op.f("ix_event_log_workspace_pending_id"), "event_log", ["workspace", "pending", "id"]
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("event_id", NUMBER, nullable=False),
        sa.Column("rule_id", NUMBER, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("post_key", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("done_at", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_deliveries")),
        sa.UniqueConstraint(
            "workspace",
            "channel",
            "event_id",
            name=op.f("uq_notification_deliveries_workspace_channel_event_id"),
        ),
    )
    op.create_index(
        op.f("ix_notification_deliveries_done_at"), "notification_deliveries", ["done_at"]
    )
    op.create_index(
        op.f("ix_notification_deliveries_post_key"), "notification_deliveries", ["post_key"]
    )
    op.create_index(
        op.f("ix_notification_deliveries_workspace_channel_state_event_id"),
        "notification_deliveries",
        ["workspace", "channel", "state", "event_id"],
    )
    op.create_index(
        op.f("ix_notification_deliveries_workspace_state_due_at"),
        "notification_deliveries",
        ["workspace", "state", "due_at"],
    )
    op.create_table(
        "notification_rules",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("spec", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("problem_at", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_rules")),
    )
    op.create_index(
        op.f("ix_notification_rules_workspace_channel_position"),
        "notification_rules",
        ["workspace", "channel", "position"],
    )
    op.create_table(
        "opt_outs",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("customer_id", NUMBER, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("noted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("repeated_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("lifted_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("lifted_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lift_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_outs")),
    )
    op.create_index(
        op.f("ix_opt_outs_workspace_customer_id"), "opt_outs", ["workspace", "customer_id"]
    )
    op.create_index(op.f("ix_opt_outs_workspace_noted_at"), "opt_outs", ["workspace", "noted_at"])


def downgrade() -> None:
    op.drop_table("opt_outs")
    op.drop_table("notification_rules")
    op.drop_table("notification_deliveries")
    op.drop_table("event_log")
    op.drop_table("customers")
    op.drop_table("customer_windows")
    op.drop_table("customer_keys")
    op.drop_table("conversations")
    op.drop_table("conversation_files")
