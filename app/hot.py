"""Hot topics: looked for now and then by one of all processes, told to the office when one begins and each time it has doubled."""

import hashlib
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.documents import iso
from app.hot_shown import LOOK_SECONDS, masked_words, topic_document
from app.transactions import reading, writing
from classify.bursts import Burst, BurstSettings, Letter, find_bursts
from classify.tokens import best_tokenizer, cutter, readable, words
from domain.clock import SHANGHAI
from domain.ids import MatterId, UnitCode
from domain.messages import Message
from domain.ports import Clock
from ingest.normalise import form_of_normalised
from route import wire
from route.decide import Decider
from store import hot, similar
from store.channels import SqlChannels
from store.engine import Transaction
from store.hot import HotLetter, HotTopic
from store.matters import SqlMatters
from store.outbox import SqlOutbox
from store.unit_of_work import SqlStore

LEASE = "hot"
READ = 400
"""Characters of a body that are read for its words: what a letter is about is said early."""
GROWS = 2
"""The office is told again when a topic has so many times the persons that it was told of."""
SAME_TOPIC = 1 / 3
"""Of two findings that share this much of the smaller one's letters, the later goes on with the earlier."""
MOST_NUMBERS = 200
GOES_ON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Looked:
    """``bursts`` as found, and the letters they are of."""

    bursts: list[Burst]
    letters: dict[int, HotLetter]


class HotTopics:
    """Finds topics among a store's ordinary letters."""

    def __init__(
        self, store: SqlStore, clock: Clock, decider: Callable[[], Decider], city: str, settings: BurstSettings | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._decider = decider
        self._city = city
        self._settings = settings or BurstSettings()
        self._words: dict[tuple[int, int], tuple[str, tuple[str, ...]]] = {}

    def find(self, now: datetime) -> Looked:
        """What holds at that moment, by the letters' own dates; writes nothing."""
        since = now - timedelta(days=self._settings.past_days + max(self._settings.spans))

        def read(tx: Transaction) -> tuple[list[HotLetter], dict[int, list[int]]]:
            found = hot.lately(tx, since, max(now, self._clock.now()))
            return found, similar.heads(tx, [one.id for one in found])

        found, groups = reading(self._store, read)
        persons = _persons(found)
        known = self._words
        self._words = {
            (one.id, one.message.version): known.get((one.id, one.message.version)) or self._read(one) for one in found
        }
        letters = []
        for one in found:
            place, said = self._words[one.id, one.message.version]
            letters.append(Letter(one.id, one.message.written_at.timestamp(), persons[one.id], place, one.unit, said))
        bursts = find_bursts(letters, now.timestamp(), self._settings, groups)
        return Looked(bursts, {one.id: one for one in found})

    def document(self, now: datetime) -> dict[str, Any]:
        """``fenban hot --json``: looked for now, whatever was found before."""
        looked = self.find(now)
        return {"as_of": iso(now), "topics": [topic_document(_topic(burst, looked, now)) for burst in looked.bursts]}

    def look(self, owner: str) -> int:
        """One look where no other process looks: topics are kept, the office is told; how many events were stored."""
        now = self._clock.now()
        if not writing(self._store, self._clock, lambda tx, _: self._mine(tx, owner, now)):
            return 0
        looked = self.find(now)
        return writing(self._store, self._clock, lambda tx, at: self._keep(tx, owner, looked, at))

    def _mine(self, tx: Transaction, owner: str, now: datetime) -> bool:
        until = now + timedelta(seconds=3 * LOOK_SECONDS)
        return SqlChannels(tx).acquire(LEASE, owner, now, until) is not None

    def _keep(self, tx: Transaction, owner: str, looked: Looked, now: datetime) -> int:
        if not self._mine(tx, owner, now):
            return 0
        before = hot.topics(tx, now - GOES_ON)
        shown = {one.id for one in hot.ordinary(tx, before)}
        told = 0
        for burst in looked.bursts:
            topic = _goes_on(_topic(burst, looked, now), before, shown)
            if topic.persons >= GROWS * topic.told or not topic.told:
                if not self._tell(tx, topic, now):
                    continue
                told += 1
                topic = replace(topic, told=topic.persons)
            hot.put(tx, [topic])
        hot.looked(tx, now)
        return told

    def _tell(self, tx: Transaction, topic: HotTopic, now: datetime) -> bool:
        """Under the locks of its letters' matters; not when one was sealed since: the next look finds what is left."""
        SqlMatters(tx).lock([MatterId(number) for number in topic.numbers])
        if not hot.ordinary(tx, [topic]):
            return False
        row = SqlMatters(tx).lock([MatterId(topic.numbers[0])])[MatterId(topic.numbers[0])]
        news = wire.HotNews(
            topic.id,
            row.id,
            topic.days,
            masked_words(topic),
            topic.place,
            topic.units,
            topic.persons,
            topic.expected,
            topic.most,
            topic.first_at,
            topic.numbers,
        )
        SqlOutbox(tx).add([wire.hot(news, sequence=row.sequence + 1, city=self._city, now=now)])
        SqlMatters(tx).update([replace(row, sequence=row.sequence + 1)])
        return True

    def _read(self, one: HotLetter) -> tuple[str, tuple[str, ...]]:
        """(place, words) of a letter, the subject's words first."""
        message = one.message
        hit = self._decider().place_of(message)
        text = readable(f"{message.subject}。{message.body[:READ]}")
        said = tuple(dict.fromkeys(words(text, cutter(best_tokenizer()))))
        return (hit.text if hit is not None else message.place.strip()), said


def _topic(burst: Burst, looked: Looked, now: datetime) -> HotTopic:
    letters = sorted((looked.letters[ident].message for ident in burst.letters), key=lambda one: (one.written_at, one.number))
    first = letters[0]
    return HotTopic(
        id=f"{first.number}.{burst.days}d.{now.astimezone(SHANGHAI):%Y%m%d}",
        days=burst.days,
        words=burst.words,
        place=burst.place,
        units=tuple(UnitCode(unit) for unit in burst.units),
        persons=burst.persons,
        expected=burst.expected,
        most=burst.most,
        chance=burst.chance,
        first_at=first.written_at,
        last_at=now,
        told=0,
        numbers=tuple(one.number for one in letters[:MOST_NUMBERS]),
    )


def _goes_on(topic: HotTopic, before: Sequence[HotTopic], shown: Set[str]) -> HotTopic:
    """The topic under the name that it had, where it is one that was found lately. One with a letter that was sealed since is
    not ``shown``: it goes on under a new name, as the old one holds the number of a letter and its time."""
    numbers = set(topic.numbers)
    for one in before:
        if len(numbers & set(one.numbers)) >= SAME_TOPIC * min(len(numbers), len(one.numbers)):
            if one.id not in shown:
                return replace(topic, told=one.told)
            return replace(topic, id=one.id, first_at=min(one.first_at, topic.first_at), told=one.told)
    return topic


def _persons(letters: Sequence[HotLetter]) -> dict[int, int]:
    """Letter → a number equal for letters of one person: those with a mark in common; without a mark, of the same text."""
    top: dict[int, int] = {}

    def head(ident: int) -> int:
        while top[ident] != ident:
            top[ident] = top[top[ident]]
            ident = top[ident]
        return ident

    holder: dict[bytes, int] = {}
    for one in letters:
        top[one.id] = one.id
        for key in [mark.hash for mark in one.message.marks] or [_text_key(one.message)]:
            other = holder.setdefault(key, one.id)
            top[head(one.id)] = head(other)
    return {one.id: head(one.id) for one in letters}


def _text_key(message: Message) -> bytes:
    form = form_of_normalised(f"{message.subject}\n{message.body}")
    return hashlib.blake2b(form.encode(), digest_size=12).digest()
