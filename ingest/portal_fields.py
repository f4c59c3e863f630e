"""Labels and their values in a letter's page, whatever holds them: table cells, definition lists, blocks, or "标签：值" in a line.

A label is an element whose whole text is a known label; its value is the next cell or block, or the text that follows. What is
a value is not searched again, so a citizen who writes "回复内容：…" in a letter does not make an answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import re2
from lxml.cssselect import CSSSelector
from lxml.html import HtmlElement

from domain.errors import RejectItem
from ingest.html_text import element_text, text_of, tidy
from ingest.portal_json import at_path, read_json, scalar
from ingest.portal_labels import LONGEST_LABEL, Field, Labels
from ingest.portal_profile import Pick, TextPattern

_BLOCKS = frozenset(
    {"tr", "table", "tbody", "div", "p", "ul", "ol", "li", "dl", "dt", "dd", "td", "th", "section", "article", "h1", "h2"}
)
_SKIPPED = frozenset({"script", "style", "noscript", "head", "select", "textarea", "option", "button"})
_FRAMES = frozenset({"tr", "table", "tbody", "dl", "ul", "html", "body"})
_CELLS = frozenset({"td", "th", "dt"})
_LONG = frozenset({Field.BODY, Field.REPLY, Field.FOLLOWUP})
"""Free text: what looks like a label in it is somebody's words."""
_EDGES = " \n\t\r:：\u3000\u00a0"
_LONGEST_LINE = 4000
_LONGEST_RAW_LABEL = 3 * LONGEST_LABEL
_MOST_PIECES = 40
_MOST_ELEMENTS = 200_000
_INLINE = re.compile(r"([^\s:：，。；,;|]{1,14})\s*[:：]")


@dataclass(slots=True)
class Found:
    """Values in the order of the page. The first of a field counts, but for answers, which come several times."""

    values: list[tuple[Field, str]] = field(default_factory=list)

    def first(self, name: Field) -> str:
        return next((text for found, text in self.values if found is name and text), "")

    def all(self, name: Field) -> list[str]:
        return [text for found, text in self.values if found is name and text]

    def add(self, name: Field, text: str) -> None:
        self.values.append((name, text))


def pick_html(root: HtmlElement, pick: Pick) -> str:
    """The text (or attribute) at a selector, or empty."""
    if pick.value:
        return pick.value
    node = select_one(root, pick.at)
    if node is None:
        return ""
    return _grouped(pick, (node.get(pick.attr) or "") if pick.attr else element_text(node))


def pick_json(record: object, pick: Pick) -> str:
    """The scalar at a path as readable text, or empty."""
    return pick.value or _grouped(pick, text_of(scalar(at_path(record, pick.at))))


def _grouped(pick: Pick, text: str) -> str:
    if not pick.pattern:
        return text.strip()
    found = re2.search(pick.pattern, text)
    if not found:
        return ""
    return (found.group(1) if found.lastindex else found.group() or "").strip() if found.group() is not None else ""


def select(root: HtmlElement, css: str) -> list[HtmlElement]:
    return list(_compiled(css)(root))


@lru_cache(maxsize=1024)
def _compiled(css: str) -> CSSSelector:
    return CSSSelector(css, translator="html")


def select_one(root: HtmlElement, css: str) -> HtmlElement | None:
    if not css:
        return root
    found = select(root, css)
    return found[0] if found else None


def match_patterns(root: HtmlElement, patterns: Sequence[TextPattern], found: Found) -> None:
    """Fields that stand together in one text, taken apart by the profile's patterns with named groups."""
    for pattern in patterns:
        for node in select(root, pattern.css)[:50] if pattern.css else [root]:
            match = re2.search(pattern.pattern, element_text(node))
            if match is None:
                continue
            for name, text in match.groupdict().items():
                if name in Field._value2member_map_ and text:
                    found.add(Field(name), text.strip())
            break


def label_pairs(scope: HtmlElement, labels: Labels, found: Found) -> None:
    """Adds every label with its value that stands in ``scope``."""
    claimed: set[HtmlElement] = set()
    short = _short_texts(scope)
    for element in _outside(scope, claimed):
        name = labels.field(short.get(element, ""))
        if name is not None and _stands_alone(element, short[element]):
            value, nodes = _value_of(element, name, labels, short)
            claimed.update([element, *nodes])
            if value:
                found.add(name, value)
        elif element.tag not in _FRAMES and not _has_blocks(element):
            for inline_name, value in _inline(element_text(element), labels):
                found.add(inline_name, value)
                claimed.add(element)


def _outside(scope: HtmlElement, claimed: set[HtmlElement]) -> Iterator[HtmlElement]:
    """Elements in document order, leaving out what lies in claimed ones. No recursion."""
    stack = [scope]
    count = 0
    while stack:
        element = stack.pop()
        if element in claimed or not isinstance(element.tag, str) or element.tag in _SKIPPED:
            continue
        count += 1
        if count > _MOST_ELEMENTS:
            raise RejectItem("the page has too many elements to be read")
        yield element
        if element not in claimed:
            stack.extend(reversed(element))


def _short_texts(scope: HtmlElement) -> dict[HtmlElement, str]:
    """The text of every element that is short enough to be a label; one pass, bottom up."""
    texts: dict[HtmlElement, str | None] = {}
    for element in reversed(list(scope.iter())):
        if not isinstance(element.tag, str):
            continue
        pieces: list[str] = [element.text or ""]
        for child in element:
            inner = texts.get(child, "") if isinstance(child.tag, str) else ""
            if inner is None or len(pieces) > _MOST_PIECES:
                pieces = []
                break
            pieces += [inner, child.tail or ""]
        text = "".join(pieces).strip()
        texts[element] = text if pieces and len(text) <= _LONGEST_RAW_LABEL else None
    return {element: text for element, text in texts.items() if text}


def _stands_alone(element: HtmlElement, text: str) -> bool:
    """A label is a cell, or ends with a colon, or has its value beside it. A row with one empty cell is no label."""
    if element.tag in _FRAMES or sum(child.tag != "br" for child in element) > 1:
        return False
    if element.tag in _CELLS or text.endswith((":", "：")):
        return True
    return _next(element) is not None or bool((element.tail or "").strip(_EDGES))


def _value_of(
    element: HtmlElement, name: Field, labels: Labels, short: Mapping[HtmlElement, str]
) -> tuple[str, list[HtmlElement]]:
    """The value beside a label and the elements it is made of: the rest of the line, else the next cell or block."""
    if (element.tail or "").strip(_EDGES) and element.tag not in _CELLS:
        return _following_text(element, name, labels, short)
    holder, following = element, _next(element)
    while following is None and _alone(holder):
        holder = holder.getparent()
        if holder.tag in ("table", "body"):
            return "", []
        following = _next(holder)
    if following is None or _is_label(following, labels, short):
        return "", []
    nodes = [following]
    if name in _LONG and holder.tag not in _CELLS and holder.tag != "tr":
        beside = _next(following)
        while beside is not None and beside.tag == following.tag and not _starts_label(beside, labels, short):
            nodes.append(beside)
            beside = _next(beside)
    return tidy("\n".join(element_text(node) for node in nodes)), nodes


def _next(element: HtmlElement) -> HtmlElement | None:
    """The next element beside it, line breaks aside."""
    following = element.getnext()
    while following is not None and (not isinstance(following.tag, str) or following.tag in _SKIPPED | {"br", "hr"}):
        following = following.getnext()
    return following


def _alone(element: HtmlElement) -> bool:
    """True when its parent holds nothing beside it."""
    parent = element.getparent()
    return parent is not None and len(parent) == 1 and not (parent.text or "").strip() and not (element.tail or "").strip(_EDGES)


def _is_label(element: HtmlElement, labels: Labels, short: Mapping[HtmlElement, str]) -> bool:
    """The value's place is taken by a label: the value is missing, or this is a header row."""
    text = short.get(element, "")
    if labels.field(text) is None:
        return False
    return text.endswith((":", "：")) or all(labels.field(short.get(cell, "")) is not None for cell in element.getparent())


def _starts_label(element: HtmlElement, labels: Labels, short: Mapping[HtmlElement, str]) -> bool:
    if labels.field(short.get(element, "")) is not None:
        return True
    found = _INLINE.match(element_text(element)[:40])
    return found is not None and labels.field(found.group(1)) is not None


def _following_text(
    element: HtmlElement, name: Field, labels: Labels, short: Mapping[HtmlElement, str]
) -> tuple[str, list[HtmlElement]]:
    """Text behind ``<b>来信人：</b>`` up to the next label beside it; a letter goes on over lines that look like labels."""
    pieces = [(element.tail or "").lstrip(_EDGES)]
    nodes: list[HtmlElement] = []
    following = element.getnext()
    while following is not None and labels.field(short.get(following, "")) is None:
        if isinstance(following.tag, str):
            pieces.append("\n" if following.tag == "br" else element_text(following))
            nodes.append(following)
        pieces.append(following.tail or "")
        following = following.getnext()
    lines = tidy("".join(pieces)).split("\n")
    end = len(lines)
    if name not in _LONG:
        end = next((number for number, line in enumerate(lines) if number and _begins_with_label(line, labels)), end)
    return tidy("\n".join(lines[:end])), nodes if end == len(lines) else []


def _begins_with_label(line: str, labels: Labels) -> bool:
    found = _INLINE.match(line)
    return found is not None and labels.field(found.group(1)) is not None


def _has_blocks(element: HtmlElement) -> bool:
    return any(child.tag in _BLOCKS for child in element.iterdescendants())


def _inline(text: str, labels: Labels) -> Iterable[tuple[Field, str]]:
    """Pairs in one line of text: ``来信人：甲 来信时间：2020-01-01``. Known labels end a value, but a letter or reply goes on."""
    if len(text) > _LONGEST_LINE and not _begins_with_label(text, labels):
        return
    marks = [
        (found.start(1), found.end(), name)
        for found in _INLINE.finditer(text)
        if (name := labels.field(found.group(1))) is not None
    ]
    for number, (_, end, name) in enumerate(marks):
        last = name in _LONG or number + 1 == len(marks)
        value = text[end : len(text) if last else marks[number + 1][0]].strip().strip("|").strip()
        if value:
            yield name, value
        if last:
            return


def json_document(text: str, path: str) -> object:
    """The object at ``path`` of a JSON answer. Raises RejectItem when it is not there."""
    found = at_path(read_json(text), path)
    if found is None or found == "":
        raise RejectItem("the answer does not hold what the profile points at")
    return found
