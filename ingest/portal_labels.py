"""What portals call one thing: the built-in table of labels and a profile's own."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources


class Field(StrEnum):
    """What a portal may say of an item. ``unit`` is the portal's own handling unit; ``addressed_to`` the citizen's choice."""

    NUMBER = "number"
    TITLE = "title"
    TIME = "time"
    UNIT = "unit"
    STATUS = "status"
    KIND = "kind"
    BODY = "body"
    REPLY = "reply"
    REPLY_TIME = "reply_time"
    REPLY_BY = "reply_by"
    NAME = "name"
    PHONE = "phone"
    EMAIL = "email"
    ID_NUMBER = "id_number"
    ADDRESS = "address"
    PLACE = "place"
    REGION = "region"
    CATEGORY = "category"
    ADDRESSED_TO = "addressed_to"
    IP = "ip"
    FOLLOWUP = "followup"
    FOLLOWUP_TIME = "followup_time"
    IGNORED = "ignored"


LONGEST_LABEL = 16
"""Characters of a label once it is stripped; a longer text is no label."""

_DROPPED = re.compile(r"[\s\u3000\u00a0:：【】\[\]「」《》*＊·•■◆●|｜　]+")
_REPEATED = frozenset({Field.REPLY, Field.REPLY_BY, Field.REPLY_TIME, Field.UNIT, Field.FOLLOWUP, Field.FOLLOWUP_TIME})
"""Only these are numbered (回复1, 回复2): "编号12" is a value."""
_NUMBERED = re.compile(r"^(.*?\D)\d{1,2}(\D*)$")


def bare(label: str) -> str:
    """A label as it is compared: no spaces, colons, brackets or decoration."""
    return _DROPPED.sub("", label)


class Labels:
    """Which field a label names. A profile's own labels win over the built-in ones."""

    def __init__(self, own: Mapping[Field, Iterable[str]] | None = None) -> None:
        self._fields = dict(_built_in())
        for field, labels in (own or {}).items():
            self._fields.update({bare(label).lower(): field for label in labels})

    def field(self, label: str) -> Field | None:
        """The field, or None when this is not a known label. ``回复1单位及时间`` is found as ``回复单位及时间``."""
        trimmed = label[: 4 * LONGEST_LABEL].strip().rstrip(":：")
        if not trimmed or ":" in trimmed or "：" in trimmed:
            return None
        name = bare(trimmed).lower()
        if not name or len(name) > LONGEST_LABEL:
            return None
        found = self._fields.get(name)
        if found is None:
            numbered = _NUMBERED.match(name)
            found = self._fields.get("".join(numbered.groups())) if numbered else None
            found = found if found in _REPEATED else None
        return found

    def names(self) -> list[str]:
        """All labels, longest first."""
        return sorted(self._fields, key=lambda name: (-len(name), name))


@cache
def _built_in() -> dict[str, Field]:
    table = tomllib.loads(resources.files("ingest").joinpath("portal_labels.toml").read_text("utf-8"))
    return {bare(label).lower(): Field(field) for field, labels in table.items() for label in labels}
