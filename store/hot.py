"""Hot topics: the letters they are looked for in, and those that were found, each with what the office was told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.accounts import Viewer
from domain.ids import MatterId, Number, UnitCode
from domain.messages import Message
from store.codes import get_suggestions, get_units, get_words, put_units, put_words
from store.engine import Transaction, insert_sql
from store.rows import CURRENT_VERSION, MESSAGE_COLUMNS, to_message
from store.schema import hot_topics
from store.times import from_us, to_us
from store.visibility import visible_matters

ORDINARY = Viewer(reads=True, units=None)
"""Topics are made of ordinary letters alone, whoever looks at them."""

# A letter's own matter was opened when it was registered, and that is an index. What is held, refused or still to be screened
# says nothing yet.
_LATELY = (
    f"SELECT {MESSAGE_COLUMNS}, m.id FROM matters o JOIN messages m ON m.number = o.id {CURRENT_VERSION} "
    "JOIN matters t ON t.id = m.matter WHERE o.opened_at >= ? AND o.opened_at <= ? AND o.sealed = 0 "
    "AND m.state IN ('in_review', 'joined', 'dispatched', 'out_of_remit') AND {} ORDER BY m.id"
)
_DECIDED = "SELECT number, lead, suggestions FROM decisions WHERE matter IN ({}) AND sealed = 0 ORDER BY id"
_COLUMNS = tuple(column.name for column in hot_topics.columns)
_PUT = insert_sql(
    hot_topics,
    *_COLUMNS,
    conflict="ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in ("id", "first_at")),
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM hot_topics"


@dataclass(frozen=True, slots=True)
class HotLetter:
    """``unit``: whose it was decided to be, else the first that was suggested; "" for none."""

    id: int
    message: Message
    unit: str


@dataclass(frozen=True, slots=True)
class HotTopic:
    """``days``: over how many it grew; ``told``: how many persons the office was last told of; ``numbers``: its letters, the first
    first. ``expected`` persons by its own past, ``most`` of any like span in it, ``chance`` of so many if nothing had grown."""

    id: str
    days: int
    words: tuple[str, ...]
    place: str
    units: tuple[UnitCode, ...]
    persons: int
    expected: float
    most: int
    chance: float
    first_at: datetime
    last_at: datetime
    told: int
    numbers: tuple[Number, ...]


def lately(tx: Transaction, since: datetime, until: datetime) -> list[HotLetter]:
    """The ordinary letters registered in that time, each with its unit."""
    visible, parameters = visible_matters(ORDINARY)
    rows = tx.fetch(_LATELY.format(visible), (to_us(since), to_us(until), *parameters))
    matters = sorted({row[12] for row in rows} | {row[0] for row in rows})
    units: dict[str, str] = {}
    for number, lead, suggestions in tx.fetch_in(_DECIDED, matters):
        offered = get_suggestions(suggestions) if not lead else ()
        units[number] = lead or (offered[0].unit if offered else "")
    return [HotLetter(row[-1], to_message(row), units.get(row[0], "")) for row in rows]


def topics(tx: Transaction, since: datetime) -> list[HotTopic]:
    """Those that were found at that time or later, the surest first."""
    return [_topic(row) for row in tx.fetch(f"{_SELECT} WHERE last_at >= ? ORDER BY chance, id", (to_us(since),))]


def put(tx: Transaction, found: Sequence[HotTopic]) -> None:
    for one in found:
        tx.run(_PUT, _row(one))


def seen_letters(tx: Transaction, numbers: Sequence[Number]) -> dict[Number, MatterId]:
    """Those of the letters that are no secret, with the matters they are in now."""
    visible, parameters = visible_matters(ORDINARY)
    sql = f"SELECT m.number, m.matter FROM messages m JOIN matters t ON t.id = m.matter WHERE {visible} AND m.number IN ({{}})"
    return {Number(row[0]): MatterId(row[1]) for row in tx.fetch_in(sql, list(numbers), before=parameters)}


def ordinary(tx: Transaction, found: Sequence[HotTopic]) -> list[HotTopic]:
    """Those of the topics none of whose letters is a secret now."""
    seen = seen_letters(tx, sorted({number for one in found for number in one.numbers}))
    return [one for one in found if seen.keys() >= set(one.numbers)]


def looked_at(tx: Transaction) -> datetime | None:
    """When topics were last looked for; None when never."""
    found = tx.fetch("SELECT at FROM hot_looks WHERE id = 1")
    return from_us(found[0][0]) if found else None


def looked(tx: Transaction, at: datetime) -> None:
    tx.run("INSERT INTO hot_looks (id, at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", (to_us(at),))


def _row(one: HotTopic) -> tuple[object, ...]:
    return (
        one.id,
        one.days,
        put_words(one.words),
        one.place,
        put_units(one.units),
        one.persons,
        one.expected,
        one.most,
        one.chance,
        to_us(one.first_at),
        to_us(one.last_at),
        one.told,
        " ".join(one.numbers),
    )


def _topic(row: Sequence[object]) -> HotTopic:
    ident, days, words, place, units, persons, expected, most, chance, first, last, told, numbers = row
    return HotTopic(
        str(ident),
        int(str(days)),
        get_words(str(words)),
        str(place),
        get_units(str(units)),
        int(str(persons)),
        float(str(expected)),
        int(str(most)),
        float(str(chance)),
        from_us(int(str(first))),
        from_us(int(str(last))),
        int(str(told)),
        tuple(Number(number) for number in str(numbers).split()),
    )
