"""热点: topics that grew against their own past, as the last look found them; for the office."""

from typing import Any

from starlette.responses import Response

from app.console.endpoints import OFFICE, office_endpoint
from app.console.visit import Visit
from app.hot_shown import kept_document
from app.transactions import reading


def hot_page(visit: Visit) -> Response:
    return visit.page("hot.html", **_document(visit))


def hot_json(visit: Visit) -> Response:
    return visit.json(_document(visit))


def _document(visit: Visit) -> dict[str, Any]:
    return reading(visit.system.store, lambda tx: kept_document(tx, visit.system.clock.now()))


ENDPOINTS = (
    office_endpoint("GET", "/hot", hot_page, OFFICE),
    office_endpoint("GET", "/api/hot", hot_json, OFFICE, json=True),
)
