"""What the review page and its JSON twin show: the queue, and one letter with all that helps to decide it."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from app.console.choosing import waiting_for
from app.console.reveals import attachment_names, not_there, own
from app.documents import decision_dict, iso, maybe_iso, suggestion_dict
from app.repeats import earlier_document
from app.similar_shown import similar_document
from app.wiring import System
from domain.accounts import Account, Viewer
from domain.choices import ALLOWED, Chosen
from domain.decisions import Decision, Evidence, Outcome
from domain.ids import MatterId, Number
from domain.messages import MessageState
from store.assignments import SqlAssignments
from store.desk_review import Narrowed, QueueRow, counts, earlier_of_sender, one, queue
from store.engine import Transaction
from store.matters import SqlMatters
from store.reads import SqlReads

PAGE = 30
TOP = 5
EARLIER = 10
SIMILAR = 10
MARKED = frozenset({"word", "place", "name"})


def queue_document(
    system: System, account: Account, wanted: Narrowed, after: tuple[int, int] | None = None, limit: int = PAGE
) -> dict[str, Any]:
    """``next`` is the key to ask the following page with, empty at the end. A listing of sealed letters is audited."""
    viewer = Viewer.of(account)
    with system.store.transaction(write=False) as tx:
        rows = queue(tx, viewer, wanted, limit + 1, after)
        counted = counts(tx, viewer)
    shown = rows[:limit]
    sealed = sum(row.sealed for row in shown)
    if sealed:
        system.office(account.login).note("review.list_sealed", "review", count=sealed)
    following = ".".join(map(str, shown[-1].key)) if len(rows) > limit else ""
    return {"rows": [row_dict(row) for row in shown], "next": following, "counts": counted}


def row_dict(row: QueueRow) -> dict[str, Any]:
    return {
        "number": row.number,
        "matter": row.matter,
        "version": row.version,
        "state": row.state,
        "source": row.source,
        "sealed": row.sealed,
        "urgency": "urgent" if row.urgent else "normal",
        "arbitration": row.arbitration,
        "returned": row.returned,
        "returns": row.returns,
        "returned_by": row.returned_by,
        "return_reason": row.return_reason,
        "suggested_unit": row.suggested_unit,
        "kind": row.kind,
        "channel": row.channel,
        "place": row.place,
        "registered_at": iso(row.registered_at),
        "submitted_at": maybe_iso(row.submitted_at),
        "subject": row.subject,
        "excerpt": row.excerpt,
        "same": sha256(f"{row.subject}\n{row.excerpt}".encode()).hexdigest()[:12],
        "reason": row.reason,
        "rule": row.rule,
        "suggestions": [suggestion_dict(found) for found in row.suggestions[:TOP]],
    }


def matter_document(system: System, account: Account, number: Number) -> dict[str, Any]:
    """Everything about one letter. Looking at a sealed one is audited. Raises NotThere."""
    viewer = Viewer.of(account)
    with system.store.transaction(write=False) as tx:
        row = one(tx, viewer, number)
        if row is None:
            raise not_there(number)
        message = SqlReads(tx).messages([number])[number]
        matter = SqlMatters(tx).get(message.matter)
        decided = [one_of for one_of in _decisions(tx, row.matter, number) if viewer.sealed or not _of_sealing(one_of)]
        parts = SqlAssignments(tx).of_matters([row.matter]).get(row.matter, [])
        parts = [part for part in parts if viewer.sealed or not part.sealed]
        copies = [other for other in SqlReads(tx).of_matters([row.matter])[row.matter] if other.number != number]
        earlier = earlier_of_sender(tx, viewer, row, EARLIER)
        similar = similar_document(tx, row.matter, viewer, SIMILAR)
        repeat = matter.repeat_of if matter is not None and not row.sealed else None
        repeated = earlier_document(repeat, SqlMatters(tx), SqlReads(tx), SqlAssignments(tx))
    if row.sealed:
        system.office(account.login).note("message.view_sealed", number)
    latest = decided[-1] if decided else None
    waiting = waiting_for(system, [number]).get(number)
    return {
        **row_dict(row),
        "addressed_to": message.addressed_to,
        "body": message.body,
        "excluded": sorted(matter.excluded) if matter is not None else [],
        "requirement": latest.requirement if latest else "",
        "deadline_class": latest.deadline_class if latest else None,
        "decision": decision_dict(latest) if latest else None,
        "history": _history(decided, parts),
        "copies": [_brief(other.number, other.channel, iso(other.registered_at), other.subject) for other in copies],
        "earlier": [
            {**_brief(found.number, found.channel, iso(found.registered_at), found.subject), "state": found.state}
            for found in earlier
        ],
        "similar": similar,
        "repeats": repeated,
        "attachments": list(attachment_names(system, number)),
        "actions": list(ALLOWED.get(message.state, ())) if waiting is None else [],
        "waiting": choice_dict(waiting) if waiting is not None else None,
        "reveals": [
            {
                "id": wish.id,
                "state": wish.state,
                "open": wish.open_at(system.clock.now()),
                "expires_at": maybe_iso(wish.expires_at),
            }
            for wish in own(system, account, number)
        ],
    }


def choice_dict(one_choice: Chosen) -> dict[str, Any]:
    chosen = one_choice.choice
    return {
        "id": one_choice.id,
        "number": one_choice.number,
        "by": one_choice.name or one_choice.login,
        "state": one_choice.state,
        "action": chosen.action,
        "lead": chosen.lead,
        "co_units": list(chosen.co_units),
        "made_at": iso(one_choice.made_at),
        "due_at": iso(one_choice.due_at),
        "reason": one_choice.reason,
    }


def pieces(text: str, spoken: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """The text in pieces, each with the suggestions (``1 3``) for which its words spoke; "" for none."""
    low = text.lower()
    spoke: list[set[int]] = [set() for _ in text] if len(low) == len(text) else []
    for place, suggestion in enumerate(spoken, 1):
        for why in suggestion["evidence"]:
            word = why["text"].lower()
            if spoke and word and why["kind"] in MARKED:
                for start in _places(low, word):
                    for at in range(start, start + len(word)):
                        spoke[at].add(place)
    if not spoke:
        return [(text, "")] if text else []
    found: list[tuple[str, str]] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or spoke[at] != spoke[start]:
            found.append((text[start:at], " ".join(map(str, sorted(spoke[start])))))
            start = at
    return found


def said_loudest(evidence: Sequence[Evidence]) -> list[Evidence]:
    return sorted(evidence, key=lambda why: -why.weight)


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + len(word))


def _decisions(tx: Transaction, matter: MatterId, number: Number) -> list[Decision]:
    return [decision for decision in SqlMatters(tx).decisions([matter])[matter] if decision.number == number]


def _of_sealing(decision: Decision) -> bool:
    """What tells that a letter was sealed once: the story leaves it out too."""
    return decision.sealed or decision.outcome is Outcome.SEALED_REVIEW


def _history(decided: Sequence[Decision], parts: Sequence[Any]) -> list[dict[str, Any]]:
    """Earlier decisions and returns, oldest first."""
    found: list[dict[str, Any]] = [
        {
            "at": iso(one_of.decided_at),
            "what": "decided",
            "outcome": one_of.outcome,
            "units": [code for code in (one_of.lead, *one_of.co_units) if code],
            "by": one_of.actor or one_of.rule,
            "reason": one_of.reason,
            "suggested_unit": None,
        }
        for one_of in decided
    ]
    found += [
        {
            "at": iso(part.returned_at),
            "what": "returned",
            "outcome": None,
            "units": [part.unit],
            "by": part.unit,
            "reason": part.reason,
            "suggested_unit": part.suggested_unit,
        }
        for part in parts
        if part.returned_at is not None
    ]
    return sorted(found, key=lambda step: str(step["at"]))


def _brief(number: Number, channel: str, registered_at: str, subject: str) -> dict[str, Any]:
    return {"number": number, "channel": channel, "registered_at": registered_at, "subject": subject}


def decidable(state: MessageState) -> bool:
    return state in ALLOWED
