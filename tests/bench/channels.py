"""``python -m tests.bench.channels [--short]``: the collectors beside programs that only fetch, on the same local servers.

Peers lie in an environment of their own (``make bench`` makes it); a peer that is missing leaves its figure out, and says so.
Each run is a process of its own; runs take turns and medians are compared.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.bench.collect import make_collecting_world
from tests.bench.collect import run as run_ours
from tests.bench.mails import deliver, mails
from tests.support.fenban import PROFILE
from tests.support.servers import ROOT, known
from tests.support.webserver import PORTAL_PAGE

MAILS, LETTERS = 5_000, 1_000
SHORT_MAILS, SHORT_LETTERS = 300, 100
SEED = 20_261_124
PEERS = ROOT / "tests" / "bench" / "peers"
PEER_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
Run = Callable[[Path], dict[str, Any]]


def channel_figures(folder: Path, rounds: int, *, short: bool = False) -> list[dict[str, Any]]:
    """Rows for bench.json. Raises SystemExit when a run does not bring every item."""
    return [*_mail_figures(folder, rounds, short), *_portal_figures(folder, rounds, short)]


def _mail_figures(folder: Path, rounds: int, short: bool) -> list[dict[str, Any]]:
    dovecot = known("dovecot")
    if not dovecot:
        return _left_out("mailbox", "Dovecot does not run: make services")
    count = SHORT_MAILS if short else MAILS
    user = dovecot["DOVECOT_BENCH_USER"]
    deliver(dovecot, user, mails(count, SEED))
    address = {"host": dovecot["DOVECOT_HOST"], "port": int(dovecot["DOVECOT_PORT"]), "tls": False, "username": user}
    channel = {"id": "mail", "kind": "mailbox", "password": f"file:{dovecot['DOVECOT_PASSWORD_FILE']}", **address}
    runs: dict[str, Run] = {"fenban": lambda place: _ours(place, channel)}
    if PEER_PYTHON.exists():
        runs["imap_tools"] = lambda place: _imap_tools(place, dovecot, user)
    for name, run in (("fetchmail", _fetchmail), ("mbsync", _mbsync)):
        if shutil.which(name):
            runs[name] = lambda place, run=run: run(place, dovecot, user)  # type: ignore[misc]
    return _compared("mails fetched, parsed, stored", "mails/s", runs, count, folder, rounds)


def _portal_figures(folder: Path, rounds: int, short: bool) -> list[dict[str, Any]]:
    count = SHORT_LETTERS if short else LETTERS
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.portal_server", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        profile = folder / "portal.toml"
        profile.write_text(PROFILE.format(url=url, page=PORTAL_PAGE), encoding="utf-8")
        channel = {"id": "portal", "kind": "portal", "url": url, "profile": str(profile), "min_interval": 0}
        runs: dict[str, Run] = {"fenban": lambda place: _ours(place, channel)}
        if PEER_PYTHON.exists():
            script = [str(PEER_PYTHON), str(PEERS / "scrapy_peer.py"), url]
            runs["scrapy"] = lambda place: _told([*script, str(place / "letters.jsonl")])
        return _compared("portal letters fetched, parsed, stored", "letters/s", runs, count, folder, rounds)
    finally:
        server.communicate("")


def _compared(name: str, unit: str, runs: Mapping[str, Run], count: int, folder: Path, rounds: int) -> list[dict[str, Any]]:
    if len(runs) == 1:
        _say(f"{name}: no peer is installed → make bench installs them")
    rates: dict[str, list[float]] = {who: [] for who in runs}
    for turn in range(rounds):
        for who, run in runs.items():
            place = folder / f"{who}-{unit.split('/', maxsplit=1)[0]}"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            result = run(place)
            if result["stored"] != count:
                raise SystemExit(f"{name}: {who} stored {result['stored']} of {count}")
            rates[who].append(count / result["seconds"])
            _say(f"round {turn + 1} {who:10} {rates[who][-1]:8.0f} {unit}")
    medians = {who: statistics.median(found) for who, found in rates.items()}
    ours = medians.pop("fenban")
    if not medians:
        return [{"figure": name, "value": round(ours, 1), "unit": unit}]
    fastest = max(medians, key=lambda who: medians[who])
    return [
        {"figure": f"{name}, beside {who}", "value": round(ours, 1), "unit": unit, "peer": who, "peer_value": round(rate, 1)}
        | {"ratio": round(ours / rate, 3)}
        | ({"goal": 1.0} if who == fastest else {})
        for who, rate in medians.items()
    ]


def _ours(place: Path, channel: Mapping[str, object]) -> dict[str, Any]:
    make_collecting_world(place / "world", channel)
    return _told([sys.executable, "-m", "tests.bench.channels", "--child", str(place / "world")])


def _imap_tools(place: Path, dovecot: Mapping[str, str], user: str) -> dict[str, Any]:
    address = [dovecot["DOVECOT_HOST"], dovecot["DOVECOT_PORT"], user, dovecot["DOVECOT_PASSWORD_FILE"]]
    return _told([str(PEER_PYTHON), str(PEERS / "imap_tools_peer.py"), *address, str(place / "mails.db")])


def _fetchmail(place: Path, dovecot: Mapping[str, str], user: str) -> dict[str, Any]:
    """Into one file: handing each mail to a program of its own would be slower by far."""
    password = Path(dovecot["DOVECOT_PASSWORD_FILE"]).read_text(encoding="ascii").strip()
    settings, out = place / "fetchmailrc", place / "mails.bsmtp"
    settings.write_text(
        f'poll {dovecot["DOVECOT_HOST"]} service {dovecot["DOVECOT_PORT"]} protocol IMAP auth password username "{user}" '
        f'password "{password}" is "bench" here keep fetchall no rewrite sslproto "" bsmtp "{out}"\n'
    )
    settings.chmod(0o600)
    command = ["fetchmail", "-s", "-f", str(settings), "--nosyslog", "--pidfile", str(place / "pid")]
    seconds = _timed(command, os.environ | {"HOME": str(place), "FETCHMAILHOME": str(place)})
    return {"seconds": seconds, "stored": out.read_bytes().count(b"\nMAIL FROM:") + out.read_bytes().startswith(b"MAIL FROM:")}


def _mbsync(place: Path, dovecot: Mapping[str, str], user: str) -> dict[str, Any]:
    """Into a Maildir, flushed to the disk mail by mail, as its settings are by default."""
    settings = place / "mbsyncrc"
    settings.write_text(
        f"IMAPAccount far\nHost {dovecot['DOVECOT_HOST']}\nPort {dovecot['DOVECOT_PORT']}\nUser {user}\n"
        f'PassCmd "cat {dovecot["DOVECOT_PASSWORD_FILE"]}"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount far\n\n'
        f"MaildirStore near\nPath {place}/mail/\nInbox {place}/mail/INBOX\n\n"
        f"Channel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState {place}/state\n"
    )
    (place / "mail").mkdir()
    seconds = _timed(["mbsync", "-q", "-c", str(settings), "all"], dict(os.environ))
    return {"seconds": seconds, "stored": sum(1 for _ in (place / "mail" / "INBOX").glob("[cn]*/*"))}


def _timed(command: list[str], environment: Mapping[str, str]) -> float:
    from tests.bench.world import seconds

    began = seconds()
    subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return seconds() - began


def _told(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit("a run of the benchmark failed: its message stands above")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _left_out(what: str, why: str) -> list[dict[str, Any]]:
    _say(f"no figures for the {what}: {why}")
    return []


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="a few hundred items; every one must be stored")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(run_ours(arguments.child)))
        return 0
    with tempfile.TemporaryDirectory(prefix="fenban-bench-") as name:
        rounds = 1 if arguments.short else arguments.rounds
        for figure in channel_figures(Path(name), rounds, short=arguments.short):
            print(json.dumps(figure, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
