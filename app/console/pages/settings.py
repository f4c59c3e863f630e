"""Settings: where each role begins, the working calendar, the channels."""

from calendar import Calendar
from datetime import date
from typing import Any

from starlette.responses import Response

from app.console.endpoints import Endpoint
from app.console.settings_sections import CHANNEL_READERS, SETTINGS_ROLES, sections_of
from app.console.texts import said
from app.console.visit import Visit
from app.settings import AnyChannel
from domain.clock import SHANGHAI
from domain.errors import Refused

FIRST_YEAR, LAST_YEAR = 2004, 2100
SECRET = "***"
YEARS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "year": {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR, "description": "this one, unless given"}
    },
}


def first_section(visit: Visit) -> Response:
    return visit.go(sections_of(visit.me)[0].path)


def calendar_page(visit: Visit) -> Response:
    today = visit.system.clock.now().astimezone(SHANGHAI).date()
    years = [_year(visit, year, today) for year in (today.year, today.year + 1)]
    weekdays = said("settings.weekdays").split()
    known = visit.system.calendar.known_until.isoformat()
    return visit.page(
        "settings_calendar.html",
        sections=sections_of(visit.me),
        section="calendar",
        years=years,
        weekdays=weekdays,
        known_until=known,
        local=_local(visit),
    )


def calendar_json(visit: Visit) -> Response:
    """A year's days, each work, weekend, off or made-up, and whether they are provisional."""
    today = visit.system.clock.now().astimezone(SHANGHAI).date()
    year = visit.query("year")
    shown = _year(visit, int(year) if year.strip() else today.year, today)
    return visit.json({**shown, "known_until": visit.system.calendar.known_until.isoformat(), "local": _local(visit)})


def channels_page(visit: Visit) -> Response:
    return visit.page("settings_channels.html", sections=sections_of(visit.me), section="channels", channels=_channels(visit))


def channels_json(visit: Visit) -> Response:
    """The channels' settings; secrets and references to them are left out."""
    return visit.json(_channels(visit))


def _year(visit: Visit, year: int, today: date) -> dict[str, Any]:
    calendar = visit.system.calendar
    months: list[dict[str, Any]] = []
    working = 0
    for month in range(1, 13):
        weeks = []
        for week in Calendar().monthdatescalendar(year, month):
            days: list[dict[str, Any] | None] = []
            for day in week:
                if day.month != month:
                    days.append(None)
                    continue
                works = calendar.is_working_day(day)
                working += works
                days.append({"day": day.day, "kind": _kind(day, works), "today": day == today})
            weeks.append(days)
        months.append({"month": month, "weeks": weeks})
    first = date(year, 1, 1)
    return {
        "year": year,
        "provisional": calendar.is_provisional(first),
        "source": calendar.source(first),
        "working_days": working,
        "months": months,
    }


def _kind(day: date, works: bool) -> str:
    if day.weekday() < 5:
        return "work" if works else "off"
    return "made-up" if works else "weekend"


def _local(visit: Visit) -> dict[str, str] | None:
    local = visit.system.settings.files.calendar
    if local is None:
        return None
    path = visit.system.settings.path(local)
    try:
        return {"name": path.name, "text": path.read_text(encoding="utf-8")}
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} cannot be read ({type(error).__name__})", remedy="mend it on the machine") from None


def _channels(visit: Visit) -> list[dict[str, Any]]:
    return [
        {"id": channel.id, "kind": channel.kind, "enabled": channel.enabled, "settings": _shown(channel)}
        for channel in visit.system.settings.channel
    ]


def _shown(channel: AnyChannel) -> dict[str, str]:
    """As people read them. A password is a reference to begin with; not even that is shown, nor the account's name."""
    hidden = {"password", "username"}
    values = channel.model_dump(mode="json", exclude={"id", "kind", "enabled"})
    return {
        key: SECRET if key in hidden and value else _text(value) for key, value in values.items() if value not in (None, [], ())
    }


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return said("list.comma").join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


ENDPOINTS = (
    Endpoint("GET", "/settings", first_section, SETTINGS_ROLES),
    Endpoint("GET", "/settings/calendar", calendar_page, SETTINGS_ROLES),
    Endpoint("GET", "/settings/channels", channels_page, CHANNEL_READERS),
    Endpoint("GET", "/api/settings/calendar", calendar_json, SETTINGS_ROLES, json=True, query=YEARS),
    Endpoint("GET", "/api/settings/channels", channels_json, CHANNEL_READERS, json=True),
)
