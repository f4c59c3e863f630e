"""The event maker: what happened to an assignment, as the contract's records."""

from datetime import datetime

from app.happened import Event, EventMaker, Offer
from domain.events import EventType
from domain.records import NewOutbox
from route import wire, wire_pool


def event_maker(city: str) -> EventMaker:
    """Makes outbox records for the city with this id."""

    def make(event: Event | Offer, sequence: int, now: datetime) -> NewOutbox:
        if isinstance(event, Offer):
            return _offer(event, sequence, city, now)
        if event.type is EventType.RECALL:
            return wire.recall(event.assignment, event.assignment.matter, sequence=sequence, city=city, now=now)
        if event.reminder is not None:
            said = event.reminder
            return wire.reminder(
                event.assignment,
                event.assignment.matter,
                sequence=sequence,
                city=city,
                now=now,
                reason=said.reason,
                level=said.level,
                stage=said.stage,
                to=said.to,
            )
        if event.decision is None:
            raise ValueError(f"an event of the type {event.type} needs its decision")
        history = [wire.HistoryItem(step.at, step.what, step.unit, step.text, step.number) for step in event.history]
        messages = (event.message, *event.others)
        if event.type is EventType.ASSIGNED:
            return wire.assigned(
                event.assignment, event.decision, messages, sequence=sequence, city=city, now=now, history=history
            )
        return wire.updated(
            event.assignment,
            event.decision,
            messages,
            sequence=sequence,
            city=city,
            now=now,
            change=event.change,
            history=history,
            similar=(event.similar.count, event.similar.since) if event.similar is not None else None,
        )

    return make


def _offer(offer: Offer, sequence: int, city: str, now: datetime) -> NewOutbox:
    if offer.message is None or offer.decision is None:
        return wire_pool.offer_closed(offer.matter.id, sequence=sequence, city=city, now=now)
    return wire_pool.offered(offer.message, offer.decision, sequence=sequence, city=city, now=now)
