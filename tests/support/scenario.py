"""What the channels of a system test serve, and what must become of each item.

Every letter has a sender of its own. Planted beside them: copies across channels, repeats, revisions, accusations, poison.
"""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from tests.support.corpus import Corpus, Letter
from tests.support.people import Person, id_number, people, written_phone

CHINA = timezone(timedelta(hours=8))
PORTAL, BOARD, MAIL = "portal", "board", "mail"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many letters each channel serves, and how many cases of each sort are planted."""

    portal: int
    mail: int
    board: int
    copies: int
    repeats: int
    revisions: int
    accusations: int

    @property
    def letters(self) -> int:
        return self.portal + self.mail + self.board


FULL = Sizes(portal=1500, mail=400, board=200, copies=100, repeats=50, revisions=50, accusations=20)
SMALL = Sizes(portal=110, mail=50, board=30, copies=20, repeats=10, revisions=10, accusations=10)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of one channel.

    ``ident`` is its id on the portal or board, or its place in the mailbox. ``serving`` 1 or 2: when it appears first.
    ``of`` names the item that it copies or repeats. ``revised`` is its content from the second serving on. ``shown``
    says that the text itself names the sender. ``poison`` says what is wrong with it.
    """

    ident: int
    channel: str
    role: str
    kind: str
    title: str
    content: str
    unit: str
    person: Person
    at: datetime
    shown: bool
    serving: int = 1
    of: int | None = None
    revised: str = ""
    answered: bool = False
    accused: str = ""
    poison: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    items: tuple[Item, ...]
    secrets: tuple[str, ...]
    """Every planted name, phone and identity number, in every form in which it was written."""

    @property
    def letters(self) -> int:
        return len(self.of_role("letter"))

    def on(self, channel: str) -> list[Item]:
        return [item for item in self.items if item.channel == channel]

    def of_role(self, role: str) -> list[Item]:
        return [item for item in self.items if item.role == role]

    def get(self, ident: int) -> Item:
        return next(item for item in self.items if item.ident == ident)


POISON = (
    (PORTAL, "no content"),
    (PORTAL, "no content"),
    (PORTAL, "gone"),
    (PORTAL, "gone"),
    (BOARD, "gone"),
    (BOARD, "gone"),
    (BOARD, "no content"),
    (MAIL, "too large"),
    (MAIL, "too large"),
    (MAIL, "nothing to read"),
)

_ACCUSATIONS = (
    "我实名举报{unit}科长收受开发商现金二十万元，并为其违规审批，附有转账记录，请纪委查处。",
    "控告{unit}工作人员滥用职权，强行扣押本人货物，索要好处费五千元。",
    "检举{unit}副局长在招标中泄露标底，收受贿赂，其妻在中标公司任职。",
    "{unit}的领导贪污困难群众补助款，虚列名单套取资金，请组织调查，不要把信转给他们本人。",
    "向上级揭发{unit}干部吃拿卡要，不送红包就不给办手续，已经持续两年。",
    "举报{unit}有人利用职务之便把国有资产低价卖给亲戚，从中收取回扣。",
    "本人要求追究{unit}负责人受贿、徇私枉法的责任，证据在我手里。",
    "{unit}执法人员收了黑钱，充当保护伞，请纪检监察部门调查他们的违纪违法行为。",
)


def build(corpus: Corpus, sizes: Sizes, seed: int, now: datetime) -> Scenario:
    """The same for the same arguments. Times lie in the twenty days before ``now``."""
    return _Builder(corpus, sizes, random.Random(seed), now).build()


class _Builder:
    def __init__(self, corpus: Corpus, sizes: Sizes, rng: random.Random, now: datetime) -> None:
        self._corpus = corpus
        self._sizes = sizes
        self._rng = rng
        self._people = people(rng, corpus.everything)
        self._start = now.astimezone(CHINA).replace(microsecond=0) - timedelta(days=20)
        self._items: list[Item] = []
        self._secrets: set[str] = set()

    def build(self) -> Scenario:
        sizes = self._sizes
        channels = [PORTAL] * sizes.portal + [MAIL] * sizes.mail + [BOARD] * sizes.board
        self._rng.shuffle(channels)
        for letter, channel in zip(self._corpus.served, channels, strict=True):
            self._letter(letter, channel)
        candidates = [item for item in self._items if self._plain(item)]
        self._rng.shuffle(candidates)
        wanted = sizes.copies + sizes.repeats
        twice, rest = candidates[:wanted], candidates[wanted:]
        for place, original in enumerate(twice[: sizes.copies]):
            self._copy(original, place)
        for place, original in enumerate(twice[sizes.copies :]):
            self._repeat(original, place)
        self._revise([item for item in rest if item.channel != MAIL][: sizes.revisions + sizes.revisions // 2])
        for place in range(sizes.accusations):
            self._accusation(place)
        for channel, fault in POISON:
            self._poison(channel, fault)
        return Scenario(tuple(sorted(self._items, key=lambda item: (item.serving, item.at))), tuple(sorted(self._secrets)))

    def _plain(self, item: Item) -> bool:
        """Fit to be planted upon: long enough to be compared, and nothing that a screen would stop."""
        words = ("举报", "控告", "检举", "受贿", "贿", "贪污", "腐败", "黑社会", "保护伞", "违纪", "纪委", "揭发")
        return len(item.content) >= 60 and not any(word in item.title + item.content for word in words)

    def _person(self) -> Person:
        return next(self._people)

    def _add(self, item: Item) -> Item:
        self._items.append(item)
        person = item.person
        self._secrets |= {person.name, person.phone, person.id_number, person.email}
        return item

    def _next(self) -> int:
        return 100_001 + len(self._items)

    def _at(self) -> datetime:
        return self._start + timedelta(seconds=self._rng.randint(0, 12 * 86_400))

    def _letter(self, letter: Letter, channel: str) -> None:
        person, ident = self._person(), self._next()
        shown = ident % 3 == 0
        kind = "咨询" if letter.kind.startswith("咨询") else "投诉"
        content = self._signed(letter.content, person, ident) if shown else letter.content
        self._add(Item(ident, channel, "letter", kind, letter.title, content, letter.unit, person, self._at(), shown))

    def _signed(self, content: str, person: Person, style: int) -> str:
        phone = written_phone(person.phone, style)
        self._secrets.add(phone)
        return (
            content
            + (
                f"我叫{person.name}，电话{phone}，身份证号{person.id_number}。",
                f"联系人：{person.name}，联系电话：{phone}，身份证号码：{person.id_number}。",
                f"本人{person.name}（{person.id_number}），手机{phone}，请回电。",
                f"身份证{person.id_number}，手机号{phone}。{person.name}敬上",
            )[style % 4]
        )

    def _copy(self, original: Item, place: int) -> None:
        """Every second one near, not exact; on another channel where the sender can be known there."""
        content = original.content if place % 2 == 0 else _reworded(original.content)
        channel = original.channel
        if channel != BOARD and place % 4 < 2:
            channel = MAIL if channel == PORTAL else PORTAL
        at = original.at + timedelta(minutes=self._rng.randint(30, 20 * 60))
        self._add(replace(original, ident=self._next(), channel=channel, role="copy", content=content, at=at, of=original.ident))

    def _repeat(self, original: Item, place: int) -> None:
        """More than a day later; every second one appears only in the second serving."""
        at = original.at + timedelta(hours=self._rng.randint(30, 140))
        serving = 1 + place % 2
        self._add(replace(original, ident=self._next(), role="repeat", at=at, of=original.ident, serving=serving))

    def _revise(self, chosen: list[Item]) -> None:
        """The first two thirds are revised, the rest are answered upstream without a change of the citizen's words."""
        revised = {item.ident for item in chosen[: self._sizes.revisions]}
        answered = {item.ident for item in chosen[self._sizes.revisions :]}
        for at, item in enumerate(self._items):
            if item.ident in revised:
                more = "补充说明：上次来信之后情况没有好转，周末又出现两次，请一并处理。"
                self._items[at] = replace(item, revised=item.content + more)
            elif item.ident in answered:
                self._items[at] = replace(item, answered=True)

    def _accusation(self, place: int) -> None:
        common = [unit for unit in self._corpus.units if len(unit.name) >= 3][:20]
        unit = common[place % len(common)]
        person, ident = self._person(), self._next()
        text = _ACCUSATIONS[place % len(_ACCUSATIONS)].format(unit=unit.name)
        filler = ("以上情况属实。", "希望严肃处理。", "我愿意当面作证。", "请为举报人保密。")[place % 4]
        content = self._signed(text + filler, person, place)
        title = (f"关于{unit.name}的问题", "举报信", f"反映{unit.name}干部问题", "情况反映")[place % 4]
        channel = (PORTAL, MAIL, PORTAL, BOARD)[place % 4]
        kind = "投诉" if place % 3 else "举报"
        self._add(
            Item(ident, channel, "accusation", kind, title, content, unit.name, person, self._at(), True, accused=unit.name)
        )

    def _poison(self, channel: str, fault: str) -> None:
        # Long enough that a board's list cuts it: what the list holds whole needs no page of its own.
        long = [letter for letter in self._corpus.served if len(letter.content) > 140]
        letter = long[len(self._items) % len(long)]
        person, ident = self._person(), self._next()
        item = Item(
            ident, channel, "poison", "咨询", letter.title, letter.content, letter.unit, person, self._at(), False, poison=fault
        )
        self._add(item)


def _reworded(content: str) -> str:
    """Near enough to be the same text, and not equal to it."""
    head = content[: len(content) // 2]
    cut = max(head.rfind("，"), head.rfind("。"))
    if cut > 0:
        return f"{content[:cut]}、{content[cut + 1 :]}谢谢"
    return f"{content}，谢谢"


def planted_sentences(corpus: Corpus, seed: int, count: int) -> tuple[list[str], list[str]]:
    """(sentences with phone and identity number, those numbers), for the training letters."""
    rng = random.Random(seed + 1)
    some = people(rng, corpus.everything)
    sentences, secrets = [], []
    for _ in range(count):
        person, other = next(some), id_number(rng)
        sentences.append(f"联系电话{person.phone}，身份证号{other}。")
        secrets += [person.phone, other]
    return sentences, secrets
