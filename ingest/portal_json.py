"""JSON as sites send it: strict, in a JSONP call, or not quite JSON. All scalars come out as they were written, as strings."""

import json
from collections.abc import Iterator
from typing import Any

import re2

from domain.errors import RejectItem

MAX_DEPTH = 64
_TOKEN = re2.compile(
    r"(?s)(?P<space>[\s\x{feff}]+|//[^\n]*|/\*.*?\*/)"
    r'|(?P<string>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')'
    r"|(?P<mark>[\[\]{},:])"
    r"|(?P<date>new\s+Date\(\s*[^()]*\))"
    r"|(?P<word>[^\s\[\]{},:\"']+)"
)
_ESCAPE = re2.compile(r"(?s)\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|.)")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": "", "\n": ""}
_NOTHING = frozenset({"null", "undefined", "NaN", "None"})


def read_json(text: str) -> Any:
    """Objects, arrays, strings, True, False and None; numbers as the strings they were written as, so that ids keep
    their zeros. Raises RejectItem when it cannot be read even leniently."""
    body = text.strip().lstrip("\ufeff")
    strict = _strict(body)
    if strict is not None:
        return strict[0]
    inner = re2.compile(r"(?s)^[^\[{(]{0,200}\(\s*([\[{].*[\]}])\s*\)\s*;?\s*$").search(body)
    if inner:
        strict = _strict(inner.group(1))
        if strict is not None:
            return strict[0]
        body = inner.group(1)
    if body[:1] not in ("{", "["):
        raise RejectItem("the answer is not JSON")
    return _Lenient(body).document()


def at_path(document: Any, path: str) -> Any:
    """What stands at a dotted path (``datas.data``, ``rows.0.title``; "" the document itself), or None."""
    found = document
    for step in path.split(".") if path else ():
        if isinstance(found, str) and found.lstrip()[:1] in ("{", "["):
            try:
                found = read_json(found)
            except RejectItem:
                return None
        if isinstance(found, dict):
            found = found.get(step)
        elif isinstance(found, list) and step.isdigit():
            found = found[int(step[:6])] if int(step[:6]) < len(found) else None
        else:
            return None
    return found


def scalar(value: Any) -> str:
    """A JSON scalar as text; empty for null, arrays and objects."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def _strict(text: str) -> tuple[Any] | None:
    try:
        return (json.loads(text, strict=False, parse_int=str, parse_float=str, parse_constant=lambda _: None),)
    except (ValueError, RecursionError):
        return None


class _Lenient:
    """Single quotes, bare keys and words, trailing commas, comments, ``new Date(…)``, ids with leading zeros."""

    def __init__(self, text: str) -> None:
        self._tokens = self._scan(text)
        self._kind = self._text = ""
        self._next()

    def document(self) -> Any:
        value = self._value(0)
        if self._kind and self._text != ";":
            raise RejectItem("the answer is not JSON: something stands behind it")
        return value

    def _scan(self, text: str) -> Iterator[tuple[str, str]]:
        position = 0
        for found in _TOKEN.finditer(text):
            if found.start() != position:
                break
            position = found.end()
            kind = next(name for name, part in found.groupdict().items() if part is not None)
            if kind != "space":
                yield kind, found.group()
        if position != len(text):
            raise RejectItem("the answer is not JSON")

    def _next(self) -> None:
        self._kind, self._text = next(self._tokens, ("", ""))

    def _value(self, depth: int) -> Any:
        kind, text = self._kind, self._text
        if depth > MAX_DEPTH or not kind:
            raise RejectItem("the answer is not JSON: nested too deeply or cut short")
        self._next()
        if text == "{":
            return self._object(depth)
        if text == "[":
            return self._array(depth)
        if kind == "mark":
            raise RejectItem("the answer is not JSON: a value is missing")
        return _word(kind, text)

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._text != "}" or self._kind != "mark":
            if self._kind not in ("string", "word"):
                raise RejectItem("the answer is not JSON: a key is missing or it is cut short")
            key = scalar(_word("string", self._text) if self._kind == "string" else self._text)
            self._next()
            if self._text != ":" or self._kind != "mark":
                raise RejectItem("the answer is not JSON: a colon is missing")
            self._next()
            found[key] = self._value(depth + 1)
            if self._text == "," and self._kind == "mark":
                self._next()
        self._next()
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while self._text != "]" or self._kind != "mark":
            found.append(self._value(depth + 1))
            if self._text == "," and self._kind == "mark":
                self._next()
        self._next()
        return found


def _word(kind: str, text: str) -> Any:
    if kind == "string":
        return _ESCAPE.sub(_unescape, text[1:-1])
    if kind == "date":
        return text[text.index("(") + 1 : -1].strip(" \"'")
    if text in _NOTHING:
        return None
    return {"true": True, "false": False}.get(text, text)


def _unescape(found: Any) -> str:
    code = str(found.group(1))
    if code[0] in "ux" and len(code) > 1:
        return chr(int(code[1:], 16))
    return _PLAIN.get(code, code)
