"""What is served: one item of one channel, with what was planted in it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from city.compose import Letter
from city.people import Person

PORTAL, BOARD, GOVERNOR, MAILBOX = "portal", "board", "governor", "mailbox"
CHANNELS = (PORTAL, BOARD, GOVERNOR, MAILBOX)
KIND_NAMES = {
    "consult": "咨询", "help": "求助", "complaint": "投诉", "accusation": "举报", "suggestion": "建议", "thanks": "感谢",
}  # fmt: skip


class Case(StrEnum):
    """Why an item is not just another letter. A copy is within 24 hours of the letter it copies, a repeat later.

    An ambiguous letter tells of two matters of two departments, a vague one of nothing that can be named.
    """

    NONE = ""
    COPY = "copy"
    NEAR_COPY = "near-copy"
    REPEAT = "repeat"
    SIMILAR = "similar"
    ACCUSATION = "accusation"
    URGENT = "urgent"
    AMBIGUOUS = "ambiguous"
    VAGUE = "vague"
    ILLEGAL = "illegal"
    REMIT = "out-of-remit"
    ELSEWHERE = "elsewhere"
    ODD = "odd"
    UNREADABLE = "unreadable"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    LIST = "list"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the channel shows as the city's answer, from the second serving on."""

    unit_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """``key`` is stable for one seed. ``external_id``: the portal's letter number, the board's tid, the mail's SHA-256.

    ``original`` is the key of the letter that this one copies, repeats or resembles. ``revised`` holds the citizen's new
    subject and body, shown from the second serving on; ``late`` items appear only then. ``raw`` are a mail's bytes.
    """

    key: str
    channel: str
    external_id: str
    letter: Letter
    sender: Person
    at: datetime
    case: Case = Case.NONE
    original: str = ""
    revised: tuple[str, str] | None = None
    answer: Answer | None = None
    late: bool = False
    raw: bytes = b""
    accused: tuple[str, ...] = field(default=())

    def words(self, serving: int) -> tuple[str, str]:
        """Subject and body as they stand at the first or second serving."""
        return self.revised if self.revised is not None and serving > 1 else (self.letter.subject, self.letter.body)

    def with_words(self, subject: str, body: str) -> Letter:
        return replace(self.letter, subject=subject, body=body)
