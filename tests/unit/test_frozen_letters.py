"""Letters set aside are never learned from: not they, nor their copies, nor others of their matter."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.frozen import FrozenTests, split, unseen
from app.learning import learn
from classify.labelled import LabelledText
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.models import FrozenLetter, FrozenTest, ModelRow
from tests.support.desk import START, Desk
from tests.support.many_models import letters


def row(text: str, days: int | None, group: str = "", unit: str = "water") -> LabelledText:
    at = None if days is None else START + timedelta(days=days)
    return LabelledText("来信", text, UnitCode(unit), at, "", group)


def bodies(rows: Sequence[LabelledText]) -> set[str]:
    return {row.body for row in rows}


def test_the_latest_are_set_aside_and_matters_do_not_straddle() -> None:
    rows = [row(f"第{at}封", at) for at in range(18)]
    rows += [row("早先来信", 2, "m1"), row("同一事项", 19, "m1"), row("停水，三天了！", 3), row("停水 三天了", 18)]
    parted = split(rows, 0.1)
    assert parted.by_time
    assert bodies(parted.aside) == {"同一事项", "停水 三天了"}
    assert bodies(parted.learn) == {f"第{at}封" for at in range(18)}
    assert parted.between == 2


def test_without_times_whole_matters_are_set_aside() -> None:
    rows = [row(f"第{at}封", None, f"m{at // 3}") for at in range(300)]
    parted = split(rows, 0.2)
    assert not parted.by_time
    assert 30 < len(parted.aside) < 90
    assert not {one.group for one in parted.aside} & {one.group for one in parted.learn}
    assert parted.between == 0


def test_what_is_set_aside_stays_so_in_later_trainings(tmp_path: Path, any_store: str) -> None:
    desk = Desk(tmp_path / "city", store=any_store)
    rows = letters(1, 260)
    first = learn(desk.system, rows, by="wang", progress=lambda *_: None)
    assert first.made
    assert first.test is not None
    assert (first.row.test_set, first.aside) == (first.test.hash, 260 - first.model.data.n_rows)
    assert first.row.metrics["letters"] == first.test.letters
    later = rows + [
        replace(one, at=one.at + timedelta(days=400), body=one.body + "，又来反映") for one in letters(3, 60) if one.at
    ]
    second = learn(desk.system, later, by="wang", progress=lambda *_: None)
    assert (second.made, second.test) == (False, first.test)
    assert second.model.data.n_rows == len(FrozenTests(desk.system).without(later, first.test))
    assert second.row.learned_until == max(one.at for one in later if one.at)
    desk.clock.forward(hours=1)
    third = learn(desk.system, later, by="wang", progress=lambda *_: None, new_test=True)
    assert third.test is not None
    assert third.test.hash != first.test.hash
    assert FrozenTests(desk.system).current() == third.test


def test_few_letters_are_all_learned_unless_asked_otherwise(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    assert learn(desk.system, letters(1, 60), by="w", progress=lambda *_: None).test is None
    asked = learn(desk.system, letters(2, 60), by="w", progress=lambda *_: None, hold_out=0.2)
    assert asked.test is not None
    with pytest.raises(HaltForPerson, match="none is left to learn from"):
        learn(desk.system, letters(2, 60)[-3:], by="w", progress=lambda *_: None)


def test_a_new_test_that_gets_no_letter_leaves_the_old_one_unlearned(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")
    rows = [replace(one, at=None) for one in letters(1, 60)]
    first = learn(desk.system, rows, by="w", progress=lambda *_: None, hold_out=0.3)
    assert first.test is not None
    again = learn(desk.system, rows, by="w", progress=lambda *_: None, hold_out=1e-9, new_test=True)
    assert (again.made, again.test) == (False, first.test)
    assert again.aside == first.aside > 0


def test_letters_of_the_store_keep_their_text_there_and_leave_when_sealed(tmp_path: Path, any_store: str) -> None:
    from domain.ids import Number

    desk = Desk(tmp_path / "city", store=any_store)
    one, two = desk.letter("1", "请问归谁管"), desk.letter("2", "请问公园归谁管")
    desk.work()
    tests = FrozenTests(desk.system)
    aside = [
        LabelledText("来信", "别处的文字", UnitCode("water"), START, "", one, one, 1),
        row("文件里的", 1, unit="roads"),
    ]
    test = tests.freeze([*aside, LabelledText("来信", "x", UnitCode("gone"), START, "", two, two, 1)], "wang")
    assert tests.freeze([*aside, LabelledText("来信", "x", UnitCode("gone"), START, "", two, two, 1)], "wang").hash == test.hash
    assert [letter.body for letter in tests.letters(test)] == ["请问归谁管", "文件里的"]
    desk.office.seal(Number(one), "是举报")
    assert [letter.body for letter in tests.letters(test)] == ["文件里的"]
    assert tests.without(aside, test) == ()


def test_a_model_is_held_only_against_letters_it_cannot_have_learned() -> None:
    test = FrozenTest("s", START, "wang", 2)
    old, new = (FrozenLetter("k", "", UnitCode("water"), START + timedelta(days=days)) for days in (0, 9))
    timeless = FrozenLetter("k", "", UnitCode("water"))
    model = ModelRow("a", "", START, "w", START, 1, ())
    assert unseen([old, new, timeless], test, replace(model, test_set="s")) == [old, new, timeless]
    assert unseen([old, new, timeless], test, replace(model, learned_until=START + timedelta(days=1))) == [new]
    assert unseen([old, new, timeless], test, model) == []
