"""Matters that are open for claiming (认领): which leave the pool with what is done, and who may claim one."""

from collections.abc import Mapping, Sequence

from domain.decisions import Decision
from domain.ids import MatterId
from domain.messages import Message, MessageState
from domain.ports import UnitOfWork
from domain.records import MatterRow, Settlement
from route.decide import MAY_ACCUSE

POOL_RULE = "pool"
CLAIM_RULE = "claim"
OPEN_TO_ALL = "open to all units for claiming"


def offers_to_close(uow: UnitOfWork, settlements: Sequence[Settlement], matters: Mapping[MatterId, MatterRow]) -> list[MatterRow]:
    """The matters in the pool that these settlements take out of the review, or that their writer changed. A matter that
    no event told of yet was never offered: of new letters nothing is asked."""
    moved = {
        MatterId(one.number)
        for one in settlements
        if one.expected is MessageState.IN_REVIEW or (one.expected is MessageState.NEW and one.version > 1)
    }
    asked = sorted(matter for matter in moved if matter in matters and matters[matter].sequence)
    return [matters[matter] for matter in uow.pool.offered(asked)] if asked else []


def enclosed(message: Message, row: MatterRow, latest: Decision | None) -> bool:
    """Whether the matter may not stand in the pool: it is sealed, or there is or may be a unit that must not see it."""
    doubted = latest is not None and (bool(latest.excluded) or latest.reason == MAY_ACCUSE)
    return message.sealed or row.sealed or bool(row.excluded) or doubted


def claimable(uow: UnitOfWork, message: Message, row: MatterRow, latest: Decision | None) -> bool:
    """Whether a unit may take the matter now. ``row`` is locked in this unit of work."""
    return (
        message.state is MessageState.IN_REVIEW
        and message.matter == row.id
        and not enclosed(message, row, latest)
        and bool(uow.pool.offered([row.id]))
    )
