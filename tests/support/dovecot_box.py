"""A folder on Dovecot with the files behind it, and what a server does to one: deliver, renumber."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from imapclient import imap_utf7
from imapclient.exceptions import IMAPClientError

from domain.messages import Batch
from ingest.mailbox import MailboxCollector
from tests.support.rig_mailbox import MailPlace, dovecot_place, letter, mailbox_config
from tests.support.servers import server
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen


@dataclass(frozen=True)
class Box:
    """A folder of its own on Dovecot, and the files that hold it."""

    known: Mapping[str, str]
    place: MailPlace
    folder: str

    @property
    def files(self) -> Path:
        name = imap_utf7.encode(self.folder.replace("/", ".")).decode("ascii")
        return Path(self.known["DOVECOT_MAIL"]) / self.place.user / "Maildir" / f".{name}"

    def collector(self, seen: FakeSeen | None = None, **changes: object) -> MailboxCollector:
        return MailboxCollector(mailbox_config(self.place, self.folder, **changes), seen or FakeSeen(), HandClock())

    def fill(self, count: int) -> None:
        for number in range(count):
            self.place.client().append(self.folder, letter(f"k{number}", f"第{number}封"))

    def doveadm(self, *arguments: str) -> None:
        command = ["doveadm", "-c", self.known["DOVECOT_CONF"], *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def fresh_box() -> Iterator[Box]:
    """Skips the test where Dovecot does not run, fails it in CI."""
    place = dovecot_place()
    made = Box(server("dovecot"), place, place.new_folder())
    yield made
    with suppress(IMAPClientError, OSError):
        place.delete_folder(made.folder)


def renumber(box: Box, step: int, count: int) -> None:
    """``count`` mails are read, the server renumbers, others come: none of the first is new, none of the others missed."""
    deliver(box, 0, count)
    seen, clock = FakeSeen(), HandClock()
    collector = box.collector(seen, batch_messages=500)

    def drain(cursor: str) -> list[Batch]:
        batches = [collector.poll(cursor)]
        seen.commit(batches[-1], clock.now())
        while batches[-1].more:
            batches.append(collector.poll(batches[-1].cursor))
            seen.commit(batches[-1], clock.now())
        return batches

    first = drain("")
    assert sum(len(batch.captures) for batch in first) == count
    before = json.loads(first[-1].cursor)["uidvalidity"]
    collector.close()
    box.doveadm("mailbox", "update", "-u", box.place.user, "--uid-validity", str(before + step), box.folder)
    deliver(box, count, count // 10)
    second = drain(first[-1].cursor)
    assert json.loads(second[-1].cursor)["uidvalidity"] == before + step
    assert sum(len(batch.captures) for batch in second) == count // 10
    assert sum(batch.manifest.unchanged for batch in second) == count
    assert not any(batch.rejects for batch in [*first, *second])
    collector.close()


def deliver(box: Box, first: int, count: int) -> None:
    for number in range(first, first + count):
        path = box.files / "new" / f"{1_795_000_000 + number}.M{number}.test"
        path.write_bytes(letter(f"k{number}", f"第{number}封").replace(b"\r\n", b"\n"))
        path.chmod(0o644)
