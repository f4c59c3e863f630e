"""What ``fenban doctor`` asks and says: a channel is looked at and little of it read, and what is wrong has its remedy."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.doctor import Check, examine
from app.settings import load_settings
from app.training import keep_model
from app.wiring import System
from store.keys import new_key_file
from store.migrate import upgrade
from store.model_files import SqlModelFiles
from tests.support.desk import UNITS, Desk
from tests.support.hostile_server import hostile_server
from tests.support.imapserver import PASSWORD, USER, ImapServer
from tests.support.many_models import trained
from tests.support.rig_portal import PROFILE, PortalSource

CITY = '[city]\nid = "demo"\nname = "示例市"\nregion = "999900"\n'
PORTAL = '[[channel]]\nid = "portal"\nkind = "portal"\nurl = "{url}"\nprofile = "' + str(PROFILE) + '"\nmin_interval = 0\n'
BOARD = '[[channel]]\nid = "board"\nkind = "board"\nurl = "{url}"\nfid = "1"\nmin_interval = 0\n'
MAIL = (
    '[[channel]]\nid = "mail"\nkind = "mailbox"\nhost = "127.0.0.1"\nport = {port}\ntls = false\nusername = "{user}"\n'
    'password = "file:mail.password"\nfolder = "{folder}"\n'
)


@pytest.fixture(scope="module")
def mailbox() -> Iterator[ImapServer]:
    server = ImapServer().start()
    server.deliver([b"Subject: a\r\n\r\nb\r\n"] * 3)
    yield server
    server.stop()


def checked(folder: Path, *channels: str, store: bool = True) -> dict[str, Check]:
    (folder / "units.toml").write_text(UNITS, encoding="utf-8")
    (folder / "mail.password").write_text(PASSWORD, encoding="utf-8")
    (folder / "keys").mkdir()
    for name in ("master-1.key", "index-1.key"):
        new_key_file(folder / "keys" / name)
    (folder / "fenban.toml").write_text(CITY + "".join(channels), encoding="utf-8")
    settings = load_settings(folder / "fenban.toml")
    if store:
        (folder / "data").mkdir()
        upgrade(settings.store_url())
    system = System(settings, may_make_store=False)
    try:
        return {check.name: check for check in examine(system)}
    finally:
        system.close()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_everything_well_is_said_so(tmp_path: Path, mailbox: ImapServer) -> None:
    with hostile_server() as server:
        source = PortalSource(server)
        for number in range(7):
            source.add(f"letter {number}", "路灯不亮")
        found = checked(tmp_path, PORTAL.format(url=server.address), MAIL.format(port=mailbox.port, user=USER, folder="INBOX"))
        asked = [one.target.split("?")[0] for one in server.asked]
    assert list(found) == ["settings", "store", "channel portal", "channel mail"]
    assert [check.ok for check in found.values()] == [True] * 4
    # Politely: a page or two of the list and one letter.
    assert asked.count("/view") == 1
    assert len(asked) <= 3


def test_what_is_wrong_is_said_with_its_remedy_and_nothing_is_made(tmp_path: Path, mailbox: ImapServer) -> None:
    nowhere = f"http://127.0.0.1:{unused_port()}"
    refused = MAIL.format(port=mailbox.port, user="nobody", folder="INBOX")
    found = checked(tmp_path, PORTAL.format(url=nowhere), BOARD.format(url=nowhere), refused, store=False)
    wrong = [name for name, check in found.items() if not check.ok]
    assert wrong == ["store", "channel portal", "channel board", "channel mail"]
    assert all(found[name].said and found[name].remedy for name in wrong)
    assert not (tmp_path / "data" / "fenban.db").exists()


def test_a_folder_that_is_not_there_and_a_channel_that_is_off(tmp_path: Path, mailbox: ImapServer) -> None:
    off = BOARD.format(url=f"http://127.0.0.1:{unused_port()}") + "enabled = false\n"
    found = checked(tmp_path, off, MAIL.format(port=mailbox.port, user=USER, folder="Nowhere"))
    assert found["channel board"].ok
    assert not found["channel mail"].ok
    assert "Nowhere" in found["channel mail"].said


def test_wrong_settings_are_told_line_by_line(tmp_path: Path) -> None:
    missing = '[kafka]\nbootstrap_servers = ["127.0.0.1:9"]\npassword = "env:FENBAN_TEST_NO_SUCH"\n'
    found = checked(tmp_path, missing)
    assert [name for name, check in found.items() if not check.ok] == ["settings", "kafka"]
    assert "FENBAN_TEST_NO_SUCH is not set" in found["settings"].said
    assert found["settings"].remedy.startswith("export")


def test_the_file_of_the_model_that_serves_is_looked_for_here_and_in_the_store(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "city")

    def told() -> Check:
        return next(check for check in examine(desk.system) if check.name == "model")

    assert "model" not in {check.name for check in examine(desk.system)}
    keep_model(desk.system, trained(1), promote=True)
    version, path = trained(1).version, desk.system.registry.path(trained(1).version)
    assert told().ok
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert "not the file that was registered" in told().said
    path.unlink()
    assert told().ok
    assert not path.exists(), "asking fetches nothing"
    with desk.system.store.transaction(write=True) as tx:
        SqlModelFiles(tx).keep([])
        tx.commit()
    found = told()
    assert not found.ok
    assert version in found.said
    assert found.remedy
    desk.system.close()
