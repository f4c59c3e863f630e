"""The figures as tables of docs/accuracy.md: each between the two comment lines that name its part."""

import re
from collections.abc import Sequence

from tests.accuracy.figures import Figure

HEAD = "| figure | value | beside | |\n|---|---|---|---|"


def with_table(document: str, part: str, figures: Sequence[Figure]) -> str:
    """The document with that part's table made anew; unchanged where it has no place for it."""
    begin, end = f"<!-- figures: {part} -->", f"<!-- end of {part} -->"
    table = "\n".join([begin, HEAD, *(_line(figure) for figure in figures), end])
    return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: table, document, flags=re.DOTALL)


def _line(figure: Figure) -> str:
    beside = "" if figure.peer_value is None else f"{figure.peer} {_number(figure.peer_value)}"
    verdict = "" if figure.goal is None else "missed" if figure.short else "reached"
    return f"| {figure.figure} | {_number(figure.value)} {figure.unit.removeprefix('of 1').strip()} | {beside} | {verdict} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}".rstrip("0").rstrip(".")
