"""Models' files in parts, so that each machine can fetch the one that it lacks."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_files",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("version", "part", name="pk_model_files"),
    )


def downgrade() -> None:
    op.drop_table("model_files")
