"""Create the table of posts, and move the reports of sends there with their locations.

An earlier release cannot work on the database afterwards, and must not: two releases together would
report each send twice. Stop its processes before the first one of this release starts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REPORT = ("report_state", "report_channel", "report_ts", "report_boot", "report_tried_at")

# The key of a report is that of its send after "send:". Its content is not known here, so the next
# status of the send makes a new version. A report whose posting has an unknown outcome stays
# uncertain.
REPORTS_TO_POSTS = """
INSERT INTO posts (key, channel, member, content, digest, version, shown, due, urgent, broadcast,
                   place_channel, place_ts, boot, tried_at, doubt_since,
                   created_at, changed_at, waiting_since, delivered_at)
SELECT 'send:' || key, member, member, '', '', 0, 0, false, false, false,
       report_channel, report_ts,
       CASE WHEN report_ts IS NULL THEN report_boot END,
       CASE WHEN report_ts IS NULL THEN report_tried_at END,
       CASE WHEN report_ts IS NULL THEN started_at END,
       started_at, state_at, state_at, CASE WHEN report_ts IS NOT NULL THEN state_at END
FROM sends WHERE report_ts IS NOT NULL OR report_boot IS NOT NULL ORDER BY id
"""
PLACES_TO_REPORTS = """
UPDATE sends SET report_channel = posts.place_channel, report_ts = posts.place_ts,
                 report_boot = posts.boot, report_tried_at = posts.tried_at
FROM posts WHERE posts.key = 'send:' || sends.key
"""


def upgrade() -> None:
    _posts()
    op.execute(REPORTS_TO_POSTS)
    with op.batch_alter_table("sends") as sends:
        for name in REPORT:
            sends.drop_column(name)


def downgrade() -> None:
    with op.batch_alter_table("sends") as sends:
        for name in REPORT[:-1]:
            sends.add_column(sa.Column(name, sa.Text()))
        sends.add_column(sa.Column(REPORT[-1], sa.Double()))
    op.execute(PLACES_TO_REPORTS)
    op.drop_table("posts")


def _posts() -> None:
    op.create_table(
        "posts",
        sa.Column("id", NUMBER, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("key", "channel", "member")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("content", "digest")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("version", "shown")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("due", "urgent")),
        sa.Column("thread_key", sa.Text()),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("place_channel", "place_ts", "boot")),
        *(sa.Column(name, sa.Double()) for name in ("tried_at", "doubt_since", "not_before")),
        sa.Column("refusal", sa.Text()),
        sa.Column("refused_at", sa.Double()),
        sa.Column("told_by", sa.Text()),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("created_at", "changed_at")),
        sa.Column("waiting_since", sa.Double(), nullable=False),
        sa.Column("delivered_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_posts"),
        sa.UniqueConstraint("key", name="uq_posts_key"),
    )
    for columns in (
        ("due", "channel", "id"),
        ("channel", "refusal", "refused_at"),
        ("channel", "delivered_at"),
        ("changed_at",),
    ):
        op.create_index(f"ix_posts_{'_'.join(columns)}", "posts", list(columns))
