"""A unit's queue in the order of its deadlines, by state; it finds a unit's assignments as the index before did."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assignments_queue", "assignments", ["unit", "state", "due", "position"])
    op.drop_index("ix_assignments_unit", "assignments")


def downgrade() -> None:
    op.create_index("ix_assignments_unit", "assignments", ["unit"])
    op.drop_index("ix_assignments_queue", "assignments")
