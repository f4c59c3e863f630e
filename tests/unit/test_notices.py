"""Operators are told of what Prometheus' rules would tell them: once when it begins, once when it is over, without a letter."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import build
from app.notice_ways import Notice, ways
from app.notices import DOWN, FIRST_WAIT, LEASE_TIME, Notices, ongoing
from app.settings import load_settings
from domain.errors import BadSettings, OutOfReach, RetryLater
from domain.events import Delivery, DeliveryStatus, OutboxState
from tests.support.desk import Desk
from tests.support.notice_takers import Taker, mail_server, web_hook
from tests.unit.test_way_of_a_message import WATER

PARKED = "FenbanParked"


GIGABYTE = 1 << 30


@dataclass
class Disk:
    """As a machine's disk would be: what is reserved on it is neither used nor free."""

    used: int = 60
    free: int = 140
    reserved: int = 10

    def usage(self, _: Path) -> Any:
        total = self.used + self.free + self.reserved
        return SimpleNamespace(total=total * GIGABYTE, used=self.used * GIGABYTE, free=self.free * GIGABYTE)


@pytest.fixture(autouse=True)
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """What the machine that runs the tests has left is not asked."""
    fixed = Disk()
    monkeypatch.setattr("app.operations.shutil.disk_usage", fixed.usage)
    return fixed


class Ear:
    """A way that keeps what it is told, and takes nothing while ``deaf``."""

    def __init__(self, name: str = "ear") -> None:
        self.name = name
        self.heard: list[Notice] = []
        self.deaf = False
        self.asked = 0

    def send(self, notice: Notice) -> None:
        self.asked += 1
        if self.deaf:
            raise RetryLater("nobody listens")
        self.heard.append(notice)

    @property
    def said(self) -> list[tuple[str, bool]]:
        return [(notice.alert, notice.over) for notice in self.heard]


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def park(desk: Desk) -> None:
    number = desk.letter("1", WATER)
    desk.work()
    desk.link()
    with desk.system.store.unit_of_work() as uow:
        record = uow.reads.outstanding(desk.message(number).matter)[0]
        uow.outbox.settle([Delivery(record.id, DeliveryStatus.REFUSED, reason="too large")], desk.clock.now())
        uow.commit()


def discard(desk: Desk) -> None:
    with desk.system.store.unit_of_work(write=False) as uow:
        ids = [record.id for record, _ in uow.outbox.parked(10)]
    desk.office.move_parked(ids, OutboxState.DISCARDED, "nobody needs it")


def looks(desk: Desk, notices: Notices, minutes: float) -> None:
    for _ in range(int(minutes * 2)):
        notices.look()
        desk.clock.forward(seconds=30)


def test_a_condition_is_said_once_when_it_begins_and_once_when_it_is_over(desk: Desk) -> None:
    ear = Ear()
    notices = Notices(desk.system, "one", [ear])
    park(desk)
    looks(desk, notices, 4)
    assert ear.said == []
    looks(desk, notices, 4)
    assert ear.said == [(PARKED, False)]
    looks(desk, notices, 20)
    assert [(one.alert, one.told) for one in ongoing(desk.system)] == [(PARKED, True)]
    discard(desk)
    looks(desk, notices, 3)
    assert ear.said == [(PARKED, False), (PARKED, True)]
    assert ongoing(desk.system) == []


def test_what_is_over_before_it_lasted_is_never_said(desk: Desk) -> None:
    ear = Ear()
    notices = Notices(desk.system, "one", [ear])
    park(desk)
    looks(desk, notices, 3)
    discard(desk)
    looks(desk, notices, 20)
    assert PARKED not in {notice.alert for notice in ear.heard}


def test_what_is_reserved_on_a_disk_does_not_make_it_full(desk: Desk, disk: Disk) -> None:
    ear = Ear()
    notices = Notices(desk.system, "one", [ear])
    disk.used, disk.free, disk.reserved = 60, 20, 400
    looks(desk, notices, 20)
    assert ear.said == []
    disk.used, disk.free = 75, 5
    looks(desk, notices, 20)
    assert ear.said == [("FenbanDiskLow", False)]


def test_another_process_and_a_restart_say_nothing_twice(desk: Desk) -> None:
    ear = Ear()
    one, two = Notices(desk.system, "one", [ear]), Notices(desk.system, "two", [ear])
    park(desk)
    for _ in range(20):
        one.look()
        two.look()
        desk.clock.forward(seconds=30)
    assert ear.said == [(PARKED, False)]
    desk.clock.forward(seconds=LEASE_TIME.total_seconds())
    looks(desk, Notices(desk.system, "two", [ear]), 10)
    assert ear.said == [(PARKED, False)]


def test_what_one_way_did_not_take_is_tried_again_there_alone_with_growing_pauses(desk: Desk) -> None:
    good, bad = Ear("good"), Ear("bad")
    bad.deaf = True
    notices = Notices(desk.system, "one", [good, bad])
    park(desk)
    looks(desk, notices, 30)
    assert good.said == [(PARKED, False)]
    assert 2 <= bad.asked <= 7
    bad.deaf = False
    looks(desk, notices, 30)
    assert (good.said, bad.said) == ([(PARKED, False)], [(PARKED, False)])
    assert FIRST_WAIT == 30


def test_a_store_that_cannot_be_read_is_told_of_and_its_return(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ear = Ear()
    notices = Notices(desk.system, "one", [ear])
    looks(desk, notices, 1)

    def away(*_: Any, **__: Any) -> None:
        raise OutOfReach("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(desk.system.store, "transaction", away)
        looks(desk, notices, 5)
    assert ear.said == [(DOWN, False)]
    looks(desk, notices, 1)
    assert ear.said == [(DOWN, False), (DOWN, True)]


def test_a_notice_names_no_letter_and_no_person(desk: Desk) -> None:
    ear = Ear()
    notices = Notices(desk.system, "one", [ear])
    park(desk)
    looks(desk, notices, 8)
    (notice,) = ear.heard
    said = f"{notice.text}{notice.document()}"
    number = desk.message("20260302-portal-000001").number
    assert number not in said
    assert "停水" not in said
    assert "有记录发不出去" in said
    assert "示例市" in said
    assert "docs/operators.md#fenbanparked" in said


SETTINGS = """
[notices]
webhook = "file:hook"
webhook_kind = "{kind}"
smtp_host = "127.0.0.1"
smtp_port = {port}
smtp_security = "none"
smtp_username = "fenban"
smtp_password = "file:smtp"
sender = "fenban@city.example"
recipients = ["duty@city.example", "chief@city.example"]
"""


@pytest.fixture
def takers() -> Iterator[tuple[Taker, Taker]]:
    with web_hook() as hook, mail_server() as mail:
        yield hook, mail


def city(folder: Path, hook: Taker, mail: Taker, kind: str) -> Desk:
    folder.mkdir()
    (folder / "hook").write_text(hook.address)
    (folder / "smtp").write_text("sesame")
    return Desk(folder, more=SETTINGS.format(kind=kind, port=mail.port))


def test_both_ways_take_a_test_notice(tmp_path: Path, takers: tuple[Taker, Taker]) -> None:
    hook, mail = takers
    desk = city(tmp_path / "city", hook, mail, "json")
    assert desk.system.problems() == []
    assert desk.balanced()
    answer = CliRunner().invoke(build(["notices"]), ["notices", "test", "--settings", str(tmp_path / "city" / "fenban.toml")])
    assert answer.exit_code == 0, answer.output
    (posted,), (mailed,) = hook.taken, mail.taken
    assert (posted["alert"], posted["state"], posted["city"]) == ("FenbanTest", "began", "示例市")
    assert mailed["To"] == "duty@city.example, chief@city.example"
    assert "测试通知" in mailed["Subject"]
    assert "this is a test" in mailed.get_content()
    mail.refuse = hook.refuse = True
    again = CliRunner().invoke(build(["notices"]), ["notices", "test", "--settings", str(tmp_path / "city" / "fenban.toml")])
    assert again.exit_code == 1
    assert "503" in again.output
    assert "sesame" not in again.output
    assert "geheim" not in again.output


def test_a_robot_that_says_no_took_nothing(tmp_path: Path, takers: tuple[Taker, Taker]) -> None:
    hook, mail = takers
    desk = city(tmp_path / "city", hook, mail, "robot")
    notice = Notice("示例市", "FenbanTest", "", "warning", False, "一", "one", desk.clock.now(), "")
    robot = ways(desk.system)[0]
    robot.send(notice)
    assert hook.taken[0]["msgtype"] == "text"
    assert "示例市" in hook.taken[0]["text"]["content"]
    hook.body = {"errcode": 310000, "errmsg": "keywords not in content"}
    with pytest.raises(RetryLater, match="310000"):
        robot.send(notice)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ('webhook = "https://robot.example/?key=1"', "env:NAME or file:PATH"),
        ('smtp_host = "mail.example"', "mails need a sender and recipients"),
        (
            'smtp_host = "mail.example"\nsmtp_security = "none"\nsender = "a@b.example"\nrecipients = ["a@b.example"]',
            "loopback only",
        ),
        (
            'smtp_host = "mail.example"\nsmtp_username = "a"\nsender = "a@b.example"\nrecipients = ["a@b.example"]',
            "smtp_password is missing",
        ),
    ],
)
def test_settings_that_cannot_tell_anybody_are_refused(tmp_path: Path, section: str, words: str) -> None:
    file = tmp_path / "fenban.toml"
    file.write_text(f'[city]\nid = "demo"\nname = "示例市"\nregion = "999900"\n[notices]\n{section}\n', encoding="utf-8")
    with pytest.raises(BadSettings, match=words):
        load_settings(file)


def test_a_web_hook_without_tls_is_said_by_check(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    folder.mkdir()
    (folder / "hook").write_text("http://robot.example/?key=1")
    desk = Desk(folder, more='[notices]\nwebhook = "file:hook"\n')
    assert any("no https address" in problem for problem in desk.system.problems())
