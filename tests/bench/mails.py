"""A mailbox for the benchmark: made letters as thirteen mailers write them, delivered into Dovecot's folder as files."""

import os
import pwd
import random
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

from imapclient import IMAPClient

from tests.support.letters_by_mail import mail_bytes
from tests.support.made_letters import Writer
from tests.support.people import people
from tests.support.scenario import MAIL, Item

LENGTH = 240
START = datetime(2026, 11, 1, 8, tzinfo=timezone(timedelta(hours=8)))


def letters(count: int, rng: random.Random, channel: str) -> Iterator[Item]:
    """``count`` different letters by as many senders; the same for the same generator."""
    writer, senders = Writer(rng), people(rng, "")
    for ident in range(1, count + 1):
        letter, person = writer.letter(LENGTH), next(senders)
        at = START + timedelta(seconds=40 * ident)
        yield Item(ident, channel, "letter", "投诉", letter.subject, letter.body, letter.unit, person, at, shown=False)


def mails(count: int, seed: int) -> list[bytes]:
    """``count`` different mails, about 1.5 KB each."""
    return [mail_bytes(item) for item in letters(count, random.Random(seed), MAIL)]


def deliver(known: Mapping[str, str], user: str, made: list[bytes]) -> None:
    """The mails are all that the account's INBOX holds then. The server has looked at each: that is charged to nobody."""
    home = Path(known["DOVECOT_MAIL"]) / user
    shutil.rmtree(home, ignore_errors=True)
    inbox = home / "Maildir"
    for name in ("cur", "new", "tmp"):
        (inbox / name).mkdir(parents=True)
    for place, data in enumerate(made):
        (inbox / "new" / f"{1_795_000_000 + place}.M{place}.bench").write_bytes(data.replace(b"\r\n", b"\n"))
    if os.getuid() == 0:
        owner = pwd.getpwnam(known["DOVECOT_MAIL_OWNER"])
        for path in (home, *home.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    with IMAPClient(known["DOVECOT_HOST"], port=int(known["DOVECOT_PORT"]), ssl=False, timeout=60) as client:
        client.login(user, Path(known["DOVECOT_PASSWORD_FILE"]).read_text(encoding="ascii").strip())
        client.select_folder("INBOX")
        client.fetch(client.search("ALL"), ["RFC822.SIZE", "FLAGS"])
