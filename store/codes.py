"""Small values in text columns: lists of codes, flat pairs, marks, suggestions."""

from collections.abc import Iterable, Sequence

import orjson

from domain.decisions import Evidence, Suggestion
from domain.ids import UnitCode
from domain.messages import Mark

# Probabilities may come as numpy scalars.
NUMBERS = orjson.OPT_SERIALIZE_NUMPY


def put_units(units: Iterable[UnitCode]) -> str:
    """Codes are ``[a-z0-9-]+``: a space parts them."""
    return " ".join(units)


def get_units(stored: str) -> tuple[UnitCode, ...]:
    return tuple(UnitCode(code) for code in stored.split()) if stored else ()


def put_words(words: Sequence[str]) -> str:
    return orjson.dumps(words).decode() if words else ""


def get_words(stored: str) -> tuple[str, ...]:
    return tuple(orjson.loads(stored)) if stored else ()


def put_marks(marks: Iterable[Mark]) -> str:
    """``kind:key version:hash`` in hexadecimal, a space between two."""
    return " ".join([f"{mark.kind}:{mark.key_version}:{mark.hash.hex()}" for mark in marks])


def get_marks(stored: str) -> tuple[Mark, ...]:
    if not stored:
        return ()
    marks = []
    for word in stored.split(" "):
        kind, version, digest = word.split(":")
        marks.append(Mark(kind, bytes.fromhex(digest), int(version)))
    return tuple(marks)


def put_evidence(evidence: Sequence[Evidence]) -> str:
    return orjson.dumps([(item.kind, item.text, item.weight) for item in evidence], option=NUMBERS).decode() if evidence else ""


def get_evidence(stored: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(*item) for item in orjson.loads(stored)) if stored else ()


def put_suggestions(suggestions: Sequence[Suggestion]) -> str:
    if not suggestions:
        return ""
    rows = [
        (
            item.unit,
            item.probability,
            [(reason.kind, reason.text, reason.weight) for reason in item.evidence],
            *(() if item.what is None else (item.what, item.place)),
        )
        for item in suggestions
    ]
    return orjson.dumps(rows, option=NUMBERS).decode()


def get_suggestions(stored: str) -> tuple[Suggestion, ...]:
    if not stored:
        return ()
    return tuple(
        Suggestion(UnitCode(unit), probability, tuple(Evidence(*item) for item in evidence), *axes)
        for unit, probability, evidence, *axes in orjson.loads(stored)
    )


def put_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return orjson.dumps(pairs).decode() if pairs else ""


def get_pairs(stored: str) -> tuple[tuple[str, str], ...]:
    return tuple(map(tuple, orjson.loads(stored))) if stored else ()
