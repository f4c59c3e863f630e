"""The tables, as SQLAlchemy Core sees them. What a migration makes must equal this (held by a test).

Conventions: times are UTC microseconds in BIGINT, flags are 0 or 1, closed sets are text, ids are given by the program
(``store.engine.Transaction.next_ids``). Rows that change often are kept small, their texts stand in a table of their own:
a state change then rewrites one short row.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

REVISION = "0016"
"""The migration that this code works with."""

SEQUENCES = {
    "polls": "id",
    "items": "id",
    "captures": "id",
    "messages": "id",
    "notes": "id",
    "decisions": "id",
    "assignments": "position",
    "outbox": "id",
    "data_keys": "id",
    "accounts": "id",
    "choices": "id",
    "reveals": "id",
    "model_moves": "id",
    "standings": "id",
    "labels": "id",
    "signatures": "id",
}
"""Tables whose rows get rising ids, and the column: on PostgreSQL each has a sequence ``<table>_<column>_seq``."""

DERIVED = ("search_index", "search_words")
"""What begins so is made by migrations, filled from the other tables by ``store.search`` and in no backup."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite keeps a table in the order of a key named INTEGER PRIMARY KEY without a second index; BIGINT would make one.
Id = BigInteger().with_variant(Integer(), "sqlite")


def _flag(name: str) -> Column[int]:
    return Column(name, SmallInteger, nullable=False, server_default=text("0"))


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _time(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _maybe_time(name: str) -> Column[int | None]:
    return Column(name, BigInteger, nullable=True)


channels = Table(
    "channels",
    metadata,
    Column("id", Text, primary_key=True),
    _text("kind"),
    _text("state"),
    _maybe_time("last_attempt"),
    _maybe_time("last_success"),
    _text("error"),
    _text("cursor"),
    Column("captured", BigInteger, nullable=False, server_default=text("0")),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    _time("until"),
)

polls = Table(
    "polls",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    _time("at"),
    Column("listed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("captured", Integer, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Index("ix_polls_at", "at", "channel", "captured"),
)

# What the left sides of the ledger count beside the manifests: captures that came from no poll.
counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

number_counters = Table(
    "number_counters",
    metadata,
    Column("channel", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("channel", "day"),
    sqlite_with_rowid=False,
)

# Rows stand in the order of their first capture; only the narrow unique index is written at random places.
items = Table(
    "items",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=True),
    _text("list_mark"),
    _text("content_mark"),
    _time("fetched_at"),
    UniqueConstraint("channel", "external_id"),
)

captures = Table(
    "captures",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("poll", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("number", Text, nullable=True),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("capture_id", Id, ForeignKey("captures.id"), primary_key=True, autoincrement=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    _time("at"),
    _text("reason"),
    _text("list_mark"),
    Column("value_version", Integer, nullable=False),
    _maybe_time("resolved_at"),
)
_waiting = text("resolved_at IS NULL")
Index("ix_quarantine_waiting", quarantine.c.channel, quarantine.c.at, sqlite_where=_waiting, postgresql_where=_waiting)

matters = Table(
    "matters",
    metadata,
    Column("id", Text, nullable=False),
    Column("state", Text, nullable=False),
    _flag("sealed"),
    Column("sequence", BigInteger, nullable=False, server_default=text("0")),
    _time("opened_at"),
    _maybe_time("answered_at"),
    _maybe_time("closed_at"),
    _maybe_time("promised"),
    Column("repeat_of", Text, nullable=True),
    Column("merged_into", Text, nullable=True),
    Column("returns", Integer, nullable=False, server_default=text("0")),
    _text("excluded"),
    PrimaryKeyConstraint("id"),
    Index("ix_matters_opened_at", "opened_at", "id"),
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("matter", Text, ForeignKey("matters.id"), nullable=False),
    _flag("sealed"),
    Column("mail_kind", Text, nullable=False),
    _flag("in_place"),
    _time("registered_at"),
    Column("owner", Text, nullable=False),
    _text("reason"),
    _text("waived_rules"),
    _text("marks"),
    _text("claimed_by"),
    Column("claimed_until", BigInteger, nullable=False, server_default=text("0")),
    UniqueConstraint("number"),
    Index("ix_messages_state_id", "state", "id"),
    Index("ix_messages_matter", "matter"),
)
Index("ix_messages_sealed", messages.c.matter, sqlite_where=text("sealed = 1"), postgresql_where=text("sealed = 1"))

versions = Table(
    "versions",
    metadata,
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False),
    Column("version", Integer, nullable=False),
    _time("at"),
    Column("kind", Text, nullable=True),
    _text("addressed_to"),
    _text("subject"),
    _text("body"),
    _text("place"),
    _maybe_time("submitted_at"),
    _flag("truncated"),
    PrimaryKeyConstraint("message_id", "version"),
)
Index("ix_versions_revised", versions.c.at, sqlite_where=text("version > 1"), postgresql_where=text("version > 1"))

marks = Table(
    "marks",
    metadata,
    Column("hash", LargeBinary, nullable=False),
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False),
    PrimaryKeyConstraint("hash", "message_id"),
    sqlite_with_rowid=False,
)

notes = Table(
    "notes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False, index=True),
    _time("at"),
    _text("status"),
    _text("text"),
)

# ``slot`` counts the claims of one text by one person that lie further apart than the window.
text_claims = Table(
    "text_claims",
    metadata,
    Column("person", LargeBinary, nullable=False),
    Column("text_hash", LargeBinary, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("number", Text, nullable=False),
    _time("at"),
    PrimaryKeyConstraint("person", "text_hash", "slot"),
    sqlite_with_rowid=False,
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("matter", Text, ForeignKey("matters.id"), nullable=False, index=True),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("rule", Text, nullable=False),
    _time("decided_at"),
    Column("lead", Text, nullable=True),
    _text("co_units"),
    _text("requirement"),
    Column("deadline_class", Text, nullable=False),
    _maybe_time("due"),
    Column("working_days", Integer, nullable=True),
    Column("provisional", SmallInteger, nullable=True),
    Column("calendar", Text, nullable=True),
    Column("urgency", Text, nullable=False),
    _text("excluded"),
    _flag("sealed"),
    _text("reason"),
    _text("model"),
    Column("threshold", Double, nullable=True),
    _text("suggestions"),
    _text("evidence"),
    _text("actor"),
    _flag("drawn"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("position", Id, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("matter", Text, ForeignKey("matters.id"), nullable=False, index=True),
    Column("unit", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    _text("requirement"),
    _time("sent_at"),
    _time("due"),
    Column("working_days", Integer, nullable=False),
    _flag("provisional"),
    _text("calendar"),
    _flag("sealed"),
    _maybe_time("signed_at"),
    _maybe_time("completed_at"),
    _maybe_time("returned_at"),
    _maybe_time("withdrawn_at"),
    _text("reason"),
    Column("suggested_unit", Text, nullable=True),
    _text("reply"),
    UniqueConstraint("id"),
)
Index("ix_assignments_queue", *(assignments.c[name] for name in ("unit", "state", "due", "position")))
_owed = text("state IN ('sent', 'signed')")
Index(
    "ix_assignments_owed",
    *(assignments.c[name] for name in ("due", "unit", "state", "sealed", "sent_at")),
    sqlite_where=_owed,
    postgresql_where=_owed,
)

feedback = Table(
    "feedback",
    metadata,
    Column("unit", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("assignment", Text, nullable=False, index=True),
    Column("outcome", Text, nullable=False),
    _text("reason"),
    _time("at"),
    PrimaryKeyConstraint("unit", "event_id"),
    sqlite_with_rowid=False,
)

# ``waiting`` is 1 for a record that stops later ones of its topic and key: parked, or pending until its next try.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("shard", SmallInteger, nullable=False),
    _time("created_at"),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _flag("waiting"),
    Column("next_at", BigInteger, nullable=False, server_default=text("0")),
    _text("reason"),
    _maybe_time("settled_at"),
    UniqueConstraint("event_id"),
    UniqueConstraint("key", "sequence"),
)
Index("ix_outbox_pending", outbox.c.id, sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"))
Index("ix_outbox_waiting", outbox.c.key, outbox.c.topic, sqlite_where=text("waiting = 1"), postgresql_where=text("waiting = 1"))

outbox_payloads = Table(
    "outbox_payloads",
    metadata,
    Column("outbox_id", Id, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("headers", Text, nullable=False),
    Column("value", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _time("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    _text("detail"),
    Column("hash", LargeBinary, nullable=False),
)

# One row: how many entries the chain has and the hash of the last, so that a cut tail shows.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("entries", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

# A shredded owner keeps its row, the key overwritten with zeros.
data_keys = Table(
    "data_keys",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master_version", Integer, nullable=False),
    _flag("shredded"),
    UniqueConstraint("owner"),
    Index("ix_data_keys_master_version", "master_version"),
)

sealed_values = Table(
    "sealed_values",
    metadata,
    Column("key_id", BigInteger, ForeignKey("data_keys.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("cipher", LargeBinary, nullable=False),
    PrimaryKeyConstraint("key_id", "name", "version"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("login", Text, nullable=False),
    _text("name"),
    _text("roles"),
    _text("units"),
    _text("password_hash"),
    Column("language", Text, nullable=False, server_default=text("'zh'")),
    _flag("totp"),
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    _maybe_time("locked_until"),
    _flag("disabled"),
    _flag("demo"),
    _time("created_at"),
    UniqueConstraint("login"),
)

# Only a digest of the cookie's value is kept: who reads the table cannot sign in with it.
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("csrf", Text, nullable=False),
    _time("created_at"),
    _time("seen_at"),
    _time("expires_at"),
    _flag("strong"),
    PrimaryKeyConstraint("token_hash"),
    sqlite_with_rowid=False,
)

login_links = Table(
    "login_links",
    metadata,
    Column("token_hash", LargeBinary, nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    _time("expires_at"),
    _maybe_time("used_at"),
    PrimaryKeyConstraint("token_hash"),
    sqlite_with_rowid=False,
)

# What a reviewer chose and may still take back: until ``due_at`` nothing is decided.
choices = Table(
    "choices",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False),
    _time("made_at"),
    _time("due_at"),
    Column("state", Text, nullable=False),
    _text("choice"),
    _text("reason"),
    _maybe_time("settled_at"),
)
Index("ix_choices_waiting", choices.c.due_at, sqlite_where=text("state = 'waiting'"), postgresql_where=text("state = 'waiting'"))

# A unit's or reviewer's wish to see the sender, and what the office said to it.
reveals = Table(
    "reveals",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("number", Text, nullable=False, index=True),
    Column("account", BigInteger, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("unit", Text, nullable=True),
    _text("reason"),
    _time("asked_at"),
    Column("state", Text, nullable=False),
    _text("answered_by"),
    _text("answer"),
    _maybe_time("answered_at"),
    _maybe_time("expires_at"),
)

channel_controls = Table(
    "channel_controls",
    metadata,
    Column("channel", Text, primary_key=True),
    _flag("paused"),
    _maybe_time("poll_asked_at"),
    _time("changed_at"),
    _text("changed_by"),
)

# How long a channel's polls took, all of them and the last.
channel_polls = Table(
    "channel_polls",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("polls", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("last_seconds", Double, nullable=False),
)

channel_faults = Table(
    "channel_faults",
    metadata,
    Column("channel", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    _time("last_at"),
    PrimaryKeyConstraint("channel", "fault"),
    sqlite_with_rowid=False,
)
_RETURNED = text("state = 'returned' AND withdrawn_at IS NULL")
_IS_URGENT = text("urgency = 'urgent'")
_ASKED = text("state = 'asked'")
Index("ix_assignments_returned", assignments.c.matter, sqlite_where=_RETURNED, postgresql_where=_RETURNED)
Index("ix_decisions_urgent", decisions.c.number, sqlite_where=_IS_URGENT, postgresql_where=_IS_URGENT)
Index("ix_reveals_asked", reveals.c.id, sqlite_where=_ASKED, postgresql_where=_ASKED)

# Conditions that operators are told of: ``told`` once their beginning was said.
notices = Table(
    "notices",
    metadata,
    Column("alert", Text, nullable=False),
    Column("what", Text, nullable=False),
    _time("began_at"),
    _maybe_time("ended_at"),
    _flag("told"),
    PrimaryKeyConstraint("alert", "what"),
    sqlite_with_rowid=False,
)

# On PostgreSQL each writing transaction leaves its token here for an hour: after a lost connection it says what was committed.
attempts = Table(
    "attempts",
    metadata,
    Column("token", LargeBinary, nullable=False),
    _time("at"),
    PrimaryKeyConstraint("token"),
    sqlite_with_rowid=False,
)

models = Table(
    "models",
    metadata,
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    _time("registered_at"),
    _text("registered_by"),
    _time("trained_at"),
    Column("letters", Integer, nullable=False),
    _text("units"),
    _text("data"),
    _text("code"),
    _text("test_set"),
    _maybe_time("learned_until"),
    _text("settings"),
    _text("metrics"),
    Column("seen", BigInteger, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("version"),
    sqlite_with_rowid=False,
)
# One model serves, one gives its opinion.
_PLACED = text("state <> 'kept'")
Index("ix_models_placed", models.c.state, unique=True, sqlite_where=_PLACED, postgresql_where=_PLACED)

model_moves = Table(
    "model_moves",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _time("at"),
    _text("actor"),
    Column("action", Text, nullable=False),
    Column("version", Text, nullable=False),
    _text("before"),
    _text("reason"),
)

model_files = Table(
    "model_files",
    metadata,
    Column("version", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("version", "part"),
)

test_sets = Table(
    "test_sets",
    metadata,
    Column("hash", Text, nullable=False),
    _time("made_at"),
    _text("made_by"),
    Column("letters", Integer, nullable=False),
    _maybe_time("since"),
    PrimaryKeyConstraint("hash"),
    sqlite_with_rowid=False,
)

# Of a letter of the store only its number: its text stays where it is, and goes where it goes.
test_letters = Table(
    "test_letters",
    metadata,
    Column("test_set", Text, ForeignKey("test_sets.hash"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("matter_key", Text, nullable=False),
    Column("unit", Text, nullable=False),
    _maybe_time("at"),
    Column("number", Text, nullable=True),
    Column("version", Integer, nullable=False),
    _text("subject"),
    _text("body"),
    PrimaryKeyConstraint("test_set", "place"),
)

opinions = Table(
    "opinions",
    metadata,
    Column("model", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("unit", Text, nullable=False),
    Column("probability", Double, nullable=False),
    _time("at"),
    PrimaryKeyConstraint("model", "number", "version"),
    sqlite_with_rowid=False,
)

# Append-only: what the model may do without a person. Of each unit, and of all under an empty one, the last row stands.
standings = Table(
    "standings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    _time("at"),
    Column("unit", Text, nullable=False),
    _flag("stopped"),
    Column("threshold", Double, nullable=True),
    _text("reason"),
    Index("ix_standings_unit_id", "unit", "id"),
)

# Letters of past registers with the unit that answered, masked; the same letter once (``digest``, of what is kept).
labels = Table(
    "labels",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
    Column("unit", Text, nullable=False),
    _text("subject"),
    _text("body"),
    _text("reply"),
    _text("matter"),
    _maybe_time("at"),
    _maybe_time("answered_at"),
    _time("taken_at"),
    UniqueConstraint("digest"),
)

# MinHash signatures of texts, only ever added to, in the order of their ids: the linker's memory is rebuilt from them.
# ``scheme`` says how they were made, ``length`` is that of the text's form.
signatures = Table(
    "signatures",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("scheme", SmallInteger, nullable=False),
    _time("at"),
    Column("length", Integer, nullable=False),
    _flag("cut"),
    Column("data", LargeBinary, nullable=False),
    UniqueConstraint("message_id", "version", "scheme"),
)

# Which letters of several persons say the same: each row is a letter's place in a group, which is called by its first letter,
# beside the letter of another person that it was found alike to. It holds for that version of its text alone.
similar_letters = Table(
    "similar_letters",
    metadata,
    Column("message_id", BigInteger, ForeignKey("messages.id"), nullable=False),
    Column("head_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("other_id", BigInteger, nullable=False),
    Column("similarity", Double, nullable=False),
    _time("at"),
    PrimaryKeyConstraint("message_id", "head_id", "version"),
    Index("ix_similar_letters_head_id", "head_id"),
    sqlite_with_rowid=False,
)

# One row: the decision up to which letters were looked at, and what the linker had then.
linker = Table(
    "linker",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("links", BigInteger, nullable=False),
    Column("indexed", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    _time("at"),
)

# Groups that changed, whose units may have to be told.
similar_due = Table("similar_due", metadata, Column("head_id", Id, primary_key=True, autoincrement=False))

# How many others a unit was told of, for each matter.
similar_told = Table(
    "similar_told",
    metadata,
    Column("matter", Text, ForeignKey("matters.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("others", Integer, nullable=False),
    _time("at"),
    PrimaryKeyConstraint("matter", "unit"),
    sqlite_with_rowid=False,
)

# How far letters of late are from those the model learned: the last count of each day.
drift = Table(
    "drift",
    metadata,
    Column("model", Text, nullable=False),
    Column("day", Text, nullable=False),
    _time("at"),
    _text("figures"),
    PrimaryKeyConstraint("model", "day"),
    sqlite_with_rowid=False,
)

# Topics that grew against their own past. ``told``: how many persons the office was told of last.
hot_topics = Table(
    "hot_topics",
    metadata,
    Column("id", Text, primary_key=True),
    Column("days", Integer, nullable=False),
    _text("words"),
    _text("place"),
    _text("units"),
    Column("persons", Integer, nullable=False),
    Column("expected", Double, nullable=False),
    Column("most", Integer, nullable=False),
    Column("chance", Double, nullable=False),
    _time("first_at"),
    _time("last_at"),
    Column("told", Integer, nullable=False),
    _text("numbers"),
    Index("ix_hot_topics_last_at", "last_at"),
)

# One row: when they were last looked for.
hot_looks = Table(
    "hot_looks",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    _time("at"),
)
