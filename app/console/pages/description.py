"""For programs: who I am, and the OpenAPI document of every JSON endpoint, made of the declarations."""

import re
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from app.console.endpoints import ANY_ROLE, Endpoint
from app.console.guard import COOKIE
from app.console.schemas import as_object
from app.console.visit import Visit

PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ERROR = {
    "type": "object",
    "required": ["error", "remedy"],
    "properties": {"error": {"type": "string"}, "remedy": {"type": "string"}},
}
ANSWERS = {
    400: "the request is no JSON object",
    401: "nobody is signed in",
    403: "the role may not do this, the one-time code is missing, or the X-CSRF-Token is",
    404: "there is no such thing, or none that the reader may know of",
    409: "refused as things stand",
    422: "what was sent does not fit what is taken",
}


def account_json(visit: Visit) -> Response:
    """Who is signed in, and the token that every change carries as X-CSRF-Token."""
    me, session = visit.me, visit.session
    known = {"login": me.login, "name": me.name, "roles": list(me.roles), "units": list(me.units), "language": me.language}
    return visit.json({**known, "csrf": session.csrf if session is not None else ""})


def openapi(visit: Visit) -> Response:
    """This description."""
    from app.console.application import endpoints

    return visit.json(document(endpoints(), visit.system.settings.city.name))


def document(declared: Iterable[Endpoint], city: str) -> dict[str, Any]:
    """OpenAPI 3.1 of the JSON endpoints among them."""
    paths: dict[str, dict[str, Any]] = {}
    for one in declared:
        if one.json:
            paths.setdefault(PLACE.sub(r"{\1}", one.path), {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"fenban, {city}", "version": "1", "description": "Every page's twin for programs."},
        "security": [{"session": []}],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def _operation(one: Endpoint) -> dict[str, Any]:
    said = (one.run.__doc__ or "").strip().partition("\n\n")[0]
    roles = sorted(one.roles)
    operation: dict[str, Any] = {
        "operationId": f"{one.method.lower()}_{re.sub(r'[^a-z0-9]+', '_', one.path.lower()).strip('_')}",
        "description": " ".join([*said.split(), f"Roles: {', '.join(roles)}." if roles else "For everybody."]),
        "parameters": [*_of_path(one), *_of_query(one), *_token(one)],
        "responses": _responses(),
    }
    if one.method in CHANGES:
        schema = as_object(one.body) or {"type": "object"}
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _of_path(one: Endpoint) -> list[dict[str, Any]]:
    names = PLACE.findall(one.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for name in names]


def _of_query(one: Endpoint) -> list[dict[str, Any]]:
    schema = as_object(one.query)
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": dict(known)}
        for name, known in schema.get("properties", {}).items()
    ]


def _token(one: Endpoint) -> list[dict[str, Any]]:
    if one.method not in CHANGES:
        return []
    return [{"name": "X-CSRF-Token", "in": "header", "required": True, "schema": {"type": "string"}}]


def _responses() -> dict[str, Any]:
    error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    answers: dict[str, Any] = {"2XX": {"description": "done"}}
    return answers | {str(status): {"description": said, **error} for status, said in ANSWERS.items()}


ENDPOINTS = (
    Endpoint("GET", "/api/account", account_json, ANY_ROLE, json=True),
    Endpoint("GET", "/api/openapi.json", openapi, ANY_ROLE, json=True),
)
