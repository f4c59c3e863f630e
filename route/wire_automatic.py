"""The event that tells the office what the model may do without a person: a unit's letters go out by themselves no more, or again."""

from dataclasses import dataclass
from datetime import datetime

from domain.events import EventType, notice_topic
from domain.ids import OFFICE, EventId, MatterId, UnitCode
from domain.records import NewOutbox
from domain.standings import ALL
from route.wire import record, time_text

KEY = "automatic"


@dataclass(frozen=True, slots=True)
class AutomaticNews:
    """``letters`` is how many sure suggestions led to the change, ``wrong`` how many of them were not right; ``since`` when the
    first of them became known, None for none. ``unit``: ALL for all units together."""

    unit: UnitCode
    stopped: bool
    letters: int
    wrong: int
    target: float
    since: datetime | None = None


def automatic(news: AutomaticNews, *, sequence: int, city: str, now: datetime) -> NewOutbox:
    """No letter is named and no matter is meant: the key is the unit's, and ``sequence`` rises with each of its changes."""
    data = {
        "change": "stopped" if news.stopped else "resumed",
        "unit": None if news.unit == ALL else news.unit,
        "precision": round(1 - news.wrong / news.letters, 4) if news.letters else None,
        "target": news.target,
        "letters": news.letters,
        "wrong": news.wrong,
        "since": None if news.since is None else time_text(news.since),
    }
    key = MatterId(f"{KEY}:{news.unit}" if news.unit != ALL else KEY)
    return record(EventType.AUTOMATIC, EventId(f"{key}:{sequence}"), notice_topic(OFFICE), key, data, sequence, city, now)
