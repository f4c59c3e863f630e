"""The settings' way to Kafka."""

from app.settings import Settings
from domain.errors import BadSettings
from route.kafka_probe import KafkaConfig, tls_context


def kafka_config(settings: Settings, *, username: str = "", password: str = "", admin: bool = False) -> KafkaConfig:
    """As the settings' user, as another one, or as the administrator. Raises BadSettings when a reference leads nowhere."""
    kafka = settings.kafka
    user, reference, key = kafka.username, kafka.password, "kafka.password"
    if username:
        user, reference, key = username, password or user_password(settings, username), f"the password of {username}"
    elif admin and kafka.admin_username:
        user, reference, key = kafka.admin_username, kafka.admin_password, "kafka.admin_password"
    ca_file = settings.path(kafka.ca_file) if kafka.ca_file is not None else None
    if kafka.security.endswith("SSL"):
        tls_context(ca_file)
    return KafkaConfig(
        servers=kafka.bootstrap_servers,
        security=kafka.security,
        mechanism=kafka.mechanism,
        username=user,
        password=settings.secret(reference, key) if reference else "",
        ca_file=ca_file,
        timeout=kafka.timeout_seconds,
        delivery_timeout=max(kafka.delivery_seconds, kafka.timeout_seconds + 1.0),
        max_record_bytes=kafka.max_record_bytes,
    )


def user_password(settings: Settings, username: str) -> str:
    """The reference to the password that `fenban topics apply` wrote for this user."""
    file = settings.path(settings.kafka.passwords) / f"{username}.password"
    if not file.exists():
        raise BadSettings([f"there is no {file} → give the password of {username} with --password env:NAME or file:PATH"])
    return f"file:{file.resolve()}"
