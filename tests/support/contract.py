"""The contract's schemas, and what counts as breaking them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).resolve().parents[2] / "docs" / "contract"
SCHEMAS = CONTRACT / "schemas"
RELEASED = CONTRACT / "released" / "v1"


def load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def schema(name: str) -> dict[str, Any]:
    return load(SCHEMAS / f"{name}.json")


def breaks(released: Mapping[str, Any], current: Mapping[str, Any], *, sent_by_fenban: bool, at: str = "$") -> Iterator[str]:
    """What in ``current`` breaks those who hold ``released``.

    What fenban sends must stay readable: nothing required vanishes, no type or closed list widens. What departments send
    must stay accepted: nothing becomes required, no type, list or bound narrows.
    """
    old_required, new_required = set(released.get("required", ())), set(current.get("required", ()))
    missing = old_required - new_required if sent_by_fenban else new_required - old_required
    yield from (f"{at}: {name} {'is no longer' if sent_by_fenban else 'became'} required" for name in sorted(missing))
    yield from _values(released, current, sent_by_fenban, at)
    for name, part in released.get("properties", {}).items():
        if name not in current.get("properties", {}):
            yield f"{at}.{name}: vanished"
        else:
            yield from breaks(part, current["properties"][name], sent_by_fenban=sent_by_fenban, at=f"{at}.{name}")
    if "items" in released:
        yield from breaks(released["items"], current.get("items", {}), sent_by_fenban=sent_by_fenban, at=f"{at}[]")
    for key in ("oneOf", "anyOf"):
        old, new = released.get(key, []), current.get(key, [])
        if len(new) < len(old):
            yield f"{at}: an alternative vanished"
        for one, other in zip(old, new, strict=False):
            yield from breaks(one, other, sent_by_fenban=sent_by_fenban, at=f"{at}.{key}")


def _values(released: Mapping[str, Any], current: Mapping[str, Any], sent: bool, at: str) -> Iterator[str]:
    old_types, new_types = _types(released), _types(current)
    if old_types and (not new_types or not (new_types <= old_types if sent else old_types <= new_types)):
        yield f"{at}: type {sorted(old_types)} became {sorted(new_types)}"
    old_words, new_words = _words(released), _words(current)
    if sent and old_words and not new_words <= old_words:
        yield f"{at}: takes other values than {sorted(old_words)}"
    if not sent and new_words and not old_words <= new_words:
        yield f"{at}: no longer takes {sorted(old_words - new_words)}"
    for bound, narrower in (("maxLength", min), ("maximum", min), ("minLength", max), ("minimum", max)):
        if not sent and bound in current and current[bound] != released.get(bound):
            old = released.get(bound)
            if old is None or narrower(old, current[bound]) == current[bound]:
                yield f"{at}: {bound} {old} narrowed to {current[bound]}"
    if released.get("pattern") != current.get("pattern"):
        yield f"{at}: pattern changed"


def _types(part: Mapping[str, Any]) -> set[str]:
    found = part.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def _words(part: Mapping[str, Any]) -> set[str]:
    return {str(word) for word in part.get("enum", [part["const"]] if "const" in part else [])}
