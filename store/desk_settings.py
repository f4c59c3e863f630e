"""What the settings page reads: letters for a trial of rules, the audit log by page, open parts of units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.ids import UnitCode
from domain.messages import Message
from domain.records import AuditEntry
from store.codes import get_pairs
from store.engine import Transaction
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.times import from_us, to_us
from store.visibility import Condition, both, visible_matters

_OPEN_PARTS = (
    "SELECT unit, count(*) FROM assignments WHERE state IN ('sent', 'signed') AND sealed = 0 AND unit IN ({}) GROUP BY unit"
)


def open_parts_of(tx: Transaction, units: Sequence[str]) -> Mapping[str, int]:
    """Assignments that wait for an answer, of these units. Sealed ones are left out: whoever asks is shown how many."""
    return {row[0]: int(row[1]) for row in tx.fetch_in(_OPEN_PARTS, units)}


def busiest_unit(tx: Transaction) -> UnitCode | None:
    """The unit with most assignments that wait for an answer; None where nothing waits."""
    rows = tx.fetch(
        "SELECT unit, count(*) AS waiting FROM assignments WHERE state IN ('sent', 'signed') AND sealed = 0 "
        "GROUP BY unit ORDER BY waiting DESC, unit LIMIT 1"
    )
    return UnitCode(rows[0][0]) if rows else None


def recent_letters(tx: Transaction, viewer: Viewer, limit: int) -> list[Message]:
    """The first messages of the newest matters that the reader may see; mails that are no letters and copies left out."""
    condition, parameters = visible_matters(viewer)
    rows = tx.fetch(
        f"SELECT {MESSAGE_COLUMNS} FROM messages m {CURRENT_VERSION} JOIN matters t ON t.id = m.number "
        f"WHERE m.state NOT IN ('filtered', 'joined') AND {condition} ORDER BY m.id DESC LIMIT ?",
        (*parameters, limit),
    )
    return [to_message(row) for row in rows]


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Empty: any. ``actor`` and ``subject`` whole, ``action`` whole or its beginning up to a dot; ``since`` and ``until`` hold."""

    actor: str = ""
    action: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None
    accounts_only: bool = False

    def condition(self) -> Condition:
        found: list[Condition] = [("1 = 1", ())]
        if self.actor:
            found.append(("actor = ?", (self.actor,)))
        if self.action:
            within = self.action.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            found.append(("(action = ? OR action LIKE ? ESCAPE '!')", (self.action, f"{within}.%")))
        if self.subject:
            found.append(("subject = ?", (self.subject,)))
        if self.since is not None:
            found.append(("at >= ?", (to_us(self.since),)))
        if self.until is not None:
            found.append(("at <= ?", (to_us(self.until),)))
        if self.accounts_only:
            found.append(("subject LIKE 'account:%'", ()))
        return both(*found)


def log_page(tx: Transaction, wanted: LogFilter, before: int | None, limit: int) -> list[tuple[int, AuditEntry]]:
    """Entries, the newest first, with numbers under ``before``."""
    condition, parameters = wanted.condition()
    older = ("id < ?", (before,)) if before is not None else ("1 = 1", ())
    rows = tx.fetch(
        f"SELECT id, at, actor, action, subject, detail FROM audit WHERE {condition} AND {older[0]} ORDER BY id DESC LIMIT ?",
        (*parameters, *older[1], limit),
    )
    return [(row[0], AuditEntry(from_us(row[1]), row[2], row[3], row[4], get_pairs(row[5]))) for row in rows]
