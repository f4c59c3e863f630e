"""Rules: what a file may say, what is wrong with one, and when a rule holds."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import BadSettings
from domain.messages import MessageKind
from route.directory import Directory
from route.lexicon import scanned_text
from route.rules import Rulebook
from route.rules_file import load_rules
from tests.support.routing import letter
from tests.support.small_city import small_city

CITY = small_city()


def rulebook(folder: Path, text: str, *, directory: Directory = CITY, builtin: bool = False, **more: Any) -> Rulebook:
    path = folder / "rules.toml"
    path.write_text(text, encoding="utf-8")
    return load_rules([path], directory, builtin=builtin, **more)


def names(book: Rulebook, subject: str, body: str = "", **changes: Any) -> list[str]:
    message = letter(subject, body, **changes)
    text = scanned_text(subject, body)
    hit = CITY.places_in(message.place) or CITY.places_in(text)
    return [rule.name for rule in book.matching(book.read(message, text, book.place(hit, CITY), CITY.named_in(text)))]


def test_the_builtin_rules_load_in_any_city() -> None:
    book = load_rules([], CITY)
    assert {"builtin-corruption", "builtin-illegal-advert"} <= {screen.name for screen in book.screens}
    assert load_rules([], Directory([next(iter(CITY.units.values()))])).screens


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rule]]\nany = ["x"]\nlead = "water"', "rule 1: has no name"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "nobody"', "rule 'a': lead: no unit 'nobody' in the directory"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "place:village"', "place:county, place:township"),
        ('[[rule]]\nname = "a"\nwords = ["x"]\nlead = "water"', "unknown key 'words'"),
        ('[[rule]]\nname = "a"\nregex = "(?=x)"\nlead = "water"', "not one RE2 understands"),
        ('[[rule]]\nname = "a"\nregex = "("\nlead = "water"', "not one RE2 understands"),
        ('[[rule]]\nname = "a"\nany = ["x"]', "sets no outcome"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\nexcluded = ["water"]', "as lead and in excluded"),
        (
            '[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\nco_units = ["urban"]\nexcluded = ["urban"]',
            "in co_units and in excluded",
        ),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\nreview = "look"', "lead and review"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\ncontinue = true', "continues and sets lead"),
        ('[[rule]]\nname = "a"\nany = "@none"\nlead = "water"', "no list '@none'"),
        ('[[rule]]\nname = "a"\nany = [" "]\nlead = "water"', "not a list of texts"),
        ('[[rule]]\nname = "a"\nall = [5]\nlead = "water"', "no word"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nwithin = 5\nlead = "water"', "within needs two groups"),
        ('[[rule]]\nname = "a"\nall = ["x", "y"]\nordered = true\nlead = "water"', "ordered needs within"),
        ('[[rule]]\nname = "a"\nkind = ["praise"]\nlead = "water"', "consult, help"),
        ('[[rule]]\nname = "a"\nregion = ["99x"]\nlead = "water"', "no division code"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\ncontinue = "yes"', "not true or false"),
        ('[[rule]]\nname = "a"\nany = ["x"]\nlead = "water"\ndeadline_class = "slow"', "simple, complex"),
        ('[[rule]]\nname = "a"\nlead = "water"\n[[rule]]\nname = "a"\nany = ["y"]\nlead = "water"', "given before"),
        ('[[rule]]\nname = "a"\nlead = "water"\n[[rule]]\nname = "b"\nany = ["y"]\nlead = "water"', "'b': is never reached"),
        (
            '[[rule]]\nname = "a"\nany = ["x", "y"]\nlead = "water"\n'
            '[[rule]]\nname = "b"\nany = ["y"]\nkind = ["help"]\nlead = "urban"',
            "'b': is never reached, 'a' before it",
        ),
        ('[[screen]]\nname = "a"\nany = ["x"]', "has no action"),
        ('[[screen]]\nname = "a"\nany = ["x"]\naction = "drop"', "hold, seal"),
        ('[[screen]]\nname = "a"\naction = "hold"', "no condition"),
        ('[[screen]]\nname = "a"\naction = "hold"\nplace = ["qingshan"]', "use a rule"),
        ('[[screen]]\nname = "a"\nany = ["x"]\naction = "hold"\ndispatch_to = "water"', "for accusations"),
        ('[rules]\nname = "a"', "unknown key 'rules'"),
        ("rule = [", "not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_rule_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadSettings, match=said) as raised:
        rulebook(tmp_path, text)
    assert all("rules.toml" in problem and "→" in problem for problem in raised.value.problems)


def test_an_unknown_channel_is_told_where_the_channels_are_known(tmp_path: Path) -> None:
    text = '[[rule]]\nname = "a"\nchannel = ["mail"]\nlead = "water"'
    assert rulebook(tmp_path, text).rules
    with pytest.raises(BadSettings, match="channel 'mail' is not in the settings"):
        rulebook(tmp_path, text, channels=["portal"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load_rules([tmp_path / "none.toml"], CITY)


@pytest.mark.parametrize(
    ("when", "subject", "body", "holds"),
    [
        ('any = ["漏水", "停水"]', "家里停水", "", True),
        ('any = ["漏水", "停水"]', "家里停电", "", False),
        ('any = ["停 水"]', "停\n水 了", "", True),
        ('all = ["停水", ["三天", "五天"]]', "停水", "已经五天", True),
        ('all = ["停水", ["三天", "五天"]]', "停水", "已经四天", False),
        ('any = ["停水"]\nnone = ["谢谢"]', "停水", "谢谢", False),
        ('all = ["停水", "学校"]\nwithin = 5', "学校停水", "", True),
        ('all = ["停水", "学校"]\nwithin = 5', "学校门口的路坏了而我家停水", "", False),
        ('all = ["学校", "停水"]\nwithin = 8\nordered = true', "学校停水", "", True),
        ('all = ["停水", "学校"]\nwithin = 8\nordered = true', "学校停水", "", False),
        ('regex = "停水[0-9]+天"', "停水 3 天", "", True),
        ('regex = "停水[0-9]+天"', "停水三天", "", False),
        ('kind = ["help", "complaint"]', "停水", "", True),
        ('kind = ["consult"]', "停水", "", False),
        ('channel = ["portal"]', "停水", "", True),
        ('addressed_to = ["市长"]', "停水", "", True),
        ('addressed_to = ["书记"]', "停水", "", False),
        ('place = ["qingshan"]', "师范路街道停水", "", True),
        ('place = ["linhe"]', "师范路街道停水", "", False),
        ('place = ["linhe"]', "和平村停水", "", False),
        ('level = ["township"]', "师范路街道停水", "", True),
        ('level = ["county"]', "师范路街道停水", "", False),
        ('region = ["990102"]', "师范路街道停水", "", True),
        ('region = ["990121"]', "哪里都停水", "", False),
        ('unit_named = ["水务局"]', "水务局不管", "", True),
        ('unit_named = ["水务局"]', "城管局不管", "", False),
        ('any = ["@units"]', "水务局不管", "", True),
        ('any = ["@things"]', "水管裂了", "", True),
    ],
)
def test_when_a_rule_holds(tmp_path: Path, when: str, subject: str, body: str, holds: bool) -> None:
    book = rulebook(tmp_path, f'[words]\nthings = ["水管"]\n[[rule]]\nname = "a"\n{when}\nlead = "water"')
    found = names(book, subject, body, kind=MessageKind.HELP, addressed_to="市长信箱")
    assert found == (["a"] if holds else [])


def test_the_order_of_the_file_decides_and_going_on_goes_on(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        """
[[rule]]
name = "add"
any = ["水"]
urgency = "urgent"
continue = true

[[rule]]
name = "narrow"
any = ["水管"]
lead = "water"

[[rule]]
name = "wide"
any = ["水"]
lead = "housing"
""",
    )
    assert names(book, "水管") == ["add", "narrow"]
    assert names(book, "水") == ["add", "wide"]
    assert names(book, "电") == []


def test_a_seal_wins_over_a_hold_and_a_waived_screen_is_skipped(tmp_path: Path) -> None:
    book = rulebook(
        tmp_path,
        '[[screen]]\nname = "held"\naction = "hold"\nany = ["甲"]\n[[screen]]\nname = "sealed"\naction = "seal"\nany = ["乙"]',
    )
    both = letter("甲乙")
    assert [screen.name for screen in [book.first_screen(both, ())] if screen] == ["sealed"]
    assert [screen.name for screen in [book.first_screen(both, ("sealed",))] if screen] == ["held"]
    assert book.first_screen(both, ("sealed", "held")) is None
