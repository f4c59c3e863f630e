"""Who may use the console, what they chose and may take back, whom they asked to see, what channels were told."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("accounts", "sessions", "login_links", "choices", "reveals", "channel_controls")
NUMBERED = ("accounts", "choices", "reveals")


def _flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default=sa.text("0"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _maybe_time(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger, nullable=True)


def upgrade() -> None:
    _people()
    _work()
    if op.get_bind().dialect.name == "postgresql":
        for table in NUMBERED:
            op.execute(f"CREATE SEQUENCE {table}_id_seq AS bigint OWNED BY {table}.id")


def _people() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("login", sa.Text, nullable=False),
        _text("name"),
        _text("roles"),
        _text("units"),
        _text("password_hash"),
        sa.Column("language", sa.Text, nullable=False, server_default=sa.text("'zh'")),
        _flag("totp"),
        sa.Column("totp_step", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("0")),
        _maybe_time("locked_until"),
        _flag("disabled"),
        _flag("demo"),
        _time("created_at"),
        sa.UniqueConstraint("login"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("csrf", sa.Text, nullable=False),
        _time("created_at"),
        _time("seen_at"),
        _time("expires_at"),
        _flag("strong"),
        sa.PrimaryKeyConstraint("token_hash"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "login_links",
        sa.Column("token_hash", sa.LargeBinary, nullable=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        _time("expires_at"),
        _maybe_time("used_at"),
        sa.PrimaryKeyConstraint("token_hash"),
        sqlite_with_rowid=False,
    )


def _work() -> None:
    op.create_table(
        "choices",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Text, nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False),
        _time("made_at"),
        _time("due_at"),
        sa.Column("state", sa.Text, nullable=False),
        _text("choice"),
        _text("reason"),
        _maybe_time("settled_at"),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index("ix_choices_waiting", "choices", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "reveals",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Text, nullable=False, index=True),
        sa.Column("account", sa.BigInteger, sa.ForeignKey("accounts.id"), nullable=False, index=True),
        sa.Column("unit", sa.Text, nullable=True),
        _text("reason"),
        _time("asked_at"),
        sa.Column("state", sa.Text, nullable=False),
        _text("answered_by"),
        _text("answer"),
        _maybe_time("answered_at"),
        _maybe_time("expires_at"),
    )
    op.create_table(
        "channel_controls",
        sa.Column("channel", sa.Text, primary_key=True),
        _flag("paused"),
        _maybe_time("poll_asked_at"),
        _time("changed_at"),
        _text("changed_by"),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
