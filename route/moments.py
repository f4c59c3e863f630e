"""Reading a moment as people and programs write it."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from unicodedata import normalize

from domain.clock import SHANGHAI

_DATE = r"(?P<year>\d{4})\s*(?:[-/.]\s*|年\s*)(?P<month>\d{1,2})\s*(?:[-/.]\s*|月\s*)(?P<day>\d{1,2})\s*[日号]?"
_CLOCK = (
    r"(?P<half>上午|下午|晚上|中午|凌晨|早上)?\s*(?P<hour>\d{1,2})\s*(?:[::]\s*|[时点]\s*)(?:(?P<minute>\d{1,2})\s*分?)?"
    r"(?:\s*:?\s*(?P<second>\d{1,2})(?:[.,]\d+)?\s*秒?)?\s*(?P<noon>[AaPp]\.?[Mm]\.?)?"
)
_ZONE = r"(?P<zone>[Zz]|UTC|GMT|CST|北京时间|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
_WRITTEN = re.compile(rf"{_DATE}(?:\s*(?:星期|周)[一二三四五六日天])?(?:[Tt\s]*{_CLOCK})?\s*{_ZONE}")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[Tt ]?(\d{2})(\d{2})(\d{2})?)?\s*" + _ZONE)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_AFTERNOON = frozenset({"下午", "晚上"})
_SHANGHAI_NAMES = frozenset({"CST", "北京时间"})


def parse_moment(text: str) -> datetime:
    """An aware moment; without a zone it is Asia/Shanghai. Raises ValueError when it is no moment.

    Understood: ISO 8601 and RFC 3339, ``2026/3/5 9:07``, ``2026年3月5日 下午3点20分``, ``20260305143000``, RFC 2822 mail
    dates, epoch seconds (10 digits) and milliseconds (13 digits). A date alone means its first second.
    """
    plain = normalize("NFKC", text).strip()
    if _EPOCH.fullmatch(plain):
        seconds = int(plain) / (1000 if len(plain) == 13 else 1)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    compact = _COMPACT.fullmatch(plain)
    if compact is not None:
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups()[:6])
        return _zoned(datetime(year, month, day, hour, minute, second), compact["zone"])  # noqa: DTZ001
    written = _WRITTEN.fullmatch(plain)
    if written is not None:
        return _zoned(_naive(written), written["zone"])
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        moment = _mail_date(plain)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def _naive(found: re.Match[str]) -> datetime:
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    noon = (found["noon"] or "").replace(".", "").lower()
    if noon and not 1 <= hour <= 12:
        raise ValueError("an hour with am or pm is 1 to 12")
    if (found["half"] in _AFTERNOON or noon == "pm" or (found["half"] == "中午" and hour < 11)) and hour < 12:
        hour += 12
    elif noon == "am" and hour == 12:
        hour = 0
    next_day = (hour, minute, second) == (24, 0, 0)
    day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), 0 if next_day else hour, minute, second)  # noqa: DTZ001
    return day + timedelta(days=1) if next_day else day


def _zoned(moment: datetime, zone: str | None) -> datetime:
    if not zone or zone in _SHANGHAI_NAMES:
        return moment.replace(tzinfo=SHANGHAI)
    if zone[0] not in "+-":
        return moment.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{moment.isoformat()}{zone if len(zone) > 3 else zone + '00'}")


def _mail_date(text: str) -> datetime:
    try:
        return parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        raise ValueError("this is no date and time") from None
