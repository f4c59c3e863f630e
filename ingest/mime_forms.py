"""Two forms of one text: which says it whole, and whether they are one text at all. And what an invitation says."""

import re

_STUB_LETTERS = 60
_MORE_LETTERS = 10
_ELSE_LETTERS = 6
_IN_CALENDAR = re.compile("(?:SUMMARY|DESCRIPTION|LOCATION)[;:]", re.IGNORECASE)
_STUB = re.compile(
    r"html.{0,40}(?:mail|message|邮件|格式|client|support|view)|(?:support|view|display|read).{0,60}html|"
    r"(?:不支持|无法显示|请使用).{0,30}(?:html|浏览)|multi-?part message",
    re.IGNORECASE,
)


def is_stub(plain: str, rich: str) -> bool:
    """Whether the plain form only says that the mail is in HTML, or is only the text's beginning."""
    plain_letters, rich_letters = _letters(plain), _letters(rich)
    said, whole = len(plain_letters), len(rich_letters)
    if said == 0 or said * 10 < whole:
        return True
    if said + _MORE_LETTERS <= whole and said * 1.2 <= whole and rich_letters.startswith(plain_letters):
        return True
    return (said * 2 < whole or (said < _STUB_LETTERS and said < whole)) and _STUB.search(plain) is not None


def says_else(rich: str, plain: str) -> bool:
    """Whether most of the HTML form's words are not those of the plain one: two texts, not two forms of one."""
    rich_letters, plain_letters = _letters(rich), _letters(plain)
    if len(rich_letters) < _ELSE_LETTERS or rich_letters in plain_letters:
        return False
    grams = _pairs(rich_letters)
    return len(grams & _pairs(plain_letters)) * 2 < len(grams)


def _pairs(letters: str) -> set[str]:
    return {letters[at : at + 2] for at in range(len(letters) - 1)}


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def same_text(html: str, plain: str) -> bool:
    """The HTML form of a text that stood before it, in a mail that should have said alternative."""
    one, other = (re.sub(r"\W+", "", text) for text in (html, plain))
    return bool(one) and (one == other or (len(other) > 20 and other in one and len(one) < 1.3 * len(other)))


def of_calendar(text: str) -> str:
    """What an invitation says: its title, description and place."""
    lines = re.sub(r"\r?\n[ \t]", "", text).splitlines()
    said = [line.partition(":")[2] for line in lines if _IN_CALENDAR.match(line)]
    return re.sub(r"\\(.)", r"\1", "\n".join(dict.fromkeys(said)).replace("\\n", "\n").replace("\\N", "\n"))
