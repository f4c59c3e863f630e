"""Pages saved in a folder, asked for as a site's are: a profile is tried on them without the network."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from domain.ports import Clock
from ingest.decode import declared_charset, decode
from ingest.http import Gone, HttpRequest, Page

_ENDINGS = ("", ".html", ".htm", ".json")
_INDEX = ("index.html", "index.htm")


class SavedPages:
    """Answers in an ``HttpClient``'s place. A page's file is named as ``wget`` names it, by path and query of its address
    (``hd/list.jsp?cur_page=2``), with an ending of its own or without; a posted body stands behind the query. A file of the
    folder itself that has only the last part of the path as its name is found too. ``missing``: what was asked for in vain."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder.resolve()
        self._clock = clock
        self.missing: list[str] = []

    def fetch(self, request: HttpRequest) -> Page:
        """Raises Gone where the folder has no file for the address."""
        wanted = _name(request)
        for name in _names(wanted):
            body = self._read(name)
            if body is not None:
                media_type = "application/json" if body.lstrip()[:1] in (b"{", b"[") else "text/html"
                text = decode(body, declared_charset(media_type)).text
                return Page(request.url, media_type, body, text, True, self._clock.now())
        self.missing.append(wanted)
        raise Gone(f"the folder has no file {wanted!r}")

    def close(self) -> None:
        """Nothing is open."""

    def _read(self, name: str) -> bytes | None:
        """The file's bytes. A link cannot lead out of the folder."""
        try:
            path = (self._folder / name).resolve()
            return path.read_bytes() if path.is_relative_to(self._folder) else None
        except (OSError, ValueError):
            return None


def _name(request: HttpRequest) -> str:
    parts = urlsplit(request.url)
    asked = [parts.query, request.body.decode("utf-8", "replace") if request.body else ""]
    query = "&".join(part for part in asked if part)
    return parts.path.lstrip("/") + (f"?{query}" if query else "")


def _names(wanted: str) -> Iterator[str]:
    """What the file may be called, the surest name first."""
    path, mark, query = wanted.partition("?")
    for stem in dict.fromkeys((path, path.rpartition("/")[2])):
        for name in dict.fromkeys((f"{stem}{mark}{query}", unquote(f"{stem}{mark}{query}"))):
            yield from (name + ending for ending in _ENDINGS if name)
            # Where a name may hold no question mark, wget writes @, and some browsers _.
            yield from (re.sub(r"\?", sign, name) for sign in "@_" if mark)
        if not mark:
            yield from (f"{stem.rstrip('/')}/{index}".lstrip("/") for index in _INDEX)
