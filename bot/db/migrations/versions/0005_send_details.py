"""Add to each send its details, the times of its statuses, and whether a failure has a message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIMES = ("sent_at", "delivered_at", "read_at")
INDEX = "ix_sends_workspace_started_at"


def upgrade() -> None:
    for name in TIMES:
        op.add_column("sends", sa.Column(name, sa.Double(), nullable=False, server_default="0"))
    op.add_column(
        "sends",
        sa.Column("has_failure_notice", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("sends", sa.Column("details", sa.LargeBinary()))
    op.create_index(INDEX, "sends", ["workspace", "started_at"])


def downgrade() -> None:
    op.drop_index(INDEX, "sends")
    with op.batch_alter_table("sends") as batch:
        for name in ("details", "has_failure_notice", *TIMES):
            batch.drop_column(name)
