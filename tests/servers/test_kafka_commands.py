"""The commands on a real broker, as a person or a script meets them: what they print, how they end, and that they never hang."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.desk import UNITS
from tests.support.fenban import City
from tests.support.kafka import Broker, shared_broker

LONGEST = 60.0
"""No command without --follow may take longer, whatever is wrong; the machine may be slow, an unanswered wait would be longer."""
SETTINGS = """
[city]
id = "demo"
name = "示例市"
region = "999900"

[http]
port = 0

[kafka]
bootstrap_servers = "{servers}"
ca_file = "{ca}"
username = "{user}"
password = "file:program.password"
{admin}
timeout_seconds = 5
"""


class KafkaCity(City):
    """A city whose topics are Kafka's. ``settings_for`` writes other settings beside it."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        super().__init__(folder)
        self._broker = broker
        self.run("init", str(folder), bare=True)
        (folder / "units.toml").write_text(UNITS, encoding="utf-8")
        (folder / "program.password").write_text("secret-of-the-program", encoding="utf-8")
        self.write(self.settings)

    def write(self, file: Path, *, servers: str = "", user: str = "fenban") -> None:
        told = self._broker.told
        admin = f'admin_username = "admin"\nadmin_password = "file:{told["KAFKA_ADMIN_PASSWORD_FILE"]}"'
        where = servers or told["KAFKA_BOOTSTRAP"]
        file.write_text(SETTINGS.format(servers=where, ca=told["KAFKA_CA"], user=user, admin=admin), encoding="utf-8")


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    found = shared_broker()
    found.clear()
    # A user that an earlier test made has a password that no file of this city holds.
    found.forget_users()
    yield found
    found.clear()
    found.link.close()


@pytest.fixture(scope="module")
def city(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> KafkaCity:
    made = KafkaCity(tmp_path_factory.mktemp("city") / "demo", broker)
    made.run("check")
    made.run("topics", "apply", "--allow-delete")
    broker.user("fenban", "secret-of-the-program")
    return made


def password(city: City, user: str) -> str:
    return (city.folder / "secrets" / "kafka" / f"{user}.password").read_text(encoding="utf-8").strip()


def ended(city: City, *arguments: str) -> tuple[int, str]:
    began = time.monotonic()
    said = city.run(*arguments, code=None, env={"FENBAN_LANG": "en"}, seconds=LONGEST)
    assert time.monotonic() - began < LONGEST
    return said.code, said.err.strip()


def test_topics_are_made_once_and_passwords_are_never_printed(city: KafkaCity) -> None:
    assert city.run("topics", "plan", "--json").document() == {"changes": [], "deletions": [], "notes": []}
    assert city.run("topics", "apply", "--json").document() == {"applied": [], "kept": [], "notes": []}
    files = sorted((city.folder / "secrets" / "kafka").iterdir())
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert {file.stem.removesuffix("_sealed") for file in files} == {"water", "roads", "river", "river-water", "discipline"}
    secrets = [file.read_text().strip() for file in files]
    assert not [said for said in city.said for secret in secrets if secret in said.out + said.err]


def test_a_unit_that_leaves_is_deleted_and_locked_only_when_that_is_allowed(city: KafkaCity, broker: Broker) -> None:
    everything = (city.folder / "units.toml").read_text(encoding="utf-8")
    (city.folder / "units.toml").write_text(everything.split('[[unit]]\ncode = "discipline"')[0], encoding="utf-8")
    kept = city.run("topics", "apply", "--json").document()
    assert kept["applied"] == []
    locked = {"action": "lock", "kind": "user", "name": "discipline", "detail": "locked: a password that nobody has"}
    assert locked in kept["kept"]
    said = city.run("topics", "plan", env={"FENBAN_LANG": "en"}).out
    assert "- user discipline  locked: a password that nobody has  (no longer wanted; locked with --allow-delete only)" in said
    assert len(city.run("topics", "apply", "--allow-delete", "--json").document()["applied"]) == 4 + 2 + 8
    assert city.run("topics", "plan", "--json").document() == {"changes": [], "deletions": [], "notes": []}
    old = password(city, "discipline")
    (city.folder / "units.toml").write_text(everything, encoding="utf-8")
    back = city.run("topics", "apply", "--json").document()
    assert back["kept"] == []
    new = {"action": "change", "kind": "user", "name": "discipline", "detail": "was locked: a new password"}
    assert new in back["applied"]
    assert password(city, "discipline") != old
    broker.until(lambda: broker.lets_in("discipline", password(city, "discipline")))


def test_a_user_gets_a_new_password_when_that_is_asked_for(city: KafkaCity, broker: Broker) -> None:
    old = password(city, "roads")
    done = city.run("topics", "apply", "--new-password", "roads", "--json").document()["applied"]
    assert done == [{"action": "change", "kind": "user", "name": "roads", "detail": "a new password"}]
    assert password(city, "roads") != old
    broker.until(lambda: broker.lets_in("roads", password(city, "roads")))
    code, said = ended(city, "topics", "apply", "--new-password", "nobody")
    assert (code, "'nobody' is not a user" in said) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("consume", "roads", "--user", "water"), "user 'water' may not read the topic fenban.unit.roads"),
        (("consume", "water", "--topic", "sealed", "--user", "water"), "may not read the topic fenban.sealed.water"),
        (("consume", "water", "--user", "water", "--password", "file:program.password"), "wrong name or password"),
        (("consume", "water", "--topic", "feedback", "--group", "x"), "user 'fenban' may not read in this group"),
        (("consume", "water"), "user 'fenban' may not read the topic fenban.unit.water"),
    ],
)
def test_consume_says_in_one_line_why_it_reads_nothing(city: KafkaCity, arguments: tuple[str, ...], told: str) -> None:
    code, said = ended(city, *arguments)
    assert code == 1
    assert told in said
    assert " → " in said
    assert len(said.splitlines()) == 1


def test_an_absent_broker_and_a_missing_topic_are_said(city: KafkaCity) -> None:
    absent = city.folder / "absent.toml"
    city.write(absent, servers="127.0.0.1:1")
    code, said = ended(city, "consume", "water", "--settings", str(absent))
    assert (code, "no Kafka broker answers at 127.0.0.1:1" in said) == (1, True)
    units = (city.folder / "units.toml").read_text(encoding="utf-8")
    new = units.replace('code = "roads"', 'code = "new-roads"')
    (city.folder / "units.toml").write_text(new, encoding="utf-8")
    admin = city.folder / "admin.toml"
    city.write(admin, user="admin")
    admin.write_text(
        admin.read_text(encoding="utf-8").replace(
            "file:program.password", f"file:{city._broker.told['KAFKA_ADMIN_PASSWORD_FILE']}"
        ),
        encoding="utf-8",
    )
    code, said = ended(city, "consume", "new-roads", "--settings", str(admin))
    (city.folder / "units.toml").write_text(units, encoding="utf-8")
    assert (code, "there is no topic fenban.unit.new-roads" in said) == (1, True)


def test_doctor_tells_what_is_wrong_apart(city: KafkaCity) -> None:
    city.run("upgrade")
    well = city.run("doctor", "--json").document()
    assert well["well"], well
    assert [check["name"].split()[0] for check in well["checks"]] == ["settings", "store", "kafka", "kafka", "kafka"]
    wrong = city.folder / "wrong.toml"
    city.write(wrong, user="water")
    found = city.run("doctor", "--json", "--settings", str(wrong), code=1).document()
    (bad,) = [check for check in found["checks"] if not check["ok"] and check["name"].startswith("kafka")]
    assert "wrong name or password" in bad["said"]
    city.write(wrong, servers="127.0.0.1:1")
    found = city.run("doctor", "--json", "--settings", str(wrong), code=1).document()
    (bad,) = [check for check in found["checks"] if not check["ok"]]
    assert (bad["name"], bad["said"]) == ("kafka 127.0.0.1:1", "no Kafka broker answers at 127.0.0.1:1")


def test_feedback_stands_on_its_topic_and_a_group_reads_it_once(city: KafkaCity) -> None:
    line = json.dumps({"id": "f-1", "type": "sign", "assignment": "20261120-portal-000001.water.1"})
    said = city.run("feedback", "water", "--json", text=line + "\n", code=1)
    assert said.lines()[0]["outcome"] == "rejected"
    read = ("consume", "water", "--topic", "feedback", "--json")
    assert [event["id"] for event in city.run(*read).lines()] == ["f-1"]


def test_following_ends_at_once_when_it_is_told_to(city: KafkaCity) -> None:
    following = city.start("consume", "water", "--user", "water", "--group", "water.follow", "--follow", "--json")
    Broker.until(lambda: _stands_in_a_group(city, "water.follow"))
    following.stop(within=10.0, number=signal.SIGINT)


def _stands_in_a_group(city: KafkaCity, group: str) -> bool:
    described = city._broker.link.ask(lambda admin: admin.describe_groups([group]))
    return bool(described[group]["members"])


def test_a_department_reads_with_brokers_and_a_user_in_its_settings_alone(
    city: KafkaCity, broker: Broker, tmp_path: Path
) -> None:
    told = broker.told
    password = (city.folder / "secrets" / "kafka" / "water.password").read_text(encoding="utf-8")
    (tmp_path / "water.password").write_text(password, encoding="utf-8")
    (tmp_path / "fenban.toml").write_text(
        '[city]\nid = "demo"\nname = "示例市"\nregion = "999900"\n[kafka]\nusername = "water"\npassword = "file:water.password"\n'
        f'bootstrap_servers = ["{told["KAFKA_BOOTSTRAP"]}"]\nca_file = "{told["KAFKA_CA"]}"\n',
        encoding="utf-8",
    )
    department = City(tmp_path)
    assert department.run("consume", "water", "--group", "oa", "--json").lines() == []
