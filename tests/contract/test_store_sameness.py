"""Who wrote before and who holds a text, on every implementation of the store."""

from dataclasses import replace
from datetime import timedelta

from domain.ids import MatterId, Number
from domain.messages import Mark, MessageState
from domain.records import TextClaim
from store.unit_of_work import SqlStore
from tests.support.stores import NOW, mark, new_message, register, settled

ONE, TWO = mark("one"), mark("two", "email")


def found(store: SqlStore, *marks: Mark, days: int = 30) -> list[tuple[bytes, Number]]:
    with store.unit_of_work(write=False) as uow:
        return [(digest, message.number) for digest, message in uow.sameness.by_marks(marks, NOW - timedelta(days=days))]


def seal_matter(store: SqlStore, number: Number) -> None:
    with store.unit_of_work() as uow:
        row = uow.matters.lock([MatterId(number)])[MatterId(number)]
        uow.matters.update([replace(row, sealed=True)])
        uow.commit()


def test_a_persons_messages_are_found_by_any_mark_oldest_first(store: SqlStore) -> None:
    a, b = register(store, "a", "b", marks=(ONE, TWO))
    (c,) = register(store, "c", marks=(TWO,))
    register(store, "d", marks=(mark("three"),))
    assert found(store, TWO) == [(TWO.hash, a), (TWO.hash, b), (TWO.hash, c)]
    assert found(store, ONE, TWO)[:2] in ([(ONE.hash, a), (TWO.hash, a)], [(TWO.hash, a), (ONE.hash, a)])
    assert found(store, mark("nobody")) == []
    assert found(store) == []


def test_either_time_counts_for_the_window(store: SqlStore) -> None:
    with store.unit_of_work() as uow:
        old, new = NOW - timedelta(days=90), NOW
        uow.messages.register([new_message("old", at=old, submitted_at=old, marks=(ONE,))])
        uow.messages.register([new_message("late", at=new, submitted_at=old, marks=(ONE,))])
        uow.messages.register([new_message("ahead", at=old, submitted_at=new, marks=(ONE,))])
        uow.commit()
    assert [number[-1] for _, number in found(store, ONE)] == ["2", "3"]
    assert len(found(store, ONE, days=100)) == 3


def test_nothing_sealed_is_found(store: SqlStore) -> None:
    a, b, c = register(store, "a", "b", "c", marks=(ONE,))
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(a, MessageState.SEALED_REVIEW, sealed=True)])
        uow.commit()
    seal_matter(store, b)
    assert found(store, ONE) == [(ONE.hash, c)]


def test_messages_in_hand_are_answered_as_they_are(store: SqlStore) -> None:
    a, b = register(store, "a", "b", marks=(ONE,))
    with store.unit_of_work(write=False) as uow:
        hand = replace(uow.reads.messages([b])[b], body="in hand")
        answer = uow.sameness.by_marks([ONE], NOW, known={b: hand})
    assert [(message.number, message.body) for _, message in answer] == [(a, "正文"), (b, "in hand")]


def claim(store: SqlStore, number: Number, hours: float = 0, text: bytes = b"text", person: bytes = b"person") -> Number:
    with store.unit_of_work() as uow:
        holder = uow.sameness.claim_text(person, text, number, NOW + timedelta(hours=hours), 24)
        uow.commit()
    return holder


def test_the_first_holds_a_text_for_the_window(store: SqlStore) -> None:
    a, b, c = register(store, "a", "b", "c")
    assert claim(store, a) == a
    assert claim(store, b, 24) == a
    assert claim(store, b, -24) == a
    assert claim(store, a, 3) == a
    assert claim(store, c, text=b"another") == c
    assert claim(store, c, person=b"another") == c


def test_outside_the_window_a_text_has_several_holders(store: SqlStore) -> None:
    a, b, c, d = register(store, "a", "b", "c", "d")
    assert claim(store, a) == a
    assert claim(store, b, 25) == b
    assert claim(store, c, 40) == b
    # An older message read later (lists run from new to old) does not take the newer one's place.
    assert claim(store, c, -200) == c
    assert claim(store, d, 1) == a


def test_a_claim_is_undone_with_its_transaction(store: SqlStore) -> None:
    a, b = register(store, "a", "b")
    with store.unit_of_work() as uow:
        uow.sameness.claim_text(b"person", b"text", a, NOW, 24)
    assert claim(store, b) == b


def test_a_sealed_holder_gives_its_claim_up(store: SqlStore) -> None:
    a, b, c = register(store, "a", "b", "c")
    assert claim(store, a) == a
    seal_matter(store, a)
    assert claim(store, b, 1) == b
    assert claim(store, c, 2) == b


def test_new_texts_are_claimed_in_one_go_and_the_first_claim_holds(store: SqlStore) -> None:
    a, b, c, d = register(store, "a", "b", "c", "d")
    assert claim(store, a) == a
    with store.unit_of_work() as uow:
        claims = [(b"person", b"text", b), (b"person", b"other", d), (b"person", b"other", c), (b"another", b"text", c)]
        held = uow.sameness.claim_new_texts([TextClaim(person, text, number, NOW) for person, text, number in claims])
        uow.commit()
    assert held == {(b"person", b"other", d), (b"another", b"text", c)}
    assert claim(store, c, text=b"other") == d
