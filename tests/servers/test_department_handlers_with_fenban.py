"""The whole way on a real Kafka: fenban's relay, a department's handler with its own user, fenban's feed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.provisioning import Provisioning
from app.runner import FEED_GROUP
from app.wiring import SHARDS
from domain.decisions import AssignmentState
from domain.ids import AssignmentId, Number
from tests.support.department_handlers import DepartmentHandler, command_of
from tests.support.desk import Desk
from tests.support.kafka import Broker, shared_broker
from tests.support.kafka_units import KafkaUnits, password_of

pytestmark = pytest.mark.server("kafka")
LETTERS = 8


class Fenban:
    """A small city whose topics are on Kafka; ``round`` relays and takes feedback."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        told = broker.told
        folder.mkdir()
        (folder / "program.password").write_text(password_of("fenban"), encoding="utf-8")
        section = f"""
[kafka]
bootstrap_servers = "{told["KAFKA_BOOTSTRAP"]}"
ca_file = "{told["KAFKA_CA"]}"
password = "file:program.password"
admin_username = "{told["KAFKA_ADMIN_USERNAME"]}"
admin_password = "file:{told["KAFKA_ADMIN_PASSWORD_FILE"]}"
"""
        self.desk = Desk(folder, more=section)
        self._provide(broker)
        self._feed = self.desk.system.topics.feed(FEED_GROUP)

    def _provide(self, broker: Broker) -> None:
        """What `fenban topics apply --allow-delete` does."""
        cluster = Provisioning(self.desk.settings, self.desk.system.directory, self.desk.clock)
        found = cluster.difference()
        cluster.admin.apply((*found.changes, *found.deletions), lambda change: password_of(change.name))
        broker.until(lambda: cluster.difference().changes == ())
        for user in ("fenban", "water"):
            broker.user(user, password_of(user))
        cluster.close()

    def letters(self, count: int, word: str) -> list[Number]:
        texts = [f"小区{word}{number}天了" for number in range(1, count + 1)]
        numbers = [self.desk.letter(f"{word}-{place}", text) for place, text in enumerate(texts)]
        self.desk.work()
        return [Number(number) for number in numbers]

    def round(self) -> None:
        # What a busy broker did not take for the moment is due again: time stands still otherwise.
        self.desk.clock.forward(seconds=1)
        relay = self.desk.system.relay()
        while not relay.run_once(SHARDS, 100).idle:
            pass
        self.desk.feedback.drain(self._feed, 100)

    def states(self) -> dict[str, AssignmentState]:
        """Of the water unit's assignments."""
        with self.desk.system.store.unit_of_work(write=False) as uow:
            found = [uow.assignments.get(AssignmentId(one)) for one in self.held]
        return {str(one.id): one.state for one in found if one is not None}

    held: tuple[str, ...] = ()

    def close(self) -> None:
        self._feed.close()
        self.desk.system.close()


@pytest.fixture
def fenban(tmp_path: Path) -> Iterator[Fenban]:
    broker = shared_broker()
    broker.clear()
    found = Fenban(tmp_path / "city", broker)
    yield found
    found.close()
    broker.clear()
    broker.link.close()


@pytest.mark.parametrize("language", ["python", "java"])
def test_from_the_letter_to_the_reply_and_back(language: str, fenban: Fenban, tmp_path: Path) -> None:
    handler = DepartmentHandler(command_of(language), tmp_path / language)
    units = KafkaUnits(shared_broker().told, {"water": password_of("water")})
    handler.settings(units, "water", topics=["unit", "notice", "pool"])
    try:
        the_whole_way(fenban, handler)
    finally:
        handler.close()


def the_whole_way(fenban: Fenban, handler: DepartmentHandler) -> None:
    numbers = fenban.letters(LETTERS, "停水")
    fenban.letters(2, "路面坏")
    fenban.held = tuple(f"{number}.water.1" for number in numbers)
    first, second, third, fourth, fifth, *rest = fenban.held

    def at_unit(state: str) -> set[str]:
        fenban.round()
        return {one for (one,) in handler.rows(f"SELECT assignment FROM assignment WHERE state = '{state}'")}

    def at_office(state: AssignmentState) -> set[str]:
        fenban.round()
        return {one for one, found in fenban.states().items() if found is state}

    handler.run()
    handler.wait_until(lambda: at_unit("signed") == set(fenban.held), 180)
    handler.wait_until(lambda: at_office(AssignmentState.SIGNED) == set(fenban.held), 180)

    handler.kill()
    fenban.desk.office.remind(AssignmentId(fourth), "请抓紧办理")
    fenban.desk.office.seal(numbers[4], "办公室认为应当保密")
    fenban.round()
    handler.run()
    handler.say("complete", first, "--found", "加压泵故障", "--result", "已恢复供水")
    handler.say("return", second, "--reason", "属交通部门", "--suggest", "roads")
    handler.say("extend", third, "--reason", "等待配件", "--days", "5")
    handler.wait_until(lambda: at_office(AssignmentState.COMPLETED) == {first}, 180)
    handler.wait_until(lambda: at_office(AssignmentState.RETURNED) == {second}, 180)
    handler.wait_until(lambda: at_unit("recalled") == {fifth}, 180)
    assert at_office(AssignmentState.WITHDRAWN) == {fifth}
    handler.wait_until(lambda: bool(handler.rows("SELECT 1 FROM reminder")), 180)
    assert handler.rows("SELECT assignment FROM reminder") == [(fourth,)]

    fenban.desk.office.reopen(AssignmentId(first), "来信人不满意")
    handler.wait_until(lambda: at_office(AssignmentState.SIGNED) == {first, third, fourth, *rest}, 180)
    the_pool(fenban, handler)
    assert handler.end() == 0
    assert fenban.desk.balanced()
    assert "停水" not in handler.log()


def the_pool(fenban: Fenban, handler: DepartmentHandler) -> None:
    """A letter that nobody knows a unit for is offered, claimed and assigned."""
    [number] = fenban.letters(1, "停水又路面坏")
    fenban.desk.office.offer(number, requirement="请负责的单位认领")
    fenban.round()
    handler.wait_until(lambda: handler.rows(f"SELECT state FROM assignment WHERE assignment = '{number}'") == [("offered",)], 180)
    handler.say("claim", number)

    def given() -> bool:
        fenban.round()
        return handler.rows(f"SELECT state FROM assignment WHERE assignment = '{number}.water.1'") == [("signed",)]

    handler.wait_until(given, 180)
    assert handler.rows(f"SELECT state, data FROM assignment WHERE assignment = '{number}'") == [("closed", None)]
