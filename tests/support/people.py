"""Invented senders: names, phones and identity numbers that look valid and belong to nobody we know of."""

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

_SURNAMES = "阚桓闾璩逄郗缑仉郏亓厍佴鄢宓钭郦"
_GIVEN = "翊珺骁婧沅昕玥禾砚祺澍朗霁蔚岚韬绮芃煦筠晗芮笙苒峤"
_MOBILE = ("133", "135", "138", "139", "150", "158", "177", "186", "189", "199")
_REGIONS = ("110101", "320583", "440106", "510107", "620802")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Person:
    """One invented sender. ``account`` is an upstream user id."""

    name: str
    phone: str
    id_number: str
    email: str
    account: int


def id_number(rng: random.Random) -> str:
    """18 characters with the right check character (GB 11643)."""
    born = f"{rng.randint(1950, 2004)}{rng.randint(1, 12):02d}{rng.randint(1, 28):02d}"
    digits = f"{rng.choice(_REGIONS)}{born}{rng.randint(1, 999):03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11
    return digits + "10X98765432"[rest]


def people(rng: random.Random, avoid: str) -> Iterator[Person]:
    """Endless distinct people none of whose names or numbers occurs in ``avoid``."""
    used: set[str] = set()
    while True:
        name = rng.choice(_SURNAMES) + rng.choice(_GIVEN) + rng.choice(_GIVEN)
        phone = rng.choice(_MOBILE) + "".join(rng.choice(string.digits) for _ in range(8))
        number = id_number(rng)
        account = rng.randint(10_000_000, 99_999_999)
        email = f"{''.join(rng.choice(string.ascii_lowercase) for _ in range(9))}@mail.example.cn"
        person = Person(name, phone, number, email, account)
        marks = {name, phone, number, email, str(account)}
        if marks & used or any(mark in avoid for mark in (name, phone, number)) or _reads_as_utf8(name):
            continue
        used |= marks
        yield person


def _reads_as_utf8(name: str) -> bool:
    """Six bytes that are a name in GBK and something else in UTF-8: no reader can tell them apart."""
    try:
        name.encode("gb18030").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def written_phone(phone: str, style: int) -> str:
    """The same phone as people write it: plain, in groups, with a country code, in full-width digits."""
    full_width = phone.translate({ord(digit): ord("０") + int(digit) for digit in string.digits})
    grouped = (f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", f"+86{phone}", full_width)
    return phone if style % 5 == 0 else grouped[style % 5 - 1]
