"""The first schema: everything from captures to the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = (
    "channels",
    "leases",
    "polls",
    "counters",
    "number_counters",
    "items",
    "captures",
    "quarantine",
    "matters",
    "messages",
    "versions",
    "marks",
    "notes",
    "text_claims",
    "decisions",
    "assignments",
    "feedback",
    "outbox",
    "outbox_payloads",
    "audit",
    "audit_head",
    "data_keys",
    "sealed_values",
)


def _flag(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.SmallInteger, nullable=False, server_default=sa.text("0"))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text("''"))


def _time(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _maybe_time(name: str) -> sa.Column[int | None]:
    return sa.Column(name, sa.BigInteger, nullable=True)


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.Text, primary_key=True),
        _text("kind"),
        _text("state"),
        _maybe_time("last_attempt"),
        _maybe_time("last_success"),
        _text("error"),
        _text("cursor"),
        sa.Column("captured", sa.BigInteger, nullable=False, server_default=sa.text("0")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("token", sa.BigInteger, nullable=False),
        _time("until"),
    )
    op.create_table(
        "polls",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.Text, nullable=False),
        _time("at"),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("captured", sa.Integer, nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "number_counters",
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("day", sa.Text, nullable=False),
        sa.Column("value", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("channel", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=True),
        _text("list_mark"),
        _text("content_mark"),
        _time("fetched_at"),
        sa.UniqueConstraint("channel", "external_id"),
    )
    op.create_table(
        "captures",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("poll", sa.BigInteger, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=True),
    )
    op.create_table(
        "quarantine",
        sa.Column("capture_id", Id, sa.ForeignKey("captures.id"), primary_key=True, autoincrement=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        _time("at"),
        _text("reason"),
        _text("list_mark"),
        sa.Column("value_version", sa.Integer, nullable=False),
        _maybe_time("resolved_at"),
    )
    op.create_table(
        "matters",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _flag("sealed"),
        sa.Column("sequence", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        _time("opened_at"),
        _maybe_time("answered_at"),
        _maybe_time("closed_at"),
        _maybe_time("promised"),
        sa.Column("repeat_of", sa.Text, nullable=True),
        sa.Column("merged_into", sa.Text, nullable=True),
        sa.Column("returns", sa.Integer, nullable=False, server_default=sa.text("0")),
        _text("excluded"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("external_id", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("matter", sa.Text, sa.ForeignKey("matters.id"), nullable=False),
        _flag("sealed"),
        sa.Column("mail_kind", sa.Text, nullable=False),
        _flag("in_place"),
        _time("registered_at"),
        sa.Column("owner", sa.Text, nullable=False),
        _text("reason"),
        _text("waived_rules"),
        _text("marks"),
        _text("claimed_by"),
        sa.Column("claimed_until", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.UniqueConstraint("number"),
        sa.Index("ix_messages_state_id", "state", "id"),
        sa.Index("ix_messages_matter", "matter"),
    )
    op.create_table(
        "versions",
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        _time("at"),
        sa.Column("kind", sa.Text, nullable=True),
        _text("addressed_to"),
        _text("subject"),
        _text("body"),
        _text("place"),
        _maybe_time("submitted_at"),
        _flag("truncated"),
        sa.PrimaryKeyConstraint("message_id", "version"),
    )
    op.create_table(
        "marks",
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id"), nullable=False),
        sa.PrimaryKeyConstraint("hash", "message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "notes",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("message_id", sa.BigInteger, sa.ForeignKey("messages.id"), nullable=False, index=True),
        _time("at"),
        _text("status"),
        _text("text"),
    )
    op.create_table(
        "text_claims",
        sa.Column("person", sa.LargeBinary, nullable=False),
        sa.Column("text_hash", sa.LargeBinary, nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("person", "text_hash", "slot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("matter", sa.Text, sa.ForeignKey("matters.id"), nullable=False, index=True),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        _time("decided_at"),
        sa.Column("lead", sa.Text, nullable=True),
        _text("co_units"),
        _text("requirement"),
        sa.Column("deadline_class", sa.Text, nullable=False),
        _maybe_time("due"),
        sa.Column("working_days", sa.Integer, nullable=True),
        sa.Column("provisional", sa.SmallInteger, nullable=True),
        sa.Column("calendar", sa.Text, nullable=True),
        sa.Column("urgency", sa.Text, nullable=False),
        _text("excluded"),
        _flag("sealed"),
        _text("reason"),
        _text("model"),
        sa.Column("threshold", sa.Double, nullable=True),
        _text("suggestions"),
        _text("evidence"),
        _text("actor"),
    )
    op.create_table(
        "assignments",
        sa.Column("position", Id, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("matter", sa.Text, sa.ForeignKey("matters.id"), nullable=False, index=True),
        sa.Column("unit", sa.Text, nullable=False, index=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        _text("requirement"),
        _time("sent_at"),
        _time("due"),
        sa.Column("working_days", sa.Integer, nullable=False),
        _flag("provisional"),
        _text("calendar"),
        _flag("sealed"),
        _maybe_time("signed_at"),
        _maybe_time("completed_at"),
        _maybe_time("returned_at"),
        _maybe_time("withdrawn_at"),
        _text("reason"),
        sa.Column("suggested_unit", sa.Text, nullable=True),
        _text("reply"),
        sa.UniqueConstraint("id"),
    )
    op.create_table(
        "feedback",
        sa.Column("unit", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("assignment", sa.Text, nullable=False, index=True),
        sa.Column("outcome", sa.Text, nullable=False),
        _text("reason"),
        _time("at"),
        sa.PrimaryKeyConstraint("unit", "event_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("shard", sa.SmallInteger, nullable=False),
        _time("created_at"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        _flag("waiting"),
        sa.Column("next_at", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        _text("reason"),
        _maybe_time("settled_at"),
        sa.UniqueConstraint("event_id"),
        sa.UniqueConstraint("key", "sequence"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["key", "topic"],
        sqlite_where=sa.text("waiting = 1"),
        postgresql_where=sa.text("waiting = 1"),
    )
    op.create_table(
        "outbox_payloads",
        sa.Column("outbox_id", Id, sa.ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        _time("at"),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False, index=True),
        _text("detail"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("entries", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "data_keys",
        sa.Column("id", Id, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("master_version", sa.Integer, nullable=False),
        _flag("shredded"),
        sa.UniqueConstraint("owner"),
        sa.Index("ix_data_keys_master_version", "master_version"),
    )
    op.create_table(
        "sealed_values",
        sa.Column("key_id", sa.BigInteger, sa.ForeignKey("data_keys.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("cipher", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key_id", "name", "version"),
    )
    op.execute(sa.text("INSERT INTO audit_head (id, entries, hash) VALUES (1, 0, :start)").bindparams(start=bytes(32)))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
