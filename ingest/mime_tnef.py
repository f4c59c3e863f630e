"""Opens winmail.dat (TNEF), which Outlook sends instead of a readable mail."""

from dataclasses import dataclass

from tnefparse import TNEF

from ingest.mime_charset import read

_LARGEST = 60_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """``texts``: (text, is HTML), the best first. ``files``: (name, media type, bytes)."""

    texts: tuple[tuple[str, bool], ...]
    files: tuple[tuple[str, str, bytes], ...]


def open_tnef(data: bytes) -> Opened | None:
    """What is inside, or None when it is damaged beyond reading."""
    if len(data) > _LARGEST:
        return None
    try:
        tnef = TNEF(data, do_checksum=False)
        plain, html = tnef.body, tnef.htmlbody
        files = tuple((_name(one), "application/octet-stream", bytes(one.data)) for one in tnef.attachments)
    except Exception:  # the parser reads foreign bytes with struct and indexes; every exception means the same here
        return None
    texts = [(_text(body), is_html) for body, is_html in ((plain, False), (html, True)) if body]
    return Opened(tuple((text, is_html) for text, is_html in texts if text.strip()), files)


def _text(body: str | bytes | list[bytes]) -> str:
    if isinstance(body, list):
        body = b"".join(body)
    return read(body).text if isinstance(body, bytes) else body


def _name(attachment: object) -> str:
    name = getattr(attachment, "long_filename", None)
    name = name() if callable(name) else name
    name = name or getattr(attachment, "name", "") or ""
    return (read(name).text if isinstance(name, bytes) else str(name)).rstrip("\x00")
