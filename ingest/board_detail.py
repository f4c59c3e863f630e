"""A post's own page on the board, whose place in it changed over the years."""

import re

from lxml.html import HtmlElement

from domain.errors import RejectItem
from ingest.html_text import element_text, parse_html
from ingest.portal_fields import select

_PLACES = (".content", ".zoom")
_SAME = 60
"""So many characters of the list's text are looked for at the beginning of the post."""
_SPACE = re.compile(r"\s+")


def read_post(text: str, listed: str) -> str:
    """The citizen's post, whole. ``listed`` is the list's cut text: of several blocks the one that begins with it is the post.

    Raises RejectItem when the page holds no post.
    """
    page = parse_html(text)
    blocks = [element_text(node) for css in _PLACES for node in select(page, css)] + _in_box(page)
    blocks = [block for block in blocks if block]
    if not blocks:
        raise RejectItem("the post is not found in its page")
    beginning = _SPACE.sub("", listed.rstrip(".…"))[:_SAME]
    same = [block for block in blocks if beginning and _SPACE.sub("", block).startswith(beginning)]
    return same[0] if same else blocks[0]


def _in_box(page: HtmlElement) -> list[str]:
    """``p`` elements behind ``h2 > b`` in ``div.liuyan_box03``."""
    found = []
    for box in select(page, "div.liuyan_box03"):
        headings = select(box, "h2 > b")
        if not headings:
            continue
        heading = headings[0].getparent()
        paragraphs = [node for node in heading.itersiblings() if node.tag == "p"]
        found += ["\n".join(element_text(node) for node in paragraphs[:1])] if paragraphs else []
    return found
