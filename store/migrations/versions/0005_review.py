"""What waits at the desk is found without reading everything: returned parts, urgent decisions, views asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_assignments_returned", "assignments", "matter", "state = 'returned' AND withdrawn_at IS NULL"),
    ("ix_decisions_urgent", "decisions", "number", "urgency = 'urgent'"),
    ("ix_reveals_asked", "reveals", "id", "state = 'asked'"),
)


def upgrade() -> None:
    for name, table, column, where in INDEXES:
        op.create_index(name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
