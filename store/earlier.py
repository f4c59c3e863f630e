"""What is told of the earlier matter that one repeats is told no more once that matter is sealed: the decision that said it stays
as it was written, and is read without it."""

from collections.abc import Sequence
from dataclasses import replace

from domain.decisions import EARLIER, Decision, Evidence, Suggestion
from domain.ids import MatterId
from store.engine import Transaction

_SEALED_SINCE = (
    "SELECT t.id FROM matters t JOIN matters r ON r.id = t.repeat_of WHERE t.id IN ({}) AND t.sealed = 0 "
    "AND (r.sealed = 1 OR EXISTS (SELECT 1 FROM messages z WHERE z.matter = r.id AND z.sealed = 1))"
)


def sealed_since(tx: Transaction, matters: Sequence[MatterId]) -> set[MatterId]:
    """Those of the matters whose earlier matter is sealed now."""
    return {MatterId(row[0]) for row in tx.fetch_in(_SEALED_SINCE, sorted(set(matters)))}


def tells(evidence: Sequence[Evidence], suggestions: Sequence[Suggestion]) -> bool:
    """Whether anything of an earlier matter is told."""
    return any(one.kind == EARLIER for one in (*evidence, *(why for found in suggestions for why in found.evidence)))


def untold(decision: Decision) -> Decision:
    """The decision without a word of the earlier matter."""
    return replace(decision, evidence=_others(decision.evidence), suggestions=suggestions_untold(decision.suggestions))


def suggestions_untold(suggestions: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    return tuple(replace(one, evidence=_others(one.evidence)) for one in suggestions)


def _others(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(one for one in evidence if one.kind != EARLIER)
