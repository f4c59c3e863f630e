"""``make demo``: the whole way of a message on the sample city, on this machine alone.

    .venv/bin/python deploy/sample-city/demo.py [--folder .demo]

Keeps store, keys and model in its folder, so that a second run goes on where the first ended. Talks to fenban only through
its command and that command's ``--json`` faces, as any city's scripts would.
"""

import argparse
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

from demo_console import free_port, stay, tell
from demo_summary import Summary, words

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FENBAN = Path(sys.executable).with_name("fenban")
COMMAND_SECONDS = 300
DEPARTMENTS = 2
DONE = {
    "reply": "调查情况：已到现场核实，来信所述属实。处理意见：立即安排整改。处理结果：已处理完毕，并已告知来信人。",
}
NOT_OURS = "经核实不属我单位职责，请转有关单位办理。"


class Stopped(Exception):
    """The demo cannot go on; the text is one line for people, with its remedy."""


def main() -> int:
    parser = argparse.ArgumentParser(description="The whole way of a message on the sample city.")
    parser.add_argument("--folder", type=Path, default=ROOT / ".demo", help="where the demo keeps its store (default: .demo)")
    demo = Demo(parser.parse_args().folder.resolve())
    try:
        with _alone(demo.folder):
            return demo.run()
    except Stopped as stop:
        print(f"demo: {stop}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        print(
            f"demo: {error.strerror}: {error.filename or demo.folder} → free or choose another folder: --folder", file=sys.stderr
        )
        return 1
    except KeyboardInterrupt:
        print(
            words("demo: 已中断，没有丢失；再运行一次即可继续", "demo: interrupted, nothing lost; run it again"), file=sys.stderr
        )
        return 130


class Demo:
    """One run. Marks in its folder say how far an earlier run came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "fenban.toml"
        self.advanced, self.spoken, self.ports = folder / "advanced", folder / "departments-spoke", folder / "ports.json"
        self.password = folder / "keys" / "mailbox-password"

    def run(self) -> int:
        started = time.monotonic()
        first = self._prepare()
        _say("开出澄岭市的门户、留言板和信箱（本机回环）", "serving the portal, boards and mailbox of Chengling on loopback")
        with self._city() as addresses:
            self._write_settings(addresses)
            if not first:
                self._fenban("upgrade")
            self._fenban("check")
            if not (self.folder / "models" / "live").exists():
                _say("用 400 封已办来信训练第一个分办模型", "training the first routing model from 400 past letters")
                columns = "subject=subject,body=body,unit=unit,at=at"
                self._fenban("train", "--csv", str(HERE / "past-letters.csv"), "--columns", columns)
            _say("采集、登记、甄别、并件、分办、发布", "collecting, registering, screening, joining, deciding, publishing")
            self._fenban("run", "--until-idle")
            if not self.spoken.exists():
                self._departments_speak()
                self.spoken.touch()
            if not self.advanced.exists():
                _say("几天后：有人改了信，有人得到答复", "days later: some citizens changed their words, some were answered")
                self.advanced.touch()
                self._advance(addresses["portal"])
                self._fenban("run", "--until-idle")
            shown = str(self.folder.relative_to(ROOT)) if self.folder.is_relative_to(ROOT) else str(self.folder)
            summary = Summary(self._lines, self._text, HERE / "units.toml", shown)
            code = summary.show(first=first, started=started, ports=_read_ports(self.ports))
            if sys.stdin.isatty() and sys.stdout.isatty():
                stay(FENBAN, self.settings)
            else:
                tell(self.settings, shown)
        return code

    def _prepare(self) -> bool:
        """Makes the work folder with keys; brings the city's files there. True when there was none."""
        if not FENBAN.exists():
            raise Stopped(f"there is no {FENBAN.name} beside {sys.executable} → run  make demo")
        first = not self.settings.exists()
        if not (self.folder / "keys" / "master-1.key").exists():
            self.settings.unlink(missing_ok=True)
            options = ("--city-id", "chengling", "--city-name", "澄岭市", "--region", "680100")
            _call("init", str(self.folder), *options)
        for name in ("units.toml", "rules.toml", "portal-profile.toml"):
            shutil.copyfile(HERE / name, self.folder / name)
        return first

    def _write_settings(self, addresses: dict[str, Any]) -> None:
        """The settings with this start's addresses. Ports are free ones and may differ from the last time's."""
        mailbox, board = addresses["mailbox"], addresses["board"]
        values = {
            "portal": addresses["portal"],
            "board": board["url"],
            "city_fid": board["city_fid"],
            "governor_fid": board["governor_fid"],
            "mail_host": mailbox["host"],
            "mail_port": str(mailbox["port"]),
            "mail_user": mailbox["username"],
            "console_port": str(free_port(self.folder / "console-port")),
        }
        text = (HERE / "fenban.toml").read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        self.settings.write_text(text, encoding="utf-8")

    @contextmanager
    def _city(self) -> Iterator[dict[str, Any]]:
        """The served city, on the ports of the last time where they are free; it ends with this process, however that ends."""
        ports = _read_ports(self.ports)
        process, line = self._start_city(ports)
        if not line and ports:
            process, line = self._start_city({})
        if not line:
            raise Stopped("the sample city did not start, for the reason above")
        addresses = json.loads(line)
        used = {
            "portal": int(addresses["portal"].rpartition(":")[2]),
            "board": int(addresses["board"]["url"].rpartition(":")[2]),
            "mail": addresses["mailbox"]["port"],
        }
        self.ports.write_text(json.dumps(used))
        try:
            yield addresses
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)

    def _start_city(self, ports: dict[str, int]) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, str(HERE / "serve.py"), "--with-parent", "--password-file", str(self.password)]
        command += [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
        command += ["--advanced"] if self.advanced.exists() else []
        errors = subprocess.DEVNULL if ports else None
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        return process, process.stdout.readline()

    def _advance(self, portal: str) -> None:
        request = urllib.request.Request(f"{portal}/_control/advance", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            raise Stopped(f"the sample city does not answer ({error}) → run the demo again") from None

    def _departments_speak(self) -> None:
        """Two departments read their topics and answer: they sign three, complete one, return one. Event ids are stable."""
        units = sorted(json.loads(self._text("status", "--json"))["units"], key=lambda unit: (-unit["delivered"], unit["code"]))
        busiest = [unit["code"] for unit in units if unit["delivered"]][:DEPARTMENTS]
        if len(busiest) < DEPARTMENTS:
            return
        _say("两个部门签收、办结、退回", "two departments sign, complete and return")
        for unit, other in zip(busiest, reversed(busiest), strict=True):
            events = [event for event in self._lines("consume", unit, "--json") if event["type"].rpartition(".")[2] == "assigned"]
            parts = [event["data"]["assignment"] for event in events[:3]]
            said = [{"id": f"demo-{part}-sign", "type": "sign", "assignment": part} for part in parts]
            if len(parts) > 1:
                said.append({"id": f"demo-{parts[0]}-complete", "type": "complete", "assignment": parts[0], **DONE})
                give = {"reason": NOT_OURS, "suggested_unit": other}
                said.append({"id": f"demo-{parts[1]}-return", "type": "return", "assignment": parts[1], **give})
            lines = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in said)
            self._fenban("feedback", unit, "--json", given=lines)

    def _fenban(self, *arguments: str, given: str = "") -> None:
        _call(*arguments, "--settings", str(self.settings), given=given)

    def _text(self, *arguments: str) -> str:
        """What a command reports. A ledger with a difference still reports it."""
        return _call(*arguments, "--settings", str(self.settings), may_fail=arguments[0] == "ledger")

    def _lines(self, *arguments: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._text(*arguments).splitlines() if line.strip()]


def _read_ports(path: Path) -> dict[str, int]:
    try:
        return {name: int(port) for name, port in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Stopped(f"another demo is running in {folder} → wait for it, or stop it") from None
        yield


def _call(*arguments: str, given: str = "", may_fail: bool = False) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "FENBAN_SETTINGS"}
    moving = arguments[0] in {"run", "train"} and sys.stderr.isatty()
    try:
        done = subprocess.run(
            [str(FENBAN), *arguments],
            input=given,
            stdout=subprocess.PIPE,
            stderr=None if moving else subprocess.PIPE,
            text=True,
            env=environment,
            timeout=COMMAND_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise Stopped(f"`fenban {arguments[0]}` took longer than {COMMAND_SECONDS} s → run the demo again, it goes on") from None
    if done.returncode and not may_fail:
        last = (done.stderr or done.stdout or "").strip().splitlines()
        told = "; ".join(last[-3:]) if last else "see above"
        raise Stopped(f"`fenban {' '.join(_shown(arguments))}` ended with {done.returncode}: {told}")
    return done.stdout


def _shown(arguments: Sequence[str]) -> list[str]:
    """The command without its options and paths."""
    return list(takewhile(lambda argument: not argument.startswith(("-", "/")), arguments))


def _say(chinese: str, english: str) -> None:
    print(f"→ {words(chinese, english)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
