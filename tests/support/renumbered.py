"""A mailbox whose server renumbers it, taken in by the whole collecting part into a real store."""

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

from app.collect import ChannelPoller
from app.settings import load_settings
from app.wiring import System
from tests.bench.collect import make_collecting_world
from tests.support.dovecot_box import Box, deliver


def renumbered(box: Box, folder: Path, count: int, step: int) -> None:
    """Takes ``count`` mails in, lets the server change UIDVALIDITY by ``step``, and a tenth more arrive: exactly those are new
    messages and matters afterwards, and the ledger balances."""
    password = folder / "password"
    folder.mkdir(exist_ok=True)
    password.write_text(box.place.password, encoding="ascii")
    password.chmod(0o600)
    world = folder / "world"
    address = {"host": box.place.host, "port": box.place.port, "tls": False, "username": box.place.user}
    make_collecting_world(
        world, {"id": "mail", "kind": "mailbox", "folder": box.folder, "password": f"file:{password}", **address}
    )
    deliver(box, 0, count)
    system = System(load_settings(world / "fenban.toml"))
    (channel,) = system.settings.channel
    poller = ChannelPoller(system, channel, system.registrar(), "soak")
    try:
        drain(poller)
        assert stored(world) == {"messages": count, "matters": count}
        for turn in (1, 2):
            validity = uidvalidity(box)
            poller.close()
            box.doveadm("mailbox", "update", "-u", box.place.user, "--uid-validity", str(validity + step), box.folder)
            drain(poller)
            assert uidvalidity(box) == validity + step
            more = count // 10
            assert stored(world) == {"messages": count + (turn - 1) * more, "matters": count + (turn - 1) * more}
            deliver(box, count + (turn - 1) * more, more)
            drain(poller)
            assert stored(world) == {"messages": count + turn * more, "matters": count + turn * more}
    finally:
        poller.close()
        system.close()
    assert balanced(world)
    shutil.rmtree(world)


def drain(poller: ChannelPoller) -> None:
    while poller.poll().more:
        pass


def uidvalidity(box: Box) -> int:
    return int(box.place.client().folder_status(box.folder, ["UIDVALIDITY"])[b"UIDVALIDITY"])


def stored(world: Path) -> dict[str, int]:

    with sqlite3.connect(world / "data" / "fenban.db") as database:
        return {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in ("messages", "matters")}


def balanced(world: Path) -> bool:
    command = [str(Path(sys.executable).with_name("fenban")), "ledger", "--json", "--settings", str(world / "fenban.toml")]
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode == 0 and not any(line["difference"] for line in json.loads(done.stdout)["lines"])
