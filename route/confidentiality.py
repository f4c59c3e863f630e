"""Who must never see an accusation: the accused units and all under them (信访工作条例 art. 30, 46(5); Pingliang art. 18).

It fails closed. A unit counts as accused when the text names it anywhere but in asking it to act, when the text speaks of
its people by their trade (民警, 校长, 城管队员, …), and when a place of its territory is named. Where somebody is spoken of
whose unit cannot be told, the answer is not certain: only the sealed review decides then.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from domain.ids import UnitCode
from domain.messages import Message
from domain.units import Unit, UnitLevel
from route.addressed import ADDRESSED
from route.directory import Directory
from route.lexicon import scanned_text
from route.places import TERRITORY_ENDINGS, NameFinder, territory_name
from route.simplified import simplified
from route.trades import TRADES
from route.veils import Veils

NAME_ENDINGS = (
    "委员会",
    "管理局",
    "监督局",
    "办公室",
    "管委会",
    "局",
    "委",
    "办",
    "中心",
    "支队",
    "大队",
    "处",
    "站",
    "院",
    "公司",
)
STEM_COMPANY = (
    "局",
    "所",
    "站",
    "科",
    "队",
    "部门",
    "系统",
    "窗口",
    "干部",
    "领导",
    "执法",
    "口",
    "人员",
    "人",
    "员",
    "警",
    "办",
    "厅",
    "长",
    "书记",
    "主任",
    "经理",
    "会计",
    "师傅",
    "职工",
    "公司",
    "集团",
    "里",
    "边",
    "头头",
    "官",
    "县",
)
LAND = re.compile("^.{1,6}?(?:自治区|自治州|自治县|特区|林区|省|市|州|盟|县|旗|区)(?=.{2})")
"""A territory in front of a name: people leave it out."""
_ONE_OF_THEM = "(?:的|某|一|那|这|有|几|位|个|些)*(?:干部|领导|工作人员|管事|管账|当家|头头|一把手|人(?!民|口|家|均|行))"
VILLAGERS = re.compile(
    "村(?:里|委|部|上|支|两委|干部|会计|主任|书记|长|官|民?小?组长)|(?:镇|乡|街道|社区|居委)(?:里|上|政府|干部|领导|长|书记|主任|会计)|"
    f"组长|支书|驻村|包村|网格|副[镇乡]长|屯长|武装部|(?:镇|乡|街道|社区|居委会?){_ONE_OF_THEM}"
)
"""Who governs a village, a township or a neighbourhood: some township's people, whichever it is."""
COUNTY_RULERS = re.compile(
    "(?:县|(?<![小社园库景山校厂片城郊院牧林矿辖])区)(?:(?:里|上)?"
    f"{_ONE_OF_THEM}|长(?!期|途)|委(?!托|会|员)|政府|太爷|官|里的?[^，。！？,!?]{{0,6}}(?:最大|说了算|主要))"
)
"""Who governs a county or a district: of the places told of, or where none is, any."""
CITY_RULERS = re.compile(
    "(?<![超菜夜城门上集])市(?:长(?!热线|专线|信箱|邮箱|电话|公开电话|期|途)|委(?!托|员)|政府|府|太爷"
    "|(?:里|府|上)?(?:的|某|一|那|这|有|几|位|个|些|主要|分管[^，。！？,!?]{0,4}?的?)*(?:领导|一把手|头头|书记|秘书长|常委))"
)
"""Who governs the city: above all units."""
UNTOLD = re.compile("某局|某单位|某部门|某机关|某镇|某乡|某所|我单位|本单位|我们单位|我所在单位|我局|我们局|上级领导|主管部门")


@dataclass(frozen=True, slots=True)
class Accused:
    """``units`` may be accused; ``certain`` only when all whom the text speaks of belong to one of them."""

    units: frozenset[UnitCode]
    certain: bool


class AccusedFinder:
    """Finds accused units by names, trades and places of one directory."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._trades = NameFinder(_units_by_trade(directory))
        self._stems = NameFinder(_units_by_stem(directory))
        self._veils = Veils(name for unit in directory.units.values() for name in _ways_to_call(unit))
        self._short = NameFinder(_units_by_short_name(directory))
        self._townships = frozenset(unit.code for unit in directory.units.values() if unit.level is UnitLevel.TOWNSHIP)
        self._counties = frozenset(
            unit.code for unit in directory.units.values() if unit.level is UnitLevel.COUNTY and territory_name(unit.name)
        )

    def find(self, message: Message) -> Accused:
        written = simplified(scanned_text(message.subject, message.body))
        text = self._veils.lifted(written)
        told = ADDRESSED.sub("。", text)
        named = self._named(told)
        by_trade = {code for _, codes in self._trades.find(told) for code in codes}
        by_trade |= {
            code
            for _, end, codes in self._stems.spans(told)
            if any(word in told[end : end + 4] for word in STEM_COMPANY)
            for code in codes
        }
        placed = {code for _, codes in self._directory.place_hits(told) for code in codes}
        if message.place:
            placed |= {code for _, codes in self._directory.place_hits(message.place) for code in codes}
        by_trade |= {code for _, codes in self._short.find(told) for code in codes}
        if self._townships.isdisjoint(named | placed | by_trade) and VILLAGERS.search(told) is not None:
            by_trade |= self._townships
        if COUNTY_RULERS.search(told) is not None:
            above = {self._directory.at_level(code, UnitLevel.COUNTY) for code in named | placed}
            by_trade |= {county for county in self._counties if county in above} or self._counties
        if CITY_RULERS.search(told) is not None:
            return Accused(frozenset(self._directory.units), False)
        units = frozenset(named | by_trade | placed)
        identified = excluded(named | placed, self._directory)
        certain = bool(named) and by_trade <= identified and UNTOLD.search(told) is None and not self._local_namesake(told)
        return Accused(units, certain)

    def _named(self, told: str) -> set[UnitCode]:
        return set(self._directory.named_in(told))

    def _local_namesake(self, told: str) -> bool:
        """Whether a city unit's name stands right behind a county's or township's: a local office the directory lacks."""
        for start, _, codes in self._directory.name_spans(told):
            before = told[max(0, start - 8) : start]
            city = self._directory.units[codes[0]].level is UnitLevel.CITY
            if city and any(before.endswith(name) for name in self._directory.place_names):
                return True
        return False


def accused_units(message: Message, directory: Directory) -> Accused:
    """The units an accusation may concern. For many messages make one ``AccusedFinder``."""
    return AccusedFinder(directory).find(message)


def excluded(units: Iterable[UnitCode], directory: Directory) -> frozenset[UnitCode]:
    """These units and all under them."""
    return frozenset(code for unit in units for code in (unit, *directory.under(unit)))


def may_see(unit: UnitCode, excluded_units: Collection[UnitCode]) -> bool:
    """Whether the unit may be given, shown or told of a matter with these exclusions."""
    return unit not in excluded_units


def _units_by_trade(directory: Directory) -> dict[str, list[UnitCode]]:
    found: dict[str, list[UnitCode]] = {}
    for trade, parts in TRADES.items():
        units = [
            unit.code
            for unit in directory.units.values()
            if any(part in name for part in parts for name in (unit.name, *unit.aliases))
        ]
        if units:
            found[trade] = units
    return found


def _units_by_stem(directory: Directory) -> dict[str, list[UnitCode]]:
    """``民政局`` → ``民政``, ``永安镇`` → ``永安``: what remains of a department's or a territory's name without what it ends in,
    two characters or more."""
    found: dict[str, list[UnitCode]] = {}
    for unit in directory.units.values():
        territories = [] if unit.level is UnitLevel.CITY else [territory_name(name) for name in (unit.name, *unit.aliases)]
        for name, endings in (
            *((name, NAME_ENDINGS) for name in _ways_to_call(unit)),
            *((name, TERRITORY_ENDINGS) for name in territories),
        ):
            for ending in endings:
                stem = name.removesuffix(ending)
                if stem != name and len(stem) > 1 and stem not in directory.city_names:
                    found.setdefault(stem, []).append(unit.code)
    return {stem: list(dict.fromkeys(codes)) for stem, codes in found.items()}


def _units_by_short_name(directory: Directory) -> dict[str, list[UnitCode]]:
    """``临江县永安镇人民政府`` → ``永安镇``, ``江城市供水总公司`` → ``供水总公司``: names without the territory in front."""
    found: dict[str, list[UnitCode]] = {}
    for unit in directory.units.values():
        for name in _ways_to_call(unit):
            territory = territory_name(name)
            for short in {name, territory} - {""}:
                if len(short) > 2:
                    found.setdefault(short, []).append(unit.code)
    return {short: list(dict.fromkeys(codes)) for short, codes in found.items()}


def _ways_to_call(unit: Unit) -> tuple[str, ...]:
    """The unit's names, also without the territories in front of them."""
    ways: dict[str, None] = {}
    for name in (unit.name, *unit.aliases):
        ways[name] = None
        while (land := LAND.match(name)) is not None:
            name = name[land.end() :]
            ways[name] = None
    return tuple(ways)
