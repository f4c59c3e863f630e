"""Texts as people write them, brought into one form: for reading (``normalise``), for what is the writer's own
(``own_words``) and for sameness (``same_text_form``, ``jaccard3``).
"""

import html
import re
import unicodedata

from ingest.quotes import own_words

__all__ = ["form_of_normalised", "forms_alike", "jaccard3", "normalise", "own_words", "same_text_form", "up_to_shorter"]

# Nearly every Chinese text holds these. Replacing them one by one spares most texts the full normalisation,
# which costs ten times as much.
_COMMON_WIDE = tuple((wide, unicodedata.normalize("NFKC", wide)) for wide in "，！？：；（）　％")

# Format characters, fillers, variation selectors and keycaps: invisible, and between digits they hide a phone number.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_SPACE_AT_BREAK = re.compile(r" *\n *")
_MANY_BREAKS = re.compile(r"\n{3,}")

# Tags that upstream systems leave in plain text. Only these, so that <某单位> or a < b stay as written.
_TAG_NAMES = (
    "a|b|big|blockquote|br|center|div|em|font|h[1-6]|hr|i|img|label|li|mark|ol|p|pre|s|small|span|strong|sub|sup|table|tbody|td|"
    "tr|u|ul"
)
_TAG = re.compile(
    rf"<(/?)({_TAG_NAMES})((?:\s+[A-Za-z:-]{{1,30}}(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'<>]+)))*)\s*/?>", re.IGNORECASE
)
_BREAKING = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr", "blockquote"})
_ENTITY = re.compile(
    r"&(?:(?:amp|#38|#x26);)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|nbsp|lt|gt|amp|quot|apos|ldquo|rdquo|lsquo|rsquo|hellip|mdash|ndash|"
    r"middot|bull|ensp|emsp|thinsp|zwnj|zwj|shy|copy|reg|times|deg|yen|laquo|raquo|sect|para|plusmn|divide|trade);"
)
# Entities of entities of entities: upstream systems escape twice, hardly ever more.
_MOST_ROUNDS = 6
_NOT_LETTERS = re.compile(r"[\W_]+")

# A cut text shorter than this says too little to call the longer one the same.
_LEAST_CUT_FORM = 30


def normalise(text: str) -> str:
    """The text in NFKC, without invisible and control characters, upstream's entities and highlight tags resolved,
    runs of spaces made one, at most one empty line between paragraphs, trimmed. Lone surrogates become U+FFFD."""
    text = _tidy(text)
    for _ in range(_MOST_ROUNDS):
        if "&" not in text and "<" not in text:
            break
        plain = _TAG.sub(_tag_text, _ENTITY.sub(_entity_text, text))
        if plain == text:
            break
        text = _tidy(plain)
    return text


def _tidy(text: str) -> str:
    text = _nfkc(text)
    if text.isprintable() and "  " not in text:
        return text.strip()
    if not text.replace("\n", "").isprintable():
        text = _INVISIBLE.sub("", _LONE_SURROGATE.sub("\ufffd", _LINE_BREAK.sub("\n", text)))
        text = _nfkc(text)
    text = _SPACE_AT_BREAK.sub("\n", _SPACES.sub(" ", text))
    return _MANY_BREAKS.sub("\n\n", text).strip()


def _nfkc(text: str) -> str:
    if unicodedata.is_normalized("NFKC", text):
        return text
    for wide, narrow in _COMMON_WIDE:
        if wide in text:
            text = text.replace(wide, narrow)
    return text if unicodedata.is_normalized("NFKC", text) else unicodedata.normalize("NFKC", text)


def _entity_text(found: re.Match[str]) -> str:
    return html.unescape(f"&{found[1]};")


def _tag_text(found: re.Match[str]) -> str:
    return "\n" if found[2].lower() in _BREAKING else ""


def same_text_form(text: str) -> str:
    """What two writings of one text share: normalised, lower case, letters and digits only."""
    return form_of_normalised(normalise(text))


def form_of_normalised(text: str) -> str:
    """``same_text_form`` of a text that is normalised already."""
    return _NOT_LETTERS.sub("", text.lower())


def jaccard3(a: str, b: str, *, truncated: bool = False) -> float:
    """How alike two texts are, 0 to 1: Jaccard over the sets of character 3-grams of their ``same_text_form``.

    ``truncated``: one of them is known only in part, so both are compared up to the shorter one (unless that is so short
    that it says nothing). Texts under 3 characters are alike when equal; an empty text is like none, not even an empty one.
    """
    return forms_alike(same_text_form(a), same_text_form(b), truncated=truncated)


def forms_alike(left: str, right: str, *, truncated: bool = False) -> float:
    """``jaccard3`` of two texts whose forms these are."""
    if not left or not right:
        return 0.0
    if truncated:
        left, right = up_to_shorter(left, right)
    if left == right:
        return 1.0
    if len(left) < 3 or len(right) < 3:
        return 0.0
    left_grams = set(zip(left, left[1:], left[2:], strict=False))
    right_grams = set(zip(right, right[1:], right[2:], strict=False))
    shared = len(left_grams & right_grams)
    return shared / (len(left_grams) + len(right_grams) - shared)


def up_to_shorter(left: str, right: str) -> tuple[str, str]:
    """Both forms up to the shorter one, unless that is so short that it says nothing."""
    length = min(len(left), len(right))
    return (left[:length], right[:length]) if length >= _LEAST_CUT_FORM else (left, right)
