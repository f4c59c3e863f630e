"""The real letters that accuracy is measured on; they lie beside the repository and never in it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from classify.labelled import LabelledText
from classify.rows import LetterRow, read_letters
from domain.ids import UnitCode
from ingest.mask import mask
from ingest.normalise import normalise
from tests.accuracy.elsewhere import sent_elsewhere

TOPICS = "taidi2020c.csv"
UNITS = "jiamusi.csv"
TOPIC_COLUMNS = {"subject": "title", "body": "content", "unit": "label", "group": "fold"}
UNIT_COLUMNS = {"subject": "title", "body": "content", "at": "asked_at", "answered": "handled_at"}


class NoLetters(Exception):
    """The file with the real letters is not there."""


@lru_cache(maxsize=4)
def topics(data: Path) -> tuple[LetterRow, ...]:
    """Letters with one of seven topics; ``group`` is their fold. Raises NoLetters."""
    return _read(data / TOPICS, TOPIC_COLUMNS)


@lru_cache(maxsize=4)
def units(data: Path) -> tuple[LetterRow, ...]:
    """Letters of one city with the unit that answered and its reply, oldest first. Raises NoLetters."""
    return _read(data / UNITS, UNIT_COLUMNS)


def labelled(rows: Sequence[LetterRow], *, replies: bool, groups: bool = True) -> list[LabelledText]:
    """As ``fenban evaluate`` gives them to training and testing: normalised, masked; replies of training letters only."""
    return [
        LabelledText(
            str(mask(normalise(row.subject))),
            str(mask(normalise(row.body))),
            UnitCode(row.unit),
            row.at,
            row.reply if replies else "",
            row.group if groups else "",
        )
        for row in rows
    ]


def is_own(row: LetterRow) -> bool:
    """Whether the answering unit took the matter for its own: its reply does not send the citizen elsewhere."""
    return not sent_elsewhere(row.reply, row.unit)


def _read(path: Path, columns: dict[str, str]) -> tuple[LetterRow, ...]:
    if not path.exists():
        raise NoLetters(
            f"{path} is not there: the real letters are kept outside the repository; say where with  make DATA=FOLDER"
        )
    return read_letters(path, columns).rows
