"""The linker: letters of other persons that say the same are found after their decision, and their units hear of it."""

from pathlib import Path
from typing import Any

import pytest

from app.linker import Linker
from app.office import Choice
from app.reports import explain_document
from domain.errors import LeaseLost
from domain.ids import Number, UnitCode
from store import signatures
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import ACCUSATION, ROADS, UNCLEAR, WATER

LONGER = WATER + "物业说要等总管修好，可是已经等了很久，楼上楼下都在用桶接水，请有关部门来看一看。" * 2


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def phone(n: int) -> list[str]:
    return [f"1390000{n:04}"]


def similar_events(desk: Desk, unit: str = "water") -> list[tuple[str, int]]:
    told = [event for event in desk.events(unit) if event["data"].get("change") == "similar"]
    return [(event["data"]["number"], event["data"]["similar"]["count"]) for event in told]


def others(desk: Desk, number: str) -> Any:
    return explain_document(desk.system, Number(number))["similar"]


def linked(desk: Desk, number: str) -> set[str]:
    return {one["number"] for one in others(desk, number)["letters"]}


def once(linker: Linker) -> int:
    """One batch, as soon as every decision before it is surely seen."""
    while not (done := linker.look()) and linker.waits():
        pass
    return done


def test_two_persons_who_write_the_same_are_linked_and_their_unit_told(desk: Desk) -> None:
    first = desk.letter("1", LONGER, phones=phone(1))
    desk.clock.forward(hours=2)
    second = desk.letter("2", "尊敬的领导：" + LONGER.replace("尽快", "赶快"), phones=phone(2))
    desk.work()
    assert others(desk, first) == {"count": 0, "since": None, "letters": []}
    desk.link()
    assert (linked(desk, first), linked(desk, second)) == ({second}, {first})
    assert others(desk, first)["since"] == "2026-03-02T11:00:00+08:00"
    assert others(desk, second)["since"] == "2026-03-02T09:00:00+08:00"
    assert sorted(similar_events(desk)) == [(first, 1), (second, 1)]
    desk.link()
    assert len(similar_events(desk)) == 2
    assert desk.balanced()


def test_others_and_the_same_person_are_not_linked(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=phone(1))
    other = desk.letter("2", ROADS, phones=phone(2))
    desk.clock.forward(days=3)
    repeat = desk.letter("3", WATER, phones=phone(1))
    desk.work()
    desk.link()
    assert [others(desk, number)["count"] for number in (first, other, repeat)] == [0, 0, 0]
    assert similar_events(desk) == []


@pytest.mark.parametrize("cut_first", [True, False])
def test_a_cut_text_is_compared_up_to_where_it_ends(desk: Desk, cut_first: bool) -> None:
    texts = [(LONGER[:100], True), (LONGER, False)]
    numbers = []
    for place, (text, cut) in enumerate(texts if cut_first else reversed(texts)):
        numbers.append(desk.letter(str(place), text, phones=phone(place)))
        if cut:
            with desk.system.store.transaction(write=True) as tx:
                tx.run(
                    "UPDATE versions SET truncated = 1 WHERE message_id = (SELECT id FROM messages WHERE number = ?)",
                    (numbers[-1],),
                )
                tx.commit()
    desk.work()
    desk.link()
    assert linked(desk, numbers[0]) == {numbers[1]}


def test_a_unit_hears_of_its_first_letter_by_steps_and_of_each_other_once(desk: Desk) -> None:
    numbers = []
    for n in range(12):
        numbers.append(desk.letter(str(n), WATER, phones=phone(n)))
        desk.work()
        desk.link()
    told = similar_events(desk)
    assert [count for number, count in told if number == numbers[0]] == [1, 3, 10]
    assert [[count for number, count in told if number == one] for one in numbers[1:]] == [[n] for n in range(1, 12)]
    assert others(desk, numbers[5])["count"] == 11
    assert desk.balanced()


def test_a_unit_hears_no_more_of_a_later_letter_when_another_unit_gets_it_too(desk: Desk) -> None:
    numbers: list[str] = []

    def come(count: int) -> None:
        numbers.extend(desk.letter(str(n), WATER, phones=phone(n)) for n in range(len(numbers), len(numbers) + count))
        desk.work()
        desk.link()

    come(2)
    come(2)
    desk.office.decide(Number(numbers[1]), Choice(lead=UnitCode("water"), co_units=(UnitCode("roads"),)))
    come(1)
    assert [count for number, count in similar_events(desk) if number == numbers[0]] == [1, 3]
    assert [count for number, count in similar_events(desk) if number == numbers[1]] == [1]
    assert similar_events(desk, "roads") == [(numbers[1], 4)]


def test_what_is_sealed_later_is_shown_and_counted_no_more(desk: Desk) -> None:
    first, second, third = (desk.letter(str(n), WATER, phones=phone(n)) for n in range(3))
    desk.work()
    desk.link()
    assert others(desk, first)["count"] == 2
    desk.office.seal(Number(second), "names an official")
    assert linked(desk, first) == {third}
    assert others(desk, second) == {"count": 0, "since": None, "letters": []}
    desk.clock.forward(hours=1)
    fourth = desk.letter("9", WATER, phones=phone(9))
    desk.work()
    desk.link()
    assert linked(desk, fourth) == {first, third}
    assert [count for number, count in similar_events(desk) if number == fourth] == [2]


@pytest.mark.parametrize("persons", [2, 3])
def test_what_waits_to_be_sent_counts_no_letter_that_was_sealed_meanwhile(desk: Desk, persons: int) -> None:
    numbers = [desk.letter(str(n), WATER, phones=phone(n)) for n in range(persons)]
    desk.work()
    desk.link()
    desk.office.seal(Number(numbers[1]), "names an official")
    desk.link()
    told = [(number, 1) for number in numbers if number != numbers[1]] if persons > 2 else []
    assert sorted(similar_events(desk)) == told
    assert desk.balanced()


def test_what_waits_for_a_person_is_linked_and_counted_for_units_once_it_is_dispatched(desk: Desk) -> None:
    first = desk.letter("1", UNCLEAR, phones=phone(1))
    second = desk.letter("2", UNCLEAR, phones=phone(2))
    desk.work()
    desk.link()
    assert linked(desk, first) == {second}
    desk.office.decide(Number(first), Choice(lead=UnitCode("water")))
    desk.link()
    assert similar_events(desk) == []
    desk.office.decide(Number(second), Choice(lead=UnitCode("water")))
    desk.link()
    assert sorted(similar_events(desk)) == [(first, 1), (second, 1)]


def test_sealed_and_held_letters_are_never_signed(desk: Desk) -> None:
    for n in range(2):
        desk.letter(f"a{n}", ACCUSATION, phones=phone(n))
    desk.work()
    desk.link()
    with desk.system.store.transaction(write=False) as tx:
        assert tx.fetch("SELECT count(*) FROM signatures")[0][0] == 0
        assert signatures.standing(tx).waiting == 0


def test_a_revised_letter_is_looked_at_anew(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=phone(1))
    second = desk.letter("2", WATER, phones=phone(2))
    desk.work()
    desk.link()
    desk.poll(desk.capture("2", ROADS, phones=phone(2)))
    desk.work()
    assert others(desk, first)["count"] == 0
    desk.link()
    assert others(desk, first)["count"] == 0
    desk.poll(desk.capture("2", WATER + "谢谢。", phones=phone(2)))
    desk.work()
    desk.link()
    assert linked(desk, first) == {second}


def test_a_killed_linker_goes_on_where_it_stopped(desk: Desk) -> None:
    class Killed(BaseException):
        pass

    first = desk.letter("1", WATER, phones=phone(1))
    desk.work()
    desk.link()
    second = desk.letter("2", WATER, phones=phone(2))
    desk.work()
    for place in ("link.compare", "link.commit"):

        def kill(name: str, at: str = place) -> None:
            if name == at:
                raise Killed

        desk.linker._failpoint = kill
        with pytest.raises(Killed):
            desk.link()
        desk.linker.close()
        desk.linker = desk.system.linker(alone=True)
    desk.link()
    assert linked(desk, first) == {second}
    with desk.system.store.transaction(write=False) as tx:
        assert tx.fetch("SELECT count(*) FROM similar_letters")[0][0] == 2
        assert signatures.standing(tx).links == 2
    assert sorted(similar_events(desk)) == [(first, 1), (second, 1)]


def test_of_two_linkers_one_works_and_one_that_slept_writes_nothing(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=phone(1))
    desk.work()
    sleeper, other = desk.linker, desk.system.linker(alone=True)
    assert once(sleeper) == 1
    assert other.look() == 0
    second = desk.letter("2", WATER, phones=phone(2))
    desk.work()

    def sleep(name: str) -> None:
        if name == "link.compare":
            desk.clock.forward(minutes=5)
            sleeper._failpoint = lambda _: None
            assert once(other) == 1

    sleeper._failpoint = sleep
    assert once(sleeper) == 0
    assert len(sleeper._index or ()) == 1
    while other.look():
        pass
    other.close()
    third = desk.letter("3", WATER, phones=phone(3))
    desk.work()
    desk.clock.forward(minutes=5)
    desk.link()
    assert linked(desk, third) == {first, second}
    with desk.system.store.transaction(write=False) as tx:
        assert tx.fetch("SELECT count(*) FROM signatures")[0][0] == 3


def test_letters_signed_by_an_earlier_program_are_signed_anew(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=phone(1))
    second = desk.letter("2", WATER, phones=phone(2))
    desk.work()
    desk.link()
    with desk.system.store.transaction(write=True) as tx:
        tx.run("UPDATE signatures SET scheme = 7")
        tx.commit()
    desk.linker.close()
    desk.linker = desk.system.linker(alone=True)
    third = desk.letter("3", WATER, phones=phone(3))
    desk.work()
    desk.link()
    assert linked(desk, third) == {first, second}
    assert sorted(similar_events(desk)) == [(first, 1), (second, 1), (third, 2)]


def test_a_shredded_letter_leaves_nothing(desk: Desk) -> None:
    first = desk.letter("1", WATER, phones=phone(1))
    second = desk.letter("2", WATER, phones=phone(2))
    desk.work()
    desk.link()
    with desk.system.store.unit_of_work() as uow:
        uow.vault.shred(desk.message(first).owner)
        uow.commit()
    assert others(desk, second)["count"] == 0
    third = desk.letter("3", WATER, phones=phone(3))
    desk.work()
    desk.link()
    assert linked(desk, third) == {second}


def test_a_position_that_moved_is_a_lost_lease(desk: Desk) -> None:
    desk.letter("1", WATER, phones=phone(1))
    desk.work()
    desk.link()
    with desk.system.store.transaction(write=True) as tx, pytest.raises(LeaseLost):
        signatures.move(tx, 99, 100, links=0, indexed=0, size=0, at=desk.clock.now())
