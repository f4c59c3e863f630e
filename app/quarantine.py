"""Captures that wait because they could not be understood: looking at them, trying them again."""

from collections.abc import Sequence

from app.codec import CAPTURE, capture_from
from app.office import Office
from app.reports import EVERYTHING
from app.wiring import System
from domain.errors import Refused
from domain.messages import CaptureOutcome
from domain.records import QuarantineItem

UNDERSTOOD = frozenset({CaptureOutcome.REGISTERED, CaptureOutcome.REVISED, CaptureOutcome.NOTED})


def waiting(system: System, ids: Sequence[int] | None) -> list[QuarantineItem]:
    """Those of these ids that wait now; None: all."""
    with system.store.unit_of_work(write=False) as uow:
        return uow.reads.quarantined(ids, EVERYTHING)


def opened(system: System, item: QuarantineItem) -> bytes:
    """The bytes as they were fetched. Raises Refused when the vault lacks them."""
    with system.store.unit_of_work(write=False) as uow:
        values = uow.vault.get(item.owner, CAPTURE)
    value = next((value for value in values if value.version == item.value_version), None)
    if value is None:
        raise Refused(f"the bytes of quarantined capture {item.id} are not in the vault")
    return system.vault.open(value)


def replay(system: System, office: Office, ids: Sequence[int] | None, reason: str = "") -> list[tuple[int, str]]:
    """Tries those that wait again, each audited in the office's name; (id, outcome, or why it still waits) of each."""
    captures = [(item, capture_from(item, opened(system, item))) for item in waiting(system, ids)]
    results = system.registrar().replay(captures)
    for ident, outcome in results:
        said = {"reason": reason} if reason else {}
        office.note("quarantine.replay", str(ident), outcome=outcome, **said)
    return results
