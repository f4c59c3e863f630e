"""Templates: where they lie, what every page knows, how times and names are shown."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from app.console.navigation import links
from app.console.texts import said
from app.phrases import phrase, spoken
from app.texts import reading_in
from domain.clock import SHANGHAI

if TYPE_CHECKING:
    from app.console.visit import Visit
    from app.wiring import System

VERSIONED = 12


class Shown:
    """The pages' templates. Everything filled in is escaped; there is no template from outside the package."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._environment = Environment(
            loader=PackageLoader("app.console", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"t": said, "static": partial(static)}
        self._environment.filters |= {"phrase": phrase, "spoken": spoken, "moment": moment, "day": day, "unit": self._unit}

    def render(self, template: str, visit: "Visit", values: Mapping[str, Any]) -> str:
        session = visit.session
        with reading_in(visit.language):
            return self._environment.get_template(template).render(
                visit=visit,
                me=visit.account,
                language=visit.language,
                csrf=session.csrf if session is not None else "",
                city=self._system.settings.city.name,
                navigation=links(visit.account),
                now=self._system.clock.now(),
                **values,
            )

    def _unit(self, code: str | None) -> str:
        """A unit's name; the code where the directory has it no more."""
        unit = self._system.directory.units.get(code) if code else None  # type: ignore[call-overload]
        return unit.name if unit is not None else (code or "")


def moment(value: datetime | str | None) -> str:
    """``2026-11-25 09:30``, Asia/Shanghai."""
    if not value:
        return ""
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return when.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def day(value: datetime | str | None) -> str:
    return moment(value)[:10]


_versions: dict[str, str] = {}


def static(name: str) -> str:
    """The address of a file of ``static/``, with its digest, so that browsers may keep it for good."""
    if name not in _versions:
        _versions[name] = sha256(files("app.console").joinpath("static", name).read_bytes()).hexdigest()[:VERSIONED]
    return f"/static/{name}?v={_versions[name]}"
