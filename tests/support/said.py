"""Every sentence that the program's errors can say, read from its source: literal texts, with {} for what is filled in."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("domain", "ingest", "classify", "route", "store", "app")
ARROW = " → "
ERRORS = frozenset(
    {
        "Refused",
        "RetryLater",
        "RejectItem",
        "HaltForPerson",
        "LayoutChanged",
        "Gone",
        "ServerFault",
        "TooLarge",
        "Blocked",
        "LeaseLost",
        "OutOfReach",
        "Busy",
        "BadParameter",
        "phrase",
    }
)


def said() -> dict[str, str]:
    """Template → where it stands, for each text given to an error as what it says or as its remedy."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                for template in _of(node):
                    found.setdefault(template, f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}")
    return found


def lines() -> dict[str, str]:
    """Part of a finished line ``where: what → remedy`` → where it stands. Docstrings, descriptions of settings and the texts' own
    catalogue are none."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name != "texts.py":
                tree = ast.parse(path.read_text(encoding="utf-8"))
                skipped = set(_not_said(tree))
                for node in ast.walk(tree):
                    if id(node) not in skipped and isinstance(node, ast.Constant | ast.JoinedStr):
                        for template in _templates(node):
                            if ARROW in template:
                                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                                found |= {part: place for part in template.split(ARROW) if part not in found}
    return found


def _not_said(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from map(id, node.values)
        elif isinstance(node, ast.Expr) or (isinstance(node, ast.keyword) and node.arg == "description"):
            yield id(node.value)


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "remedy" for to in node.targets):
        yield from _templates(node.value)


def _of_call(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ERRORS and call.args:
        yield from _templates(call.args[0])
    for keyword in call.keywords:
        if keyword.arg == "remedy":
            yield from _templates(keyword.value)


def _templates(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values]
        template = "".join(parts)
        if any(character.isalpha() for character in template.replace("{}", "")):
            yield template
    elif isinstance(node, ast.IfExp):
        yield from _templates(node.body)
        yield from _templates(node.orelse)
