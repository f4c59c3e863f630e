"""Letters out of phrases: choices ``{a|b}``, slots ``{word}``, and the habits of the one who writes."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from city.people import Person
from city.places import COUNTY_NAMES, HERE, LOCAL_UNITS, Places, Town, read_toml

BRACES = re.compile(r"\{([^{}]*)\}")
LEAST, MOST = 40, 600
CLAUSE_END = re.compile("[，。？！：；]")
JOINTS = (
    "另外，", "还有一件：", "再说一个情况，", "补充一点，", "同样的还有，", "顺便说说，", "再有，", "身边还有人碰到：", "除此之外，", "还听邻居讲，",
)  # fmt: skip
TWO_MATTERS = (
    ("一并说两件事。第一件：", "第二件："), ("", "再有一件不相干的事，"), ("", "既然写了，把另一件也说了："), ("问题不止一个。", "还有，"),
    ("", "本来想分两封写，"),
)  # fmt: skip
NUMBERS = ("两", "三", "四", "五", "六")
MONTHS = tuple("一二三四五六七八九十")
TYPOS = (
    ("反映", "反应"),
    ("帐", "账"),
    ("的时候", "得时候"),
    ("已经", "以经"),
    ("再", "在"),
    ("坐", "座"),
    ("做", "作"),
    ("部门", "部们"),
)
TITLES = ("市长", "书记", "局长", "区长", "县长")
# Departments that a letter of thanks may go to, as citizens call them.
THANKED = {
    "housing": "住建局", "police": "派出所", "hrss": "社保窗口", "real-estate": "不动产登记中心", "heating": "供热维修队",
    "civil-affairs": "民政局", "medical-insurance": "医保大厅", "power": "供电所抢修班", "tax": "办税大厅", "bus": "公交公司",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theme:
    """``unit`` is a code, or ``@township``, ``@county``, ``@any``: given by the letter's place or the one thanked."""

    id: str
    unit: str
    kind: str
    weight: int
    rivals: tuple[str, ...]
    subjects: tuple[str, ...]
    texts: tuple[str, ...]
    details: tuple[str, ...]
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """``function`` is the department of the theme, ``unit`` the one that should get the letter, places considered."""

    theme: str
    kind: str
    function: str
    unit: str
    subject: str
    body: str
    town: Town
    rivals: tuple[str, ...] = ()


def load_themes() -> list[Theme]:
    themes = []
    for path in sorted((HERE / "phrases").glob("*.toml")):
        for entry in read_toml(path).get("theme", []):
            lists = {key: tuple(entry.get(key, ())) for key in ("rivals", "subjects", "texts", "details", "asks")}
            themes.append(Theme(entry["id"], entry["unit"], entry["kind"], entry["weight"], **lists))
    return themes


class Composer:
    """Writes letters; the phrasings of a theme are used in turn, so that none is worn out."""

    def __init__(self, places: Places, themes: Sequence[Theme], seed: str) -> None:
        self._places = places
        self._themes = {theme.id: theme for theme in themes}
        frame = read_toml(HERE / "phrases" / "frame.toml")
        self._openings, self._closings = frame["openings"], frame["closings"]
        self._draw = random.Random(seed)
        self._turns: dict[str, list[str]] = {}

    def shuffled_themes(self, count: int) -> list[Theme]:
        """``count`` themes by their weights, none left out, mixed."""
        pool = [theme for theme in self._themes.values() for _ in range(theme.weight)]
        chosen = [pool[number % len(pool)] for number in range(count)] if count >= len(pool) else self._draw.sample(pool, count)
        self._draw.shuffle(chosen)
        return chosen

    def write(self, theme: Theme, person: Person, town: Town | None = None) -> Letter:
        """A letter of LEAST to MOST characters."""
        town = town or self._town(theme)
        slots = self._slots(person, town)
        thanked = self._draw.choice(sorted(THANKED))
        slots["department"] = THANKED[thanked]
        used = self._next(theme)
        main = self._fill(used, slots)
        subject = self._subject(theme, main, slots)
        body = self._habits(self._body(theme, used, main, slots))
        while len(body) < LEAST:
            body += self._fill(self._draw.choice((*theme.asks, *theme.details)), slots)
        function = {"@township": town.code, "@county": town.county, "@any": thanked}.get(theme.unit, theme.unit)
        unit = LOCAL_UNITS.get((function, town.county), function) if names_town(subject + body, town) else function
        rivals = tuple(town.county if rival == "@county" else rival for rival in theme.rivals)
        return Letter(theme.id, theme.kind, function, unit, subject, body[:MOST], town, rivals)

    def write_two(self, first: Theme, second: Theme, person: Person) -> Letter:
        """One letter about two matters; it counts as the first one's."""
        letter = self.write(first, person)
        slots = self._slots(person, letter.town)
        one, other = (self._fill(self._next(theme), slots) for theme in (first, second))
        before, between = self._draw.choice(TWO_MATTERS)
        subject = self._draw.choice(("{}，还有别的", "两件事", "几个问题一起说", "{}等问题", "综合反映")).format(letter.subject)
        return replace(letter, subject=subject, body=self._habits(f"{before}{one}{between}{other}"))

    def _town(self, theme: Theme) -> Town:
        towns = self._places.towns
        if theme.unit == "@township":
            towns = tuple(town for town in towns if town.code != town.county)
        return self._draw.choice(towns)

    def _subject(self, theme: Theme, main: str, slots: Mapping[str, str]) -> str:
        """One of the theme's, or what the letter starts with, as people do who are asked for a title."""
        clause = CLAUSE_END.split(main)[0]
        if not 6 <= len(clause) <= 24 or self._draw.random() < 0.55:
            return self._fill(self._draw.choice(theme.subjects), slots)
        return self._draw.choice(("{}", "{}", "{}", "反映{}", "{}，求助", "{}的问题", "请问{}")).format(clause)

    def _body(self, theme: Theme, used: str, main: str, slots: Mapping[str, str]) -> str:
        draw = self._draw
        parts = [main]
        if draw.random() < 0.1:
            return main
        more = draw.choices((0, 1, 2, 3, 5), (55, 25, 11, 5, 4))[0]
        others = [text for text in theme.texts if text != used]
        for joint, text in zip(draw.sample(JOINTS, more), draw.sample(others, len(others)), strict=False):
            parts.append(joint + self._fill(text, slots))
        parts += [self._fill(detail, slots) for detail in theme.details if draw.random() < 0.35]
        if draw.random() < 0.6 and theme.asks:
            parts.append(self._fill(draw.choice(theme.asks), slots))
        opening = self._fill(draw.choice(self._openings), slots)
        closing = self._fill(draw.choice(self._closings), slots)
        gap = draw.choice(("", "", "", "\n", "\n　　"))
        if opening.endswith("，"):
            opening, parts[0] = "", opening + parts[0]
        while sum(map(len, (opening, *parts, closing))) > MOST - 40:
            del parts[1]
        return gap.join(part for part in (opening, *parts, closing) if part)

    def _next(self, theme: Theme) -> str:
        turn = self._turns.setdefault(theme.id, [])
        if not turn:
            turn.extend(self._draw.sample(theme.texts, len(theme.texts)))
        return turn.pop()

    def _fill(self, template: str, slots: Mapping[str, str]) -> str:
        """Choices and slots from the innermost outwards."""
        while BRACES.search(template):
            template = BRACES.sub(lambda found: self._one(found[1], slots), template)
        return template

    def _one(self, inner: str, slots: Mapping[str, str]) -> str:
        return self._draw.choice(inner.split("|")) if "|" in inner else slots.get(inner, inner)

    def _slots(self, person: Person, town: Town) -> dict[str, str]:
        draw = self._draw
        roads = draw.sample(town.roads, 2)
        firms = [firm for firm in self._places.firms if town.city.removesuffix("市") in firm or "澄岭" not in firm]
        quarters = [*draw.sample(town.quarters, len(town.quarters)), "隔壁小区"]
        number, months, years = draw.choice(NUMBERS[1:]), draw.choice(("三", "四", "五", "七", "八")), draw.choice("三四五六八")
        if draw.random() < 0.35:
            number, months, years = str(draw.randint(3, 6)), str(draw.randint(3, 9)), str(draw.randint(3, 15))
        day = f"{draw.randint(1, 12)}月{draw.randint(1, 28)}日"
        return {
            "xq": quarters[0], "xq2": quarters[1], "road": roads[0], "road2": roads[1], "village": draw.choice(town.villages),
            "community": draw.choice(town.communities), "town": town.name, "district": town.county_name, "city": town.city[:-1],
            "school": draw.choice(town.schools), "hospital": draw.choice(town.hospitals), "river": draw.choice(town.rivers),
            "building": f"{draw.randint(1, 28)}{draw.choice(('号楼', '栋', '幢'))}", "bus": draw.choice(self._places.bus_routes),
            "firm": draw.choice(firms), "n": number, "m": months, "y": years, "d": str(draw.randint(0, 9)),
            "money": draw.choice(("三千六百", "八千", "一万二千", "两万八千", "5800", "12600", "四万三千", "2980")),
            "hour": draw.choice(("十", "十一", "十二")), "month": draw.choice(MONTHS) + "月", "date": day,
            "surname": person.surname, "title": draw.choice(TITLES), "name": person.name, "phone": _spoken(person.phone, draw),
            "email": person.email, "idno": person.id_number, "plate": f"岭A·{draw.choice('CDEFGH')}{draw.randint(1000, 9999)}",
        }  # fmt: skip

    def _habits(self, body: str) -> str:
        """Some make mistakes, some write without stops, some shout, some type half-width."""
        draw = self._draw
        habit = draw.random()
        if habit < 0.14:
            wrong, right = draw.choice([pair for pair in TYPOS if pair[0] in body] or [("", "")])
            return body.replace(wrong, right, 1) if wrong else body
        if habit < 0.20:
            return body.replace("。", " ").replace("，", " ").strip()
        if habit < 0.25:
            return body.replace("。", "！！")
        if habit < 0.31:
            return body.replace("，", ",").replace("。", ".").replace("？", "?").replace("！", "!")
        return body


def names_town(text: str, town: Town) -> bool:
    """Whether the text tells where it is: the town, something in it, or its county."""
    return any(name in text for name in (*town.names, COUNTY_NAMES.get(town.county, town.county)))


def _spoken(phone: str, draw: random.Random) -> str:
    return draw.choice((phone, phone, f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", f"{phone[:3]} {phone[3:7]} {phone[7:]}"))
