"""Patterns in which a full-width sign also means its half-width form: registered text is half-width, authors write as they type."""

import unicodedata

_WIDE = {sign: unicodedata.normalize("NFKC", sign) for sign in "，！？；：（）"}


def both_widths(pattern: str) -> str:
    """The pattern with each full-width sign standing for both of its forms, in a class and outside."""
    pieces: list[str] = []
    in_class = escaped = False
    for character in pattern:
        narrow = _WIDE.get(character)
        if escaped or narrow is None:
            in_class = in_class if escaped else (character == "[" or (in_class and character != "]"))
            escaped = character == "\\" and not escaped
            pieces.append(character)
            continue
        pieces.append(character + narrow if in_class else f"[{character}{narrow}]")
    return "".join(pieces)
