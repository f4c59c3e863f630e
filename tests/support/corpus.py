"""The letters that the system tests serve: real ones where they lie beside the repository, else synthetic stand-ins."""

import csv
import json
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.made_letters import DISTRICTS, Writer

REAL_LETTERS = Path(__file__).parents[2].parent / "shared" / "data" / "jiamusi.csv"
CITY_REGION = "990100"
_COUNTIES = ("向阳区", "前进区", "东风区", "郊区", "桦南县", "桦川县", "汤原县", "同江市", "富锦市", *DISTRICTS)
_PARENTS = {
    "交警支队": "公安局",
    "房屋交易与产权管理中心": "住房保障局",
    "供热办": "城乡建设局",
    "公交办": "交通运输局",
    "供热管理办公室": "住房和城乡建设局",
    "公共交通公司": "交通运输局",
    "燃气公司": "住房和城乡建设局",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter with the unit that answered it (its name)."""

    kind: str
    title: str
    content: str
    unit: str


@dataclass(frozen=True, slots=True)
class TestUnit:
    """A row of the unit directory that the test writes."""

    __test__ = False

    code: str
    name: str
    level: str
    region: str
    parent: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """``served`` go out on the channels, ``training`` train the model. ``stand_in``: synthetic."""

    served: tuple[Letter, ...]
    training: tuple[Letter, ...]
    units: tuple[TestUnit, ...]
    stand_in: bool
    everything: str

    def unit(self, name: str) -> TestUnit:
        return next(unit for unit in self.units if unit.name == name)

    def under(self, code: str) -> set[str]:
        """The codes of a unit and of all under it."""
        found = {code}
        while True:
            more = {unit.code for unit in self.units if unit.parent in found} - found
            if not more:
                return found
            found |= more


def load_corpus(served: int, training: int | None = None, units: int | None = None) -> Corpus:
    """The newest ``served`` letters are served; of the older ones the last ``training`` (all when None) train. With
    ``units`` only letters to the so many units that got most."""
    stand_in = not REAL_LETTERS.exists()
    letters = _synthetic(2 * served + 2 * (training or 2500)) if stand_in else _real()
    if units is not None:
        common = {name for name, _ in Counter(letter.unit for letter in letters).most_common(units)}
        letters = [letter for letter in letters if letter.unit in common]
    older, newest = letters[:-served], letters[-served:]
    if training is not None:
        older = older[-training:]
    everything = "\n".join(f"{letter.title}\n{letter.content}" for letter in letters)
    return Corpus(tuple(newest), tuple(older), _directory(letters), stand_in, everything)


def _real() -> list[Letter]:
    with REAL_LETTERS.open(encoding="utf-8", newline="") as file:
        return [Letter(row["kind"], row["title"], row["content"], row["unit"]) for row in csv.DictReader(file)]


def _synthetic(count: int) -> list[Letter]:
    writer = Writer(random.Random(20_261_122))
    letters = []
    for place in range(count):
        made = writer.letter()
        letters.append(Letter(("咨询问题", "反映问题")[place % 2], made.subject, made.body, made.unit))
    return letters


def _directory(letters: list[Letter]) -> tuple[TestUnit, ...]:
    names = [name for name, _ in Counter(letter.unit for letter in letters).most_common()]
    codes = {name: f"u{place:02d}" for place, name in enumerate(names, 1)}
    counties = [name for name in names if name.startswith(_COUNTIES)]
    units = []
    for name in names:
        county = name in counties
        region = f"9901{counties.index(name) + 2:02d}" if county else CITY_REGION
        parent = codes.get(_PARENTS.get(name, ""), "")
        units.append(TestUnit(codes[name], name, "county" if county else "city", region, parent))
    return tuple(units)


def units_toml(corpus: Corpus) -> str:
    """The unit directory as the product reads it."""
    tables = []
    for unit in corpus.units:
        county = unit.level == "county"
        places = [unit.name.removesuffix("人民政府")] if county else []
        values: dict[str, object] = {
            "code": unit.code,
            "name": unit.name,
            "aliases": [],
            "level": unit.level,
            "region": unit.region,
            "parent": unit.parent,
            "duties": [f"{unit.name}的职责"],
            "places": places,
            "catch_all": county,
        }
        # Strings, lists of strings and truth values are written alike in JSON and TOML.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
        tables.append("\n".join(["[[unit]]", *lines, ""]))
    return "\n".join(tables)


def write_training_csv(corpus: Corpus, path: Path, planted: list[str]) -> None:
    """The training letters; ``planted`` sentences with personal data go, one each, into the first ones."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["title", "content", "unit", "asked_at"])
        for place, letter in enumerate(corpus.training):
            extra = planted[place] if place < len(planted) else ""
            writer.writerow(
                [letter.title, letter.content + extra, letter.unit, f"2026-0{1 + place % 9}-{1 + place % 28:02d} 10:00:00"]
            )
