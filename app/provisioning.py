"""The Kafka cluster that the settings and the unit directory ask for."""

import threading
from collections.abc import Sequence

from app.kafka import kafka_config
from app.settings import Settings
from domain.errors import BadSettings
from domain.ports import Clock
from route.directory import Directory
from route.kafka_admin import ClusterAdmin, Passwords
from route.kafka_link import KafkaLink
from route.kafka_plan import Change, Difference, TopicPolicy, difference, wanted

LOOK_SECONDS = 0.2


class Provisioning:
    """As the administrator. Raises BadSettings when no brokers are configured or their users cannot be made this way."""

    def __init__(self, settings: Settings, directory: Directory, clock: Clock) -> None:
        kafka = settings.kafka
        if not kafka.bootstrap_servers:
            raise BadSettings(
                ["kafka.bootstrap_servers is not set: embedded topics need no users → set it, and see docs/settings.md"]
            )
        if not kafka.mechanism.startswith("SCRAM"):
            raise BadSettings([f"kafka.mechanism: users of {kafka.mechanism} are not made by fenban → use SCRAM-SHA-512"])
        self._settings = settings
        self._clock = clock
        self._administrator = kafka.admin_username or kafka.username
        policy = TopicPolicy(kafka.partitions, kafka.replication, kafka.retention_days, kafka.max_record_bytes)
        self.wanted = wanted(directory.units, policy, kafka.username, administrator=kafka.admin_username)
        self._link = KafkaLink(kafka_config(settings, admin=True))
        self.admin = ClusterAdmin(self._link, kafka.mechanism)

    def difference(self) -> Difference:
        """What is to be done. Raises RetryLater or HaltForPerson."""
        return difference(self.wanted, self.admin.found(), spared=[self._administrator])

    def carry_out(self, changes: Sequence[Change], password: Passwords) -> None:
        """Applies the changes and waits until the brokers show them: they take a moment to hear of what was decided."""
        if not changes:
            return
        self.admin.apply(changes, password)
        never = threading.Event()
        until = self._clock.monotonic() + self._settings.kafka.timeout_seconds
        while self._clock.monotonic() < until:
            left = self.difference()
            if not {*changes} & {*left.changes, *left.deletions}:
                return
            self._clock.wait(LOOK_SECONDS, never)

    def check_password(self) -> None:
        """Raises BadSettings when the program's own user's password is named and cannot be read."""
        self.known_password(self._settings.kafka.username)

    def known_password(self, user: str) -> str:
        """The program's own user has the password that the settings refer to; "" for any other."""
        kafka = self._settings.kafka
        if user != kafka.username or kafka.password is None:
            return ""
        return self._settings.secret(kafka.password, "kafka.password")

    def close(self) -> None:
        self._link.close()
