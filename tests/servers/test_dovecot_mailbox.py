"""What a real mail server does to the mailbox collector: TLS, rights, a broken file, renumbering, connections ended by it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from domain.errors import BadSettings, HaltForPerson, RetryLater
from tests.support.dovecot_box import Box, fresh_box, renumber
from tests.support.renumbered import renumbered
from tests.support.rig_mailbox import dovecot_place, letter
from tests.support.servers import server
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen


@pytest.fixture
def box() -> Iterator[Box]:
    with fresh_box() as made:
        yield made


def test_tls_with_the_offices_own_authority(box: Box) -> None:
    box.fill(2)
    tls: dict[str, Any] = {"port": int(box.known["DOVECOT_TLS_PORT"]), "tls": True}
    collector = box.collector(certificate=Path(box.known["DOVECOT_CA"]), **tls)
    assert len(collector.poll("").captures) == 2
    collector.close()
    with pytest.raises(HaltForPerson, match=r"cannot be trusted.*certificate"):
        box.collector(**tls).poll("")


def test_a_certificate_for_another_name_or_none_at_all_is_refused(box: Box, tmp_path: Path) -> None:
    tls: dict[str, Any] = {"port": int(box.known["DOVECOT_TLS_PORT"]), "tls": True}
    stranger = tmp_path / "stranger.pem"
    subject = ("-subj", "/CN=stranger", "-keyout", str(tmp_path / "key"), "-out", str(stranger))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject], check=True, capture_output=True)
    with pytest.raises(HaltForPerson, match="cannot be trusted"):
        box.collector(certificate=stranger, **tls).poll("")
    (tmp_path / "none.pem").write_text("nothing")
    for file in ("none.pem", "absent.pem"):
        with pytest.raises(BadSettings, match="no readable PEM"):
            box.collector(certificate=tmp_path / file, **tls).poll("")


@pytest.mark.parametrize("after", ["seen", "move"])
def test_a_folder_that_may_only_be_read_is_said_with_what_to_do(box: Box, after: str) -> None:
    box.fill(1)
    rights = box.files / "dovecot-acl"
    rights.write_text("owner lr\n")
    rights.chmod(0o644)
    collector = box.collector(after=after, move_to="办结")
    batch = collector.poll("")
    assert len(batch.captures) == 1
    with pytest.raises(HaltForPerson, match=r'only read the folder.*after = "none"'):
        collector.acknowledge([capture.ref for capture in batch.captures])
    collector.close()
    rights.unlink()


def test_a_folder_without_the_right_to_read_is_for_a_person(box: Box) -> None:
    rights = box.files / "dovecot-acl"
    rights.write_text("owner l\n")
    rights.chmod(0o644)
    with pytest.raises(HaltForPerson, match="can be opened"):
        box.collector().poll("")
    rights.unlink()


@pytest.mark.skipif(os.getuid() != 0, reason="needs a file that the server may not read")
def test_a_mail_that_the_server_cannot_read_stands_alone_and_the_others_come(box: Box) -> None:
    box.fill(4)
    mails = sorted(path for folder in ("new", "cur") for path in (box.files / folder).iterdir())
    mails[1].chmod(0)
    os.chown(mails[1], 0, 0)
    collector, seen, cursor, faults, captures, reasons = box.collector(), FakeSeen(), "", 0, 0, []
    for _ in range(6):
        try:
            batch = collector.poll(cursor)
        except RetryLater:
            faults += 1
            continue
        cursor = batch.cursor
        seen.commit(batch, HandClock().now())
        captures += len(batch.captures)
        reasons += [reject.reason for reject in batch.rejects]
    assert (captures, len(reasons), faults) == (3, 1, 2)
    collector.close()


def test_a_full_account_is_read_and_emptied_all_the_same() -> None:
    place = dovecot_place("DOVECOT_QUOTA_USER")
    box = Box(server("dovecot"), place, place.new_folder())
    stored = 0
    with suppress(Exception):
        for number in range(20):
            place.client().append(box.folder, letter(f"k{number}", "很长" * 3000))
            stored += 1
    collector = box.collector(after="move", move_to="办结的")
    batch = collector.poll("")
    assert len(batch.captures) == stored < 20
    collector.acknowledge([capture.ref for capture in batch.captures])
    assert place.client().folder_status(box.folder, ["MESSAGES"])[b"MESSAGES"] == 0
    collector.close()
    for name in (box.folder, "办结的"):
        place.delete_folder(name)


def test_too_many_connections_are_a_passing_fault(box: Box) -> None:
    with ExitStack() as open_connections:
        for _ in range(40):
            client = open_connections.enter_context(IMAPClient(box.place.host, port=box.place.port, ssl=False, timeout=20))
            try:
                client.login(box.place.user, box.place.password)
            except LoginError:
                break
        with pytest.raises(RetryLater, match="does not take the login now"):
            box.collector().poll("")


def test_a_connection_that_the_server_ended_between_polls_is_made_again(box: Box) -> None:
    box.fill(1)
    collector = box.collector()
    cursor = collector.poll("").cursor
    box.doveadm("kick", box.place.user)
    box.place.client().append(box.folder, letter("new", "后来的"))
    assert len(collector.poll(cursor).captures) == 1
    collector.close()


@pytest.mark.parametrize("step", [-100_000, 100_000])
def test_a_real_change_of_uidvalidity_brings_no_letter_twice_and_misses_none(box: Box, step: int) -> None:
    renumber(box, step, 300)


@pytest.mark.parametrize("step", [-50_000, 50_000])
def test_renumbered_mails_make_no_second_matter_in_the_store(box: Box, tmp_path: Path, step: int) -> None:
    """Hundreds of mails; ten thousand in ``make soak``."""
    renumbered(box, tmp_path, 200, step)
