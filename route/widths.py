"""Patterns in which a full-width sign also means its half-width form: registered text is half-width, authors write as they type."""

import re
import unicodedata

_WIDE = {sign: unicodedata.normalize("NFKC", sign) for sign in "，！？；：（）"}
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]", re.DOTALL)
_IN_CLASS = re.compile(rf"\\.|[^\\]-(?:\\.|[^\]\\])|[{''.join(_WIDE)}]", re.DOTALL)
"""Of a class what is escaped or a range, which stay as they are, and its signs."""
_OUTSIDE = re.compile(rf"\\.|{_CLASS.pattern}|[{''.join(_WIDE)}]", re.DOTALL)


def both_widths(pattern: str) -> str:
    """The pattern with each full-width sign standing for both of its forms, in a class and outside; ranges stay as they are."""
    return _OUTSIDE.sub(_widened, pattern)


def _widened(found: re.Match[str]) -> str:
    piece = found[0]
    if piece in _WIDE:
        return f"[{piece}{_WIDE[piece]}]"
    return _IN_CLASS.sub(lambda one: one[0] + _WIDE.get(one[0], ""), piece) if piece[0] == "[" else piece
