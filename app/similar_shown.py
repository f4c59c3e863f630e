"""What a reader is shown of letters that say the same: how many other persons wrote, since when, and those that they may see."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from app.documents import iso
from app.similar_told import Crowd
from domain.accounts import Viewer
from domain.ids import MatterId, UnitCode
from domain.messages import Message, MessageState
from domain.records import SimilarLetter
from ingest.normalise import form_of_normalised, forms_alike
from store.assignments import SqlAssignments
from store.engine import Transaction
from store.reads import SqlReads
from store.similar import groups_of, members, visible

MOST = 20
EVERYBODY = Viewer(reads=True, units=None)
ANY_STATE = frozenset(MessageState)
AT_A_TIME = 200


def similar_document(tx: Transaction, matter: MatterId, viewer: Viewer = EVERYBODY, most: int = MOST) -> dict[str, Any]:
    """``count`` other persons, ``since`` the first of their letters was registered; ``letters`` the earliest that the reader may
    see, ``similarity`` to this matter's own (Jaccard of character 3-grams). Nothing of what is sealed, whoever reads.

    A unit's people learn of letters that are dispatched; the office of those that wait for a person too.
    """
    groups = groups_of(tx, [matter]).get(matter, []) if viewer.reads and viewer.ordinary and viewer.units != () else []
    crowd = _crowd(members(tx, groups) if groups else [], viewer.units)
    others = crowd.others(matter, None)
    if others is None:
        return {"count": 0, "since": None, "letters": []}
    listed = _letters(tx, crowd.of_others(matter), matter, viewer, most)
    return {"count": others.count, "since": iso(others.since), "letters": listed}


def with_similar(tx: Transaction, documents: Iterable[dict[str, Any]], unit: UnitCode | None) -> Iterator[dict[str, Any]]:
    """The matters' documents, each with how many other persons wrote the same and since when, as the unit may know it."""
    stream = iter(documents)
    while batch := list(islice(stream, AT_A_TIME)):
        groups = groups_of(tx, [document["number"] for document in batch])
        letters = {head: members(tx, [head]) for head in {head for heads in groups.values() for head in heads}}
        for document in batch:
            heads = groups.get(document["number"], [])
            found = {one.letter: one for head in heads for one in letters[head]}
            others = _crowd(found.values(), None if unit is None else (unit,)).others(document["number"], None)
            said = {"count": 0, "since": None} if others is None else {"count": others.count, "since": iso(others.since)}
            yield {**document, "similar": said}


def _crowd(found: Iterable[SimilarLetter], units: Sequence[UnitCode] | None) -> Crowd:
    if units is None:
        return Crowd(found, ANY_STATE)
    return Crowd([one for one in found if not set(units) & set(one.excluded)])


def _letters(
    tx: Transaction, found: Sequence[SimilarLetter], matter: MatterId, viewer: Viewer, most: int
) -> list[dict[str, Any]]:
    seen = visible(tx, viewer, [one.matter for one in found])
    shown = [one for one in found if one.matter in seen][:most]
    reads = SqlReads(tx)
    texts = reads.messages([one.number for one in shown])
    own = reads.of_matters([matter])[matter]
    parts = SqlAssignments(tx).of_matters([one.matter for one in shown]) if shown else {}

    def mine(unit: UnitCode) -> bool:
        return viewer.units is None or unit in viewer.units

    return [
        {
            "number": one.number,
            "matter": one.matter,
            "registered_at": iso(one.registered_at),
            "state": one.state,
            "subject": texts[one.number].subject,
            "units": [part.unit for part in parts.get(one.matter, ()) if part.withdrawn_at is None and mine(part.unit)],
            "similarity": max((_alike(texts[one.number], message) for message in own), default=0.0),
        }
        for one in shown
    ]


def _alike(one: Message, other: Message) -> float:
    forms = (form_of_normalised(f"{message.subject}\n{message.body}") for message in (one, other))
    return round(forms_alike(*forms, truncated=one.truncated or other.truncated), 3)
