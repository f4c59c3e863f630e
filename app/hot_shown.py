"""Hot topics as documents: for the command, the page and its twin."""

from datetime import datetime, timedelta
from typing import Any

from app.documents import iso, maybe_iso
from app.register_plan import masked_text
from store import hot
from store.engine import Transaction
from store.hot import HotTopic

LOOK_SECONDS = 900.0
SHOWN_FOR = timedelta(days=1)


def masked_words(topic: HotTopic) -> tuple[str, ...]:
    return tuple(masked_text(word) for word in topic.words)


def topic_document(topic: HotTopic) -> dict[str, Any]:
    return {
        "id": topic.id,
        "days": topic.days,
        "words": list(masked_words(topic)),
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


def shown_topics(tx: Transaction, now: datetime) -> list[HotTopic]:
    """Topics found within the last day. One with a letter that was sealed since is left out, its words and its number of
    persons too, until it is found again without that letter."""
    return hot.ordinary(tx, hot.topics(tx, now - SHOWN_FOR))


def kept_document(tx: Transaction, now: datetime) -> dict[str, Any]:
    """What the page and ``/api/hot`` show."""
    looked = hot.looked_at(tx)
    topics = [topic_document(topic) for topic in shown_topics(tx, now)]
    return {"as_of": maybe_iso(looked), "topics": topics}
