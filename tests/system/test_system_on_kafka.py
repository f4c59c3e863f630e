"""The whole way with topics on a real Kafka: every unit reads its own with its own name and password, in its own group."""

from pathlib import Path

import pytest

from tests.support.fenban import City
from tests.support.servers import server
from tests.system.conftest import FULL_RUN, Channels, World
from tests.system.test_system_main import walk_the_whole_way

pytestmark = [pytest.mark.timeout(3600), *([pytest.mark.slow] if FULL_RUN else [])]

GROUPS = 4
"""Of so many topics the groups are tried too: they cost a command or two each."""

_KAFKA = """
[kafka]
bootstrap_servers = "{KAFKA_BOOTSTRAP}"
ca_file = "{KAFKA_CA}"
username = "program"
password = "file:program.password"
admin_username = "{KAFKA_ADMIN_USERNAME}"
admin_password = "file:{KAFKA_ADMIN_PASSWORD_FILE}"
"""


def moved_to_kafka(city: City) -> None:
    """Nothing of an earlier test is left in the topics: what no unit here is asked for is deleted, then all is made."""
    units = city.folder / "units.toml"
    whole = units.read_text(encoding="utf-8")
    (city.folder / "program.password").write_text("of-this-test-alone", encoding="utf-8")
    with city.settings.open("a", encoding="utf-8") as file:
        file.write(_KAFKA.format(**server("kafka")))
    units.write_text('[[unit]]\ncode = "nobody"\nname = "无"\nlevel = "city"\nregion = "990100"\n', encoding="utf-8")
    city.run("topics", "apply", "--allow-delete")
    units.write_text(whole, encoding="utf-8")
    city.run("topics", "apply", "--allow-delete")
    city.on_kafka = True


def test_every_letter_reaches_its_place_once_over_kafka(world: World, model: Path, channels: Channels, tmp_path: Path) -> None:
    city = channels.city(tmp_path / "city", world.corpus)
    moved_to_kafka(city)
    found = walk_the_whole_way(city, world, model, channels)
    assert not (city.folder / "data" / "topics.db").exists()
    for place, events in sorted(found.events.items())[:GROUPS]:
        topic, _, code = place.partition(".")
        again = city.lines("consume", code, "--topic", topic, "--group", "system")
        assert [event["id"] for event in again] == [event["id"] for event in events]
        assert city.lines("consume", code, "--topic", topic, "--group", "system") == []
    strangers = sorted({place.partition(".")[2] for place in found.events})[:2]
    if len(strangers) == 2:
        refused = city.run("consume", strangers[0], "--user", strangers[1], code=1)
        assert len(refused.err.strip().splitlines()) == 1
