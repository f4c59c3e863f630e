"""HTML to readable text, and HTML to a tree, both bounded in size and depth."""

import html
import re
from collections.abc import Iterator

import lxml.html
import re2
from lxml import etree
from lxml.html import HtmlElement

from domain.errors import RejectItem

MAX_CHARACTERS = 4_000_000
"""A longer page or mail part is no letter; what is over is cut."""

_SILENT = frozenset({"script", "style", "noscript", "template", "head", "title", "object", "iframe", "svg", "select", "option"})
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "div", "dl", "dt", "fieldset", "figure"}
    | {"footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_CELLS = frozenset({"td", "th"})
_KEEPS_LINES = frozenset({"pre", "textarea"})
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000]+")
_EDGE = "\x1e"
"""Where a block begins or ends: neighbours make one line break."""
_LOOKS_HTML = re.compile(r"</?[A-Za-z!][^<>]*>|&(?:#\d{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});")
_DROPPED = r"(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->"
_TAG = re.compile(r"<[^<>]*>")


def parse_html(text: str) -> HtmlElement:
    """The tree of a page or fragment. Raises RejectItem when there is nothing in it or it is nested beyond reason."""
    parser = lxml.html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    data = _CONTROL.sub("", text[:MAX_CHARACTERS]).encode("utf-8", "replace")
    try:
        tree = lxml.html.document_fromstring(data, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError):
        raise RejectItem("the page is empty or is not HTML") from None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" or "depth" in entry.message for entry in parser.error_log):
        raise RejectItem("the page is nested too deeply to be read")
    return tree


def html_to_text(text: str) -> str:
    """Readable text of a page or fragment: line breaks kept, entities decoded, no scripts, styles or images. Never raises."""
    if not text.strip():
        return ""
    try:
        return element_text(parse_html(text))
    except RejectItem:
        return _without_tags(text[:MAX_CHARACTERS])


def text_of(value: str) -> str:
    """``value`` as readable text whether it is HTML (a tag or an entity is seen) or plain text with line breaks."""
    if _LOOKS_HTML.search(value):
        return html_to_text(value)
    return tidy("".join(value.splitlines(keepends=True)))


def element_text(element: HtmlElement) -> str:
    """Readable text of an element and all in it, without what follows it."""
    if len(element) == 0 and isinstance(element.tag, str):
        # Most cells and paragraphs hold nothing but their text.
        return "" if element.tag in _SILENT else tidy(_flow(element.text, element.tag in _KEEPS_LINES))
    pieces: list[str] = []
    at_edge = True
    for piece in _pieces(element):
        if piece is _EDGE:
            if not at_edge:
                pieces.append("\n")
            at_edge = True
        elif piece:
            pieces.append(piece)
            at_edge = at_edge and piece == " "
    return tidy("".join(pieces))


def tidy(text: str) -> str:
    """Runs of spaces become one, lines are trimmed, at most one empty line stays between paragraphs."""
    if text.isprintable():
        return _SPACES.sub(" ", text).strip()
    lines = (
        _SPACES.sub(" ", line).strip() for line in _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _pieces(root: HtmlElement) -> Iterator[str]:
    """Text pieces in document order. Walks by events and not by recursion: pages are nested as deeply as their makers like."""
    silent = 0
    keeping = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if not silent and node is not root:
                yield _flow(node.tail, keeping)
            continue
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            silent += tag in _SILENT
            keeping += tag in _KEEPS_LINES
            if not silent:
                yield _before(tag)
                yield _flow(node.text, keeping)
            continue
        if not silent and tag in _BLOCKS:
            yield _EDGE
        silent -= tag in _SILENT
        keeping -= tag in _KEEPS_LINES
        if not silent and node is not root:
            yield _flow(node.tail, keeping)


def _before(tag: str) -> str:
    if tag in _BLOCKS:
        return _EDGE
    if tag == "br":
        return "\n"
    return " " if tag in _CELLS else ""


def _flow(text: str | None, keeping: int | bool) -> str:
    if not text:
        return ""
    return text if keeping else re.sub(r"\s+", " ", text)


def _without_tags(text: str) -> str:
    """The plainest reading, for what no parser takes: tags become line breaks."""
    return tidy(html.unescape(_TAG.sub("\n", re2.sub(_DROPPED, "", _CONTROL.sub("", text)))))
