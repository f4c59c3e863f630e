"""Retraining from every label there is; a model that is worse does not serve, and it is said why."""

import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta

from app.learning import learn
from app.promoting import NotPromoted, let_serve
from app.training import Progress, letters_from_store
from app.transactions import writing
from app.wiring import System
from domain.errors import Refused
from domain.records import Lease
from store.channels import SqlChannels

LEASE = "retrain"
LEASE_TIME = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Retrained:
    """``objections``: why ``version`` does not serve, nothing when it does. ``before``: the version that served. ``notes``: what is to
    be known of one that does."""

    version: str
    letters: int
    units: int
    serves: bool
    before: str
    objections: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def retrain(system: System, *, by: str, progress: Progress) -> Retrained:
    """Trains on every label there is today and lets the model serve unless something speaks against it. Raises Refused while
    another process retrains, HaltForPerson where there is no label."""
    lease = _hold(system)
    try:
        learned = learn(system, letters_from_store(system), by=by, progress=progress, source="store")
        told = (learned.row.version, learned.row.n_rows, len(learned.row.units))
        try:
            before, said = let_serve(system, learned.row, by)
        except NotPromoted as error:
            return Retrained(*told, False, "", error.objections)
        return Retrained(*told, True, before, notes=said.notes)
    finally:
        writing(system.store, system.clock, lambda tx, _: SqlChannels(tx).release(lease))


def _hold(system: System) -> Lease:
    owner = f"{socket.gethostname()}/retrain-{secrets.token_hex(4)}"
    lease = writing(system.store, system.clock, lambda tx, at: SqlChannels(tx).acquire(LEASE, owner, at, at + LEASE_TIME))
    if lease is None:
        raise Refused("another process retrains", remedy="wait for it; its lease is listed on the operations page")
    return lease
