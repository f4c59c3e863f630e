"""What leaves the department's pages as a document: the printed 交办单, Excel lists, files with a reply."""

from collections.abc import Iterator, Sequence

from starlette.responses import Response

from app.console.department_work import DepartmentWork
from app.console.endpoints import Endpoint
from app.console.pages.department import HANDLER, asked
from app.console.pages.department_part import document_of, shown
from app.console.pages_shown import day, moment
from app.console.reply_files import ReplyFiles, attach
from app.console.sheets import sheet
from app.console.texts import said
from app.console.visit import Visit
from app.phrases import phrase
from app.reports import unit_names
from domain.accounts import Role
from domain.errors import Refused
from store import desk_department as desk

SEES_FILES = frozenset({Role.HANDLER, Role.REVIEWER, Role.SEALED_REVIEWER, Role.SUPERVISOR})
AT_A_TIME = 1000
MOST_ROWS = 20_000
COLUMNS = (
    ("number", 24),
    ("unit", 18),
    ("role", 8),
    ("state", 10),
    ("subject", 36),
    ("body", 60),
    ("place", 18),
    ("requirement", 30),
    ("sent_at", 17),
    ("due", 12),
    ("signed_at", 17),
    ("completed_at", 17),
    ("returned_at", 17),
    ("reply", 60),
    ("reason", 30),
)


def paper(visit: Visit) -> Response:
    """交办单, to be printed on A4 and signed."""
    return visit.page("department_sheet.html", part=document_of(visit, str(visit.request.path_params["assignment"])))


def export(visit: Visit) -> Response:
    """The queue as it is filtered now, whole. Audited."""
    work = DepartmentWork(visit)
    wanted = asked(visit, work)
    lines = list(_all(visit, work, wanted))
    sealed = sum(line.sealed for line in lines)
    units = " ".join(visit.me.units)
    visit.office.note("department.export", units, tab=wanted.tab, count=len(lines), sealed=sealed, filtered=bool(wanted.words))
    heads = [(said(f"department.column.{name}"), width) for name, width in COLUMNS]
    title = said(f"department.tab.{wanted.tab}")
    name = f"{title}-{day(wanted.edges.now)}.xlsx"
    names = unit_names(visit.system)
    return sheet(name, title, heads, (_cells(line, names) for line in lines))


def add_files(visit: Visit) -> Response:
    """Those chosen beside a reply that is still being written: the page comes back with its words."""
    ident = str(visit.request.path_params["assignment"])
    DepartmentWork(visit).part(ident)
    try:
        if not attach(visit, ident):
            raise Refused("no file was chosen", remedy="choose a file first")
    except Refused as error:
        return shown(visit, wrong=error, status=409)
    return shown(visit, done="file")


def add_file_json(visit: Visit) -> Response:
    """One file as ``file`` of a multipart form."""
    ident = str(visit.request.path_params["assignment"])
    DepartmentWork(visit).part(ident)
    sent = visit.files.get("file")
    if sent is None or not sent.filename:
        raise Refused("no file was chosen", remedy="choose a file first")
    made = ReplyFiles(visit).add(ident, sent.filename, sent.file.read())
    return visit.json(made.document)


def take_file(visit: Visit) -> Response:
    return ReplyFiles(visit).download(str(visit.request.path_params["assignment"]), str(visit.request.path_params["file"]))


def remove_file(visit: Visit) -> Response:
    ReplyFiles(visit).remove(str(visit.request.path_params["assignment"]), str(visit.request.path_params["file"]))
    return shown(visit, done="file_removed")


def _all(visit: Visit, work: DepartmentWork, wanted: desk.Queue) -> Iterator[desk.Line]:
    """A thousand at a time. Raises Refused for more than a sheet should hold."""
    viewer = visit.viewer
    after: desk.Place | None = None
    given = 0
    while True:
        start = after
        lines = work.read(lambda tx: desk.queue(tx, viewer, wanted, start, AT_A_TIME))  # noqa: B023
        yield from lines
        given += len(lines)
        if len(lines) < AT_A_TIME:
            return
        if given >= MOST_ROWS:
            raise Refused(f"there are more than {MOST_ROWS} rows", remedy="narrow the list first")
        after = lines[-1].place


def _cells(line: desk.Line, names: dict[str, str]) -> Sequence[str]:
    part, message = line.part, line.message
    return (
        message.number,
        names.get(part.unit, part.unit),
        said(f"role.{part.role}"),
        said(f"state.{part.state}"),
        message.subject,
        message.body,
        message.place,
        part.requirement,
        moment(part.sent_at),
        day(part.deadline.due),
        moment(part.signed_at),
        moment(part.completed_at),
        moment(part.returned_at),
        part.reply,
        phrase(part.reason),
    )


ENDPOINTS = (
    Endpoint("GET", "/department/export.xlsx", export, HANDLER),
    Endpoint("GET", "/department/parts/{assignment}/sheet", paper, HANDLER),
    Endpoint("POST", "/department/parts/{assignment}/files", add_files, HANDLER),
    Endpoint("POST", "/api/department/parts/{assignment}/files", add_file_json, HANDLER, json=True),
    Endpoint("GET", "/department/parts/{assignment}/files/{file}", take_file, SEES_FILES),
    Endpoint("POST", "/department/parts/{assignment}/files/{file}/remove", remove_file, HANDLER),
)
