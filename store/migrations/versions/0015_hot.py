"""Hot topics that were found, and when they were last looked for."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("''")
    op.create_table(
        "hot_topics",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("words", sa.Text, nullable=False, server_default=empty),
        sa.Column("place", sa.Text, nullable=False, server_default=empty),
        sa.Column("units", sa.Text, nullable=False, server_default=empty),
        sa.Column("persons", sa.Integer, nullable=False),
        sa.Column("expected", sa.Double, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("chance", sa.Double, nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False, server_default=empty),
        sa.PrimaryKeyConstraint("id", name="pk_hot_topics"),
    )
    op.create_index("ix_hot_topics_last_at", "hot_topics", ["last_at"])
    op.create_table(
        "hot_looks",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hot_looks"),
    )


def downgrade() -> None:
    op.drop_table("hot_looks")
    op.drop_table("hot_topics")
