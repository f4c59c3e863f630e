"""What the unit holds, in a database of its own (SQLite).

An event's effect and the memory that it was taken are written in one transaction; so are an answer and its id. Whatever is
killed, repeated or late, the database says the same in the end.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fenban_handler.events import Answer, Event
from fenban_handler.faults import ForPerson

SCHEMA = Path(__file__).with_name("schema.sql")
BUSY_SECONDS = 30.0
MAY_FOLLOW = {
    "sign": ("received",),
    "return": ("received", "signed"),
    "complete": ("received", "signed"),
    "extend": ("received", "signed"),
    "claim": ("offered",),
}
BECOMES = {"sign": "signed", "return": "returned", "complete": "completed", "claim": "claimed"}
GONE = ("recalled", "closed")
STAYS_COMPLETED = frozenset({"deadline", "similar", "joined", "split"})
TAKING_BACK = ("recall", "offer-closed")


@dataclass(frozen=True, slots=True)
class Taken:
    """How many events had an effect, came again, came late."""

    new: int = 0
    repeated: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One assignment as the unit holds it, or a matter that the pool offers (``assignment`` is then the matter). ``data`` is
    the last event's; empty once it was recalled or closed."""

    assignment: str
    matter: str
    state: str
    due: str
    data: Mapping[str, Any]
    reminder: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToDo:
    """Something to tell the department's own system: ``content``, ``offer``, ``reminder`` or ``recall``."""

    kind: str
    event_id: str
    case: Case


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that waits to be sent. ``data`` is its JSON, the same whenever it is sent."""

    id: str
    type: str
    assignment: str
    matter: str
    data: str
    made_at: str


class State:
    """Safe to open in several processes at once: the running handler and the command line."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            # What is deleted is overwritten: a recalled letter is nowhere in the file.
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(SCHEMA.read_text(encoding="utf-8"))
        except sqlite3.Error as error:
            raise ForPerson(f"打不开数据库 {path}", f"cannot open the database {path} ({error})") from None

    def is_new(self) -> bool:
        """Whether no event was ever taken: it must be read from the start, wherever its group stopped."""
        return self._db.execute("SELECT 1 FROM taken LIMIT 1").fetchone() is None

    def take(self, events: Sequence[Event], now: str) -> Taken:
        """Takes a batch in one transaction, in its order."""
        counts = {"new": 0, "repeated": 0, "late": 0}
        with self._transaction():
            for event in events:
                counts[self._take(event, now)] += 1
        if any(event.type in TAKING_BACK for event in events):
            # What was deleted leaves the write-ahead log too.
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return Taken(**counts)

    def _take(self, event: Event, now: str) -> str:
        if not self._change("INSERT OR IGNORE INTO taken VALUES (?, ?)", event.source, event.id):
            return "repeated"
        above = (
            "INSERT INTO last_sequence VALUES (?, ?, ?) ON CONFLICT (topic, matter) DO UPDATE "
            "SET sequence = excluded.sequence WHERE excluded.sequence > last_sequence.sequence"
        )
        if not self._change(above, event.topic, event.matter, event.sequence):
            return "late"
        match event.type:
            case "assigned" | "updated" | "offered":
                self._put(event, now)
            case "recall" | "offer-closed":
                self._recall(event, now)
            case "reminder":
                self._remind(event)
            case _:
                pass  # A type of a later version: remembered, and without effect.
        return "new"

    def _put(self, event: Event, now: str) -> None:
        row = self._db.execute("SELECT state FROM assignment WHERE assignment = ?", (event.assignment,)).fetchone()
        before = row[0] if row else ""
        state = _offered_after(before) if event.type == "offered" else _state_after(before, str(event.data.get("change", "")))
        self._change(
            "INSERT OR REPLACE INTO assignment (assignment, matter, state, due, data, changed_at) VALUES (?, ?, ?, ?, ?, ?)",
            event.assignment,
            event.matter,
            state,
            (event.data.get("deadline") or {}).get("due"),
            _json(event.data),
            now,
        )
        self._must_tell(event, "offer" if event.type == "offered" else "content")

    def _recall(self, event: Event, now: str) -> None:
        """Deletes every copy, what was said and what was still to be said; that it was taken back is remembered."""
        for table in ("to_do", "outbox", "reminder"):
            self._change(f"DELETE FROM {table} WHERE assignment = ?", event.assignment)
        self._change(
            "INSERT OR REPLACE INTO assignment (assignment, matter, state, due, data, changed_at) VALUES (?, ?, ?, NULL, NULL, ?)",
            event.assignment,
            event.matter,
            "recalled" if event.type == "recall" else "closed",
            now,
        )
        self._must_tell(event, "recall")

    def _remind(self, event: Event) -> None:
        """Kept also where its assignment has not come yet: the two come on different topics."""
        row = self._db.execute("SELECT state FROM assignment WHERE assignment = ?", (event.assignment,)).fetchone()
        if row and row[0] in GONE:
            return
        level = event.data.get("level")
        self._change(
            "INSERT OR REPLACE INTO reminder (assignment, level, data) VALUES (?, ?, ?)",
            event.assignment,
            level if isinstance(level, int) else 1,
            _json(event.data),
        )
        self._must_tell(event, "reminder")

    def _must_tell(self, event: Event, kind: str) -> None:
        """The newest of its kind replaces one that was not told yet."""
        self._change(
            "INSERT OR REPLACE INTO to_do (assignment, kind, event_id) VALUES (?, ?, ?)", event.assignment, kind, event.id
        )

    def to_do(self, limit: int = 100) -> list[ToDo]:
        """The oldest first; a reminder waits for its assignment."""
        rows = self._db.execute(
            f"SELECT t.kind, t.event_id, {CASE} FROM to_do t JOIN assignment a USING (assignment) "
            "LEFT JOIN reminder r USING (assignment) ORDER BY t.place LIMIT ?",
            (limit,),
        )
        return [ToDo(row[0], row[1], _case(row[2:])) for row in rows.fetchall()]

    def told(self, done: ToDo, answers: Sequence[Answer], now: str) -> None:
        """The own system knows; its answers become events, whose ids come from the event they answer."""
        with self._transaction():
            what = (done.case.assignment, done.kind, done.event_id)
            if not self._change("DELETE FROM to_do WHERE assignment = ? AND kind = ? AND event_id = ?", *what):
                return  # Something newer came meanwhile, and is told next.
            for answer in answers:
                self._say(done.case.assignment, answer, f"{done.event_id}:{answer.type}", now)

    def say(self, assignment: str, answer: Answer, event_id: str, now: str) -> None:
        """An answer of a person. Raises ForPerson when there is no such assignment or its state does not allow it."""
        with self._transaction():
            self._say(assignment, answer, event_id, now)

    def _say(self, assignment: str, answer: Answer, event_id: str, now: str) -> None:
        row = self._db.execute("SELECT state, matter FROM assignment WHERE assignment = ?", (assignment,)).fetchone()
        if row is None:
            raise ForPerson(f"没有这个交办：{assignment}", f"no such assignment: {assignment}")
        state, matter = row
        if state not in MAY_FOLLOW[answer.type]:
            raise ForPerson(f"{assignment} 已是 {state}，不能 {answer.type}", f"{assignment} is {state}: no {answer.type}")
        data = _json({"matter" if answer.type == "claim" else "assignment": assignment, **answer.said, "at": now})
        self._change(
            "INSERT INTO outbox (id, type, assignment, matter, data, made_at) VALUES (?, ?, ?, ?, ?, ?)",
            event_id,
            answer.type,
            assignment,
            matter,
            data,
            now,
        )
        becomes = BECOMES.get(answer.type, state)
        self._change("UPDATE assignment SET state = ?, changed_at = ? WHERE assignment = ?", becomes, now, assignment)

    def to_send(self, limit: int = 500) -> list[Said]:
        columns = "id, type, assignment, matter, data, made_at"
        rows = self._db.execute(f"SELECT {columns} FROM outbox WHERE sent_at IS NULL ORDER BY place LIMIT ?", (limit,))
        return [Said(*row) for row in rows.fetchall()]

    def sent(self, ids: Sequence[str], now: str) -> None:
        with self._transaction():
            self._db.executemany("UPDATE outbox SET sent_at = ? WHERE id = ?", [(now, one) for one in ids])

    def cases(self, state: str = "") -> Iterator[Case]:
        """What the unit holds, by deadline, without what was taken back; with ``state`` only what is in it."""
        rows = self._db.execute(
            f"SELECT {CASE} FROM assignment a LEFT JOIN reminder r USING (assignment) "
            "WHERE a.state = ? OR (? = '' AND a.state NOT IN ('recalled', 'closed')) ORDER BY a.due, a.assignment",
            (state, state),
        )
        return (_case(row) for row in rows)

    def case(self, assignment: str) -> Case:
        """Raises ForPerson when there is none."""
        row = self._db.execute(
            f"SELECT {CASE} FROM assignment a LEFT JOIN reminder r USING (assignment) WHERE a.assignment = ?", (assignment,)
        ).fetchone()
        if row is None:
            raise ForPerson(f"没有这个交办：{assignment}", f"no such assignment: {assignment}")
        return _case(row)

    def close(self) -> None:
        self._db.close()

    def _change(self, statement: str, *values: object) -> int:
        return self._db.execute(statement, values).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


CASE = "a.assignment, a.matter, a.state, coalesce(a.due, ''), coalesce(a.data, '{}'), coalesce(r.data, '{}')"


def _case(row: Sequence[str]) -> Case:
    assignment, matter, state, due, data, reminder = row
    return Case(assignment, matter, state, due, json.loads(data), json.loads(reminder))


def _state_after(state: str, change: str) -> str:
    """Whole content came again. A completed part is open again by a revision, a decision or the office, not by the others: what
    was completed while letters were joined or split off is completed, and only the office asks for it anew."""
    if state in {"", *GONE} or change == "reopened" or (state == "completed" and change not in STAYS_COMPLETED):
        return "received"
    return state


def _offered_after(state: str) -> str:
    """Offered again, changed: what was claimed stays so until its assignment or its end comes."""
    return "claimed" if state == "claimed" else "offered"


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
