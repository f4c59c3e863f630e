"""The search index and the register's queries, on every implementation of the store."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from app.search_index import SearchIndexer
from domain.accounts import Viewer
from domain.ids import ChannelId, MatterId, Number, UnitCode
from domain.messages import MessageKind, MessageState
from store.desk_register import Place, RegisterSearch, search
from store.search import Unindexed, horizon
from store.unit_of_work import SqlStore
from tests.support.desk import HandClock
from tests.support.stores import BOARD, NOW, WATER, assignment, decision, new_message, owner_of, poll_row, revision, settled

OFFICE = Viewer(reads=True, units=None)
SEALED_TOO = Viewer(reads=True, sealed=True, units=None)


def put(store: SqlStore, *bodies: str) -> list[Number]:
    with store.unit_of_work() as uow:
        known = uow.reads.in_state(list(MessageState), 10_000)
        numbers = uow.messages.register(
            [
                replace(
                    new_message(f"x{len(known) + place}", body=body), registered_at=NOW + timedelta(seconds=len(known) + place)
                )
                for place, body in enumerate(bodies)
            ]
        )
        uow.commit()
    return numbers


def indexed(store: SqlStore, indexer: SearchIndexer | None = None) -> SearchIndexer:
    made = indexer or SearchIndexer(store, HandClock(NOW))
    while made.look():
        pass
    return made


def found(store: SqlStore, viewer: Viewer = OFFICE, **asked: object) -> list[str]:
    with store.transaction(write=False) as tx:
        some = search(tx, viewer, RegisterSearch(**asked))  # type: ignore[arg-type]
    assert (some.total, some.more) == (len(some.rows), False)
    return [row.matter for row in some.rows]


@pytest.mark.parametrize(
    ("words", "finds"),
    [
        ("路灯", True),
        ("灯", True),
        ("了", True),
        ("人民路", True),
        ("民路灯", False),
        ("路灯 坏了", True),
        ("坏了路灯", False),
        ("WIFI", True),
        ("wi", False),
        ("１２３号楼", True),
        ("123", True),
        ("路灯 停电", False),
        ("主题", True),
        ("东区", True),
        ("'", False),
        ('" OR * NEAR(', False),
        ("路' | '灯", True),
        ("", True),
    ],
)
def test_two_character_words_are_found_and_signs_do_no_harm(store: SqlStore, words: str, finds: bool) -> None:
    (number,) = put(store, "人民路的路灯，坏了！123号楼没有WiFi 信号")
    indexed(store)
    assert found(store, words=words) == ([number] if finds else [])


def test_the_last_place_of_a_run_begins_no_word_of_the_next(store: SqlStore) -> None:
    put(store, "路。灯")
    indexed(store)
    assert found(store, words="路灯") == []


def test_a_revision_is_searched_by_its_new_words_only(store: SqlStore) -> None:
    (number,) = put(store, "路灯坏了")
    indexer = indexed(store)
    with store.unit_of_work() as uow:
        uow.messages.revise([revision(number, body="水管爆了")])
        uow.commit()
    indexed(store, indexer)
    assert (found(store, words="路灯"), found(store, words="水管")) == ([], [number])


def test_a_new_indexer_finds_what_an_earlier_one_left(store: SqlStore) -> None:
    numbers = put(store, "路灯坏了", "路灯亮了")
    indexed(store).close()
    (third,) = put(store, "路灯又坏了")
    indexed(store)
    assert found(store, words="路灯") == [third, *reversed(numbers)]


def test_one_of_two_indexers_works(store: SqlStore) -> None:
    put(store, "路灯坏了")
    first, second = SearchIndexer(store, HandClock(NOW)), SearchIndexer(store, HandClock(NOW))
    assert (first.look(), second.look()) == (1, 0)
    first.close()
    put(store, "路灯亮了")
    assert SearchIndexer(store, HandClock(NOW)).look() == 1


def test_what_is_shredded_is_found_by_its_words_no_more(store: SqlStore) -> None:
    first, second = put(store, "路灯坏了", "路灯亮了")
    indexer = indexed(store)
    with store.unit_of_work() as uow:
        owner = uow.reads.messages([first])[first].owner
        uow.vault.shred(owner)
        uow.commit()
    indexed(store, indexer)
    assert found(store, words="路灯") == [second]
    assert found(store, number=first) == [first]


def test_a_letter_that_was_shredded_before_it_was_indexed_never_is(store: SqlStore) -> None:
    put(store, "路灯坏了")
    with store.transaction(write=True) as tx:
        tx.run(
            "INSERT INTO data_keys (id, owner, wrapped_key, master_version, shredded) VALUES (1, ?, ?, 1, 1)",
            (owner_of("x0"), b"0"),
        )
        tx.commit()
    indexed(store)
    assert found(store, words="路灯") == []


def test_ids_that_become_visible_late_are_not_missed(store: SqlStore) -> None:
    """Writers that took lower ids commit after the indexer went past them, the oldest last."""
    with store.transaction(write=False) as tx:
        if tx.sqlite:
            pytest.skip("writers of SQLite follow each other")
    indexer = SearchIndexer(store, HandClock(NOW))
    delayed = [store.unit_of_work() for _ in range(3)]
    late: list[Number] = []
    for place, uow in enumerate(delayed):
        uow.__enter__()
        # A channel each: they hold rows of their own, as different collectors do.
        channel = ChannelId(f"c{place}")
        poll = uow.captures.record_poll(replace(poll_row(1, 0, 1), channel=channel))
        late += uow.messages.register([new_message("late", body="路灯迟到", channel=channel, poll=poll)])
    early = put(store, "路灯早到")
    indexed(store, indexer)
    assert found(store, words="路灯") == early
    for uow in reversed(delayed):
        put(store, "另一件")
        indexed(store, indexer)
        uow.commit()
        uow.__exit__(None, None, None)
        put(store, "又一件")
        indexed(store, indexer)
    assert sorted(found(store, words="路灯")) == sorted([*early, *late])
    with store.transaction(write=False) as tx:
        top = horizon(tx).top
    # A transaction of another test, in another database of the same server, holds the floor too.
    until = time.monotonic() + 60
    while indexer.floor < top and time.monotonic() < until:
        indexed(store, indexer)
    assert indexer.floor == top, "with nobody writing everything below the top is known to be there"


def test_pages_follow_each_other_without_gap_or_repeat(store: SqlStore) -> None:
    numbers = put(store, *["路灯"] * 7)
    with store.transaction(write=True) as tx:
        tx.run("UPDATE matters SET opened_at = ? WHERE id IN (?, ?, ?)", (1, *numbers[2:5]))
        tx.commit()
    seen: list[str] = []
    after: Place | None = None
    with store.transaction(write=False) as tx:
        while True:
            some = search(tx, OFFICE, RegisterSearch(), after=after, limit=2, cap=5)
            assert (some.total, some.more) == (5, True)
            seen += [row.matter for row in some.rows]
            after = some.after
            if after is None:
                break
    assert seen == [numbers[n] for n in (6, 5, 1, 0, 4, 3, 2)]


def test_sealed_matters_are_found_and_counted_for_their_readers_only(store: SqlStore) -> None:
    plain, hidden = put(store, "路灯坏了", "路灯坏了，举报")
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(hidden, MessageState.SEALED_REVIEW, sealed=True)])
        uow.commit()
    indexed(store)
    for asked in ({"words": "路灯"}, {}, {"number": "2026"}, {"channel": BOARD}):
        assert found(store, **asked) == [plain]
        assert found(store, SEALED_TOO, **asked) == [hidden, plain]
    assert found(store, Viewer(reads=False)) == []


def test_every_field_narrows_the_search(store: SqlStore) -> None:
    first, second = put(store, "路灯坏了", "水管爆了")
    with store.unit_of_work() as uow:
        uow.messages.settle([settled(first, MessageState.DISPATCHED)])
        uow.matters.lock([MatterId(first)])
        uow.matters.decide([(MatterId(first), decision(first))])
        uow.assignments.add([assignment(first)])
        uow.messages.revise([revision(second)])
        uow.commit()
    indexed(store)
    for asked, finds in (
        ({"unit": WATER}, [first]),
        ({"place": "东"}, [first]),
        ({"place": "%"}, []),
        ({"kind": MessageKind.COMPLAINT}, [second]),
        ({"message_state": MessageState.DISPATCHED}, [first]),
        ({"number": first[-6:]}, [first]),
        ({"number": "20"}, []),
        ({"since": NOW + timedelta(seconds=1)}, [second]),
        ({"until": NOW + timedelta(seconds=1)}, [first]),
        ({"channel": "elsewhere"}, []),
        ({"channel": BOARD, "words": "路灯", "message_state": MessageState.DISPATCHED}, [first]),
    ):
        assert found(store, **asked) == finds, asked
    own = Viewer(reads=True, units=(WATER,))
    assert found(store, own) == [first]


def test_putting_twice_or_an_older_version_changes_nothing(store: SqlStore) -> None:
    from store.search import put as put_rows

    (number,) = put(store, "路灯坏了")
    indexed(store)
    with store.transaction(write=True) as tx:
        ident = tx.fetch("SELECT id FROM messages WHERE number = ?", (number,))[0][0]
        put_rows(tx, [Unindexed(ident, 1, ("水管",))])
        tx.commit()
    assert (found(store, words="水管"), found(store, words="路灯")) == ([], [number])


@pytest.mark.parametrize(
    ("viewer", "asked", "cap"),
    [
        (OFFICE, RegisterSearch(words="停水"), 1000),
        (OFFICE, RegisterSearch(unit=UnitCode("water")), 1000),
        (OFFICE, RegisterSearch(words="停水", unit=UnitCode("water")), 200),
        (Viewer(reads=True, units=(UnitCode("water"),)), RegisterSearch(), 1000),
        (Viewer(reads=True, units=(UnitCode("water"),)), RegisterSearch(words="停水"), 200),
    ],
)
def test_words_among_a_units_matters_are_counted_less_far(
    monkeypatch: pytest.MonkeyPatch, store: SqlStore, viewer: Viewer, asked: RegisterSearch, cap: int
) -> None:
    def some(tx: object, condition: object, after: object, limit: int) -> list[tuple[int, str]]:
        return [(0, str(place)) for place in range(limit)]

    monkeypatch.setattr("store.desk_register._places", some)
    monkeypatch.setattr("store.desk_register._rows", lambda tx, matters: [])  # noqa: ARG005
    with store.transaction(write=False) as tx:
        found = search(tx, viewer, asked)
    assert (found.total, found.more) == (cap, True)
