"""Times as portals write them. Without a zone they are Asia/Shanghai; null dates and nonsense are no time."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone

from domain.clock import SHANGHAI

_EARLIEST = date(1990, 1, 1)
_LATEST = date(2100, 1, 1)
_WRITTEN = re.compile(
    r"(?<!\d)(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?"
    r"(?:[T\s,]*(上午|下午|AM|PM)?\s*(\d{1,2})\s*[:：时点]\s*(\d{1,2})\s*(?:[:：分]\s*(\d{1,2})?)?\s*秒?(?:\.\d{1,9})?"
    r"\s*(PM|AM)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(?!\d)")
_EPOCH = re.compile(r"^\s*(?:/Date\()?(\d{9,10}|\d{12,13})(?:[+-]\d{4}\))?\)?/?\s*$")


def parse_time(text: str, formats: Sequence[str] = ()) -> datetime | None:
    """The first time in ``text``, aware, or None. Epoch seconds and milliseconds, ISO, Chinese and compact forms, and the
    profile's own strptime ``formats``. ``0001-01-01T00:00:00`` and the like are None: portals mean "no time" by it."""
    head = text[:80].strip()
    for written in formats:
        try:
            return _sane(datetime.strptime(head, written).replace(tzinfo=SHANGHAI))
        except ValueError:
            continue
    epoch = _EPOCH.match(head)
    if epoch:
        digits = epoch.group(1)
        return _sane(datetime.fromtimestamp(int(digits) / (1000 if len(digits) > 10 else 1), UTC))
    found = _WRITTEN.search(head)
    if found:
        return _from_parts(found)
    compact = _COMPACT.search(head)
    if compact:
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
        return _build((year, month, day), (hour, minute, second), SHANGHAI)
    return None


def without_time(text: str) -> str:
    """``text`` with its first written time taken out: the unit in "市住建局 2020-03-01 10:00"."""
    return re.sub(r"\s{2,}", " ", _WRITTEN.sub(" ", text, count=1)).strip(" \n\t()（）|,，:：")


def _from_parts(found: re.Match[str]) -> datetime | None:
    year, month, day, before, hour, minute, second, after, zone = found.groups()
    half = (before or after or "").upper()
    hours = int(hour or 0)
    if half in ("下午", "PM") and hours < 12:
        hours += 12
    elif half in ("上午", "AM") and hours == 12:
        hours = 0
    return _build((int(year), int(month), int(day)), (hours, int(minute or 0), int(second or 0)), _zone(zone))


def _zone(text: str | None) -> timezone:
    if not text:
        return SHANGHAI
    if text.upper() == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]) % 24, minutes=int(text[-2:]) % 60))


def _build(day: tuple[int, int, int], time: tuple[int, int, int], zone: timezone) -> datetime | None:
    try:
        return _sane(datetime(*day, *time, tzinfo=zone))
    except ValueError:
        return None


def _sane(moment: datetime) -> datetime | None:
    return moment if _EARLIEST <= moment.date() < _LATEST else None
