"""A letter that may accuse those who would get it: a person reads it, also where the rest of it is a copy."""

from pathlib import Path

import pytest

from route.decide import MAY_ACCUSE
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import WATER

WRITER = ["19900001111"]
PLAIN = (
    f"{WATER}我们住在东街三号院，一共四十六户，每天到两公里外的水井挑水，最近又下雨，路很滑，已有两位老人摔伤。"
    "社区说管道已经修过一次，阀门也换了新的，可是水压一直上不来，夜里也没有，洗衣做饭都成问题，孩子上学前连脸都洗不了。"
    "我们盼望工作人员早日到现场看一看，把什么时候能来水告诉大家，谢谢。"
)
DOUBTED = f"{PLAIN}难道是局长在包庇他们？"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def test_a_near_copy_that_adds_a_doubt_is_read_by_a_person(desk: Desk) -> None:
    plain = desk.letter("1", PLAIN, phones=WRITER)
    desk.work()
    same = desk.letter("2", PLAIN.replace("谢谢", "多谢"), phones=WRITER)
    doubted = desk.letter("3", DOUBTED, phones=WRITER)
    desk.work()
    assert [desk.state(number) for number in (plain, same, doubted)] == ["dispatched", "joined", "in_review"]
    assert desk.message(doubted).reason == MAY_ACCUSE
    assert desk.balanced()


def test_copies_of_a_doubted_letter_are_one_matter(desk: Desk) -> None:
    doubted = desk.letter("1", DOUBTED, phones=WRITER)
    desk.work()
    exact, near = desk.letter("2", DOUBTED, phones=WRITER), desk.letter("3", f"{DOUBTED}谢谢。", phones=WRITER)
    desk.work()
    assert [desk.state(number) for number in (doubted, exact, near)] == ["in_review", "joined", "joined"]
    assert {desk.message(number).matter for number in (doubted, exact, near)} == {doubted}
