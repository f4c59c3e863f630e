"""What a department's page asks, on every implementation of the store."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.office import Choice
from domain.accounts import Viewer
from domain.ids import AssignmentId, MatterId, Number, UnitCode
from store import desk_department as page
from store import reply_files
from store.desk_department import Queue, Tab
from store.vault_rows import SqlVault
from tests.support.desk import Desk

WATER = UnitCode("water")
VIEWER = Viewer(reads=True, units=(WATER,))
OTHER = Viewer(reads=True, units=(UnitCode("roads"),))
SEALED = Viewer(reads=True, sealed=True, units=(WATER,))


@pytest.fixture
def desk(tmp_path: Path, store_url: str) -> Iterator[Desk]:
    made = Desk(tmp_path / "city", store=store_url if store_url.startswith("postgresql") else "")
    yield made
    made.system.close()


def given(desk: Desk, external_id: str, text: str = "停水", **draft: object) -> AssignmentId:
    number = Number(desk.letter(external_id, f"{text}，第 {external_id} 处", **draft))
    desk.work()
    desk.office.decide(number, Choice("water"))
    return AssignmentId(f"{number}.water.1")


def edges(desk: Desk) -> page.Edges:
    now = desk.clock.now()
    return page.Edges(now, now + timedelta(hours=12), now + timedelta(days=3))


def ids(desk: Desk, tab: Tab, viewer: Viewer = VIEWER, words: tuple[str, ...] = (), at_once: int = 2) -> list[str]:
    """Of all pages."""
    found: list[str] = []
    after: page.Place | None = None
    while True:
        with desk.system.store.transaction(write=False) as tx:
            lines = page.queue(tx, viewer, Queue(tab, edges(desk), words), after, at_once)
        found += [line.part.id for line in lines]
        if len(lines) < at_once:
            return found
        after = lines[-1].place


def test_the_queue_in_pages_with_its_counts(desk: Desk) -> None:
    made = [given(desk, str(place)) for place in range(5)]
    sealed = given(desk, "secret", "举报有人偷水", kind="accusation")
    assert sorted(ids(desk, Tab.OPEN)) == sorted(ids(desk, Tab.NEW)) == sorted(made)
    assert ids(desk, Tab.ALL) == list(reversed(ids(desk, Tab.OPEN)))
    assert ids(desk, Tab.OPEN, OTHER) == ids(desk, Tab.DONE) == ids(desk, Tab.OVERDUE) == []
    assert sorted(ids(desk, Tab.OPEN, SEALED)) == sorted([*made, sealed])
    assert ids(desk, Tab.OPEN, words=("第 3", "停水")) == [made[3]]
    assert ids(desk, Tab.OPEN, words=("%",)) == []
    with desk.system.store.transaction(write=False) as tx:
        counted = page.counts(tx, VIEWER, edges(desk))
        assert (counted[Tab.OPEN], counted[Tab.NEW], counted[Tab.DONE]) == (5, 5, 0)
        assert page.counts(tx, SEALED, edges(desk))[Tab.OPEN] == 6
        assert page.counts(tx, Viewer(reads=True, units=()), edges(desk))[Tab.OPEN] == 0
    desk.clock.forward(days=30)
    assert sorted(ids(desk, Tab.OVERDUE)) == sorted(made)


def test_one_part_and_what_its_unit_may_know(desk: Desk) -> None:
    ident = given(desk, "1")
    number = Number(ident.partition(".")[0])
    desk.office.decide(number, Choice("water", ("roads",)))
    with desk.system.store.transaction(write=False) as tx:
        found = page.part(tx, VIEWER, ident)
        assert found is not None
        assert page.part(tx, OTHER, ident) is None
        assert [(one.unit, one.role, one.state) for one in page.others(tx, found.line.part)] == [("roads", "co", "sent")]
        assert [one.type for one in page.told(tx, found.line.part)] == ["assigned", "updated"]
        assert page.said(tx, found.line.part) == []
        assert page.own_part(tx, VIEWER, MatterId(number)) == ident
        assert page.own_part(tx, OTHER, MatterId(number)) == f"{number}.roads.1"
    desk.office.decide(number, Choice("roads"))
    with desk.system.store.transaction(write=False) as tx:
        assert page.part(tx, VIEWER, ident) is None
        assert page.own_part(tx, VIEWER, MatterId(number)) is None


def test_what_is_offered_to_whom(desk: Desk) -> None:
    number = Number(desk.letter("1", "停水，路面也坏了"))
    desk.work()
    with desk.system.store.transaction(write=False) as tx:
        assert page.offers(tx, VIEWER) == []
    desk.office.offer(number)
    with desk.system.store.transaction(write=False) as tx:
        (one,) = page.offers(tx, VIEWER)
        assert (one.message.number, page.offers(tx, VIEWER, after=one.position)) == (number, [])
        assert page.offers(tx, Viewer(reads=True, units=None)) == page.offers(tx, Viewer(reads=False)) == []
        assert [one.message.number for one in page.offers(tx, OTHER, matter=MatterId(number))] == [number]


def test_files_beside_a_reply(desk: Desk) -> None:
    ident = given(desk, "1")
    owner = desk.message(ident.partition(".")[0]).owner
    vault = desk.system.vault
    for said in (b"first", b"second"):
        values = [(reply_files.bytes_name(ident, "f"), b"bytes"), (reply_files.about_name(ident, "f"), said)]
        with desk.system.store.transaction(write=True) as tx:
            existing = reply_files.key_of(tx, owner, [name for name, _ in values])
            SqlVault(tx).put(vault.seal(owner, values, existing=existing))
            tx.commit()
    with desk.system.store.transaction(write=False) as tx:
        assert {file: vault.open(value) for file, value in reply_files.abouts(tx, owner, ident).items()} == {"f": b"second"}
        value = reply_files.contents(tx, owner, ident, "f")
        assert value is not None
        assert vault.open(value) == b"bytes"
        assert reply_files.contents(tx, owner, ident, "g") is None
        assert reply_files.abouts(tx, owner, AssignmentId(f"{ident}1")) == {}
