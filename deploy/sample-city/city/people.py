"""Made-up citizens. Names are combined from two lists, phones come from 199-0000-xxxx, ID numbers have a right check digit
and a region that is assigned to nobody, addresses end in ``.example``."""

import random
from dataclasses import dataclass

SURNAMES = "安柏岑晁邓丁樊费葛管郝华姬贾康赖厉梁廖娄麦倪欧潘戚饶阮沈唐陶童汪危温武奚向萧辛许薛严颜叶应于袁詹章祝邹"
GIVEN = [
    "宝山", "秉文", "长河", "晨曦", "春燕", "德旺", "冬梅", "尔康", "凤兰", "桂芝", "国梁", "海棠", "汉生", "红霞", "惠敏", "嘉禾",
    "建业", "金枝", "静怡", "可心", "立夏", "连喜", "罗衣", "满仓", "美玲", "明朗", "木森", "宁远", "鹏举", "其琛", "庆余", "秋实",
    "仁杰", "如意", "瑞雪", "书瑶", "淑贞", "思源", "天佑", "婉清", "文喆", "希镕", "小满", "欣堃", "学勤", "雅琴", "一帆", "永年",
    "雨桐", "玉成", "正阳", "志刚", "紫薇",
]  # fmt: skip
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
UNASSIGNED_REGIONS = ("680102", "680103", "680121", "680122")


@dataclass(frozen=True, slots=True)
class Person:
    """``account`` is the number of the person's account on the province's board."""

    name: str
    phone: str
    id_number: str
    email: str
    account: int
    ip: str

    @property
    def surname(self) -> str:
        return self.name[0]

    @property
    def nickname(self) -> str:
        """As the board shows it."""
        return f"{self.surname}***"


def make_people(count: int, seed: str) -> list[Person]:
    """``count`` (at most 5,000) people; no two share a phone, ID number, e-mail address or account."""
    draw = random.Random(seed)
    suffixes = draw.sample(range(10_000), count)
    return [_person(draw, suffix) for suffix in suffixes]


def _person(draw: random.Random, suffix: int) -> Person:
    return Person(
        name=draw.choice(SURNAMES) + draw.choice(GIVEN),
        phone=f"1990000{suffix:04d}",
        id_number=_id_number(draw, suffix),
        email=f"{draw.choice(('u', 'wx', 'abc', 'lin', 'qq'))}{suffix:04d}@{draw.choice(('post', 'mail', 'letters'))}.example",
        account=8_100_000 + suffix,
        ip=f"192.0.2.{suffix % 250 + 1}",
    )


def _id_number(draw: random.Random, suffix: int) -> str:
    birth = f"{draw.randint(1948, 2004)}{draw.randint(1, 12):02d}{draw.randint(1, 28):02d}"
    digits = f"{draw.choice(UNASSIGNED_REGIONS)}{birth}{suffix % 1000:03d}"
    return digits + CHECK[sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11]
