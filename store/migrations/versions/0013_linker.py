"""What the linker keeps: signatures of texts, which letters of several persons say the same, what units were told of it."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "signatures",
        sa.Column("id", _ID, primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id", name="fk_signatures_message_id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("scheme", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("cut", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signatures"),
        sa.UniqueConstraint("message_id", "version", "scheme", name="uq_signatures_message_id_version_scheme"),
    )
    op.create_table(
        "similar_letters",
        sa.Column(
            "message_id", sa.BigInteger, sa.ForeignKey("messages.id", name="fk_similar_letters_message_id"), nullable=False
        ),
        sa.Column("head_id", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("other_id", sa.BigInteger, nullable=False),
        sa.Column("similarity", sa.Double, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("message_id", "head_id", "version", name="pk_similar_letters"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_similar_letters_head_id", "similar_letters", ["head_id"])
    op.create_table(
        "linker",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("links", sa.BigInteger, nullable=False),
        sa.Column("indexed", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_linker"),
    )
    op.create_table(
        "similar_due",
        sa.Column("head_id", _ID, primary_key=True, autoincrement=False),
        sa.PrimaryKeyConstraint("head_id", name="pk_similar_due"),
    )
    op.create_table(
        "similar_told",
        sa.Column("matter", sa.Text, sa.ForeignKey("matters.id", name="fk_similar_told_matter"), nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("others", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("matter", "unit", name="pk_similar_told"),
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE signatures_id_seq AS bigint OWNED BY signatures.id")


def downgrade() -> None:
    for table in ("similar_told", "similar_due", "linker", "similar_letters", "signatures"):
        op.drop_table(table)
