"""Hot topics as documents: for the command, the page and its twin."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.documents import iso
from app.register_plan import masked_text
from store import hot
from store.engine import Transaction
from store.hot import HotTopic

LOOK_SECONDS = 900.0
SHOWN_FOR = timedelta(days=1)


def topic_document(topic: HotTopic) -> dict[str, Any]:
    return {
        "id": topic.id,
        "days": topic.days,
        "words": [masked_text(word) for word in topic.words],
        "place": topic.place,
        "units": list(topic.units),
        "persons": topic.persons,
        "expected": round(topic.expected, 2),
        "most_before": topic.most,
        "chance": topic.chance,
        "first_at": iso(topic.first_at),
        "last_at": iso(topic.last_at),
        "numbers": list(topic.numbers),
    }


def kept_document(tx: Transaction, now: datetime) -> dict[str, Any]:
    """What the page and ``/api/hot`` show: topics found within the last day, with those of their letters that are no secret now."""
    looked = hot.looked_at(tx)
    shown = []
    for topic in hot.topics(tx, now - SHOWN_FOR):
        seen = hot.seen_letters(tx, topic.numbers)
        if numbers := tuple(number for number in topic.numbers if number in seen):
            shown.append(topic_document(replace(topic, numbers=numbers)))
    return {"as_of": iso(looked) if looked is not None else None, "topics": shown}
