"""Create the tables of watches, uploads and their batches, and shared rate limits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _watches()
    _uploads()
    _pieces()
    op.create_table(
        "paces",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("free_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_paces"),
    )


def downgrade() -> None:
    for table in ("paces", "pieces", "uploads", "watches"):
        op.drop_table(table)


def _watches() -> None:
    op.create_table(
        "watches",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("live", sa.Text()),
        *_texts("jobs", "member", "channel", "title", "ending"),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double()),
        sa.Column("seen_at", sa.Double()),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("privately", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("stall_told", sa.Boolean(), server_default=sa.false(), nullable=False),
        *_texts("counts", "points"),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("live", name="uq_watches_live"),
    )
    op.create_index("ix_watches_ended_at", "watches", ["ended_at"])
    op.create_index("ix_watches_member", "watches", ["member"])


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", NUMBER, nullable=False),
        *_texts("key", "member", "channel", "procedure", "kind", "filename"),
        sa.Column("file", sa.LargeBinary()),
        *_texts("stage"),
        sa.Column("turn", sa.Integer(), server_default="0", nullable=False),
        sa.Column("watch_id", NUMBER),
        sa.Column("problem", sa.Text()),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("moved_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
        sa.UniqueConstraint("key", name="uq_uploads_key"),
    )
    op.create_index("ix_uploads_stage_made_at", "uploads", ["stage", "made_at"])


def _pieces() -> None:
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
    op.create_index("ix_pieces_upload_id_number", "pieces", ["upload_id", "number"], unique=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
