"""Which moves are allowed. Everything else is refused with a reason, in the audit log."""

from domain.decisions import AssignmentState as A
from domain.decisions import MatterState as T
from domain.errors import Refused
from domain.messages import MessageState as M

ARBITRATION_RETURNS = 2
"""After so many returns the office decides who has a matter; no unit gets it without."""

MESSAGE_MOVES: dict[M, frozenset[M]] = {
    M.NEW: frozenset({M.HELD, M.FILTERED, M.IN_REVIEW, M.SEALED_REVIEW, M.JOINED, M.DISPATCHED, M.OUT_OF_REMIT, M.NEW}),
    M.HELD: frozenset({M.NEW, M.REJECTED, M.SEALED_REVIEW}),
    M.FILTERED: frozenset({M.NEW}),
    M.REJECTED: frozenset({M.NEW}),
    # To itself: it goes along when its matter is merged into another, or split off again.
    M.JOINED: frozenset({M.NEW, M.SEALED_REVIEW, M.JOINED}),
    M.IN_REVIEW: frozenset({M.DISPATCHED, M.OUT_OF_REMIT, M.SEALED_REVIEW, M.HELD, M.JOINED, M.NEW}),
    M.SEALED_REVIEW: frozenset({M.DISPATCHED, M.OUT_OF_REMIT, M.NEW}),
    M.DISPATCHED: frozenset({M.OUT_OF_REMIT, M.SEALED_REVIEW, M.JOINED, M.NEW}),
    M.OUT_OF_REMIT: frozenset({M.NEW}),
}

ASSIGNMENT_MOVES: dict[A, frozenset[A]] = {
    A.SENT: frozenset({A.SIGNED, A.COMPLETED, A.RETURNED, A.WITHDRAWN}),
    A.SIGNED: frozenset({A.COMPLETED, A.RETURNED, A.WITHDRAWN}),
    A.COMPLETED: frozenset({A.SENT, A.WITHDRAWN}),
    A.RETURNED: frozenset(),
    A.WITHDRAWN: frozenset(),
}

MATTER_MOVES: dict[T, frozenset[T]] = {
    T.OPEN: frozenset({T.ANSWERED}),
    T.ANSWERED: frozenset({T.CLOSED, T.OPEN}),
    T.CLOSED: frozenset({T.OPEN}),
}


def check_message_move(old: M, new: M) -> None:
    """Raises Refused when a message may not go from ``old`` to ``new``."""
    if new not in MESSAGE_MOVES[old]:
        raise Refused(f"a message that is {old} cannot become {new}")


def check_assignment_move(old: A, new: A) -> None:
    """Raises Refused when an assignment may not go from ``old`` to ``new``."""
    if new not in ASSIGNMENT_MOVES[old]:
        raise Refused(f"an assignment that is {old} cannot become {new}")


def matter_state(states: list[A]) -> T:
    """What its assignments make of a matter: answered when one is completed and no other still stands open."""
    if A.COMPLETED in states and not {A.SENT, A.SIGNED} & set(states):
        return T.ANSWERED
    return T.OPEN
