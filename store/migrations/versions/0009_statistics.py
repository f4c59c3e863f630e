"""The statistics' views tell the moment beside the day, so that a database can foresee how many rows a span of days holds."""

from collections.abc import Sequence

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

VIEWS = ("metric_messages", "metric_matters", "metric_dispatches", "metric_assignments")

# Days are counted from 1970-01-01 in Asia/Shanghai, which has had no summer time since 1991.
_DAY = "({0} + 28800000000) / 86400000000"
_MOMENT = f"{_DAY} AS day, {{0}} AS at"
_DAY_ALONE = f"{_DAY} AS day"


def upgrade() -> None:
    # Each letter has the version that it names; said as LEFT JOIN, what does not ask for the kind does without the texts' table.
    _replace((_messages(_MOMENT, "LEFT JOIN"), _matters(_MOMENT), _dispatches(_MOMENT), _assignments(_MOMENT)))


def downgrade() -> None:
    _replace((_messages(_DAY_ALONE, "JOIN"), _matters(_DAY_ALONE), _dispatches(_DAY_ALONE), _assignments(_DAY_ALONE)))


def _replace(views: Sequence[str]) -> None:
    for name, view in zip(VIEWS, views, strict=True):
        op.execute(f"DROP VIEW {name}")
        op.execute(f"CREATE VIEW {name} AS {view}")


def _messages(time: str, join: str) -> str:
    return (
        "SELECT m.number AS number, m.matter AS matter, m.channel AS channel, v.kind AS kind, "
        f"m.state AS state, {time.format('m.registered_at')} "
        f"FROM messages m {join} versions v ON v.message_id = m.id AND v.version = m.version "
        "WHERE m.mail_kind = 'letter' AND m.state <> 'filtered'"
    )


def _matters(time: str) -> str:
    return (
        f"SELECT t.id AS matter, m.channel AS channel, t.state AS state, {time.format('t.opened_at')} "
        "FROM matters t JOIN messages m ON m.number = t.id "
        "WHERE t.merged_into IS NULL AND m.mail_kind = 'letter' AND m.state <> 'filtered'"
    )


def _dispatches(time: str) -> str:
    return (
        f"SELECT a.matter AS matter, m.channel AS channel, a.unit AS unit, {time.format('a.sent_at')}, "
        "CASE WHEN a.returned_at IS NULL AND NOT EXISTS (SELECT 1 FROM assignments o WHERE o.matter = a.matter "
        "AND o.role = 'lead' AND o.unit <> a.unit) THEN 1 ELSE 0 END AS kept "
        "FROM assignments a JOIN matters t ON t.id = a.matter JOIN messages m ON m.number = a.matter "
        "WHERE a.role = 'lead' AND t.merged_into IS NULL AND NOT EXISTS (SELECT 1 FROM assignments e "
        "WHERE e.matter = a.matter AND e.role = 'lead' AND e.position < a.position)"
    )


def _assignments(time: str) -> str:
    return (
        "SELECT a.id AS id, a.matter AS matter, m.channel AS channel, a.unit AS unit, "
        f"a.role AS role, {time.format('a.sent_at')}, {_DAY.format('a.completed_at')} AS completed_day, a.due AS due, "
        "CASE WHEN a.returned_at IS NOT NULL THEN 1 ELSE 0 END AS returned, "
        "CASE WHEN a.state IN ('sent', 'signed', 'completed') THEN 1 ELSE 0 END AS owed, "
        "CASE WHEN a.state = 'completed' THEN 1 ELSE 0 END AS replied, "
        "CASE WHEN a.state = 'completed' AND a.completed_at <= a.due THEN 1 ELSE 0 END AS on_time "
        "FROM assignments a JOIN messages m ON m.number = a.matter"
    )
