"""The mailbox's own promises, beside those of every collector: UIDVALIDITY, poison, size, marks and moves, refusals."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from domain.errors import BadSettings, HaltForPerson, OutOfReach, RetryLater
from domain.messages import Capture
from ingest.mailbox import MailboxCollector
from tests.support.collector_rig import Rig
from tests.support.imap_proxy import ImapProxy, fetched
from tests.support.rig_mailbox import PLACES, MailPlace, MailSource, letter, mailbox_config, mailbox_rig
from tests.support.web_clock import HandClock
from tests.support.web_seen import FakeSeen


@pytest.fixture(params=sorted(PLACES))
def place(request: pytest.FixtureRequest) -> MailPlace:
    made: MailPlace = PLACES[request.param]()
    return made


@pytest.fixture
def rig(place: MailPlace) -> Iterator[Rig]:
    with mailbox_rig(place) as made:
        yield made


def source_of(rig: Rig) -> MailSource:
    assert isinstance(rig.source, MailSource)
    return rig.source


def fill(rig: Rig, count: int) -> list[str]:
    texts = [f"第{number}封来信" for number in range(count)]
    for number, text in enumerate(texts):
        rig.source.add(f"k{number}", text)
    return texts


def bodies(rig: Rig, captures: list[Capture]) -> list[str]:
    return [rig.understand(capture).body for capture in captures]


def flags(source: MailSource) -> dict[int, tuple[bytes, ...]]:
    client = source.place.client()
    client.select_folder(source.folder, readonly=True)
    return {uid: data[b"FLAGS"] for uid, data in client.fetch(client.search("ALL"), ["FLAGS"]).items()}


@pytest.mark.parametrize("step", [-7, 7])
def test_another_uidvalidity_up_or_down_rescans_and_finds_nothing_new(rig: Rig, step: int) -> None:
    fill(rig, 6)
    rig.drain()
    cursor = json.loads(rig.cursor)
    rig.cursor = json.dumps({**cursor, "uidvalidity": cursor["uidvalidity"] + step, "last_uid": cursor["last_uid"] + 1000})
    rig.source.add("new", "新来的")
    rig.batches.clear()
    assert bodies(rig, rig.drain()) == ["新来的"]
    assert sum(batch.manifest.unchanged for batch in rig.batches) == 6


def test_a_recreated_folder_is_read_again_without_a_second_letter(rig: Rig) -> None:
    mails = [letter(f"k{number}", "一样的信") for number in range(3)]
    for mail in mails:
        source_of(rig).append(mail)
    assert len(rig.drain()) == 3
    place, folder = source_of(rig).place, source_of(rig).folder
    place.delete_folder(folder)
    place.client().create_folder(folder)
    for mail in [*mails, letter("k9", "后来的")]:
        source_of(rig).append(mail)
    assert bodies(rig, rig.drain()) == ["后来的"]


def test_identical_mails_are_one_item(rig: Rig) -> None:
    for _ in range(3):
        source_of(rig).append(letter("same", "同一封"))
    batch = rig.poll()
    assert len(batch.captures) == batch.manifest.listed == 1
    assert not batch.more
    assert rig.drain() == []


def test_the_last_mail_is_not_read_again_for_a_star(rig: Rig) -> None:
    fill(rig, 2)
    rig.drain()
    assert rig.poll().manifest.listed == 0


def test_polling_marks_nothing_and_acknowledging_marks_once(rig: Rig) -> None:
    fill(rig, 3)
    batch = rig.collector.poll("")
    source = source_of(rig)
    assert all(b"\\Seen" not in found for found in flags(source).values())
    refs = [capture.ref for capture in batch.captures]
    rig.collector.acknowledge(refs)
    rig.collector.acknowledge(refs)
    assert all(b"\\Seen" in found for found in flags(source).values())


def test_refs_of_another_uidvalidity_are_left_alone(rig: Rig) -> None:
    fill(rig, 1)
    (capture,) = rig.collector.poll("").captures
    validity, uid = capture.ref.split(":")
    rig.collector.acknowledge([f"{int(validity) + 1}:{uid}", "nonsense", ""])
    assert b"\\Seen" not in flags(source_of(rig))[int(uid)]


def test_committed_mails_are_moved_into_a_folder_that_is_made(place: MailPlace) -> None:
    with mailbox_rig(place, after="move", move_to="办过的/来信") as rig:
        fill(rig, 5)
        texts = bodies(rig, rig.drain())
        assert texts == [f"第{number}封来信" for number in range(5)]
        client = place.client()
        assert client.folder_status(source_of(rig).folder, ["MESSAGES"])[b"MESSAGES"] == 0
        client.select_folder("办过的/来信", readonly=True)
        assert len(client.search("ALL")) >= 5
        assert rig.drain() == []


def test_what_an_earlier_process_could_not_move_is_moved_with_the_next_mails(place: MailPlace) -> None:
    with mailbox_rig(place, after="move", move_to="办过的二") as rig:
        fill(rig, 2)
        batch = rig.collector.poll("")
        rig.seen.commit(batch, rig.clock.now())
        rig.collector.close()
        config = mailbox_config(place, source_of(rig).folder, after="move", move_to="办过的二")
        second = MailboxCollector(config, rig.seen, rig.clock)
        rig.source.add("new", "新来的")
        after = second.poll(batch.cursor)
        second.acknowledge([capture.ref for capture in after.captures])
        second.close()
        assert place.client().folder_status(config.folder, ["MESSAGES"])[b"MESSAGES"] == 0


def test_a_mail_that_is_too_large_keeps_its_header_fields_and_reason(place: MailPlace) -> None:
    with mailbox_rig(place, max_bytes=5000) as rig:
        rig.source.add("small", "小信")
        rig.source.add("large", "很长的信" * 2000)
        rig.source.add("small2", "又一封小信")
        batch = rig.poll()
        assert bodies(rig, list(batch.captures)) == ["小信", "又一封小信"]
        (reject,) = batch.rejects
        (part,) = reject.capture.parts
        assert b"Subject: large" in part.data
        assert len(part.data) < 5000
        assert "more than the 5000" in reject.reason
        assert reject.capture.ref
        assert rig.drain() == []


def test_a_poll_is_bounded_in_bytes(place: MailPlace) -> None:
    with mailbox_rig(place, batch_bytes=10_000, batch_messages=50) as rig:
        for number in range(5):
            rig.source.add(f"k{number}", f"{number}" * 4000)
        assert [len(rig.poll().captures) for _ in range(3)] == [2, 2, 1]
        assert not rig.batches[-1].more


def test_a_mail_that_breaks_the_connection_is_quarantined_at_last_and_the_others_come(place: MailPlace) -> None:
    proxy = ImapProxy(place.port)
    with mailbox_rig(place) as rig:
        config = replace(mailbox_config(place, source_of(rig).folder, port=proxy.port), batch_messages=50)
        fill(rig, 5)
        client = place.client()
        client.select_folder(config.folder, readonly=True)
        poison = sorted(client.search("ALL"))[2]
        proxy.poison = poison
        collector = MailboxCollector(config, rig.seen, rig.clock)
        cursor, captures, rejects, faults = "", 0, 0, 0
        for _ in range(10):
            try:
                batch = collector.poll(cursor)
            except RetryLater:
                faults += 1
                continue
            cursor = batch.cursor
            rig.seen.commit(batch, rig.clock.now())
            captures += len(batch.captures)
            rejects += len(batch.rejects)
        assert (captures, rejects, faults) == (4, 1, 2)
        collector.close()
        proxy.close()


@pytest.mark.parametrize("after", [1, 700, 6_000, 25_000])
def test_a_connection_cut_amid_a_fetch_of_many_loses_none(place: MailPlace, after: int) -> None:
    proxy = ImapProxy(place.port)
    with mailbox_rig(place) as rig:
        texts = [f"第{number}封。{'很长的信，' * 200}" for number in range(12)]
        for number, text in enumerate(texts):
            rig.source.add(f"k{number}", text)
        config = mailbox_config(place, source_of(rig).folder, port=proxy.port, batch_messages=50)
        collector = MailboxCollector(config, rig.seen, rig.clock)
        collector.poll("")
        proxy.cut_after = after
        captures: list[Capture] = []
        for _ in range(4):
            try:
                batch = collector.poll(rig.cursor)
            except RetryLater:
                continue
            rig.seen.commit(batch, rig.clock.now())
            rig.cursor = batch.cursor
            captures += batch.captures
        assert sorted(bodies(rig, captures)) == sorted(texts)
        assert len(captures) == len(texts)
        collector.close()
    proxy.close()


def test_gaps_between_uids_are_stepped_over(place: MailPlace) -> None:
    with mailbox_rig(place) as rig:
        texts = fill(rig, 12)
        for number in (0, 4, 5, 11):
            source_of(rig).remove(f"k{number}")
        collector = MailboxCollector(mailbox_config(place, source_of(rig).folder, batch_messages=50), rig.seen, rig.clock)
        kept = [text for number, text in enumerate(texts) if number not in (0, 4, 5, 11)]
        assert bodies(rig, list(collector.poll("").captures)) == kept
        collector.close()


def test_a_mail_that_the_server_will_not_deliver_is_quarantined_alone(place: MailPlace) -> None:
    with mailbox_rig(place) as rig:
        fill(rig, 4)
        client = place.client()
        client.select_folder(source_of(rig).folder, readonly=True)
        poison = sorted(client.search("ALL"))[1]
        proxy = ImapProxy(place.port)

        def refuse(line: bytes) -> bytes | None:
            tag = line.split(b" ", 1)[0]
            return tag + b" NO [CORRUPTION] cannot read\r\n" if poison in fetched(line) else None

        proxy.answer = refuse
        collector = MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock)
        batch = collector.poll("")
        assert len(batch.captures) == 3
        assert [reject.reason for reject in batch.rejects] == ["the server does not deliver this mail"]
        assert batch.manifest.listed == batch.manifest.captured == 4
        collector.close()
        proxy.close()


def test_a_mail_that_an_answer_for_many_leaves_out_is_asked_for_alone(place: MailPlace) -> None:
    with mailbox_rig(place) as rig:
        texts = fill(rig, 4)
        proxy = ImapProxy(place.port)

        def forget(line: bytes) -> bytes | None:
            return line.split(b" ", 1)[0] + b" OK FETCH done\r\n" if len(fetched(line)) > 1 else None

        proxy.answer = forget
        collector = MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock)
        batch = collector.poll("")
        assert (bodies(rig, list(batch.captures)), batch.rejects) == (texts, ())
        collector.close()
        proxy.close()


@pytest.mark.parametrize("ending", [b" NO [CORRUPTION] cannot stat\r\n", b" OK FETCH done\r\n"])
def test_a_mail_whose_size_the_server_does_not_say_is_never_passed_over(place: MailPlace, ending: bytes) -> None:
    with mailbox_rig(place) as rig:
        texts = fill(rig, 3)
        client = place.client()
        client.select_folder(source_of(rig).folder, readonly=True)
        poison = str(sorted(client.search("ALL"))[1]).encode()
        proxy = ImapProxy(place.port)

        def refuse(line: bytes) -> bytes | None:
            asked = line.split(b" ")
            several = b"," in asked[3] or b":" in asked[3] if len(asked) > 3 else False
            hidden = b"RFC822.SIZE" in line and (several or asked[3] == poison)
            return asked[0] + ending if hidden else None

        proxy.answer = refuse
        collector = MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock)
        batch = collector.poll("")
        assert bodies(rig, list(batch.captures)) == [texts[0], texts[2]]
        assert [reject.reason for reject in batch.rejects] == ["the server does not deliver this mail"]
        assert batch.manifest.listed == batch.manifest.captured == 3
        collector.close()
        proxy.close()


def test_the_client_introduces_itself_before_it_opens_the_folder(place: MailPlace, rig: Rig) -> None:
    proxy = ImapProxy(place.port)
    collector = MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock)
    collector.poll("")
    commands = [line.split()[1].upper() for line in proxy.lines if len(line.split()) > 1]
    assert commands.index(b"LOGIN") < commands.index(b"ID") < commands.index(b"EXAMINE")
    assert b"SELECT" not in commands
    collector.close()
    proxy.close()


def unsafe_login(line: bytes) -> bytes | None:
    if b" EXAMINE " in line:
        return line.split(b" ", 1)[0] + b" NO EXAMINE Unsafe Login. Please contact kefu@188.com for help\r\n"
    return None


def busy_login(line: bytes) -> bytes | None:
    return line.split(b" ", 1)[0] + b" NO [UNAVAILABLE] System busy\r\n" if b" LOGIN " in line else None


def test_an_unsafe_login_is_for_a_person_who_learns_of_app_passwords(place: MailPlace, rig: Rig) -> None:
    proxy = ImapProxy(place.port)
    proxy.answer = unsafe_login
    with pytest.raises(HaltForPerson, match="授权码"):
        MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock).poll("")
    proxy.answer = busy_login
    with pytest.raises(RetryLater):
        MailboxCollector(mailbox_config(place, source_of(rig).folder, port=proxy.port), rig.seen, rig.clock).poll("")
    proxy.close()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"password": "wrong"}, HaltForPerson, "授权码"),
        ({"folder": "没有这个"}, HaltForPerson, "no folder"),
        ({"port": 1}, OutOfReach, "cannot be reached"),
        ({"tls": True, "timeout": 3.0}, HaltForPerson, "TLS"),
    ],
)
def test_what_only_a_person_or_time_can_mend_is_told_apart(
    place: MailPlace, changes: dict[str, object], error: type[Exception], words: str
) -> None:
    config = mailbox_config(place, "INBOX", **changes)
    with pytest.raises(error, match=words) as caught:
        MailboxCollector(config, FakeSeen(), HandClock()).poll("")
    assert config.password not in str(caught.value)
    assert config.username not in str(caught.value)


def test_plain_text_to_another_machine_is_refused_before_connecting() -> None:
    place = MailPlace(143, "szxx", "nobody's")
    config = mailbox_config(place, "INBOX", host="imap.letters.example")
    with pytest.raises(BadSettings, match="loopback"):
        MailboxCollector(config, FakeSeen(), HandClock())
    with pytest.raises(BadSettings, match="move_to"):
        MailboxCollector(mailbox_config(place, "INBOX", after="move", move_to="INBOX"), FakeSeen(), HandClock())


@pytest.mark.parametrize("cursor", ["", "nonsense", "[]", '{"uidvalidity": "x"}', '{"last_uid": 5}', "null", "7"])
def test_an_unreadable_cursor_means_from_the_start(rig: Rig, cursor: str) -> None:
    fill(rig, 2)
    assert len(rig.collector.poll(cursor).captures) == 2
