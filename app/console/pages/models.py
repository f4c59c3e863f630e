"""模型: which models there are, which one serves, how good they are; an analyst lets one say what it thinks beside the live one.

Promoting stays with ``fenban promote``: it changes where letters go, and analysts sign in without a one-time code.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.responses import FileResponse, Response

from app.console.endpoints import office_endpoint
from app.console.guard import NotThere
from app.console.visit import Visit
from app.models_shown import models_page
from domain.accounts import Role
from domain.errors import Refused
from domain.models import ModelRow, ModelState

READS_MODELS = frozenset({Role.ANALYST, Role.SUPERVISOR})
MOVES_SHADOW = frozenset({Role.ANALYST})
MOVES_SHOWN = 20

Document = dict[str, Any]


def page(visit: Visit) -> Response:
    document = models_page(visit.system)
    return visit.page(
        "models.html",
        **document,
        moves=document["history"][::-1][:MOVES_SHOWN],
        may_shadow=visit.has(*MOVES_SHADOW),
        target=visit.system.settings.decide.target_precision,
    )


def page_json(visit: Visit) -> Response:
    return visit.json(models_page(visit.system))


def shadow_page(visit: Visit) -> Response:
    return visit.page("models_shadow.html", **_shadow(visit))


def shadow_json(visit: Visit) -> Response:
    return visit.json(_shadow(visit))


def _shadow(visit: Visit) -> Document:
    """As ``fenban shadow --json``, by the threshold that the model was registered with: a page loads no model. Raises NotThere where
    no model is shadow."""
    from app.shadow_figures import shadow_told

    version = visit.system.registry.placed(ModelState.SHADOW)
    if not version:
        raise NotThere("no model is shadow", remedy="begin with: fenban shadow MODEL")
    row = visit.system.registry.row(version)
    return shadow_told(visit.system, row, row.metrics.get("threshold"))


def begin(visit: Visit) -> Document:
    version = _row(visit).version
    return {"shadow": version, "before": visit.system.registry.shadow(version, visit.me.login) or None}


def stop(visit: Visit) -> Document:
    """The model named, while it is shadow: nobody stops another's by an old page. Raises Refused."""
    row = _row(visit)
    if row.state is not ModelState.SHADOW:
        raise Refused(f"{row.version} is not shadow", remedy="open the page anew")
    return {"shadow": None, "stopped": visit.system.registry.stop_shadow(visit.me.login)}


def report(visit: Visit) -> Response:
    """The offline page as a download: it brings its own styles, which no page of the console may."""
    row = _row(visit)
    path = visit.system.registry.report_path(row.version)
    if not path.is_file():
        raise NotThere(f"there is no report of {row.version} yet", remedy=f"write it: fenban report {row.version} --console")
    named = f"attachment; filename*=UTF-8''{quote(path.name, safe='')}"
    return FileResponse(path, media_type="text/html", headers={"content-disposition": named})


def _row(visit: Visit) -> ModelRow:
    """By its whole version. Raises NotThere."""
    version = visit.request.path_params["name"]
    for row in visit.system.registry.rows():
        if row.version == version:
            return row
    raise NotThere("there is no such model", remedy="list them with: fenban models")


def by_form(step: Callable[[Visit], Document]) -> Callable[[Visit], Response]:
    def run(visit: Visit) -> Response:
        step(visit)
        return visit.go("/models")

    return run


def by_json(step: Callable[[Visit], Document]) -> Callable[[Visit], Response]:
    return lambda visit: visit.json(step(visit))


_STEPS = {"shadow": begin, "shadow-stop": stop}

ENDPOINTS = (
    office_endpoint("GET", "/models", page, READS_MODELS),
    office_endpoint("GET", "/api/models", page_json, READS_MODELS, json=True),
    office_endpoint("GET", "/models/shadow", shadow_page, READS_MODELS),
    office_endpoint("GET", "/api/models/shadow", shadow_json, READS_MODELS, json=True),
    office_endpoint("GET", "/models/{name}/report", report, READS_MODELS),
    *(office_endpoint("POST", f"/models/{{name}}/{name}", by_form(step), MOVES_SHADOW) for name, step in _STEPS.items()),
    *(
        office_endpoint("POST", f"/api/models/{{name}}/{name}", by_json(step), MOVES_SHADOW, json=True)
        for name, step in _STEPS.items()
    ),
)
