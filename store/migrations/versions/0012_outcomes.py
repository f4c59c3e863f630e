"""Which decisions were given to a person by lot, which units are stopped at what threshold, and labels from past registers."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAMED = ("standings", "labels")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def upgrade() -> None:
    op.add_column("decisions", sa.Column("drawn", sa.SmallInteger, nullable=False, server_default=sa.text("0")))
    op.create_table(
        "standings",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("stopped", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("threshold", sa.Double, nullable=True),
        _text("reason"),
    )
    op.create_index("ix_standings_unit_id", "standings", ["unit", "id"])
    op.create_table(
        "labels",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        _text("subject"),
        _text("body"),
        _text("reply"),
        _text("matter"),
        sa.Column("at", sa.BigInteger, nullable=True),
        sa.Column("answered_at", sa.BigInteger, nullable=True),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("digest", name="uq_labels_digest"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for name in NAMED:
            op.execute(f"CREATE SEQUENCE {name}_id_seq AS bigint OWNED BY {name}.id")


def downgrade() -> None:
    op.drop_table("labels")
    op.drop_table("standings")
    op.drop_column("decisions", "drawn")
