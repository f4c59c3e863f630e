"""On PostgreSQL ids come from sequences; SQLite takes the highest there is, under its one write lock."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = (
    ("polls", "id"),
    ("items", "id"),
    ("captures", "id"),
    ("messages", "id"),
    ("notes", "id"),
    ("decisions", "id"),
    ("assignments", "position"),
    ("outbox", "id"),
    ("data_keys", "id"),
)


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in COLUMNS:
        name = f"{table}_{column}_seq"
        op.execute(f"CREATE SEQUENCE {name} AS bigint OWNED BY {table}.{column}")
        op.execute(f"SELECT setval('{name}', coalesce((SELECT max({column}) FROM {table}), 0) + 1, false)")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in COLUMNS:
        op.execute(f"DROP SEQUENCE {table}_{column}_seq")
