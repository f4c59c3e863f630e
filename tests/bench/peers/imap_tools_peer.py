"""``imap_tools_peer.py HOST PORT USER PASSWORD-FILE DATABASE``: fetched in bulk, parsed, stored in SQLite, 500 a commit.

The library decodes a field only when it is asked for, so it is asked for what a letter is made of, and what fenban reads too:
sender, subject, date, what it answers, text, HTML, attachments. The mail is kept whole in the library's own way. SQLite flushes
each commit to the disk, as it does when nothing else is said.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from imap_tools import MailBoxUnencrypted

AT_ONCE = 500
TABLES = """
CREATE TABLE mails (uid TEXT PRIMARY KEY, subject TEXT, name TEXT, sender TEXT, date TEXT, answers TEXT, text TEXT, html TEXT,
                    raw BLOB);
CREATE TABLE attachments (uid TEXT, name TEXT, media_type TEXT, data BLOB);
"""


def row_of(mail: Any) -> tuple[object, ...]:
    sender = mail.from_values
    name, address = (sender.name, sender.email) if sender else ("", mail.from_)
    answers = " ".join(mail.headers.get("references", ()) + mail.headers.get("in-reply-to", ()))
    return mail.uid, mail.subject, name, address, str(mail.date), answers, mail.text, mail.html, mail.obj.as_bytes()


def main(host: str, port: str, user: str, password_file: str, database: str) -> None:
    began = time.perf_counter()
    store = sqlite3.connect(database)
    store.executescript(TABLES)
    stored = 0
    with MailBoxUnencrypted(host, int(port)).login(user, Path(password_file).read_text().strip()) as box:
        for mail in box.fetch(mark_seen=False, bulk=AT_ONCE):
            store.execute("INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row_of(mail))
            files = [(mail.uid, file.filename, file.content_type, file.payload) for file in mail.attachments]
            store.executemany("INSERT INTO attachments VALUES (?, ?, ?, ?)", files)
            stored += 1
            if stored % AT_ONCE == 0:
                store.commit()
    store.commit()
    print(json.dumps({"seconds": time.perf_counter() - began, "stored": stored}))


if __name__ == "__main__":
    main(*sys.argv[1:])
