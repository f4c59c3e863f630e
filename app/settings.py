"""The settings: one TOML file, every value documented here, secrets only as references.

Relative paths are relative to the settings file. ``docs/settings.md`` is compared with these models by a test.
"""

import os
import tomllib
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from domain.errors import BadSettings

SETTINGS_NAME = "fenban.toml"
SETTINGS_VARIABLE = "FENBAN_SETTINGS"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KINDS = frozenset({"portal", "board", "mailbox"})

Secret = Annotated[str, Field(pattern=r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class City(Section):
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="short name of the city, part of every event's source")
    name: str = Field(min_length=1, description="the city's name as citizens write it, 云泽市")
    region: str = Field(pattern=r"^\d{6}$", description="GB/T 2260 code of the city")


class Files(Section):
    units: Path = Field(Path("units.toml"), description="the unit directory")
    rules: Path | None = Field(None, description="the city's screening and routing rules; none: only the built-in screens")
    regions: Path | None = Field(
        None, description="the city's table of places by code, CSV code,name,aliases; none: only units' own places"
    )
    calendar: Path | None = Field(None, description="the local calendar of working days; none: the built-in calendars")
    models: Path = Field(Path("models"), description="folder of trained models; the file `live` in it names the one that serves")


class StoreSection(Section):
    url: str = Field(
        "sqlite:///data/fenban.db",
        description="sqlite:///PATH, or postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full, without a password",
    )
    password: Secret | None = Field(None, description="env:NAME or file:PATH of the PostgreSQL user's password")

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if not url.startswith("postgresql://"):
            if not url.startswith("sqlite:///"):
                raise ValueError("a store's url is sqlite:///PATH or postgresql://USER@HOST:PORT/DATABASE")
            return url
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError("this is no address → write postgresql://USER@HOST:PORT/DATABASE") from None
        options = parse_qs(parts.query)
        if parts.password is not None or "password" in options:
            raise ValueError("a password stands here inline → leave it out, and set store.password to env:NAME or file:PATH")
        if not parts.username or not parts.hostname or not parts.path.strip("/") or port == 0:
            raise ValueError("user, host or database is missing → write postgresql://USER@HOST:PORT/DATABASE")
        if parts.hostname not in LOOPBACK and "sslmode" not in options:
            raise ValueError(
                "a server elsewhere needs ?sslmode= → verify-full (with sslrootcert=FILE); disable only on a closed network"
            )
        return url


class Topics(Section):
    path: Path = Field(Path("data/topics.db"), description="the embedded topics' file; not used with Kafka")


Broker = Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+:\d{1,5}$")]


class Kafka(Section):
    bootstrap_servers: tuple[Broker, ...] = Field((), description="HOST:PORT of brokers; none: the embedded topics are used")
    security: Literal["SASL_SSL", "SSL", "SASL_PLAINTEXT", "PLAINTEXT"] = Field(
        "SASL_SSL", description="how brokers are spoken to; the two without TLS on loopback only"
    )
    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field("SCRAM-SHA-512", description="how the user logs in")
    username: str = Field("fenban", min_length=1, description="the user that publishes and reads feedback")
    password: Secret | None = Field(None, description="env:NAME or file:PATH of that user's password")
    admin_username: str = Field("", description="the user of `fenban topics`; none: the one above")
    admin_password: Secret | None = Field(None, description="env:NAME or file:PATH of that user's password")
    ca_file: Path | None = Field(None, description="PEM file of the CA that signed the brokers' certificates; none: the system's")
    passwords: Path = Field(Path("secrets/kafka"), description="folder where `fenban topics apply` writes new users' passwords")
    partitions: int = Field(1, ge=1, le=64, description="of each topic; 1 keeps a topic's records in one order")
    replication: int = Field(0, ge=0, le=9, description="copies of each record; 0: the brokers' own default; 3 in production")
    retention_days: int = Field(30, ge=1, le=3650, description="how long topics keep a record")
    max_record_bytes: int = Field(1_000_000, ge=10_000, le=10_000_000, description="larger records are parked")
    timeout_seconds: float = Field(10.0, ge=1.0, le=120.0, description="how long a broker may take to answer")
    delivery_seconds: float = Field(30.0, ge=2.0, le=600.0, description="how long a record may wait for its acknowledgement")

    @field_validator("bootstrap_servers", mode="before")
    @classmethod
    def _listed(cls, servers: Any) -> Any:
        return tuple(one.strip() for one in servers.split(",") if one.strip()) if isinstance(servers, str) else servers

    @model_validator(mode="after")
    def _safe(self) -> "Kafka":
        if not self.bootstrap_servers:
            return self
        hosts = {server.rpartition(":")[0] for server in self.bootstrap_servers}
        if not self.security.endswith("SSL") and not hosts <= LOOPBACK:
            raise ValueError(f"{self.security} sends letters in plain text: only on loopback → use SASL_SSL")
        if self.security.startswith("SASL") and self.password is None:
            raise ValueError("kafka.password is missing → write a reference, env:NAME or file:PATH")
        if self.admin_username and self.admin_password is None:
            raise ValueError("kafka.admin_password is missing → write a reference, env:NAME or file:PATH")
        return self


class VaultSection(Section):
    master_keys: dict[str, Secret] = Field(
        {"1": "file:keys/master-1.key"}, description="version → env:NAME or file:PATH of a 32-byte key; the highest version seals"
    )
    index_keys: dict[str, Secret] = Field(
        {"1": "file:keys/index-1.key"}, description="version → env:NAME or file:PATH of the look-up hashes' key"
    )

    marks_from: int = Field(
        0, ge=0, description="lowest version of index_keys that persons are looked up by; older ones still compare contents"
    )

    @field_validator("master_keys", "index_keys")
    @classmethod
    def _versions(cls, keys: dict[str, str]) -> dict[str, str]:
        if not keys or not all(version.isdigit() and int(version) > 0 for version in keys):
            raise ValueError('keys are named by their version: { "1" = "file:keys/master-1.key" }')
        return keys


class Decide(Section):
    automatic: bool = Field(True, description="false: every suggestion waits in review")
    target_precision: float = Field(0.95, ge=0.5, lt=1.0, description="share of automatic decisions that must be right")
    check_share: float = Field(
        0.02, ge=0.0, le=0.5, description="share of the letters the model is sure of that a person decides all the same"
    )
    retrain_days: float = Field(7.0, ge=0.0, le=365.0, description="how often `fenban run` retrains the model; 0: by hand only")
    simple_days: int = Field(5, ge=1, le=60, description="working days for a simple matter")
    complex_days: int = Field(15, ge=1, le=120, description="working days for a complex matter")


class Remind(Section):
    automatic: bool = Field(True, description="false: units are reminded only when the office asks for it")
    ahead_days: int = Field(1, ge=0, le=30, description="working days before a deadline; 0: not before it")
    escalate_days: int = Field(3, ge=0, le=60, description="working days after a deadline until it is said once more; 0: never")


class Join(Section):
    window_hours: int = Field(24, ge=1, le=24 * 30, description="copies are submitted within this many hours of each other")
    similarity: float = Field(0.8, gt=0.0, le=1.0, description="least Jaccard of character 3-grams of a copy")
    repeat_days: int = Field(180, ge=1, le=3650, description="how far back a repeat is looked for")


class Link(Section):
    window_days: int = Field(180, ge=1, le=3650, description="how far back letters of other persons that say the same are found")
    batch: int = Field(512, ge=1, le=5000, description="decisions that the linker handles at once")


class Hot(Section):
    automatic: bool = Field(True, description="false: hot topics are looked for by `fenban hot` only")
    persons: int = Field(5, ge=3, le=1000, description="least different persons of a hot topic")
    growth: float = Field(2.0, ge=1.0, le=100.0, description="least ratio to what its own past eight weeks let expect")
    false_share: float = Field(0.05, gt=0.0, le=0.5, description="bound on the share of topics named that only chance made")


class Work(Section):
    batch: int = Field(
        256,
        ge=1,
        le=5000,
        description="messages handled at once; of records for topics eight, of feedback four times as many",
    )
    claim_seconds: int = Field(120, ge=5, description="how long a worker holds what it claimed before another may")
    lease_seconds: int = Field(30, ge=3, le=600, description="how long a silent relay keeps its share of the outbox")
    slots: Path = Field(
        Path("data/slots"), description="folder of lock files by which the processes of one machine get their names"
    )


class Http(Section):
    host: str = Field("127.0.0.1", description="where /healthz, /readyz and /metrics listen: a loopback address")
    port: int = Field(9464, ge=0, le=65535, description="0 chooses a free one")

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        if host not in LOOPBACK:
            raise ValueError("health and metrics listen on loopback only: use 127.0.0.1")
        return host


class Console(Section):
    host: str = Field(
        "127.0.0.1", description="where `fenban console` listens; elsewhere than on loopback it needs a certificate"
    )
    port: int = Field(8420, ge=0, le=65535, description="0 chooses a free one")
    certificate: Path | None = Field(None, description="PEM file of the console's certificate and its chain")
    private_key: Path | None = Field(None, description="PEM file of its private key")
    behind_proxy: bool = Field(
        False, description="true: a proxy on this machine ends TLS and passes X-Forwarded-For and X-Forwarded-Proto on"
    )
    session_hours: float = Field(12.0, gt=0.0, le=24.0, description="how long a session lasts at most")
    idle_minutes: float = Field(30.0, gt=0.0, le=480.0, description="a session that nobody uses ends after this long")
    undo_seconds: int = Field(30, ge=0, le=600, description="how long a reviewer may take a choice back before it goes out")
    reveal_hours: int = Field(72, ge=1, le=720, description="how long a granted view of the sender stays open")

    @model_validator(mode="after")
    def _encrypted(self) -> "Console":
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key belong together → set both or neither")
        if self.host not in LOOPBACK and self.certificate is None:
            raise ValueError("elsewhere than on loopback the console needs TLS → set certificate and private_key")
        return self


class NoticesSection(Section):
    webhook: Secret | None = Field(None, description="env:NAME or file:PATH of the web hook's address; none: no web hook")
    webhook_kind: Literal["json", "robot"] = Field("json", description="robot: what the robots of 企业微信 and 钉钉 take")
    smtp_host: str = Field("", description="the mail server; none: no mail")
    smtp_port: int = Field(465, ge=1, le=65535, description="its port; 587 with starttls")
    smtp_security: Literal["tls", "starttls", "none"] = Field("tls", description="none on loopback only")
    smtp_username: str = Field("", description="the user that sends; none: without log-in")
    smtp_password: Secret | None = Field(None, description="env:NAME or file:PATH of its password")
    sender: str = Field("", description="the mails' From address")
    recipients: tuple[str, ...] = Field((), description="who gets the mails")

    @model_validator(mode="after")
    def _whole(self) -> "NoticesSection":
        if not self.smtp_host:
            return self
        if not self.recipients or any("@" not in address for address in (self.sender, *self.recipients)):
            raise ValueError("mails need a sender and recipients → set notices.sender and notices.recipients to mail addresses")
        if self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("mail without TLS goes to loopback only → use tls or starttls")
        if self.smtp_username and self.smtp_password is None:
            raise ValueError("notices.smtp_password is missing → write a reference, env:NAME or file:PATH")
        return self


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level written")
    format: Literal["json", "console"] = Field("json", description="json, one object a line; console for people")


class Channel(Section):
    id: str = Field(pattern=r"^[a-z][a-z0-9]{0,15}$", description="part of every number given on it")
    kind: Literal["portal", "board", "mailbox"] = Field(description="what kind of channel it is")
    every_seconds: float = Field(300.0, ge=0.0, description="how often it is polled")
    place_filter: tuple[str, ...] = Field((), description="place names; items that name none of them are filtered")
    enabled: bool = Field(True, description="false: not polled")


class WebChannel(Channel):
    url: str = Field(pattern=r"^https?://", description="the site's address")
    min_interval: float = Field(1.5, ge=0.0, description="seconds between requests to one host; 0 only on loopback")
    timeout_seconds: float = Field(30.0, gt=0.0, description="whole time a request may take")
    recheck_minutes: float = Field(360.0, ge=0.0, description="when a known item's detail is fetched again")
    full_sweep_hours: float = Field(24.0, ge=0.0, description="how often the whole list is read again")

    @field_validator("url")
    @classmethod
    def _no_login(cls, url: str) -> str:
        if "@" in url.split("://", 1)[-1].split("/", 1)[0]:
            raise ValueError("an address holds no user name or password → leave them out")
        return url

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError(f"{network!r} is no network → write it as 10.1.0.0/16") from None
        return networks

    allow_networks: tuple[str, ...] = Field(
        (), description="private networks the site may lie in: 10.1.0.0/16; others are refused"
    )
    certificate: Path | None = Field(None, description="PEM file of a certificate to trust for this site alone")


class PortalChannel(WebChannel):
    kind: Literal["portal"] = Field(description="portal")
    profile: Path = Field(description="the portal's profile")
    batch_items: int = Field(100, ge=1, le=2000, description="items of one poll")


class BoardChannel(WebChannel):
    kind: Literal["board"] = Field(description="board")
    fid: str = Field(pattern=r"^\d+$", description="the office's number on the board")
    list_path: str = Field("/threads/queryThreadsList", description="the list interface's path")
    page_size: int = Field(0, ge=0, le=100, description="posts asked for at once, where the interface takes it (0b); 0: not sent")
    site: str = Field("people.com.cn", description="names the site in upstream accounts")
    batch_items: int = Field(100, ge=1, le=2000, description="items of one poll")
    full_sweep_hours: float = Field(168.0, ge=0.0, description="how often the whole board is read again")
    overlap_hours: float = Field(72.0, ge=0.0, description="how far back each poll reads again")


class MailboxChannel(Channel):
    kind: Literal["mailbox"] = Field(description="mailbox")
    host: str = Field(description="the IMAP server")
    port: int = Field(993, ge=1, le=65535, description="its port; 143 or another without TLS")
    tls: bool = Field(True, description="false only on loopback")
    certificate: Path | None = Field(
        None, description="PEM file: the server's certificate or its authority's, trusted for this server alone"
    )
    username: str = Field(description="the account")
    password: Secret = Field(description="env:NAME or file:PATH; at 163, 126 and QQ the app password (授权码)")
    folder: str = Field("INBOX", description="the folder that is read")
    after: Literal["none", "seen", "move"] = Field("none", description="what is done with a mail once it is stored")
    move_to: str = Field("fenban", description="the folder for after = move")
    own_addresses: tuple[str, ...] = Field((), description="the city's own addresses; mails from them are filtered")
    max_bytes: int = Field(30_000_000, ge=10_000, description="larger mails are quarantined with their headers")
    timeout_seconds: float = Field(30.0, gt=0.0, description="socket timeout")


AnyChannel = Annotated[PortalChannel | BoardChannel | MailboxChannel, Field(discriminator="kind")]


class Settings(BaseSettings):
    """The whole file. Only the settings file is read, never the environment: a stray variable must not change a city."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    city: City
    files: Files = Files()
    store: StoreSection = StoreSection()
    topics: Topics = Topics()
    kafka: Kafka = Kafka()
    vault: VaultSection = VaultSection()
    decide: Decide = Decide()
    remind: Remind = Remind()
    join: Join = Join()
    link: Link = Link()
    hot: Hot = Hot()
    work: Work = Work()
    http: Http = Http()
    console: Console = Console()
    notices: NoticesSection = NoticesSection()
    log: Log = Log()
    channel: tuple[AnyChannel, ...] = ()
    base: Path = Field(Path(), exclude=True, description="the settings file's folder; not a key of the file")
    file: Path = Field(Path(SETTINGS_NAME), exclude=True, description="the settings file; not a key of the file")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @model_validator(mode="after")
    def _channels_once(self) -> "Settings":
        ids = [channel.id for channel in self.channel]
        twice = sorted({ident for ident in ids if ids.count(ident) > 1})
        if twice:
            raise ValueError(f"two channels have the id {', '.join(twice)}: numbers are given by it → give each its own")
        return self

    def path(self, path: Path) -> Path:
        return path if path.is_absolute() else self.base / path

    def store_file(self) -> Path | None:
        """SQLite's file, None for a store on a server."""
        url = self.store.url
        return self.path(Path(url.removeprefix("sqlite:///"))) if url.startswith("sqlite:///") else None

    def store_url(self) -> str:
        """With the password, so never to be shown. Raises BadSettings when its reference leads nowhere."""
        file = self.store_file()
        if file is not None:
            return f"sqlite:///{file}"
        if self.store.password is None:
            return self.store.url
        user, _, rest = self.store.url.removeprefix("postgresql://").rpartition("@")
        return f"postgresql://{user}:{quote(self.secret(self.store.password, 'store.password'), safe='')}@{rest}"

    def secret(self, reference: str, what: str) -> str:
        """The value behind ``env:NAME`` or ``file:PATH``. Raises BadSettings with the remedy when there is none."""
        scheme, _, rest = reference.partition(":")
        if scheme == "env":
            value = os.environ.get(rest, "")
            if not value:
                raise BadSettings([f"{what}: the environment variable {rest} is not set → export {rest}=… before starting"])
            return value
        path = self.path(Path(rest))
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            problem = f"{what}: {path} cannot be read ({error.strerror}) → create it, readable by this user alone"
            raise BadSettings([problem]) from None


def settings_path(given: Path | None) -> Path:
    """The settings file to use: given, else named by FENBAN_SETTINGS, else ./fenban.toml."""
    return given or Path(os.environ.get(SETTINGS_VARIABLE) or SETTINGS_NAME)


def load_settings(given: Path | None = None) -> Settings:
    """Raises BadSettings with a line for each problem: file, key, what is wrong."""
    path = settings_path(given)
    try:
        data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise BadSettings([f"{path} does not exist → make one with `fenban init`, or name yours with --settings"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings([f"{path} cannot be read: {type(error).__name__} → save it as UTF-8, readable by this user"]) from None
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{path}: not valid TOML: {error} → correct it there"]) from None
    try:
        return Settings(**{**data, "base": path.resolve().parent, "file": path.resolve()})
    except ValidationError as error:
        raise BadSettings([f"{path}: {_problem(detail)}" for detail in error.errors()]) from None


def _problem(detail: Any) -> str:
    # The first of several is people's first: channel 1.password.
    parts = [f" {part + 1}" if isinstance(part, int) else f".{part}" for part in detail["loc"] if part not in KINDS]
    place = "".join(parts).removeprefix(".")
    kind = detail["type"]
    if kind == "extra_forbidden":
        return f"{place}: unknown key → remove it, or look its name up in docs/settings.md"
    if kind == "missing":
        return f"{place}: missing → add it"
    if kind == "string_pattern_mismatch" and "env:" in detail["ctx"]["pattern"]:
        return f"{place}: a secret stands here inline or badly → write a reference, env:NAME or file:PATH"
    said = str(detail["msg"]).removeprefix("Value error, ")
    if " → " in said:
        return f"{place or 'file'}: {said}"
    return f"{place or 'file'}: {_wanted(kind, detail.get('ctx', {}), said)} → correct it as docs/settings.md says"


def _wanted(kind: str, told: Mapping[str, Any], said: str) -> str:
    """What the value ought to be. The value itself is not repeated: it may be a secret in the wrong place."""
    for bound, words in _BOUNDS.items():
        if bound in told:
            return words.format(f"{told[bound]:g}")
    if kind == "literal_error":
        return f"must be one of {str(told['expected']).replace(' or ', ', ')}"
    if kind == "union_tag_invalid":
        return f"kind must be one of {told['expected_tags']}"
    if kind == "string_pattern_mismatch":
        return "does not have the form that it needs"
    return next((words for start, words in _TYPES if kind.startswith(start)), said)


_BOUNDS = {"lt": "must be less than {}", "le": "must be {} at most", "gt": "must be more than {}", "ge": "must be {} at least"}
_TYPES = (
    ("int", "must be a whole number"),
    ("float", "must be a number"),
    ("finite", "must be a finite number"),
    ("bool", "must be true or false"),
    ("string_too_short", "must not be empty"),
    ("string", "must be text in quotes"),
    ("path", "must be text in quotes"),
    ("tuple", "must be a list in brackets"),
    ("model", "must be a table"),
    ("dict", "must be a table"),
)
