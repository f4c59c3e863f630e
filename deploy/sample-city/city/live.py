"""The 600 live letters and what is planted among them."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from city.compose import Composer, Letter, Theme, load_themes
from city.items import BOARD, GOVERNOR, MAILBOX, PORTAL, Answer, Case, Item
from city.mails import numbered_mails, special_mails
from city.people import Person, make_people
from city.places import CITY, HERE, Places, Town, load_places, read_toml

SEED = "cheng-ling"
CHINA = timezone(timedelta(hours=8))
FIRST_DAY, DAYS = datetime(2026, 10, 26, tzinfo=CHINA), 25
PAST_FIRST_DAY, PAST_DAYS = datetime(2025, 10, 9, tzinfo=CHINA), 370
PLAIN = {PORTAL: 248, BOARD: 77, GOVERNOR: 8, MAILBOX: 65}
COPIES = ((PORTAL, MAILBOX, 9), (PORTAL, PORTAL, 8), (BOARD, GOVERNOR, 6), (MAILBOX, MAILBOX, 4), (BOARD, BOARD, 3))
REPEATS = ((PORTAL, PORTAL, 9), (PORTAL, MAILBOX, 4), (BOARD, BOARD, 5))
SIMILAR = ((PORTAL, PORTAL, 9), (BOARD, PORTAL, 4), (MAILBOX, PORTAL, 5))
REVISIONS = {PORTAL: 14, BOARD: 10}
ANSWERS = {PORTAL: 34, BOARD: 14}
LATE = {PORTAL: 6, BOARD: 9}
ELSEWHERE = 17
EVERY_AMBIGUOUS = 9
SPECIALS = (
    ("accusation", Case.ACCUSATION), ("urgent", Case.URGENT), ("illegal", Case.ILLEGAL), ("remit", Case.REMIT), ("vague", Case.VAGUE),
)  # fmt: skip
SPECIAL_CHANNELS = {Case.ACCUSATION: (PORTAL, BOARD, MAILBOX), Case.URGENT: (PORTAL,), Case.ILLEGAL: (PORTAL, MAILBOX, BOARD)}
AGAIN = (
    "上次反映的事到今天没有人管。", "隔了这么多天，再问一次：", "我前面写过一封，回复说已转办，然后没有然后了。", "还是那件事，",
    "第二次来信了。", "第三次写信，希望别再石沉大海。", "情况没有好转，再说一遍。", "此前留过言，问题依旧。",
)  # fmt: skip
ADDED = (
    "现补充：昨天又发生了一次，时间是晚上八点多。", "更正一下，前面写的日期有误，应当是本月中旬。", "补充：我手里还有当时的照片和收据。",
    "修改：已与邻居核对过，受影响的不止我们一户。", "补充说明：电话里答应的三天早过了，仍然没有来人。", "更新：事情有进展但没有解决，请继续办理。",
)  # fmt: skip
TAILS = ("急盼。", "谢谢了。", "拜托！", "望早日解决。", "又及：请回电。", "多谢领导。")
ANSWERS_TEXT = (
    "您反映的情况已收悉。经核实，{unit}已安排人员到现场查看，预计十个工作日内处理完毕，感谢您的监督。",
    "网友您好！{unit}高度重视，当日与您取得联系并作了解释，您表示理解。如有疑问请到办事大厅一楼咨询。",
    "经查，来信所述部分属实。{unit}已责成有关单位整改，并将加强日常巡查。",
    "关于您咨询的问题，{unit}答复如下：请携带身份证件和有关材料到就近窗口办理，也可在网上提交申请。",
    "{unit}已受理，正在按程序办理，结果另行告知。",
)


class Live:
    """Plants everything with one random source, in one order: the same seed gives the same letters."""

    def __init__(self, seed: str = SEED) -> None:
        self._draw = random.Random(f"{seed}-live")
        self._places: Places = load_places()
        self._themes = load_themes()
        self._composer = Composer(self._places, self._themes, f"{seed}-live")
        self._people: Iterator[Person] = iter(make_people(1200, f"{seed}-people"))
        self._special = read_toml(HERE / "phrases" / "special.toml")
        self._names = {unit["code"]: unit["name"] for unit in read_toml(HERE / "units.toml")["unit"]}
        self._items: list[Item] = []

    def items(self) -> list[Item]:
        """All items, each with its external id, in no particular order."""
        self._plain()
        for case, pairs in ((Case.COPY, COPIES), (Case.REPEAT, REPEATS), (Case.SIMILAR, SIMILAR)):
            for first, second, count in pairs:
                for position in range(count):
                    self._again(case, first, second, position)
        self._specials()
        self._elsewhere()
        self._change_later()
        items = _numbered(self._items)
        broken = special_mails(self._composer, self._people, self._themes, self._moment)
        return items + numbered_mails([*(item for item in self._items if item.channel == MAILBOX), *broken])

    def _plain(self) -> None:
        themes = iter(self._composer.shuffled_themes(sum(PLAIN.values())))
        for channel, count in PLAIN.items():
            for position in range(count):
                if position % EVERY_AMBIGUOUS == EVERY_AMBIGUOUS - 1:
                    self._add(channel, self._two_matters(next(themes)), Case.AMBIGUOUS)
                else:
                    self._add(channel, self._letter(next(themes), channel))

    def _two_matters(self, theme: Theme) -> tuple[Letter, Person, datetime]:
        person, at = next(self._people), self._moment()
        others = [other for other in self._themes if other.unit != theme.unit and other.id != "thanks"]
        return self._composer.write_two(theme, self._draw.choice(others), person), person, at

    def _letter(self, theme: Theme, channel: str) -> tuple[Letter, Person, datetime]:
        person, at = next(self._people), self._moment()
        letter = self._composer.write(theme, person)
        return (_for_the_province(letter) if channel == GOVERNOR else letter), person, at

    def _moment(self) -> datetime:
        minutes = self._draw.randrange(6 * 60, 23 * 60 + 40)
        return FIRST_DAY + timedelta(days=self._draw.randrange(DAYS), minutes=minutes, seconds=self._draw.randrange(60))

    def _add(self, channel: str, written: tuple[Letter, Person, datetime], case: Case = Case.NONE, **more: object) -> Item:
        letter, person, at = written
        item = Item(f"{channel}-{len(self._items) + 1:04d}", channel, "", letter, person, at, case, **more)  # type: ignore[arg-type]
        self._items.append(item)
        return item

    def _again(self, case: Case, first: str, second: str, position: int) -> None:
        """A letter and the one that copies, repeats or resembles it."""
        theme = self._draw.choice([theme for theme in self._themes if theme.id != "thanks"])
        letter, person, at = self._letter(theme, first)
        while len(letter.body) < 60:
            letter, person, at = self._letter(theme, first)
        if case is not Case.SIMILAR:
            at = min(at, FIRST_DAY + timedelta(days=DAYS - 8))
        if second == GOVERNOR:
            letter = _for_the_province(letter)
        original = self._add(first, (letter, person, at))
        other, later, body = person, at, letter.body
        if case is Case.COPY:
            later += timedelta(minutes=self._draw.randrange(3, 22 * 60))
            if position % 2:
                case, body = Case.NEAR_COPY, near(letter.body, self._draw)
        elif case is Case.REPEAT:
            later += timedelta(hours=self._draw.randrange(30, 150))
            body = self._draw.choice(AGAIN) + letter.body
        else:
            other, later = next(self._people), self._moment()
            body = near(letter.body, self._draw).replace(person.name, other.name).replace(person.email, other.email)
            body = without_phone(body, person, other)
        self._add(second, (replace(letter, body=body), other, later), case, original=original.key)

    def _specials(self) -> None:
        for name, case in SPECIALS:
            channels = SPECIAL_CHANNELS.get(case, (PORTAL, BOARD))
            for position, entry in enumerate(self._special[name]):
                town = self._draw.choice(self._places.towns)
                unit = entry.get("unit", "")
                letter = Letter(name, entry.get("kind", "help"), unit, unit, entry["subject"], entry["body"], town)
                channel = channels[position % len(channels)]
                self._add(channel, (letter, next(self._people), self._moment()), case, accused=tuple(entry.get("units", ())))

    def _elsewhere(self) -> None:
        """Posts on the province's board about cities that are not this one."""
        themes = self._draw.sample([theme for theme in self._themes if not theme.unit.startswith("@")], ELSEWHERE)
        for theme in themes:
            town = self._draw.choice(self._places.elsewhere)
            person, at = next(self._people), self._moment()
            letter = self._composer.write(theme, person, town)
            letter = replace(letter, subject=f"{town.city}{letter.subject}", unit="", function="")
            self._add(GOVERNOR, (letter, person, at), Case.ELSEWHERE)

    def _change_later(self) -> None:
        """Chooses what the second serving changes: revisions, answers, posts approved late. None meets another or a copy."""
        touched = {item.original for item in self._items}
        for channel in (PORTAL, BOARD):
            free = [
                number
                for number, item in enumerate(self._items)
                if item.channel == channel and item.case is Case.NONE and item.key not in touched
            ]
            self._draw.shuffle(free)
            for _ in range(REVISIONS[channel]):
                number = free.pop()
                self._items[number] = replace(self._items[number], revised=self._revision(self._items[number]))
            for _ in range(LATE[channel]):
                number = free.pop()
                self._items[number] = replace(self._items[number], late=True)
            for _ in range(ANSWERS[channel]):
                number = free.pop()
                self._items[number] = replace(self._items[number], answer=self._answer(self._items[number]))

    def _revision(self, item: Item) -> tuple[str, str]:
        subject = item.letter.subject
        changed = subject + self._draw.choice(("（补充）", "（更正）", "，请尽快")) if self._draw.random() < 0.5 else subject
        return changed, f"{item.letter.body}{self._draw.choice(ADDED)}"

    def _answer(self, item: Item) -> Answer:
        name = self._names[item.letter.unit]
        text = self._draw.choice(ANSWERS_TEXT).format(unit=name)
        return Answer(name, text, item.at + timedelta(days=self._draw.randrange(1, 4), hours=1))


def near(text: str, draw: random.Random) -> str:
    """The same text with one small change: most of its character 3-grams stay."""
    if draw.random() < 0.5:
        return text + draw.choice(TAILS)
    stop = text.find("，", len(text) // 3)
    return text[:stop] + "，" + draw.choice(("真的", "确实", "就是")) + text[stop + 1 :] if stop > 0 else "您好，" + text


def without_phone(text: str, person: Person, other: Person) -> str:
    """The other's phone and ID number where the first one's stood."""
    spoken = (person.phone, f"{person.phone[:3]}-{person.phone[3:7]}-{person.phone[7:]}")
    for shape in (*spoken, spoken[1].replace("-", " ")):
        text = text.replace(shape, other.phone)
    return text.replace(person.id_number, other.id_number)


def past_letters(count: int, seed: str = SEED) -> list[tuple[Letter, datetime]]:
    """Labelled letters of the year before, oldest first; where departments overlap, some went to the other one."""
    draw = random.Random(f"{seed}-past")
    places, themes = load_places(), load_themes()
    composer = Composer(places, themes, f"{seed}-past")
    people = make_people(count, f"{seed}-past-people")
    days = sorted(draw.randrange(PAST_DAYS * 24 * 60) for _ in range(count))
    letters = []
    for theme, person, minutes in zip(composer.shuffled_themes(count), people, days, strict=True):
        at = PAST_FIRST_DAY + timedelta(minutes=minutes)
        letter = composer.write(theme, person)
        if letter.rivals and draw.random() < 0.1:
            letter = replace(letter, function=draw.choice(letter.rivals))
        letters.append((letter, at))
    return letters


def _for_the_province(letter: Letter) -> Letter:
    """On the province's board people say which city they mean."""
    town: Town = letter.town
    return replace(letter, subject=f"{CITY}{'' if town.county_name in letter.subject else town.county_name}{letter.subject}")


def _numbered(items: Sequence[Item]) -> list[Item]:
    """Portal letters are numbered by day; a post gets its tid when it is written, also when it is approved much later."""
    found: list[Item] = []
    per_day: dict[str, int] = {}
    for item in sorted((item for item in items if item.channel == PORTAL), key=lambda item: item.at):
        day = f"{item.at:%Y%m%d}"
        per_day[day] = per_day.get(day, 0) + 1
        found.append(replace(item, external_id=f"CL{day}{per_day[day]:03d}"))
    posts = sorted((item for item in items if item.channel in (BOARD, GOVERNOR)), key=lambda item: item.at)
    found += [replace(item, external_id=str(12_400_000 + 37 * number)) for number, item in enumerate(posts)]
    return found
