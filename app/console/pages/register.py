"""台账: search over the matters the reader may see, a matter's whole story, what the office does about it, xlsx."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from app.console.endpoints import OFFICE, READERS, Endpoint
from app.console.guard import NotThere
from app.console.pages_shown import moment
from app.console.register_story import require, story
from app.console.sheets import sheet
from app.console.texts import said
from app.console.visit import Visit
from app.documents import iso, maybe_iso, step_lines
from app.office_matters import SplitTo
from app.reports import unit_names
from domain.accounts import DECIDERS, Role
from domain.clock import SHANGHAI
from domain.decisions import AssignmentState, MatterState
from domain.errors import Refused
from domain.ids import AssignmentId, ChannelId, Number, UnitCode
from domain.messages import MessageKind, MessageState
from store.desk_register import Place, RegisterRow, RegisterSearch, every_row, known_channels, search

MOST_EXPORTED = 50_000
LONGEST_ASKED = 100
FIELDS = ("number", "words", "unit", "place", "since", "until", "state", "matter", "channel", "kind")
PRESSES = OFFICE | {Role.SEALED_REVIEWER}
"""Who reminds, extends, reopens and closes: the office, each in the matters they see."""
COLUMNS = (
    ("number", 26),
    ("opened", 18),
    ("state", 12),
    ("kind", 10),
    ("channel", 14),
    ("place", 18),
    ("subject", 60),
    ("unit", 24),
    ("co", 24),
    ("promised", 18),
    ("answered", 18),
    ("closed", 18),
)
LIVE = frozenset({AssignmentState.SENT, AssignmentState.SIGNED})

_TEXT = {"type": "string", "maxLength": LONGEST_ASKED}
QUERY: dict[str, Any] = {
    "type": "object",
    "properties": dict.fromkeys((*FIELDS, "after"), _TEXT),
}
_REASON = {"reason": {"type": "string", "maxLength": 2000}, "assignment": {"type": "string", "maxLength": 200}}


def asked(visit: Visit) -> RegisterSearch:
    """What the reader looks for. Raises Refused for what cannot be looked for."""
    given = {name: visit.query(name).strip()[:LONGEST_ASKED].replace("\0", "") for name in FIELDS}
    unit = _unit(visit, given["unit"]) if given["unit"] else None
    return RegisterSearch(
        number=given["number"].lower(),
        words=given["words"],
        unit=unit,
        place=given["place"],
        since=_day(given["since"]),
        until=_day(given["until"], after=1),
        message_state=_one_of(MessageState, given["state"]),
        matter_state=_one_of(MatterState, given["matter"]),
        channel=ChannelId(given["channel"]) if given["channel"] else None,
        kind=_one_of(MessageKind, given["kind"]),
    )


def found(visit: Visit) -> dict[str, Any]:
    """One page of the register, for people and programs."""
    wanted = asked(visit)
    with visit.system.store.transaction(write=False) as tx:
        some = search(tx, visit.viewer, wanted, after=_place(visit.query("after")))
    return {
        "matters": [_document(row, visit.system.clock.now()) for row in some.rows],
        "total": some.total,
        "more_than_total": some.more,
        "after": f"{some.after[0]}.{some.after[1]}" if some.after is not None else None,
    }


def register_page(visit: Visit) -> Response:
    with visit.system.store.transaction(write=False) as tx:
        channels = known_channels(tx)
    return visit.page(
        "register.html",
        **found(visit),
        given={name: visit.query(name).strip() for name in FIELDS},
        query=urlencode({name: value for name in FIELDS if (value := visit.query(name).strip())}),
        paged=bool(visit.query("after")),
        channels=channels,
        units=sorted(unit_names(visit.system).items()),
        states=list(MessageState),
        matter_states=list(MatterState),
        kinds=list(MessageKind),
    )


def register_json(visit: Visit) -> Response:
    return visit.json(found(visit))


def story_of(visit: Visit) -> dict[str, Any]:
    """The story, and an entry in the audit log where it is a sealed one."""
    document = story(visit.system, visit.viewer, visit.request.path_params["number"])
    if document["sealed"]:
        visit.office.note("sealed.view", document["matter"])
    return document


def story_page(visit: Visit) -> Response:
    document = story_of(visit)
    names = unit_names(visit.system)
    now = iso(visit.system.clock.now())
    for part in document["assignments"]:
        part["late"] = part["state"] in LIVE and part["due"] < now
    return visit.page(
        "register_story.html",
        **document,
        lines=[(step, step_lines(step, names)) for step in document["steps"]],
        may_press=_may_press(visit),
        may_decide=visit.has(*DECIDERS) and not document["sealed"] and visit.viewer.units is None,
        split_to=list(SplitTo),
        live=LIVE,
        done=visit.query("done"),
    )


def story_json(visit: Visit) -> Response:
    return visit.json(story_of(visit))


def remind(visit: Visit) -> None:
    visit.office.remind(_assignment(visit), _reason(visit))


def extend(visit: Visit) -> None:
    visit.office.extend(_assignment(visit), _days(visit), _reason(visit))


def reopen(visit: Visit) -> None:
    visit.office.reopen(_assignment(visit), _reason(visit))


def close(visit: Visit) -> None:
    visit.office.close(Number(visit.request.path_params["number"]))


def pressing(name: str, step: Callable[[Visit], None], *, json: bool) -> Callable[[Visit], Response]:
    """The step, once it is known that the person may see the matter and do this in it."""

    def run(visit: Visit) -> Response:
        number = visit.request.path_params["number"]
        require(visit.system, visit.viewer, number)
        if not _may_press(visit):
            raise Refused("your role may not do this", remedy="ask an administrator")
        step(visit)
        return visit.json({"done": name}) if json else visit.go(f"/register/{number}?done={name}")

    return run


def export(visit: Visit) -> Response:
    """The search as a table, audited: who took how many matters out, by what fields; never what was searched for."""
    wanted = asked(visit)
    with visit.system.store.transaction(write=False) as tx:
        rows = list(every_row(tx, visit.viewer, wanted, MOST_EXPORTED))
    sealed = sum(row.sealed for row in rows)
    visit.office.note("register.export", "register", matters=len(rows), sealed=sealed, asked=" ".join(wanted.asked))
    names = unit_names(visit.system)
    title = said("nav.register")
    name = f"{title}-{visit.system.clock.now().astimezone(SHANGHAI):%Y%m%d-%H%M}.xlsx"
    return sheet(
        name, title, [(said(f"register.{head}"), width) for head, width in COLUMNS], (_cells(row, names) for row in rows)
    )


def _cells(row: RegisterRow, names: dict[str, str]) -> list[str]:
    leads = [names.get(unit, unit) for unit, role, _, _ in row.units if role == "lead"]
    others = [names.get(unit, unit) for unit, role, _, _ in row.units if role != "lead"]
    kind = said(f"kind.{row.kind}") if row.kind else ""
    times = [moment(at) for at in (row.promised, row.answered_at, row.closed_at)]
    told = [row.matter, moment(row.opened_at), _state(row), kind, row.channel, row.place, row.subject]
    return [*told, "、".join(leads), "、".join(others), *times]


def _state(row: RegisterRow) -> str:
    """The matter's, once units have it; before, its letter's."""
    given = row.message_state is MessageState.DISPATCHED
    return said(f"state.{row.state if given else row.message_state}")


def _document(row: RegisterRow, now: datetime) -> dict[str, Any]:
    return {
        "number": row.matter,
        "state": row.state,
        "message_state": row.message_state,
        "sealed": row.sealed,
        "opened_at": iso(row.opened_at),
        "promised": maybe_iso(row.promised),
        "late": row.state is MatterState.OPEN and row.promised is not None and row.promised < now,
        "answered_at": maybe_iso(row.answered_at),
        "closed_at": maybe_iso(row.closed_at),
        "channel": row.channel,
        "kind": row.kind,
        "subject": row.subject,
        "place": row.place,
        "messages": row.messages,
        "units": [{"unit": unit, "role": role, "state": state, "due": iso(due)} for unit, role, state, due in row.units],
    }


def _may_press(visit: Visit) -> bool:
    return visit.has(*PRESSES) and visit.viewer.units is None


def _assignment(visit: Visit) -> AssignmentId:
    """Named in the form; it must be one of this matter's. Raises NotThere."""
    ident = AssignmentId(visit.sent("assignment"))
    matter = require(visit.system, visit.viewer, visit.request.path_params["number"])
    with visit.system.store.unit_of_work(write=False) as uow:
        part = uow.assignments.get(ident)
    if part is None or part.matter != matter:
        raise NotThere(f"there is no assignment {ident}", remedy="look for it in the register")
    return ident


def _reason(visit: Visit) -> str:
    reason = visit.sent("reason")
    if not reason:
        raise Refused("the reason is missing", remedy="say why")
    return reason


def _days(visit: Visit) -> int:
    days = visit.sent_number("days", 0)
    if not 1 <= days <= 365:
        raise Refused("more days are between 1 and 365 working days", remedy="write how many")
    return days


def _unit(visit: Visit, text: str) -> UnitCode:
    code = visit.system.directory.resolve(text.partition("（")[0])
    if code is None:
        raise Refused(f"there is no unit {text!r} in the directory", remedy="choose one of the list")
    return code


def _day(text: str, *, after: int = 0) -> datetime | None:
    """The first moment, in Asia/Shanghai, of the day, or of so many days after it."""
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=after), time(), SHANGHAI)
    except (ValueError, OverflowError):
        raise Refused(f"{text!r} is no date", remedy="write it as 2026-11-25") from None


def _one_of(kind: Any, text: str) -> Any:
    try:
        return kind(text) if text else None
    except ValueError:
        raise Refused(f"there is no state or kind {text!r}", remedy="choose one of the list") from None


def _place(text: str) -> Place | None:
    at, _, matter = text.partition(".")
    return (int(at), matter) if at.isascii() and at.isdigit() and len(at) < 19 and "\0" not in matter else None


_STEPS = {"remind": remind, "extend": extend, "reopen": reopen, "close": close}

ENDPOINTS = (
    Endpoint("GET", "/register", register_page, READERS, query=QUERY),
    Endpoint("GET", "/api/register", register_json, READERS, json=True, query=QUERY),
    Endpoint("GET", "/register/export.xlsx", export, READERS, query=QUERY),
    Endpoint("GET", "/register/{number}", story_page, READERS),
    Endpoint("GET", "/api/register/{number}", story_json, READERS, json=True),
    *(
        Endpoint("POST", f"/register/{{number}}/{name}", pressing(name, step, json=False), PRESSES)
        for name, step in _STEPS.items()
    ),
    *(
        Endpoint(
            "POST",
            f"/api/register/{{number}}/{name}",
            pressing(name, step, json=True),
            PRESSES,
            json=True,
            body={"type": "object", "properties": _REASON | {"days": {"type": "integer"}}},
        )
        for name, step in _STEPS.items()
    ),
)
