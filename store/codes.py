"""Small values in text columns: lists of codes, flat pairs, marks, suggestions."""

import json
from collections.abc import Iterable, Sequence

from domain.decisions import Evidence, Suggestion
from domain.ids import UnitCode
from domain.messages import Mark

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
canonical = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def put_units(units: Iterable[UnitCode]) -> str:
    """Codes are ``[a-z0-9-]+``: a space parts them."""
    return " ".join(units)


def get_units(stored: str) -> tuple[UnitCode, ...]:
    return tuple(UnitCode(code) for code in stored.split())


def put_words(words: Sequence[str]) -> str:
    return compact(list(words)) if words else ""


def get_words(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored)) if stored else ()


def put_marks(marks: Iterable[Mark]) -> str:
    return " ".join(f"{mark.kind}:{mark.key_version}:{mark.hash.hex()}" for mark in marks)


def get_marks(stored: str) -> tuple[Mark, ...]:
    if not stored:
        return ()
    parts = (word.split(":") for word in stored.split(" "))
    return tuple(Mark(kind, bytes.fromhex(digest), int(version)) for kind, version, digest in parts)


def _evidence(evidence: Iterable[Evidence]) -> list[list[object]]:
    return [[item.kind, item.text, item.weight] for item in evidence]


def put_evidence(evidence: Sequence[Evidence]) -> str:
    return compact(_evidence(evidence)) if evidence else ""


def get_evidence(stored: str) -> tuple[Evidence, ...]:
    return tuple(Evidence(*item) for item in json.loads(stored)) if stored else ()


def put_suggestions(suggestions: Sequence[Suggestion]) -> str:
    if not suggestions:
        return ""
    return compact([[item.unit, item.probability, _evidence(item.evidence)] for item in suggestions])


def get_suggestions(stored: str) -> tuple[Suggestion, ...]:
    if not stored:
        return ()
    return tuple(
        Suggestion(UnitCode(unit), probability, tuple(Evidence(*item) for item in evidence))
        for unit, probability, evidence in json.loads(stored)
    )


def put_pairs(pairs: Sequence[tuple[str, str]]) -> str:
    return compact(pairs) if pairs else ""


def get_pairs(stored: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in json.loads(stored)) if stored else ()
