"""Serves the sample city on loopback: portal, board and mailbox. Prints one JSON line with the addresses, then runs on.

    python deploy/sample-city/serve.py [--portal-port N] [--board-port N] [--mail-port N] [--password-file F] [--advanced]

Port 0 (the default) chooses a free one. ``POST <portal>/_control/advance`` starts the second serving: citizens have changed
their words, offices have answered, posts approved late stand among the old ones. ``--advanced`` starts there. It ends with
the process that started it when that one's end of standard input closes (``--with-parent``), or on SIGINT and SIGTERM.
"""

import argparse
import json
import secrets
import signal
import sys
import threading
from pathlib import Path

from city.board import FIDS, Board
from city.items import BOARD, GOVERNOR
from city.live import Live
from city.portal import Portal
from city.web import LOOPBACK, Serving, serve

USERNAME = "shizhang"


def main() -> int:
    options = _options()
    try:
        from city.mailbox import serve_mailbox
    except ImportError as error:
        print(
            f"the sample city's mailbox needs {error.name} → install fenban with its demo extra, or run  make demo",
            file=sys.stderr,
        )
        return 1
    serving = Serving(number=2 if options.advanced else 1)
    password = _password(options.password_file)
    items = Live().items()
    try:
        portal = serve(Portal(items, serving).answer, options.portal_port)
        board = serve(Board(items, serving).answer, options.board_port)
        mailbox = serve_mailbox(items, options.mail_port, USERNAME, password)
    except (OSError, OverflowError) as error:
        print(f"the sample city cannot be served: {error} → choose other ports, 0 takes a free one", file=sys.stderr)
        return 1
    fids = {channel: fid for fid, channel in FIDS.items()}
    addresses = {
        "portal": f"http://{LOOPBACK}:{portal.server_port}",
        "board": {"url": f"http://{LOOPBACK}:{board.server_port}", "city_fid": fids[BOARD], "governor_fid": fids[GOVERNOR]},
        "mailbox": {"host": mailbox.host, "port": mailbox.port, "username": mailbox.username, "password": password},
    }
    print(json.dumps(addresses), flush=True)
    _wait(options.with_parent)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves the sample city on loopback.")
    for name in ("portal", "board", "mail"):
        parser.add_argument(f"--{name}-port", type=int, default=0, metavar="N", help="0 takes a free one")
    parser.add_argument("--password-file", type=Path, help="the mailbox's password; made when missing")
    parser.add_argument("--advanced", action="store_true", help="start with the second serving")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    return parser.parse_args()


def _password(path: Path | None) -> str:
    if path is not None and path.exists():
        return path.read_text(encoding="utf-8").strip()
    password = secrets.token_urlsafe(12)
    if path is not None:
        path.touch(mode=0o600)
        path.write_text(password + "\n", encoding="utf-8")
    return password


def _wait(with_parent: bool) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if with_parent:
        threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
