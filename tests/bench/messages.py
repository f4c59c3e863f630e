"""The benchmark's messages: synthetic, 240 characters each, one in twelve by somebody who wrote before."""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from tests.support.made_letters import UNITS, Writer
from tests.support.people import id_number, written_phone

LENGTH = 240
CHINA = timezone(timedelta(hours=8))
START = datetime(2026, 11, 1, 8, tzinfo=CHINA)
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_GIVEN = "明华建国秀英丽强军洋勇艳杰娟涛超平刚桂玲"
UNIT_CODES = {name: f"u{place:02d}" for place, name in enumerate(UNITS, 1)}


def messages(count: int, seed: int, first: int = 0) -> Iterator[bytes]:
    """``count`` captures as JSON bytes, the same for the same arguments; their ids begin at ``first``.

    Of a hundred messages eight are by a person who wrote before, among them two copies within a day and one repeat later.
    A third names the sender in the text.
    """
    rng = random.Random(seed)
    writer = Writer(rng)
    recent: list[dict[str, str]] = []
    for place in range(first, first + count):
        at = START + timedelta(seconds=40 * place)
        draw = rng.random()
        if recent and draw < 0.08:
            old = recent[rng.randrange(len(recent))]
            document = dict(old) if draw < 0.03 else {**_letter(writer), **{key: old[key] for key in ("name", "phone", "email")}}
        else:
            document = _letter(writer) | _sender(rng, place)
            if place % 3 == 0:
                document["body"] = _signed(document, rng, place)
            recent.append(document)
            if len(recent) > 1500:
                recent.pop(rng.randrange(1000))
        document |= {"id": f"m{place:07d}", "at": at.isoformat()}
        yield json.dumps(document, ensure_ascii=False).encode()


def labelled(count: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """(subject, body, unit code) to train from."""
    writer = Writer(random.Random(seed))
    for _ in range(count):
        letter = writer.letter(LENGTH)
        yield letter.subject, letter.body, UNIT_CODES[letter.unit]


def _letter(writer: Writer) -> dict[str, str]:
    letter = writer.letter(LENGTH)
    return {"subject": letter.subject, "body": letter.body, "unit": UNIT_CODES[letter.unit]}


def _sender(rng: random.Random, place: int) -> dict[str, str]:
    name = rng.choice(_SURNAMES) + rng.choice(_GIVEN) + rng.choice(_GIVEN)
    phone = f"139{place % 10**8:08d}"
    return {"name": name, "phone": phone, "email": f"c{place}@mail.example.cn"}


def _signed(document: dict[str, str], rng: random.Random, place: int) -> str:
    words = f"我叫{document['name']}，电话{written_phone(document['phone'], place)}，身份证号{id_number(rng)}。"
    return document["body"][: LENGTH - len(words)] + words
