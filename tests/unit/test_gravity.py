"""A long letter is sealed by what it says of those who act for the public, not by a word that stands somewhere in it."""

from pathlib import Path

import pytest

from domain.errors import BadSettings
from route.calendar import WorkingCalendar
from route.decide import Decider, DecideSettings
from route.directory import Directory
from route.rules_file import load_rules
from tests.support.accusations import accusations
from tests.support.routing import letter
from tests.support.small_city import UNITS, small_city

CITY = small_city()
DECIDER = Decider(CITY, load_rules([], CITY), WorkingCalendar(), DecideSettings())
GREETING = "尊敬的王局长：您好！感谢您在百忙之中看我的信，祝您身体健康，工作顺利。"
MATTER = (
    "我住在城东的老小区，房子是九八年盖的，楼下有一家修车铺，每天早上六点就开始敲打，一直到晚上十点才停。家里有老人和上学的孩子，"
    "实在没法休息，门口的路也被等着修的车占了一半，接孩子的时候电动车都过不去。下雨天积水也没地方绕，老人只好踩着砖头走。"
)
BESIDE = "修车铺的老板和旁边卖配件的勾结起来抬价，私下收了邻居的押金不退。"
SEALED_AMONG_OTHER_MATTERS = 0.88
ACCUSED = "街道办的张主任收受了修车铺老板的红包，检查前还给他通风报信。"


def screened(body: str, subject: str = "反映问题") -> tuple[str, bool]:
    screening = DECIDER.screen(letter(subject, body))
    return screening.action, screening.doubtful


def test_a_greeted_official_is_not_accused_of_what_a_firm_does() -> None:
    assert screened(GREETING + MATTER + BESIDE) == ("", True)


@pytest.mark.parametrize("text", [GREETING + MATTER + ACCUSED, GREETING + ACCUSED + MATTER, MATTER + BESIDE + ACCUSED])
def test_an_official_accused_in_one_sentence_of_many_is_sealed(text: str) -> None:
    assert screened(text)[0] == "seal"


def test_a_request_does_not_hide_whom_it_accuses() -> None:
    assert screened(MATTER + "请求彻查街道办张主任收受红包、包庇商户的问题。")[0] == "seal"
    assert screened(MATTER, "举报街道办主任收受贿赂")[0] == "seal"


@pytest.mark.parametrize(
    "text",
    [
        "难道是局长在包庇他们？",
        "按照条例第十二条规定，工作人员玩忽职守、滥用职权的，依法给予处分。",
        "街道办宣传过《公职人员贪污受贿警示录》这本书。",
        "单位退休的书记请大家防止贪污浪费，大家都赞成。",
    ],
)
def test_what_is_asked_quoted_or_forbidden_waits_for_a_person(text: str) -> None:
    assert screened(MATTER + text) == ("", True)


def test_a_short_letter_is_what_its_word_says() -> None:
    assert screened("修车铺和局长勾结。")[0] == "seal"


def test_complaints_of_those_who_would_get_it_wait_for_a_person() -> None:
    assert screened("路灯坏了一个月，城管局和镇政府踢皮球。") == ("", True)
    assert screened("路灯坏了一个月，物业和施工队踢皮球。") == ("", False)
    assert screened("小区的路灯坏了，请派人来修。") == ("", False)


@pytest.mark.parametrize("seed", [20261125, 1])
def test_no_accusation_among_other_matters_goes_its_way(seed: int) -> None:
    print(f"seed {seed}")
    found = [screened(GREETING + MATTER + made.body + MATTER, made.subject) for made in accusations(UNITS, 400, seed)]
    sealed = sum(action == "seal" for action, _ in found) / len(found)
    print(f"sealed {sealed:.1%} of {len(found)}")
    assert [one for one in found if one == ("", False)] == []
    assert sealed >= SEALED_AMONG_OTHER_MATTERS


def test_a_screen_of_a_citys_own_seals_whatever_its_letters_length(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[screen]]\nname = "ours"\naction = "seal"\nany = ["修车铺"]\n', encoding="utf-8")
    screen = load_rules([rules], Directory([])).first_screen(letter("来信", MATTER), ())
    assert screen is not None
    assert screen.name == "ours"
    rules.write_text('[[screen]]\nname = "ours"\naction = "seal"\nweighed = true\nany = ["修车铺"]\n', encoding="utf-8")
    assert load_rules([rules], Directory([])).screened(letter("来信", MATTER), ()) == (None, True)


def test_only_what_seals_is_weighed(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[[screen]]\nname = "ours"\naction = "hold"\nweighed = true\nany = ["修车铺"]\n', encoding="utf-8")
    with pytest.raises(BadSettings, match="weighed"):
        load_rules([rules], Directory([]))
