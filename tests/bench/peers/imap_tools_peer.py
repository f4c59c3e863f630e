"""``imap_tools_peer.py HOST PORT USER PASSWORD-FILE DATABASE``: fetched in bulk, parsed, stored in SQLite, 500 a commit."""

import json
import sqlite3
import sys
import time
from pathlib import Path

from imap_tools import MailBoxUnencrypted

AT_ONCE = 500


def main(host: str, port: str, user: str, password_file: str, database: str) -> None:
    began = time.perf_counter()
    store = sqlite3.connect(database)
    store.execute("CREATE TABLE mails (uid TEXT PRIMARY KEY, subject TEXT, sender TEXT, date TEXT, text TEXT, raw BLOB)")
    stored = 0
    with MailBoxUnencrypted(host, int(port)).login(user, Path(password_file).read_text().strip()) as box:
        for mail in box.fetch(mark_seen=False, bulk=AT_ONCE):
            row = (mail.uid, mail.subject, mail.from_, str(mail.date), mail.text or mail.html, mail.obj.as_bytes())
            store.execute("INSERT INTO mails VALUES (?, ?, ?, ?, ?, ?)", row)
            stored += 1
            if stored % AT_ONCE == 0:
                store.commit()
    store.commit()
    print(json.dumps({"seconds": time.perf_counter() - began, "stored": stored}))


if __name__ == "__main__":
    main(*sys.argv[1:])
