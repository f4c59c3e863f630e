"""Whether what was sent fits an endpoint's declared JSON Schema.

By hand and not by a library: a refusal must name the field and never quote what stood in it, and values of a query come as
texts. A keyword that is not known here is refused when the console starts, so that none is passed over silently.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_KNOWN = frozenset(
    [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "pattern",
        "format",
        "description",
        "title",
        "default",
        "examples",
    ]
)
_FALSE, _TRUE = frozenset({"false", "0", "no", "off"}), frozenset({"true", "1", "yes", "on"})


def as_object(schema: Schema) -> Schema:
    """The schema of a whole query or body; one that only lists its properties is taken as that."""
    return schema if not schema or "type" in schema or "properties" in schema else {"type": "object", "properties": schema}


def check_schema(schema: Schema) -> None:
    """Raises ValueError for a keyword or a type that ``misfits`` does not know."""
    unknown = schema.keys() - _KNOWN
    if unknown:
        raise ValueError(f"JSON Schema keyword {sorted(unknown)[0]!r} is not checked by app.console.schemas")
    for name in _types(schema):
        if name not in _TYPES:
            raise ValueError(f"JSON Schema has no type {name!r}")
    for inner in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        check_schema(inner)


def misfits(schema: Schema, value: Any, *, texts: bool = False, where: str = "") -> Iterator[tuple[str, str]]:
    """(field, what is wrong with it) for each thing that does not fit. ``texts``: values came as texts, of a query or a form."""
    if texts and not isinstance(value, dict | list):
        value = _read(schema, value)
    types = _types(schema)
    if types and not any(_is(value, name) for name in types):
        yield where, f"not {' or '.join(types)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield where, "not one of those listed"
    if isinstance(value, str):
        yield from _text(schema, value, where)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield where, f"less than {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield where, f"more than {schema['maximum']}"
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield where, "too few or too many of them"
        for one in value:
            yield from misfits(schema.get("items", {}), one, texts=texts, where=where)
    elif isinstance(value, dict):
        yield from _fields(schema, value, texts=texts, where=where)


def unwritable(value: Any) -> bool:
    """Whether a text in it cannot be stored: NUL, which PostgreSQL refuses, or half of a surrogate pair."""
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(unwritable(key) or unwritable(one) for key, one in value.items())
    return isinstance(value, list) and any(unwritable(one) for one in value)


def _fields(schema: Schema, value: Mapping[str, Any], *, texts: bool, where: str) -> Iterator[tuple[str, str]]:
    before = f"{where}." if where else ""
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{before}{name}", "missing"
    for name, one in value.items():
        if name in known:
            inner = known[name]
            listed = texts and "array" in _types(inner) and not isinstance(one, list)
            yield from misfits(inner, [one] if listed else one, texts=texts, where=f"{before}{name}")
        elif schema.get("additionalProperties") is False and not (texts and name == "csrf"):
            yield where or "fields", "unknown ones among them"


def _text(schema: Schema, value: str, where: str) -> Iterator[tuple[str, str]]:
    if len(value) < schema.get("minLength", 0):
        yield where, "too short"
    if len(value) > schema.get("maxLength", len(value)):
        yield where, "too long"
    if "pattern" in schema and re.search(schema["pattern"], value) is None:
        yield where, "not written as it must be"


def _types(schema: Schema) -> tuple[str, ...]:
    named = schema.get("type", ())
    return (named,) if isinstance(named, str) else tuple(named)


def _is(value: Any, name: str) -> bool:
    if name in {"integer", "number"} and isinstance(value, bool):
        return False
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES[name])


def _read(schema: Schema, value: Any) -> Any:
    """A text as the schema's type, as it is where it is none of it. An empty one stands for a field left empty."""
    types = _types(schema)
    if not isinstance(value, str) or "string" in types:
        return value
    if "integer" in types and re.fullmatch(r"-?[0-9]{1,18}", value.strip()):
        return int(value)
    if "number" in types and re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value.strip()):
        return float(value)
    if "boolean" in types and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    return None if "null" in types and not value else value
