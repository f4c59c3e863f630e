"""Settings: where each role begins, the working calendar, the channels."""

from starlette.responses import Response

from app.console.endpoints import Endpoint
from app.console.settings_sections import SETTINGS_ROLES, sections_of
from app.console.visit import Visit


def first_section(visit: Visit) -> Response:
    return visit.go(sections_of(visit.me)[0].path)


ENDPOINTS = (Endpoint("GET", "/settings", first_section, SETTINGS_ROLES),)
