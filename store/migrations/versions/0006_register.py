"""What the register searches in, and the figures of the statistics as views (their formulas: docs/metrics.md)."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {"ix_matters_opened_at": "matters", "ix_messages_sealed": "messages", "ix_versions_revised": "versions"}
VIEWS = ("metric_messages", "metric_matters", "metric_dispatches", "metric_assignments")

# Days are counted from 1970-01-01 in Asia/Shanghai, which has had no summer time since 1991.
_DAY = "({} + 28800000000) / 86400000000"


def upgrade() -> None:
    op.create_index("ix_matters_opened_at", "matters", ["opened_at", "id"])
    for name, column, condition in (
        ("ix_messages_sealed", "matter", sa.text("sealed = 1")),
        ("ix_versions_revised", "at", sa.text("version > 1")),
    ):
        op.create_index(name, INDEXES[name], [column], sqlite_where=condition, postgresql_where=condition)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE search_index (message_id bigint PRIMARY KEY, version integer NOT NULL, words tsvector NOT NULL)")
        op.execute("CREATE INDEX ix_search_index_words ON search_index USING gin (words)")
    else:
        op.execute("CREATE TABLE search_index (message_id INTEGER PRIMARY KEY, version INTEGER NOT NULL)")
        op.execute("CREATE VIRTUAL TABLE search_words USING fts5(words, tokenize = 'ascii')")
    for view in (_messages(), _matters(), _dispatches(), _assignments()):
        op.execute(view)


def _messages() -> str:
    """Every letter within the channel's place filter, copies too."""
    return (
        "CREATE VIEW metric_messages AS SELECT m.number AS number, m.matter AS matter, m.channel AS channel, v.kind AS kind, "
        f"m.state AS state, {_DAY.format('m.registered_at')} AS day "
        "FROM messages m JOIN versions v ON v.message_id = m.id AND v.version = m.version "
        "WHERE m.mail_kind = 'letter' AND m.state <> 'filtered'"
    )


def _matters() -> str:
    """The matters these letters are about; one that was joined to another is not counted twice."""
    return (
        f"CREATE VIEW metric_matters AS SELECT t.id AS matter, m.channel AS channel, t.state AS state, {_DAY.format('t.opened_at')} "
        "AS day FROM matters t JOIN messages m ON m.number = t.id "
        "WHERE t.merged_into IS NULL AND m.mail_kind = 'letter' AND m.state <> 'filtered'"
    )


def _dispatches() -> str:
    """The first lead assignment of each matter. ``kept``: it was not returned, and no other unit ever led the matter."""
    return (
        f"CREATE VIEW metric_dispatches AS SELECT a.matter AS matter, m.channel AS channel, a.unit AS unit, {_DAY.format('a.sent_at')} "
        "AS day, CASE WHEN a.returned_at IS NULL AND NOT EXISTS (SELECT 1 FROM assignments o WHERE o.matter = a.matter "
        "AND o.role = 'lead' AND o.unit <> a.unit) THEN 1 ELSE 0 END AS kept "
        "FROM assignments a JOIN matters t ON t.id = a.matter JOIN messages m ON m.number = a.matter "
        "WHERE a.role = 'lead' AND t.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM assignments e "
        "WHERE e.matter = a.matter AND e.role = 'lead' AND e.position < a.position)"
    )


def _assignments() -> str:
    """Every part given to a unit. ``owed``: it was neither returned nor taken back."""
    return (
        "CREATE VIEW metric_assignments AS SELECT a.id AS id, a.matter AS matter, m.channel AS channel, a.unit AS unit, "
        f"a.role AS role, {_DAY.format('a.sent_at')} AS day, {_DAY.format('a.completed_at')} AS completed_day, a.due AS due, "
        "CASE WHEN a.returned_at IS NOT NULL THEN 1 ELSE 0 END AS returned, "
        "CASE WHEN a.state IN ('sent', 'signed', 'completed') THEN 1 ELSE 0 END AS owed, "
        "CASE WHEN a.state = 'completed' THEN 1 ELSE 0 END AS replied, "
        "CASE WHEN a.state = 'completed' AND a.completed_at <= a.due THEN 1 ELSE 0 END AS on_time "
        "FROM assignments a JOIN messages m ON m.number = a.matter"
    )


def downgrade() -> None:
    for view in reversed(VIEWS):
        op.execute(f"DROP VIEW {view}")
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE search_words")
    op.execute("DROP TABLE search_index")
    for name, table in INDEXES.items():
        op.drop_index(name, table)
