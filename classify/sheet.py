"""The first sheet of an xlsx file, a row at a time, as the csv module reads a CSV file."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from domain.errors import HaltForPerson


class Sheet:
    """``line_num`` is the row read last, as the table program counts. Raises HaltForPerson for what is no xlsx file."""

    def __init__(self, path: Path) -> None:
        self.line_num = 0
        self._path = path
        self._rows = self._read()

    def __next__(self) -> list[str]:
        cells = next(self._rows)
        self.line_num += 1
        return cells

    def _read(self) -> Iterator[list[str]]:
        from openpyxl import load_workbook
        from openpyxl.utils.exceptions import InvalidFileException

        try:
            book = load_workbook(self._path, read_only=True, data_only=True)
            try:
                for row in book.worksheets[0].iter_rows(values_only=True):
                    yield [_text(value) for value in row]
            finally:
                book.close()
        except OSError as error:
            what = f"{self._path} cannot be read: {error.strerror or 'not an xlsx file'}"
            raise HaltForPerson(what, remedy="check the path and the rights") from None
        except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, IndexError, ParseError):
            raise HaltForPerson(f"{self._path} is not an xlsx file", remedy="save it as xlsx, or as CSV UTF-8") from None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
