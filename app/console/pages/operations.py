"""How the pipeline does, and what an operator does about it. No letter is shown here, nor a sealed matter counted."""

from typing import Any

from starlette.responses import Response

from app.channel_controls import ChannelControls
from app.console.endpoints import Endpoint
from app.console.guard import NotThere
from app.console.visit import Visit
from app.documents import iso
from app.operations import HIDDEN
from app.quarantine import UNDERSTOOD, replay, waiting
from domain.accounts import Role
from domain.clock import SHANGHAI
from domain.errors import Refused
from domain.events import OutboxState
from domain.records import QuarantineItem
from store import desk_operations as desk

PAGE = "/operations"
WATCH = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN})
STEER = frozenset({Role.OPERATOR, Role.ADMIN})
MEND = frozenset({Role.OPERATOR})
WHY: dict[str, Any] = {"type": "string", "maxLength": 500}
REASON: dict[str, Any] = {"type": "object", "properties": {"reason": WHY}}
REASON_ASKED: dict[str, Any] = {"type": "object", "required": ["reason"], "properties": {"reason": {**WHY, "minLength": 1}}}


def page(visit: Visit) -> Response:
    return visit.page("operations.html", **_shown(visit), **_stopped(visit))


def live(visit: Visit) -> Response:
    return visit.page("operations_live.html", **_shown(visit))


def live_json(visit: Visit) -> Response:
    """The way of a message now: stages, channels with today's volume, errors by class, units, leases, ledger."""
    known = _shown(visit)
    return visit.json({**known["live"], "ledger": known["ledger"]})


def stopped_json(visit: Visit) -> Response:
    """What stopped: quarantined captures and parked records, the oldest first, a hundred of each."""
    return visit.json(_stopped(visit)["stopped"])


def pause(visit: Visit) -> Response:
    """The channel is polled no more until it is resumed."""
    ChannelControls(visit.system).pause(_channel(visit), visit.me.login, visit.sent("reason"))
    return _done(visit)


def resume(visit: Visit) -> Response:
    """The channel is polled again."""
    ChannelControls(visit.system).resume(_channel(visit), visit.me.login)
    return _done(visit)


def poll_now(visit: Visit) -> Response:
    """The channel is polled as soon as its collector looks, within seconds."""
    ChannelControls(visit.system).poll_now(_channel(visit), visit.me.login)
    return _done(visit)


def replay_capture(visit: Visit) -> Response:
    """A quarantined capture is tried again."""
    ident = _id(visit)
    if not waiting(visit.system, [ident]):
        raise NotThere(f"nothing waits in quarantine under {ident}", remedy="it may have been replayed already")
    for _, outcome in replay(visit.system, visit.office, [ident], visit.sent("reason")):
        if outcome not in UNDERSTOOD:
            visit.system.operations.forget()
            raise Refused(outcome)
    return _mended(visit)


def replay_record(visit: Visit) -> Response:
    """A parked record is delivered again, in its order."""
    return _move(visit, OutboxState.PENDING)


def discard_record(visit: Visit) -> Response:
    """A parked record is given up, with the reason; it is kept."""
    if not visit.sent("reason"):
        raise Refused("giving a record up needs its reason", remedy="write why nobody needs it any more")
    return _move(visit, OutboxState.DISCARDED)


def _move(visit: Visit, state: OutboxState) -> Response:
    ident = _id(visit)
    with visit.system.store.transaction(write=False) as tx:
        known = desk.parked(tx, visit.viewer, [ident])
    if not known:
        raise NotThere(f"no record {ident} is parked", remedy="it may have been replayed already")
    visit.office.move_parked([ident], state, visit.sent("reason"))
    return _mended(visit)


def _channel(visit: Visit) -> str:
    """Raises NotThere for one that the settings do not name."""
    channel: str = visit.request.path_params["channel"]
    if channel not in {configured.id for configured in visit.system.settings.channel}:
        raise NotThere(f"no channel {channel} in the settings")
    return channel


def _id(visit: Visit) -> int:
    given: str = visit.request.path_params["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise NotThere("there is no such record")
    return int(given)


def _done(visit: Visit) -> Response:
    visit.system.operations.forget()
    if _programs(visit):
        return visit.json({"done": True})
    return visit.page("operations_live.html", **_shown(visit)) if visit.partial else visit.go(PAGE)


def _mended(visit: Visit) -> Response:
    visit.system.operations.forget()
    if _programs(visit):
        return visit.json({"done": True})
    return visit.page("operations_stopped.html", **_stopped(visit)) if visit.partial else visit.go(PAGE)


def _programs(visit: Visit) -> bool:
    return visit.request.url.path.startswith("/api/")


def _shown(visit: Visit) -> dict[str, Any]:
    watched = visit.system.operations
    known = {name: value for name, value in watched.live().items() if name != HIDDEN}
    ledger = watched.ledger()
    lines = [
        {"name": line["name"], "left": line["left"], "right": sum(line["right"].values()), "difference": line["difference"]}
        for line in ledger["lines"]
    ]
    return {
        "live": known,
        "ledger": {"as_of": ledger["as_of"], "lines": lines},
        "may_steer": visit.has(*STEER),
        "hour": visit.system.clock.now().astimezone(SHANGHAI).hour,
    }


def _stopped(visit: Visit) -> dict[str, Any]:
    with visit.system.store.unit_of_work(write=False) as uow:
        captures = [_capture(item) for item in uow.reads.quarantined(None, desk.LISTED)]
    with visit.system.store.transaction(write=False) as tx:
        records = desk.parked(tx, visit.viewer)
    return {"stopped": {"quarantined": captures, "parked": records}, "may_mend": visit.has(*MEND)}


def _capture(item: QuarantineItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "channel": item.channel,
        "external_id": item.external_id,
        "at": iso(item.at),
        "reason": item.reason,
    }


ENDPOINTS = (
    Endpoint("GET", PAGE, page, WATCH),
    Endpoint("GET", f"{PAGE}/live", live, WATCH, live=True),
    Endpoint("GET", f"/api{PAGE}", live_json, WATCH, json=True, live=True),
    Endpoint("GET", f"/api{PAGE}/stopped", stopped_json, WATCH, json=True),
    *(
        Endpoint("POST", f"{prefix}{PAGE}{path}", run, roles, json=bool(prefix), body=body)
        for prefix in ("", "/api")
        for path, run, roles, body in (
            ("/channels/{channel}/pause", pause, STEER, REASON),
            ("/channels/{channel}/resume", resume, STEER, {}),
            ("/channels/{channel}/poll", poll_now, STEER, {}),
            ("/quarantine/{id}/replay", replay_capture, MEND, REASON),
            ("/parked/{id}/replay", replay_record, MEND, REASON),
            ("/parked/{id}/discard", discard_record, MEND, REASON_ASKED),
        )
    ),
)
