"""The demo's ending: the console, and fenban running on the served city, until Ctrl-C."""

import os
import signal
import socket
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path

from demo_summary import words

PORT = 8420
ENDS_WITHIN = 15


def free_port(kept: Path) -> int:
    """The port of the last time, else the usual one, else any that is free; kept for the next time."""
    with suppress(OSError, ValueError):
        before = int(kept.read_text())
        if _is_free(before):
            return before
    port = PORT if _is_free(PORT) else _any()
    kept.write_text(str(port))
    return port


def stay(fenban: Path, settings: Path) -> None:
    """Serves the console and goes on collecting and routing; returns after Ctrl-C, when both have ended."""
    environment = {key: value for key, value in os.environ.items() if key != "FENBAN_SETTINGS"}
    with (settings.parent / "run.log").open("ab") as log:
        print(words("\n控制台（Ctrl-C 结束）", "\nThe console (Ctrl-C ends it)"), flush=True)
        running = [
            subprocess.Popen([str(fenban), "run", "--settings", str(settings)], stdout=log, stderr=log, env=environment),
            subprocess.Popen([str(fenban), "console", "--demo", "--settings", str(settings)], env=environment),
        ]
        try:
            running[1].wait()
        except KeyboardInterrupt:
            print(words("\n正在结束……", "\nending …"), flush=True)
        finally:
            _end(running)


def tell(settings: Path, shown: str) -> None:
    """Where nobody sits at a terminal: how the console is opened."""
    port = tomllib.loads(settings.read_text(encoding="utf-8"))["console"]["port"]
    command = f".venv/bin/fenban console --demo --settings {shown}/fenban.toml"
    address = f"http://127.0.0.1:{port}/"
    print(words(f"\n控制台：{command}  打开 {address}", f"\nThe console: {command}  opens {address}"))


def _end(running: list[subprocess.Popen[bytes]]) -> None:
    for one in running:
        if one.poll() is None:
            one.send_signal(signal.SIGTERM)
    for one in running:
        try:
            one.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            one.kill()


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _any() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])
