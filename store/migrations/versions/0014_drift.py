"""How far letters of late are from those the model that serves learned."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drift",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("figures", sa.Text, nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("model", "day"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("drift")
