"""Excel files of what a page lists. What citizens wrote never becomes a formula."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from urllib.parse import quote

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from starlette.responses import Response

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_CELL = 32_000
"""Excel refuses a cell of more than 32,767 characters."""


def plain(value: str) -> str:
    """The text as a cell may hold it: no control characters, and an apostrophe before what Excel would take for a formula."""
    text = ILLEGAL_CHARACTERS_RE.sub("", value[:LONGEST_CELL])
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def sheet(name: str, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[str | float]]) -> Response:
    """A download called ``name``. ``columns``: head and width in characters. Figures stay figures."""
    book = Workbook(write_only=True)
    page = book.create_sheet(title[:31])
    page.freeze_panes = "A2"
    for position, (_, width) in enumerate(columns, 1):
        page.column_dimensions[get_column_letter(position)].width = width
    heads = []
    for head, _ in columns:
        cell = WriteOnlyCell(page, value=plain(head))
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top")
        heads.append(cell)
    page.append(heads)
    for row in rows:
        page.append([plain(value) if isinstance(value, str) else value for value in row])
    written = BytesIO()
    book.save(written)
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
    return Response(written.getvalue(), media_type=MEDIA_TYPE, headers=headers)
