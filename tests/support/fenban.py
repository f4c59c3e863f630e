"""The program as an operator has it: the ``fenban`` command, a city's folder, and what the command says."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.support.corpus import Corpus, units_toml, write_training_csv
from tests.support.imapserver import Mailbox
from tests.support.letters_by_mail import CITY_ADDRESS
from tests.support.production import PASSWORDS, Production
from tests.support.servers import ROOT
from tests.support.webserver import BOARD_FID, PORTAL_PAGE

FENBAN = str(Path(sys.executable).with_name("fenban"))
COMMAND_SECONDS = 300
AT_ONCE = 3
PASSWORD_VARIABLE = "MAYOR_PASSWORD"

PROFILE = """
name = "市长信箱"
[list]
url = "{url}/zmhd/list?page={{page}}"
rows = "table.letters tr.row"
header = "table.letters tr:first-child"
link = {{ at = "a", attr = "href" }}
id = "id=([0-9]+)"
empty = ["暂无来信"]
[paging]
size = {page}
pages = "共([0-9]+)页"
[detail]
scope = "table.letter"
"""

_SETTINGS = """
[city]
id = "yunze"
name = "云泽市"
region = "990100"

[http]
port = 0

[log]
level = "info"

[[channel]]
id = "portal"
kind = "portal"
url = "{portal}"
profile = "portal.toml"
min_interval = 0
every_seconds = 0.2
full_sweep_hours = 0
batch_items = {batch}

[[channel]]
id = "board"
kind = "board"
url = "{board}"
fid = "{fid}"
min_interval = 0
every_seconds = 0.2
overlap_hours = 720
batch_items = {batch}

[[channel]]
id = "mail"
kind = "mailbox"
host = "127.0.0.1"
port = {imap}
tls = false
every_seconds = 0.2
username = "{user}"
password = "env:{variable}"
max_bytes = 100000
own_addresses = ["{address}"]

[decide]
target_precision = {precision}
check_share = 0

[work]
claim_seconds = 5
lease_seconds = 5
batch = {work_batch}
"""


@dataclass(frozen=True, slots=True)
class Said:
    """How one command ended and what it said."""

    command: str
    code: int
    out: str
    err: str

    def lines(self) -> list[dict[str, Any]]:
        """One JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines() if line.strip()]

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class City:
    """One city's folder, on embedded defaults or on servers. ``said`` keeps everything the program printed, to be searched for
    what it must not say."""

    def __init__(self, folder: Path, servers: Production | None = None) -> None:
        self.folder = folder
        self.servers = servers
        self.mail_password = ""
        self.settings = folder / "fenban.toml"
        self.said: list[Said] = []

    def found(
        self,
        corpus: Corpus,
        *,
        portal: str,
        board: str,
        mailbox: Mailbox,
        batch: int = 100,
        work_batch: int = 256,
        precision: float = 0.95,
    ) -> "City":
        """``fenban init``, then this test's directory, settings and profile over the examples; on servers, their topics too."""
        self.run("init", str(self.folder), "--city-id", "yunze", "--city-name", "云泽市", "--region", "990100", bare=True)
        (self.folder / "units.toml").write_text(units_toml(corpus), encoding="utf-8")
        (self.folder / "portal.toml").write_text(PROFILE.format(url=portal, page=PORTAL_PAGE), encoding="utf-8")
        self.mail_password = mailbox.password
        values = {"portal": portal, "board": board, "imap": mailbox.port, "fid": BOARD_FID, "user": mailbox.user}
        values |= {"variable": PASSWORD_VARIABLE, "address": CITY_ADDRESS}
        text = _SETTINGS.format(**values, batch=batch, work_batch=work_batch, precision=precision)
        if self.servers is not None:
            text += self.servers.settings(self.servers.database())
        self.settings.write_text(text, encoding="utf-8")
        if self.servers is not None:
            self.run("topics", "apply")
        return self

    def train(self, corpus: Corpus, planted: Sequence[str] = (), *, folder: Path) -> Said:
        """Trains on the letters that are not served; the file lies outside the city's folder."""
        path = folder / "training.csv"
        write_training_csv(corpus, path, list(planted))
        return self.run("train", "--csv", str(path), "--columns", "subject=title,body=content,unit=unit,at=asked_at")

    def run(
        self,
        *arguments: str,
        code: int | None = 0,
        text: str | None = None,
        env: dict[str, str] | None = None,
        seconds: float = COMMAND_SECONDS,
        bare: bool = False,
    ) -> Said:
        """One command to its end; ``code`` is what it must exit with, None for any. Never a traceback, whatever happens."""
        settings = [] if bare else ["--settings", str(self.settings)]
        done = subprocess.run(
            [FENBAN, *settings, *arguments],
            input=text,
            capture_output=True,
            encoding="utf-8",
            env=self.environment(env),
            timeout=seconds,
            check=False,
        )
        return self._keep(Said(" ".join(arguments), done.returncode, done.stdout, done.stderr), code)

    def start(self, *arguments: str, env: dict[str, str] | None = None) -> "Running":
        said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the process
        process = subprocess.Popen(
            [FENBAN, "--settings", str(self.settings), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            encoding="utf-8",
            env=self.environment(env),
        )
        return Running(self, " ".join(arguments), process, said)

    def lines(self, *arguments: str, code: int | None = 0, text: str | None = None) -> list[dict[str, Any]]:
        return self.run(*arguments, "--json", code=code, text=text).lines()

    def all_lines(self, commands: Sequence[tuple[str, ...]], texts: Sequence[str] = ()) -> list[list[dict[str, Any]]]:
        """The lines of several commands, one after another, each with its text where there are texts; what they share of their
        start is done once (``tests.support.many``)."""
        calls = [["--settings", str(self.settings), *command, "--json"] for command in commands]
        given = texts or [""] * len(calls)
        asked = [{"arguments": call, "text": text} for call, text in zip(calls, given, strict=True)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.many"],
            input=json.dumps(asked),
            capture_output=True,
            encoding="utf-8",
            env=self.environment(None),
            cwd=ROOT,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers = json.loads(done.stdout)
        return [
            self._keep(Said(" ".join(command), **answer), 0).lines() for command, answer in zip(commands, answers, strict=True)
        ]

    def topic(self, place: str) -> list[dict[str, Any]]:
        """All events of the topic ``<kind>.<unit>``; on Kafka as the unit reads them, with its own credentials."""
        kind, _, unit = place.partition(".")
        if self.servers is None:
            return self.lines("consume", unit, "--topic", kind)
        user = f"{unit}_sealed" if kind == "sealed" else unit
        password = (self.folder / PASSWORDS / f"{user}.password").read_text(encoding="utf-8").strip()
        return self.servers.read(f"fenban.{place}", user, password)

    def topics(self, places: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """The events of several topics; on Kafka read a few at a time."""
        if self.servers is None:
            parts = [place.partition(".") for place in places]
            read = self.all_lines([("consume", unit, "--topic", kind) for kind, _, unit in parts])
            return dict(zip(places, read, strict=True))
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return dict(zip(places, pool.map(self.topic, places), strict=True))

    def environment(self, more: dict[str, str] | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("FENBAN_")}
        servers = self.servers.environment() if self.servers is not None else {}
        return kept | servers | {PASSWORD_VARIABLE: self.mail_password, "PYTHONUTF8": "1", "COLUMNS": "200"} | (more or {})

    def _keep(self, said: Said, code: int | None) -> Said:
        self.said.append(said)
        told = f"fenban {said.command} → {said.code}\n{said.err[-3000:]}\n{said.out[-2000:]}"
        assert "Traceback" not in said.err + said.out, told
        assert code is None or said.code == code, told
        return said


class Running:
    """A command that runs until it is stopped."""

    def __init__(self, city: City, command: str, process: "subprocess.Popen[str]", said: IO[str]) -> None:
        self._city = city
        self._command = command
        self._said = said
        self.process = process

    def begun(self) -> None:
        """Returns once it has said so, which it does after it began to heed the signals that stop it."""
        end = time.monotonic() + COMMAND_SECONDS
        while b'"event": "started"' not in os.pread(self._said.fileno(), 1 << 20, 0):
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"fenban {self._command} did not begin: {self.process.poll()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.process.kill()
        self.end(code=None)

    def stop(self, *, within: float, number: int = signal.SIGINT) -> float:
        """Sends the signal and returns how many seconds it took to end, with exit code 0. A machine with more to do than it has
        cores is given as much longer."""
        within *= max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        began = time.monotonic()
        self.process.send_signal(number)
        self.end(code=0, seconds=within + 20)
        took = time.monotonic() - began
        assert took <= within, f"fenban {self._command} took {took:.1f} s to stop"
        return took

    def end(self, *, code: int | None = 0, seconds: float = COMMAND_SECONDS) -> Said:
        """Waits for its end."""
        out, _ = self.process.communicate(timeout=seconds)
        self._said.seek(0)
        err = self._said.read()
        self._said.close()
        return self._city._keep(Said(self._command, self.process.returncode, out, err), code)
