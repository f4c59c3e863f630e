"""A real broker for tests: its administrator, users made on the spot, and the broker itself to be killed, frozen, brought back."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kafka.admin import UserScramCredentialUpsertion

from domain.clock import SystemClock
from domain.events import TOPIC_PREFIX
from route.kafka_admin import ClusterAdmin
from route.kafka_link import KafkaLink
from route.kafka_plan import Action, Change, Kind
from route.kafka_probe import KafkaConfig
from route.kafka_topics import KafkaTopics
from tests.support.servers import ROOT, known, server

SCRIPT = ROOT / "deploy" / "dev" / "kafka.sh"
ANSWERS_IN = 180.0


class Broker:
    """One broker, or a cluster of three, as ``deploy/dev/kafka.sh`` describes it."""

    def __init__(self, told: Mapping[str, str], environment: Mapping[str, str]) -> None:
        self.told = told
        self.environment = environment
        self.brokers = int(told["KAFKA_BROKERS"])
        self.admin_config = KafkaConfig(
            servers=tuple(told["KAFKA_BOOTSTRAP"].split(",")),
            username=told["KAFKA_ADMIN_USERNAME"],
            password=Path(told["KAFKA_ADMIN_PASSWORD_FILE"]).read_text(encoding="utf-8").strip(),
            ca_file=Path(told["KAFKA_CA"]),
        )
        self.link = KafkaLink(self.admin_config)

    def config(self, username: str = "", password: str = "", **more: object) -> KafkaConfig:
        """As the administrator, or as another user."""
        config = replace(self.admin_config, username=username, password=password) if username else self.admin_config
        return replace(config, **more)  # type: ignore[arg-type]

    def topics(self, username: str = "", password: str = "", **more: object) -> KafkaTopics:
        return KafkaTopics(self.config(username, password, **more), SystemClock())

    def fresh(self, names: Sequence[str], *, partitions: int = 1) -> None:
        """Nothing but these topics, empty."""
        self.clear()
        wanted = {name: {"num_partitions": partitions, "replication_factor": -1} for name in names}
        self.link.ask(lambda admin: admin.create_topics(wanted, wait_for_metadata=True))

    def clear(self) -> None:
        """No topic of fenban's is left."""
        names = self.link.ask(lambda admin: admin.list_topics())
        old = [name for name in names if name.startswith(f"{TOPIC_PREFIX}.")]
        if old:
            self.link.ask(lambda admin: admin.delete_topics(old))
            self.until(lambda: not set(old) & set(self.link.ask(lambda admin: admin.list_topics())))

    def forget_users(self) -> None:
        """Nobody but the administrator can log in: the others are locked."""
        admin = self.admin()
        found = admin.found()
        others = sorted(found.users - found.locked - {self.admin_config.username})
        admin.apply([Change(Action.LOCK, Kind.USER, name) for name in others], lambda _: "")
        self.until(lambda: set(others) <= admin.found().locked)

    def admin(self) -> ClusterAdmin:
        return ClusterAdmin(self.link, self.told["KAFKA_MECHANISM"])

    def forget_groups(self, groups: Sequence[str]) -> None:
        """So that what they stopped at in topics that were made anew is not where they go on."""
        self.until(lambda: bool(self.link.ask(lambda admin: admin.delete_groups(list(groups)))))

    def user(self, name: str, password: str) -> None:
        made = UserScramCredentialUpsertion(name, "SCRAM-SHA-512", password)
        assert self.link.ask(lambda admin: admin.alter_user_scram_credentials([made])) == {name: None}
        self.until(lambda: self.lets_in(name, password))

    def pid(self, node: int = 1) -> int:
        return int((Path(self.told["KAFKA_FOLDER"]) / f"pid-{node}").read_text())

    def kill(self, node: int = 1) -> None:
        os.kill(self.pid(node), signal.SIGKILL)
        self.until(lambda: not _lives(self.pid(node)))

    def start(self) -> None:
        """Brings back what was killed."""
        _script("start", self.brokers, self.environment)

    @contextmanager
    def frozen(self, node: int = 1) -> Iterator[None]:
        os.kill(self.pid(node), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid(node), signal.SIGCONT)

    def stop(self) -> None:
        self.link.close()
        _script("stop", self.brokers, self.environment)

    def lets_in(self, name: str, password: str) -> bool:
        KafkaLink(self.config(name, password)).probe()
        return True

    @staticmethod
    def until(true: Callable[[], bool], seconds: float = ANSWERS_IN) -> None:
        """Until it is true; what it raises meanwhile counts as not yet."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if true():
                    return
            except Exception:
                if time.monotonic() > deadline:
                    raise
            assert time.monotonic() < deadline, f"not within {seconds} s"
            time.sleep(0.05)


def shared_broker() -> Broker:
    """The broker of ``make services``; skips the test, or fails it in CI, when it is not there."""
    return Broker(server("kafka"), os.environ)


@contextmanager
def own_broker(folder: Path, *, brokers: int = 1) -> Iterator[Broker]:
    """A broker for a test that does it harm. Needs what ``make services`` installed."""
    server("kafka")
    environment = {**os.environ, "FENBAN_PORTS": "any", "FENBAN_SERVICES": str(folder)}
    _script("start", brokers, environment)
    name = "kafka" if brokers == 1 else "kafka-cluster"
    lines = (folder / f"{name}.env").read_text(encoding="utf-8").splitlines()
    broker = Broker(dict(line.split("=", 1) for line in lines), environment)
    try:
        yield broker
    finally:
        broker.stop()


def there() -> bool:
    return bool(known("kafka"))


def _script(command: str, brokers: int, environment: Mapping[str, str]) -> None:
    call = ["bash", str(SCRIPT), command, "--brokers", str(brokers)]
    subprocess.run(call, env=dict(environment), check=True, timeout=180, capture_output=True)


def _lives(pid: int) -> bool:
    """A process whose first thread ended keeps its sockets, and answers for the next broker, until the others ended too."""
    try:
        said = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    return "\nState:\tZ" not in said or "\nThreads:\t1\n" not in said
