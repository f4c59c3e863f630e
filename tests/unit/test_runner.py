"""One process does everything, once through or until stopped; what one part meets never stops another."""

import errno
import io
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from app.health import HealthServer
from app.kafka import KafkaWatch
from app.logs import set_up_logs
from app.metrics import METRICS, registry
from app.readiness import readiness
from app.reports import health_document
from app.runner import FIRST_BACKOFF, IDLE_SECONDS, Parts, Runner
from app.settings import Log
from app.slots import Slot
from domain.errors import FenbanError, HaltForPerson, RetryLater
from route.kafka_probe import KafkaConfig
from tests.support.desk import Desk
from tests.unit.test_way_of_a_message import WATER


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def test_two_processes_never_have_the_same_name(tmp_path: Path) -> None:
    with Slot(tmp_path, "worker") as first, Slot(tmp_path, "worker") as second:
        assert first.name != second.name
    with Slot(tmp_path, "worker") as again:
        assert again.name == first.name


def test_until_idle_leaves_nothing(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    runner = Runner(desk.system, Parts(collect=False))
    told: list[tuple[str, int]] = []
    try:
        assert runner.until_idle(threading.Event(), lambda stage, n: told.append((stage, n))) == []
    finally:
        runner.close()
    assert desk.state(number) == "dispatched"
    assert ("work", 1) in told
    assert ("relay", 1) in told


def test_stopping_ends_every_thread(desk: Desk) -> None:
    desk.letter("1", WATER)
    stop = threading.Event()
    stop.set()
    runner = Runner(desk.system, Parts(collect=False))
    runner.run(stop)
    runner.close()
    assert desk.balanced()


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize("gone", ["closed", "full", "none"])
def test_a_part_goes_on_when_its_log_cannot_be_written(
    desk: Desk, gone: str, form: Literal["json", "console"], monkeypatch: pytest.MonkeyPatch
) -> None:
    stderr = {"closed": io.StringIO(), "full": Full(), "none": None}[gone]
    monkeypatch.setattr(sys, "stderr", stderr)
    if gone == "closed" and stderr is not None:
        stderr.close()
    set_up_logs(Log(format=form))
    stop, runner = threading.Event(), Runner(desk.system, Parts(collect=False))
    faults = iter([RetryLater("away", remedy="wait"), HaltForPerson("halted", remedy="look"), ValueError("a defect")])

    def step() -> float:
        if fault := next(faults, None):
            raise fault
        stop.set()
        return 0.0

    monkeypatch.setattr(desk.clock, "wait", lambda *_: False)
    runner._loop("relay", step, stop)
    runner.close()
    assert stop.is_set()


def test_an_idle_relay_rests_only_until_the_worker_has_something_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    runner, stop = Runner(desk.system, Parts(collect=False)), threading.Event()
    waited: list[tuple[float, bool]] = []

    def wait(seconds: float, event: threading.Event) -> bool:
        waited.append((seconds, event.is_set()))
        return event.is_set()

    monkeypatch.setattr(desk.clock, "wait", wait)
    done = iter((3, 0))
    work = runner._stepping(lambda: next(done), then="relay")
    assert (work(), work()) == (0.0, IDLE_SECONDS)
    runner._rest("relay", IDLE_SECONDS, stop)
    runner._rest("relay", IDLE_SECONDS, stop)
    work_again = runner._stepping(lambda: 1, then="relay")
    work_again()
    runner._rest("relay", FIRST_BACKOFF, stop)
    runner.close()
    # Found something, then nothing; what met a fault waits its time out.
    assert waited == [(IDLE_SECONDS, True), (IDLE_SECONDS, False), (FIRST_BACKOFF, False)]


@pytest.fixture
def address(desk: Desk) -> Iterator[str]:
    watched = desk.system.operations
    made = registry(watched.status, watched.ledger, watched.live)
    with HealthServer("127.0.0.1", 0, lambda: readiness(desk.system), made) as server:
        yield f"http://127.0.0.1:{server.port}"


def read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:
        return str(answer.read().decode())


def test_health_says_alive_ready_and_measured(desk: Desk, address: str) -> None:
    desk.letter("1", WATER)
    desk.work()
    assert '"ok"' in read(f"{address}/healthz")
    assert '"ok"' in read(f"{address}/readyz")
    metrics = read(f"{address}/metrics")
    assert 'fenban_messages{state="dispatched"} 1.0' in metrics
    assert "sealed_review" not in metrics, "how many sealed letters wait is for sealed reviewers to know"
    assert 'fenban_ledger_difference{line="outbox"} 0.0' in metrics
    assert {line.split()[2] for line in metrics.splitlines() if line.startswith("# HELP")} == {metric.name for metric in METRICS}


def test_a_failing_channel_degrades_and_does_not_end_readiness(desk: Desk, address: str) -> None:
    from domain.ids import ChannelId

    with desk.system.store.unit_of_work() as uow:
        uow.channels.report(ChannelId("portal"), "portal", desk.clock.now(), state="degraded", error="unreachable")
        uow.commit()
    assert '"degraded"' in read(f"{address}/readyz")


@pytest.mark.parametrize(
    ("fault", "state"),
    [(RetryLater("no Kafka broker answers at b:9092"), "down"), (HaltForPerson("Kafka refuses the user 'fenban'"), "halted")],
)
def test_a_kafka_that_cannot_be_reached_degrades_and_is_asked_now_and_then(
    desk: Desk, address: str, fault: FenbanError, state: str
) -> None:
    asked: list[str] = []

    def probe(config: KafkaConfig) -> None:
        asked.append(config.username)
        raise fault

    desk.system.kafka_watch = KafkaWatch(KafkaConfig(("b:9092",), username="fenban"), desk.clock, probe=probe)
    for _ in range(3):
        answer = read(f"{address}/readyz")
        assert '"degraded"' in answer
        assert fault.what in answer
    assert health_document(desk.system)["kafka"] == {"state": state, "error": fault.what}
    assert "fenban_kafka_up 0.0" in read(f"{address}/metrics")
    assert len(asked) == 1


def test_the_root_lists_what_there_is_and_other_paths_are_not_found(address: str) -> None:
    assert read(f"{address}/").split() == ["/healthz", "/readyz", "/metrics"]
    with pytest.raises(urllib.error.HTTPError) as caught:
        read(f"{address}/else")
    assert caught.value.code == 404
    caught.value.close()
