"""Letters as another person sends them in: the same words with a slip, in another order, greeted, typed otherwise, cut short."""

import random
import re
from collections.abc import Callable

CUT = 100
"""Characters of a body that a board's list shows."""
_SENTENCES = re.compile(r"(?<=[。！？!?；;\n])")
_GREETINGS = ("尊敬的领导：您好！", "市长您好，", "领导好：\n", "您好，我想反映一个问题。", "各位领导，打扰了。")
_THANKS = ("谢谢！", "望尽快解决，谢谢。", "盼复。", "")
_WIDE = {ord(narrow): wide for narrow, wide in zip("0123456789,!?:()", "０１２３４５６７８９，！？：（）", strict=True)}


def typo(rng: random.Random, subject: str, body: str) -> tuple[str, str]:
    """A character in sixty is another, is missing, or stands twice."""
    letters = list(body)
    for _ in range(max(1, len(letters) // 60)):
        place = rng.randrange(len(letters))
        letters[place] = rng.choice((rng.choice(body), "", letters[place] * 2))
    return subject, "".join(letters)


def reordered(rng: random.Random, subject: str, body: str) -> tuple[str, str]:
    """Two neighbouring sentences change places, in a long letter two more."""
    parts = [part for part in _SENTENCES.split(body) if part]
    for _ in range(1 + (len(parts) > 8)):
        if len(parts) > 1:
            place = rng.randrange(len(parts) - 1)
            parts[place], parts[place + 1] = parts[place + 1], parts[place]
    return subject, "".join(parts)


def greeted(rng: random.Random, subject: str, body: str) -> tuple[str, str]:
    return subject, rng.choice(_GREETINGS) + body + rng.choice(_THANKS)


def half_width(_: random.Random, subject: str, body: str) -> tuple[str, str]:
    """What was typed half-width comes full-width, and the other way round."""
    back = {ord(wide): chr(narrow) for narrow, wide in _WIDE.items()}
    return subject.translate(_WIDE), "".join(one.translate(_WIDE) if ord(one) in _WIDE else one.translate(back) for one in body)


def cut(_: random.Random, subject: str, body: str) -> tuple[str, str]:
    return subject, f"{body[:CUT]}..."


def cut_with_a_slip(rng: random.Random, subject: str, body: str) -> tuple[str, str]:
    return cut(rng, subject, typo(rng, subject, body[:CUT])[1] + body[CUT:])


Edit = Callable[[random.Random, str, str], tuple[str, str]]
EDITS: dict[str, Edit] = {
    "typo": typo,
    "sentences reordered": reordered,
    "greeting added": greeted,
    "half-width digits": half_width,
    "cut at 100 characters": cut,
    "cut, with a typo": cut_with_a_slip,
}
CUTTING = frozenset({"cut at 100 characters", "cut, with a typo"})


def sentences(body: str) -> list[str]:
    return [part for part in _SENTENCES.split(body) if len(part) > 5]
