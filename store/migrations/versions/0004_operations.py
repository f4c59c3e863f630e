"""How long channels' polls take and what they fail of; indexes for looking at the last hours and at what is owed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_polls",
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("polls", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("last_seconds", sa.Double, nullable=False),
    )
    op.create_table(
        "channel_faults",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("fault", sa.Text, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("channel", "fault"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_polls_at", "polls", ["at", "channel", "captured"])
    waiting = sa.text("resolved_at IS NULL")
    op.create_index("ix_quarantine_waiting", "quarantine", ["channel", "at"], sqlite_where=waiting, postgresql_where=waiting)
    owed = sa.text("state IN ('sent', 'signed')")
    op.create_index(
        "ix_assignments_owed",
        "assignments",
        ["due", "unit", "state", "sealed", "sent_at"],
        sqlite_where=owed,
        postgresql_where=owed,
    )


def downgrade() -> None:
    op.drop_index("ix_assignments_owed", "assignments")
    op.drop_index("ix_quarantine_waiting", "quarantine")
    op.drop_index("ix_polls_at", "polls")
    op.drop_table("channel_faults")
    op.drop_table("channel_polls")
