"""The registry of models, the letters they are tested on, and what a shadow thinks."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _maybe_time(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger, nullable=True)


def upgrade() -> None:
    _models()
    _tests()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE model_moves_id_seq AS bigint OWNED BY model_moves.id")


def _models() -> None:
    op.create_table(
        "models",
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        _time("registered_at"),
        _text("registered_by"),
        _time("trained_at"),
        sa.Column("letters", sa.Integer, nullable=False),
        _text("units"),
        _text("data"),
        _text("code"),
        _text("test_set"),
        _maybe_time("learned_until"),
        _text("settings"),
        _text("metrics"),
        sa.Column("seen", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("version"),
        sqlite_with_rowid=False,
    )
    placed = sa.text("state <> 'kept'")
    op.create_index("ix_models_placed", "models", ["state"], unique=True, sqlite_where=placed, postgresql_where=placed)
    op.create_table(
        "model_moves",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        _time("at"),
        _text("actor"),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        _text("before"),
        _text("reason"),
    )


def _tests() -> None:
    op.create_table(
        "test_sets",
        sa.Column("hash", sa.Text, nullable=False),
        _time("made_at"),
        _text("made_by"),
        sa.Column("letters", sa.Integer, nullable=False),
        _maybe_time("since"),
        sa.PrimaryKeyConstraint("hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "test_letters",
        sa.Column("test_set", sa.Text, sa.ForeignKey("test_sets.hash"), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("matter_key", sa.Text, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        _maybe_time("at"),
        sa.Column("number", sa.Text, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        _text("subject"),
        _text("body"),
        sa.PrimaryKeyConstraint("test_set", "place"),
    )
    op.create_table(
        "opinions",
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("probability", sa.Double, nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("model", "number", "version"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("opinions", "test_letters", "test_sets", "model_moves", "models"):
        op.drop_table(table)
