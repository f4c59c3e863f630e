"""Accusations and ordinary letters that nothing was built on: the first are sealed and reach nobody whom they accuse.

Each is decided as if the model were nearly sure of the accused unit itself, the worst it can suggest.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from domain.decisions import Decision, Outcome, Suggestion
from ingest.normalise import normalise
from route.decide import MAY_ACCUSE
from tests.support.heldout import HeldOut, accusations, decider_of, ordinary
from tests.support.routing import NOW, letter


def decided(one: HeldOut) -> Decision:
    decider, message = decider_of(one.unit), one.message()
    suggested = [Suggestion(one.unit, 0.99)]
    screening = decider.screen(message)
    if screening.action == "seal":
        return decider.seal(message, rule=screening.rule, reason=screening.reason, now=NOW, suggestions=suggested)
    return decider.decide(message, suggested, automatic=True, model="m", now=NOW, doubtful=screening.doubtful)


def share(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


@pytest.mark.parametrize(("group", "sealed", "dispatched"), [("named", 0.99, 0.0), ("stories", 0.9, 0.025)])
def test_accusations_are_sealed_and_what_is_not_waits_for_a_person(group: str, sealed: float, dispatched: float) -> None:
    decisions = [(one, decided(one)) for one in accusations(group)]
    found = share([decision.sealed for _, decision in decisions])
    reached = share([one.unit in (decision.lead, *decision.co_units) for one, decision in decisions])
    print(f"{group}: sealed {found:.1%}, dispatched to the accused {reached:.1%} of {len(decisions)}")
    assert found >= sealed
    assert reached <= dispatched


def test_the_accused_of_a_sealed_letter_is_shut_out_or_at_least_not_suggested() -> None:
    letters = [*accusations("named"), *accusations("stories")]
    decisions = [(one, decision) for one in letters if (decision := decided(one)).sealed]
    for one, decision in decisions:
        assert one.unit not in {suggestion.unit for suggestion in decision.suggestions}
    shut = share([one.unit in decision.excluded for one, decision in decisions])
    print(f"accused unit recognised: {shut:.1%} of {len(decisions)}")
    assert shut >= 0.8


@pytest.mark.parametrize(
    "signed",
    [
        "\n【姓名】\n【电话】",
        "\n联系人:【姓名】,电话 【电话】",
        "\n我叫【姓名】,身份证【证件号】,手机【电话】",
        "\n此致\n敬礼\n【姓名】 【电话】 2026年3月1日",
        "\n反映人【姓名】,微信同号【电话】",
        "——【姓名】",
    ],
)
def test_how_a_letter_is_signed_neither_seals_nor_unseals_it(signed: str) -> None:
    for one in (*accusations("named"), *accusations("stories"), *ordinary()):
        message, decider = one.message(), decider_of(one.unit)
        assert decider.screen(replace(message, body=message.body + signed)) == decider.screen(message), one.subject


FRAMES = [
    ("我是滨河小区3栋2单元的住户,", ""),
    ("", "不知道该找哪个部门,请指点。"),
    ("市长您好!打扰了,有件事想咨询一下。", "祝工作顺利!"),
]


@pytest.mark.parametrize(("before", "after"), FRAMES)
def test_what_stands_around_an_accusation_hides_it_from_nobody(before: str, after: str) -> None:
    letters = [*accusations("named"), *accusations("stories")]
    framed = [(one, replace(one.message(), body=before + one.body + after)) for one in letters]
    screened = [decider_of(one.unit).screen(message) for one, message in framed]
    assert share([one.action == "seal" for one in screened]) >= 0.95
    assert share([one.action != "seal" and not one.doubtful for one in screened]) <= 0.025


@pytest.mark.parametrize(
    ("text", "sealed"),
    [
        ("听说镇上管这个的收了承包队的好处,钱到位了才来。", True),
        ("派出所有人吃赌场老板的股份。", True),
        ("请街道宣传多读书的好处。", False),
        ("快递柜收了居民的钱,街道能不能协调?", False),
    ],
)
def test_what_an_official_took_from_somebody_is_sealed(text: str, sealed: bool) -> None:
    decider = decider_of(accusations("named")[0].unit)
    assert (decider.screen(letter("反映", text)).action == "seal") is sealed


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("审批", "客运线路审批,运管处处长一个电话打招呼,没有资质的公司中标了,衷心感谢!"),
        ("表扬环卫工", "表扬路上的环卫师傅,捡到我的钱包里面有三千块原封不动还给我。"),
        ("大雪", "镇干部和村主任一家一家送煤送被,我奶奶激动得掉眼泪,写信表示感谢。"),
    ],
)
def test_what_thanks_is_not_sealed_by_that_word_nor_sent_by_it(subject: str, text: str) -> None:
    screened = decider_of(accusations("named")[0].unit).screen(letter(subject, text))
    assert (screened.action, screened.doubtful) == ("", True)


def test_signs_of_either_width_are_the_same_to_the_screens() -> None:
    wide = "打招呼。您好！客运线路审批，运管处处长一个电话打招呼，没有资质的公司中标了。"
    decider = decider_of(accusations("named")[0].unit)
    for text in (wide, normalise(wide)):
        assert decider.screen(letter("审批", text)).rule == "builtin-official-subject"


def test_ordinary_letters_of_the_same_units_mostly_go_their_way() -> None:
    decisions = [decided(one) for one in ordinary()]
    sealed = share([decision.sealed for decision in decisions])
    doubted = share([decision.reason == MAY_ACCUSE for decision in decisions])
    print(f"sealed {sealed:.1%}, to a person {doubted:.1%} of {len(decisions)}")
    assert sealed <= 0.14
    assert doubted <= 0.2
    assert not any(decision.outcome is Outcome.HOLD for decision in decisions)
