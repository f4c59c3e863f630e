"""Large batches are understood in two processes: with the same answers, and never at the mercy of the second one."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from app.second_reader import LEAST, Reader, understand
from domain.ids import ChannelId, ExternalId
from domain.messages import Capture, CapturePart, Draft
from domain.ports import Parser
from ingest.mailbox_config import MailboxConfig
from ingest.mailbox_parser import MailParser
from tests.bench.mails import mails

CHANNEL = ChannelId("mail")
SECONDS = 60
STARTER = """
import os, signal, sys
sys.path[:0] = {path}
from tests.unit.test_second_reader import captures, parsers, ready
from app.second_reader import Reader
print(ready(Reader(parsers(), cores=2), captures()), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def parsers() -> dict[ChannelId, Parser]:
    return {CHANNEL: MailParser(MailboxConfig(channel=CHANNEL, host="127.0.0.1", port=1, username="u", password="", tls=False))}


def captures(count: int = LEAST) -> list[Capture]:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    made = mails(count, seed=7)
    made[3] = made[count - 3] = b"\x00 no mail"
    return [
        Capture(CHANNEL, ExternalId(str(place)), at, (CapturePart("message", "message/rfc822", data),))
        for place, data in enumerate(made)
    ]


def ready(reader: Reader, batch: list[Capture]) -> int:
    """The second process's id, when it takes its part."""
    soon(lambda: bool(reader.read(batch) and reader.second))
    return reader.second


def soon(true: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < until


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader(parsers(), cores=2)
    yield made
    made.close()


def test_two_processes_answer_as_one_does_and_in_order(reader: Reader) -> None:
    batch = captures(LEAST + 1)
    alone = [understand(parsers(), capture) for capture in batch]
    assert reader.read(batch) == alone, "while the second one starts"
    assert ready(reader, batch)
    assert reader.read(batch) == alone
    assert sum(isinstance(one, Draft) for one in alone) == LEAST - 1


def test_small_batches_and_single_cores_know_no_second_process(reader: Reader) -> None:
    reader.read(captures()[: LEAST - 1])
    single = Reader(parsers(), cores=1)
    single.read(captures())
    assert not reader.started
    assert not single.started


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_batch_whose_second_process_dies_is_understood_all_the_same(reader: Reader, how: signal.Signals) -> None:
    batch = captures()
    first = ready(reader, batch)
    os.kill(first, how)
    assert reader.read(batch) == [understand(parsers(), capture) for capture in batch]
    assert ready(reader, batch) != first


def test_a_defect_is_raised_here_and_leaves_no_answer_for_the_next_batch(reader: Reader) -> None:
    batch = captures()
    assert ready(reader, batch)
    stray = Capture(ChannelId("no such channel"), ExternalId("x"), batch[0].fetched_at, ())
    for bad in ([stray, *batch], [*batch, stray]):
        with pytest.raises(KeyError):
            reader.read(bad)
        assert reader.read(batch[::-1]) == [understand(parsers(), capture) for capture in batch[::-1]]
        assert ready(reader, batch)


def test_the_second_process_ends_with_a_first_one_that_is_killed() -> None:
    starter = subprocess.run(
        [sys.executable, "-c", STARTER.format(path=sys.path)], stdout=subprocess.PIPE, text=True, timeout=SECONDS, check=False
    )
    assert starter.returncode == -signal.SIGKILL
    try:
        watched = os.pidfd_open(int(starter.stdout))
    except ProcessLookupError:
        return
    assert select.select([watched], [], [], SECONDS)[0], "it lives on"
    os.close(watched)
