"""Create the tables of exports and of saved queries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "export_chunks",
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("export_id", NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("export_id", "number", name=op.f("pk_export_chunks")),
    )
    op.create_index(op.f("ix_export_chunks_workspace"), "export_chunks", ["workspace"])
    op.create_table(
        "exports",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("query", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("progress", sa.LargeBinary(), nullable=True),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("chunk_count", sa.Integer(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("file_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("shared_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("workspace", "key", name=op.f("uq_exports_workspace_key")),
    )
    op.create_index(op.f("ix_exports_ended_at"), "exports", ["ended_at"])
    op.create_index(op.f("ix_exports_workspace_state_id"), "exports", ["workspace", "state", "id"])
    op.create_table(
        "saved_queries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("member", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("query", sa.LargeBinary(), nullable=True),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("schedule", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("scheduler", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("allows_outsiders", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("due_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("retry_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("failing_since", sa.Double(), server_default="0", nullable=False),
        sa.Column("posted_due_at", sa.Double(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("problem_at", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_queries")),
        sa.UniqueConstraint("workspace", "name", name=op.f("uq_saved_queries_workspace_name")),
    )
    op.create_index(
        op.f("ix_saved_queries_workspace_due_at"), "saved_queries", ["workspace", "due_at"]
    )
    op.create_index(
        op.f("ix_saved_queries_workspace_member"), "saved_queries", ["workspace", "member"]
    )
    op.create_table(
        "typed_texts",
        sa.Column("workspace", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("conversation_id", NUMBER, nullable=False),
        sa.Column("ts", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", "conversation_id", "ts", name=op.f("pk_typed_texts")),
    )
    op.create_index(op.f("ix_typed_texts_created_at"), "typed_texts", ["created_at"])


def downgrade() -> None:
    op.drop_table("typed_texts")
    op.drop_table("saved_queries")
    op.drop_table("exports")
    op.drop_table("export_chunks")
