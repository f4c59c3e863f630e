"""Copies and repeats: the same person, the same or near-same text.

Copy: submitted within the window of each other, matter not answered: joined. Repeat: the same later, or after an
answer: a matter of its own, linked to the earlier. Sealed matters are never compared with.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from app.copies import JOIN_WAIVED
from domain.decisions import MatterState
from domain.ids import MatterId, Number
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from domain.records import MatterRow, TextClaim
from ingest.normalise import form_of_normalised, forms_alike

NO_COMPANY = frozenset({MessageState.HELD, MessageState.REJECTED, MessageState.FILTERED, MessageState.SEALED_REVIEW})
"""States of messages that nothing is joined to: what becomes of them is not what should become of a copy."""


@dataclass(frozen=True, slots=True)
class SamenessSettings:
    window_hours: int
    similarity: float
    repeat_days: int


class Now(NamedTuple):
    """What an earlier message has become by now."""

    state: MessageState
    matter: MatterId
    sealed: bool


@dataclass(frozen=True, slots=True)
class Same:
    """The earlier message that this one is a copy of (``copy``) or repeats, and the matter it is in."""

    earlier: Number
    matter: MatterId
    copy: bool
    similarity: float


class SamenessFinder:
    """Finds copies and repeats for one batch inside its writing unit of work."""

    def __init__(self, uow: UnitOfWork, messages: Sequence[Message], settings: SamenessSettings) -> None:
        self._settings = settings
        self._uow = uow
        self._forms: dict[Number, tuple[str, bytes]] = {}
        self._held = self._claim_all(messages)
        # Only now: who held one of these texts in another transaction has ended it, and is seen.
        marks = list({(mark.hash, mark.key_version): mark for message in messages for mark in message.marks}.values())
        self._by_person: dict[bytes, list[Message]] = defaultdict(list)
        if marks:
            since = min(message.written_at for message in messages) - timedelta(days=settings.repeat_days)
            for person, message in uow.sameness.by_marks(marks, since, known={message.number: message for message in messages}):
                self._by_person[person].append(message)
        self._batch = {message.number for message in messages}

    def matters(self) -> set[MatterId]:
        """Every matter a message of the batch could be joined to or repeat."""
        return {message.matter for company in self._by_person.values() for message in company}

    def look_again(self) -> set[MatterId]:
        """Reads what was found before its matters were locked anew; the matters it is in now."""
        company = {one.number for listed in self._by_person.values() for one in listed} - self._batch
        read = self._uow.reads.messages(sorted(company)) if company else {}
        for listed in self._by_person.values():
            listed[:] = [read.get(one.number, one) for one in listed]
        return {one.matter for one in read.values()}

    def find(
        self, message: Message, matters: Mapping[MatterId, MatterRow], current: Callable[[Message], Now | None]
    ) -> Same | None:
        """The copy's original, else the latest matter it repeats, else None. ``current`` gives what an earlier message of
        the same batch has become by now, None when it was held or sealed."""
        if not message.marks:
            return None
        best: Same | None = None
        form, _ = self._form(message)
        for earlier in self._earlier(message, self._claim(message)):
            now_is = current(earlier)
            if now_is is None or now_is.sealed or now_is.state in NO_COMPANY or now_is.matter not in matters:
                continue
            if now_is.matter == message.matter:
                continue
            similarity = forms_alike(form, self._form(earlier)[0], truncated=message.truncated or earlier.truncated)
            if similarity < self._settings.similarity:
                continue
            row = matters[now_is.matter]
            if row.sealed:
                continue
            first = self._first(message, now_is.matter) or earlier
            apart = abs(message.written_at - first.written_at)
            copy = apart <= timedelta(hours=self._settings.window_hours) and row.state is MatterState.OPEN
            if best is None or (copy, earlier.number) > (best.copy, best.earlier):
                best = Same(earlier.number, now_is.matter, copy, similarity)
        return best

    def _first(self, message: Message, matter: MatterId) -> Message | None:
        """The matter's own message, if this person wrote it: who writes the same every day repeats it, not copies it."""
        company = (other for mark in message.marks for other in self._by_person.get(mark.hash, ()))
        return next((other for other in company if MatterId(other.number) == matter), None)

    def _form(self, message: Message) -> tuple[str, bytes]:
        """What copies of the message share, and its hash; made once for the texts of the batch."""
        made = self._forms.get(message.number)
        return made if made is not None else _form_and_hash(message)

    def _claim(self, message: Message) -> set[Number]:
        """Holds the person's exact text for this message; who else holds it. Of two exact copies that two workers take at
        one moment, one alone gets the claim, and the other is compared with it whichever was registered first."""
        _, text_hash = self._form(message)
        holders = {
            self._uow.sameness.claim_text(mark.hash, text_hash, message.number, message.written_at, self._settings.window_hours)
            for mark in message.marks
            if (mark.hash, text_hash, message.number) not in self._held
        }
        return holders - {message.number}

    def _claim_all(self, messages: Sequence[Message]) -> set[tuple[bytes, bytes, Number]]:
        """Claims the texts of new messages that will surely be looked at; which of them nobody had claimed before."""
        self._forms = {message.number: _form_and_hash(message) for message in messages if message.marks}
        claims = [
            TextClaim(mark.hash, self._forms[message.number][1], message.number, message.written_at)
            for message in messages
            if message.version == 1 and not message.sealed and JOIN_WAIVED not in message.waived_rules
            for mark in message.marks
        ]
        return self._uow.sameness.claim_new_texts(claims) if claims else set()

    def _earlier(self, message: Message, holders: set[Number]) -> list[Message]:
        company = {other.number: other for mark in message.marks for other in self._by_person.get(mark.hash, ())}
        return [
            other
            for number, other in sorted(company.items())
            if number in holders
            or (number != message.number and (other.registered_at, order(other)) < (message.registered_at, order(message)))
        ]


def _form_and_hash(message: Message) -> tuple[str, bytes]:
    form = text_form(message)
    return form, hashlib.blake2b(form.encode(), digest_size=16).digest()


def order(message: Message) -> tuple[str, str]:
    """Registration order among messages of one moment: by channel, then running number."""
    return message.channel, message.number


def text_form(message: Message) -> str:
    """What copies of the message share; its subject and body are stored normalised."""
    return form_of_normalised(f"{message.subject}\n{message.body}")
