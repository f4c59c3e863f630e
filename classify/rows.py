"""Labelled letters from a CSV file, as spreadsheets and registers export them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from classify.sheet import Sheet
from domain.clock import SHANGHAI
from domain.errors import HaltForPerson

if TYPE_CHECKING:
    import _csv

REQUIRED = ("subject", "body", "unit")
OPTIONAL = ("at", "reply", "answered", "group")

_LARGEST_FIELD = 64 * 1024 * 1024
_CHUNK = 1024 * 1024
_TIME = re.compile(
    r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:[T\s]*(?P<half>上午|下午|晚上|中午|凌晨|AM|PM)?\s*(?P<hour>\d{1,2})\s*[:：时点]\s*(?P<minute>\d{1,2})?\s*(?:[:：分]\s*"
    r"(?P<second>\d{1,2})?(?:\.\d+)?\s*秒?)?)?(?P<zone>.*)"
)


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One labelled line. ``unit`` is never empty; ``at`` and ``answered`` are None where no usable time stands."""

    line: int
    subject: str
    body: str
    unit: str
    at: datetime | None
    answered: datetime | None
    reply: str
    group: str


@dataclass(frozen=True, slots=True)
class LetterFile:
    """What a file held. ``without_unit``: lines skipped for want of a unit; ``bad_times``: times that could not be read."""

    rows: tuple[LetterRow, ...]
    without_unit: int
    bad_times: int
    missing: tuple[str, ...]


def parse_columns(text: str) -> dict[str, str]:
    """``subject=title,body=content,…`` as a mapping from field to column. Raises ValueError saying what is wrong with it."""
    columns: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        field, equals, column = part.partition("=")
        if not equals or not column.strip():
            raise ValueError(f"{part!r} is not field=column")
        if field.strip() not in REQUIRED + OPTIONAL:
            raise ValueError(f"unknown field {field.strip()!r}; the fields are {', '.join(REQUIRED + OPTIONAL)}")
        columns[field.strip()] = column.strip()
    return columns


def read_letters(path: Path, columns: Mapping[str, str] | None = None, *, replies: bool = True) -> LetterFile:
    """The labelled letters of a CSV file (UTF-8 with or without mark, UTF-16 with mark, or GB18030; comma, tab or semicolon),
    or of the first sheet of an xlsx file.

    ``columns`` maps fields to the file's columns; a field not in it is looked for under its own name. Without ``replies``
    the reply column is not read. Raises HaltForPerson naming file, line and column.
    """
    reader = Sheet(path) if path.suffix.lower() == ".xlsx" else _reader(path, _decoded(path))
    header = _next(path, reader)
    if header is None:
        raise HaltForPerson(f"{path} is empty", remedy="give a CSV file with a header line")
    places, missing = _places(path, header, dict(columns or {}))
    if not replies:
        places.pop("reply", None)
    rows: list[LetterRow] = []
    skipped = bad = 0
    while (cells := _next(path, reader)) is not None:
        if not any(cells):
            continue
        row, unread = _row(path, reader.line_num, cells, places)
        bad += unread
        if row.unit:
            rows.append(row)
        else:
            skipped += 1
    return LetterFile(tuple(rows), skipped, bad, missing)


def stream_letters(path: Path, columns: Mapping[str, str] | None = None) -> Iterator[LetterRow]:
    """The same letters one by one, from a file of any size; lines without a unit are passed over. Raises HaltForPerson as
    ``read_letters`` does, some of it only when the line comes."""
    try:
        encoding = _encoding(path)
        with path.open(encoding=encoding, errors=_errors(encoding), newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=_delimiter(path, first))
            header = _next(path, reader)
            if header is None:
                raise HaltForPerson(f"{path} is empty", remedy="give a CSV file with a header line")
            places, _ = _places(path, header, dict(columns or {}))
            while (cells := _next(path, reader)) is not None:
                if any(cells):
                    row, _ = _row(path, reader.line_num, cells, places)
                    if row.unit:
                        yield row
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be read: {error.strerror}", remedy="check the path and the rights") from error


def parse_time(text: str) -> datetime | None:
    """A time as Chinese systems write it; without zone it is Asia/Shanghai's. None when it cannot be read."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _loose_time(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def _loose_time(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if not found or found["zone"].strip():
        return None
    hour = int(found["hour"] or 0)
    if found["half"] in ("下午", "晚上", "PM") and hour < 12:
        hour += 12
    year, month, day = int(found["year"]), int(found["month"]), int(found["day"])
    try:
        return datetime(year, month, day, hour, int(found["minute"] or 0), int(found["second"] or 0), tzinfo=SHANGHAI)
    except ValueError:
        return None


def _decoded(path: Path) -> str:
    encoding = _encoding(path)
    try:
        return path.read_bytes().decode(encoding, _errors(encoding))
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be read: {error.strerror}", remedy="check the path and the rights") from error


def _errors(encoding: str) -> str:
    return "replace" if encoding == "utf-16" else "strict"


def _encoding(path: Path) -> str:
    """Of UTF-8, GB18030 and (with mark) UTF-16 the one that the whole file is written in."""
    try:
        with path.open("rb") as file:
            if file.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                return "utf-16"
            wrong = []
            for encoding in ("utf-8-sig", "gb18030"):
                file.seek(0)
                line = _undecodable_line(file, encoding)
                if line is None:
                    return encoding
                wrong.append(line)
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be read: {error.strerror}", remedy="check the path and the rights") from error
    raise HaltForPerson(f"{path} line {max(wrong)} is neither UTF-8 nor GB18030", remedy="save it as CSV UTF-8")


def _undecodable_line(file: BinaryIO, encoding: str) -> int | None:
    """The first line that is not in this encoding; None where all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    while True:
        chunk = file.read(_CHUNK)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return lines + chunk.count(b"\n", 0, max(error.start - pending, 0))
        if not chunk:
            return None
        lines += chunk.count(b"\n")


def _reader(path: Path, text: str) -> "_csv.Reader":
    return csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(path, text.split("\n", 1)[0]))


def _delimiter(path: Path, first: str) -> str:
    if "\0" in first:
        raise HaltForPerson(f"{path} is not a CSV file", remedy="save it as CSV UTF-8")
    csv.field_size_limit(_LARGEST_FIELD)
    return max((",", "\t", ";"), key=first.count)


def _next(path: Path, reader: "_csv.Reader | Sheet") -> list[str] | None:
    try:
        return next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        line = reader.line_num
        raise HaltForPerson(f"{path} line {line} is not CSV: {error}", remedy="save it as CSV UTF-8") from error


def _places(path: Path, header: list[str], columns: dict[str, str]) -> tuple[dict[str, int], tuple[str, ...]]:
    names = [name.strip().lstrip("\ufeff") for name in header]
    places: dict[str, int] = {}
    missing: list[str] = []
    for field in REQUIRED + OPTIONAL:
        column = columns.get(field, field)
        if column in names:
            places[field] = names.index(column)
        elif field in REQUIRED:
            remedy = f"name it with --columns {field}=COLUMN; the file has {', '.join(names)}"
            raise HaltForPerson(f"{path} line 1 has no column {column!r} for {field}", remedy=remedy)
        elif field in columns:
            missing.append(column)
    return places, tuple(missing)


def _row(path: Path, line: int, cells: list[str], places: dict[str, int]) -> tuple[LetterRow, int]:
    needed = {field: at for field, at in places.items() if field in REQUIRED}
    short = next((field for field, at in needed.items() if at >= len(cells)), None)
    if short is not None:
        raise HaltForPerson(
            f"{path} line {line} has {len(cells)} cells and none for {short} (column {places[short] + 1})",
            remedy="mend the line's quotes or commas",
        )

    def cell(field: str) -> str:
        at = places.get(field, len(cells))
        return cells[at] if at < len(cells) else ""

    times = {field: parse_time(cell(field)) if cell(field).strip() else None for field in ("at", "answered")}
    bad = sum(times[field] is None and bool(cell(field).strip()) for field in times)
    unit = cell("unit").strip()
    return (
        LetterRow(
            line, cell("subject"), cell("body"), unit, times["at"], times["answered"], cell("reply"), cell("group").strip()
        ),
        bad,
    )
