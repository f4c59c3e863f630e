"""Which of a sender's marks say who they are, in one spelling each. A masked or partial value says nothing."""

import re
import unicodedata
from collections.abc import Iterator

from domain.messages import Sender

_MASKED = re.compile(r"[*＊•●□■?？#]|[xX×]{2,}")
# In an address or an account two x are spelling (maxx@…); three and more stand for what is left out.
_MASKED_NAME = re.compile(r"[*＊•●□■?？#]|[xX×]{3,}")
_DIGITS = re.compile(r"\d+")
_MOBILE = re.compile(r"1[3-9]\d{9}")
# Area codes of the mainland: 010, 02x, and 03xx to 09xx; without one a landline is many people's.
_LANDLINE = re.compile(r"0(?:10\d{8}|2\d{9}|[3-9]\d{2}\d{7,8})")
_SERVICE = re.compile(r"[48]00\d{7}")
_ID_NUMBER = re.compile(r"\d{17}[\dX]|\d{15}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def _plain(value: str, masked: re.Pattern[str] = _MASKED) -> str:
    """NFKC without surrounding space; empty when it is masked."""
    text = (value if value.isascii() else unicodedata.normalize("NFKC", value)).strip()
    return "" if not text or masked.search(text) else text


def phone(value: str) -> str:
    """Digits only, without +86: a mobile number, or a landline with its area code and without extension; else empty."""
    if len(value) == 11 and value.isascii() and _MOBILE.fullmatch(value):
        return value
    text = re.split(r"[转轉]|ext\.?|分机|,|;", _plain(value), maxsplit=1, flags=re.IGNORECASE)[0]
    if re.search(r"[^\d\s()+\-.‐‑‒–—―_/]", text):
        return ""
    digits = "".join(_DIGITS.findall(text))
    international = text.lstrip(" (").startswith(("+86", "0086")) or (len(digits) == 13 and digits.startswith("861"))
    if international:
        digits = digits.removeprefix("00").removeprefix("86")
        # Written the international way an area code has lost its zero.
        if not _MOBILE.fullmatch(digits) and not digits.startswith("0"):
            digits = "0" + digits
    digits = digits.removeprefix("0") if _MOBILE.fullmatch(digits.removeprefix("0")) else digits
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return "" if _SERVICE.fullmatch(digits) or len(set(digits[1:])) == 1 else digits
    return ""


def id_number(value: str) -> str:
    """18 characters with an upper-case X, or the old 15 digits; else empty."""
    text = re.sub(r"[\s\-]", "", _plain(value)).upper()
    return text if _ID_NUMBER.fullmatch(text) and len(set(text)) > 2 else ""


def email(value: str) -> str:
    text = _plain(value, _MASKED_NAME).lower()
    return text if _EMAIL.fullmatch(text) else ""


def account(value: str) -> str:
    """``site:account`` with both parts said; the site in lower case."""
    site, colon, name = _plain(value, _MASKED_NAME).partition(":")
    return f"{site.lower()}:{name}" if colon and site and name.strip("0") else ""


def identifiers(sender: Sender) -> Iterator[tuple[str, str]]:
    """(kind, normalised value) of each mark, none twice."""
    if not (sender.phones or sender.id_numbers or sender.emails or sender.account):
        return
    found = [("phone", phone(value)) for value in sender.phones]
    found += [("id", id_number(value)) for value in sender.id_numbers]
    found += [("email", email(value)) for value in sender.emails]
    found.append(("account", account(sender.account)))
    yield from dict.fromkeys(pair for pair in found if pair[1])
