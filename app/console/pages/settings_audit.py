"""Settings: the audit log. The auditor reads all of it, an administrator the entries about accounts; each look is audited too."""

import csv
from collections.abc import Iterator
from datetime import datetime, time
from io import StringIO
from typing import Any

from starlette.responses import Response

from app.console.endpoints import Endpoint
from app.console.settings_sections import LOG_READERS, sections_of
from app.console.sheets import plain, sheet
from app.console.texts import said
from app.console.visit import Visit
from app.documents import iso
from app.phrases import phrase
from app.transactions import writing
from domain.accounts import Role
from domain.clock import SHANGHAI
from domain.errors import Refused
from domain.records import AuditEntry
from store.audit import SqlAudit
from store.desk_settings import LogFilter, log_page
from store.engine import Transaction

PAGE = "/settings/audit"
ON_A_PAGE, IN_A_FILE = 100, 50_000
LONGEST_ASKED = 200
LOOKED, EXPORTED, VERIFIED = "audit.view", "audit.export", "audit.verify"
HEAD = ("sequence", "at", "actor", "action", "subject", "detail")
WIDTHS = (10, 26, 16, 24, 30, 60)
AUDITOR = frozenset({Role.AUDITOR})
_WORD: dict[str, Any] = {"type": "string", "maxLength": LONGEST_ASKED}
_DAY: dict[str, Any] = {"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$", "description": "a day, Asia/Shanghai"}
QUERY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "actor": _WORD,
        "action": {**_WORD, "description": "whole, or its beginning up to a dot: account"},
        "subject": {**_WORD, "description": "a number, an assignment, account:LOGIN, file:NAME"},
        "since": _DAY,
        "until": _DAY,
        "before": {"type": "integer", "minimum": 1, "maximum": 2**62, "description": "entries with lower numbers"},
    },
}


def audit_page(visit: Visit) -> Response:
    wrong: Refused | str = ""
    rows: list[dict[str, Any]] = []
    try:
        rows = _rows(visit)
    except Refused as error:
        wrong = error
    return _page(visit, rows, wrong=wrong)


def audit_json(visit: Visit) -> Response:
    """A hundred entries, the newest first; ``next`` as ``before`` gives the following ones."""
    rows = _rows(visit)
    return visit.json({"entries": rows, "next": _next(rows)})


def verify(visit: Visit) -> Response:
    return _page(visit, [], verified=_verified(visit))


def verify_json(visit: Visit) -> Response:
    """Looks through the whole chain of hashes."""
    return visit.json(_verified(visit))


def export(visit: Visit) -> Response:
    """What the filter leaves, the newest first, as CSV or Excel. What a program might take for a formula is kept as text."""
    wanted = _filter(visit)
    with visit.system.store.transaction(write=False) as tx:
        found = log_page(tx, wanted, None, IN_A_FILE)
    _note(visit, EXPORTED, wanted, entries=str(len(found)))
    name = f"audit-{visit.system.clock.now().astimezone(SHANGHAI):%Y%m%d-%H%M%S}"
    rows = [_cells(row) for row in _documents(found)]
    if visit.query("as") == "xlsx":
        return sheet(f"{name}.xlsx", said("settings.audit"), list(zip(HEAD, WIDTHS, strict=True)), rows)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerows([HEAD, *([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)])
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    # Excel takes a CSV for UTF-8 only with this mark at its beginning.
    return Response(("\ufeff" + out.getvalue()).encode(), media_type="text/csv; charset=utf-8", headers=headers)


def _cells(row: dict[str, Any]) -> list[str | float]:
    detail = "; ".join(f"{key}={value}" for key, value in row["detail"].items())
    return [row["sequence"], row["at"], row["actor"], row["action"], row["subject"], detail]


def _page(visit: Visit, rows: list[dict[str, Any]], **told: Any) -> Response:
    values: dict[str, Any] = {"wrong": "", "verified": None, **told}
    asked = {name: visit.query(name) for name in ("actor", "action", "subject", "since", "until")}
    return visit.page(
        "settings_audit.html",
        sections=sections_of(visit.me),
        section="audit",
        rows=rows,
        asked=asked,
        following=_next(rows),
        whole=visit.has(Role.AUDITOR),
        **values,
    )


def _rows(visit: Visit) -> list[dict[str, Any]]:
    wanted = _filter(visit)
    before = visit.query("before")
    if before and not (before.isdecimal() and len(before) < 19):
        raise Refused("before is no whole number", remedy="write digits only")
    _note(visit, LOOKED, wanted, before=before)
    with visit.system.store.transaction(write=False) as tx:
        found = log_page(tx, wanted, int(before) if before else None, ON_A_PAGE)
    return list(_documents(found))


def _documents(entries: list[tuple[int, AuditEntry]]) -> Iterator[dict[str, Any]]:
    for sequence, entry in entries:
        yield {
            "sequence": sequence,
            "at": iso(entry.at),
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "detail": dict(entry.detail),
        }


def _next(rows: list[dict[str, Any]]) -> int | None:
    return int(rows[-1]["sequence"]) if len(rows) == ON_A_PAGE else None


def _filter(visit: Visit) -> LogFilter:
    """Raises Refused for a day that is none."""
    return LogFilter(
        actor=visit.query("actor").strip()[:LONGEST_ASKED],
        action=visit.query("action").strip()[:LONGEST_ASKED],
        subject=visit.query("subject").strip()[:LONGEST_ASKED],
        since=_day(visit.query("since"), time.min),
        until=_day(visit.query("until"), time.max),
        accounts_only=not visit.has(Role.AUDITOR),
    )


def _day(text: str, at: time) -> datetime | None:
    if not text:
        return None
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        raise Refused("a day is not written as it must be", remedy="write it as 2026-01-31") from None
    # The first and the last days that there are have no moment in UTC.
    if not 1900 <= day.year <= 9000:
        raise Refused("a day is not written as it must be", remedy="write it as 2026-01-31")
    return datetime.combine(day, at, SHANGHAI)


def _verified(visit: Visit) -> dict[str, Any]:
    with visit.system.store.transaction(write=False) as tx:
        log = SqlAudit(tx)
        broken, entries = log.verify(), log.head()[0]
    _note(visit, VERIFIED, LogFilter(), broken=broken)
    return {"entries": entries, "intact": not broken, "broken": phrase(broken)}


def _note(visit: Visit, action: str, wanted: LogFilter, **more: str) -> None:
    """Before anything is shown: what could not be written down is not shown."""
    asked = {"actor": wanted.actor, "action": wanted.action, "subject": wanted.subject}
    times = {"since": visit.query("since"), "until": visit.query("until")}
    # "action" and "actor" name parts of the entry itself, so the filters go beside it as they are.
    detail = tuple((key, value) for key, value in {**asked, **times, **more}.items() if value)

    def step(tx: Transaction, now: datetime) -> None:
        SqlAudit(tx).append([AuditEntry(now, visit.me.login, action, "audit", detail)])

    writing(visit.system.store, visit.system.clock, step)


ENDPOINTS = (
    Endpoint("GET", PAGE, audit_page, LOG_READERS),
    Endpoint("GET", f"{PAGE}/export", export, LOG_READERS),
    Endpoint("POST", f"{PAGE}/verify", verify, AUDITOR),
    Endpoint("GET", f"/api{PAGE}", audit_json, LOG_READERS, json=True, query=QUERY),
    Endpoint("POST", f"/api{PAGE}/verify", verify_json, AUDITOR, json=True),
)
