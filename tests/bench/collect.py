"""fenban's collectors as they run: a channel polled until nothing more is there, everything sealed and registered durably."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.collect import ChannelPoller
from app.settings import load_settings
from app.wiring import System
from store.keys import new_key_file
from store.migrate import upgrade
from tests.bench.world import SETTINGS, peak_megabytes, seconds

UNITS = '[[unit]]\ncode = "petitions"\nname = "市信访局"\nlevel = "city"\nregion = "990100"\nduties = ["来信"]\n'


def make_collecting_world(folder: Path, channel: Mapping[str, object]) -> None:
    """Settings with that one channel, keys, an empty store. ``channel``: keys of its ``[[channel]]`` table."""
    folder.mkdir(parents=True)
    table = "\n".join(f"{name} = {_toml(value)}" for name, value in channel.items())
    (folder / "fenban.toml").write_text(f"{SETTINGS}\n[[channel]]\n{table}\n", encoding="utf-8")
    (folder / "units.toml").write_text(UNITS, encoding="utf-8")
    (folder / "keys").mkdir()
    for name in ("master-1.key", "index-1.key"):
        new_key_file(folder / "keys" / name)
    (folder / "data").mkdir()
    upgrade(f"sqlite:///{folder / 'data' / 'fenban.db'}")


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else f'"{value}"'


def run(folder: Path) -> dict[str, Any]:
    """Seconds from the first connection to the last commit, and what was registered."""
    system = System(load_settings(folder / "fenban.toml"))
    (channel,) = system.settings.channel
    registrar = system.registrar()
    poller = ChannelPoller(system, channel, registrar, "bench")
    listed = registered = 0
    began = seconds()
    while True:
        polled = poller.poll()
        listed += polled.listed
        registered += polled.registered.registered
        if not polled.more:
            break
    took = seconds() - began
    poller.close()
    system.close()
    return {"seconds": took, "listed": listed, "stored": registered, "megabytes": peak_megabytes()}
