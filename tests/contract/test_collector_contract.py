"""What every collector promises (``domain.ports.Collector``, ``Parser``), over a source that the test writes.

A collector joins by one line in ``RIGS``; its rig gives collector, parser and a scripted source.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from domain.errors import RejectItem, RetryLater
from domain.messages import Capture
from tests.support.collector_rig import Make, Rig
from tests.support.rig_board import board_rig
from tests.support.rig_fake import fake_rig
from tests.support.rig_mailbox import dovecot_rig, pymap_rig
from tests.support.rig_portal import portal_rig

RIGS: dict[str, Make] = {
    "fake": fake_rig,
    "portal": portal_rig,
    "board": board_rig,
    "mailbox": pymap_rig,
    "mailbox-dovecot": dovecot_rig,
}

LONG = "这一段是为了比列表里能显示的长得多而写的，" * 12


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with RIGS[request.param]() as made:
        yield made


def fill(rig: Rig, count: int) -> dict[str, str]:
    texts = {
        f"k{number}": f"第{number}封信：路灯坏了。\n请派人来修{'。' + LONG if number % 2 else ''}" for number in range(count)
    }
    for key, text in texts.items():
        rig.source.add(key, text)
    return texts


def test_the_first_polls_bring_every_item_once(rig: Rig) -> None:
    texts = fill(rig, 11)
    captures = rig.drain()
    assert sorted(rig.texts(captures).values()) == sorted(texts.values())
    assert len({capture.external_id for capture in captures}) == len(captures) == 11
    assert all(isinstance(capture.external_id, str) and capture.parts for capture in captures)


def test_every_manifest_balances_and_tells_what_was_read(rig: Rig) -> None:
    fill(rig, 11)
    rig.drain()
    rig.drain()
    for batch in rig.batches:
        assert batch.manifest.listed == batch.manifest.unchanged + batch.manifest.captured
        assert batch.manifest.captured == len(batch.captures) + len(batch.rejects)
    assert sum(batch.manifest.captured for batch in rig.batches) == 11


def test_a_batch_is_bounded_and_says_that_there_is_more(rig: Rig) -> None:
    fill(rig, 11)
    first = rig.poll()
    assert len(first.captures) == 4
    assert first.more


def test_nothing_new_brings_nothing(rig: Rig) -> None:
    fill(rig, 7)
    rig.drain()
    assert rig.drain() == []


def test_an_uncommitted_batch_comes_again(rig: Rig) -> None:
    fill(rig, 7)
    lost = rig.collector.poll(rig.cursor)
    again = rig.collector.poll(rig.cursor)
    assert [capture.external_id for capture in again.captures] == [capture.external_id for capture in lost.captures]
    assert again.manifest == lost.manifest


def test_a_new_item_comes_alone(rig: Rig) -> None:
    fill(rig, 7)
    rig.drain()
    rig.source.add("new", "新来的一封信")
    assert list(rig.texts(rig.drain()).values()) == ["新来的一封信"]


def test_a_revision_comes_under_the_same_id(rig: Rig) -> None:
    if not rig.revisable:
        pytest.skip("items of this channel cannot be changed")
    fill(rig, 5)
    before = rig.texts(rig.drain())
    rig.source.revise("k3", "改过的内容")
    after = rig.texts(rig.drain())
    assert list(after.values()) == ["改过的内容"]
    assert set(after) <= set(before)


def test_a_removed_item_harms_no_other(rig: Rig) -> None:
    fill(rig, 7)
    rig.drain()
    rig.source.remove("k2")
    rig.source.add("new", "新来的一封信")
    assert list(rig.texts(rig.drain()).values()) == ["新来的一封信"]


def test_a_failing_source_raises_and_moves_nothing(rig: Rig) -> None:
    texts = fill(rig, 5)
    rig.source.fail()
    for _ in range(2):
        with pytest.raises(RetryLater):
            rig.collector.poll(rig.cursor)
    rig.source.heal()
    assert sorted(rig.texts(rig.drain()).values()) == sorted(texts.values())


def test_a_failing_source_is_never_taken_for_silence(rig: Rig) -> None:
    fill(rig, 5)
    rig.drain()
    rig.source.fail()
    with pytest.raises(RetryLater):
        rig.collector.poll(rig.cursor)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_failure_midway_keeps_what_was_fetched(rig: Rig, after: int) -> None:
    texts = {f"k{number}": f"第{number}封信。{LONG}" for number in range(9)}
    for key, text in texts.items():
        rig.source.add(key, text)
    rig.source.fail(after=after)
    batch = rig.poll()
    assert len(batch.captures) == after
    assert not batch.more
    assert batch.manifest.listed == batch.manifest.unchanged + batch.manifest.captured
    rig.source.heal()
    captures = [*batch.captures, *rig.drain()]
    assert sorted(rig.texts(captures).values()) == sorted(texts.values())
    assert len(captures) == len(texts)


def test_one_bad_item_does_not_stop_the_others(rig: Rig) -> None:
    rig.source.add("k1", "好的信")
    rig.source.add_broken("bad")
    rig.source.add("k2", "也是好的信")
    rig.source.add("k3", "又一封好的信")
    good, refused = [], 0
    for capture in rig.drain():
        try:
            good.append(rig.understand(capture).body)
        except RejectItem:
            refused += 1
    refused += sum(len(batch.rejects) for batch in rig.batches)
    assert sorted(good) == sorted(["好的信", "也是好的信", "又一封好的信"])
    assert refused == 1
    assert rig.drain() == []
    assert not rig.batches[-1].rejects


def test_acknowledging_twice_and_nothing_is_safe(rig: Rig) -> None:
    fill(rig, 3)
    refs = [capture.ref for capture in rig.drain() if capture.ref]
    rig.collector.acknowledge(refs)
    rig.collector.acknowledge(refs)
    rig.collector.acknowledge([])
    assert rig.drain() == []


def test_a_parser_is_a_pure_function_and_refuses_in_one_way(rig: Rig) -> None:
    fill(rig, 1)
    capture: Capture = rig.drain()[0]
    assert rig.understand(capture) == rig.understand(capture)
    with pytest.raises(RejectItem):
        rig.understand(replace(capture, parts=()))
    for part in capture.parts:
        cut = replace(part, data=part.data[: len(part.data) // 3])
        with suppress(RejectItem):
            rig.understand(replace(capture, parts=tuple(cut if each is part else each for each in capture.parts)))
