"""``fenban doctor``: every server and channel of the settings is asked once, and what is wrong said with its remedy."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from app.channels import NothingSeen, build_collector
from app.kafka import kafka_config
from app.models import file_hash, not_here
from app.runner import FEED_GROUP
from app.settings import AnyChannel
from app.texts import text
from app.transactions import reading
from app.wiring import System
from domain.errors import BadSettings, FenbanError, HaltForPerson, RetryLater
from domain.models import ModelRow, ModelState
from ingest.mailbox import MailboxCollector
from route.kafka_link import APPLY, KafkaLink, TopicInfo, TopicState
from route.kafka_plan import Operation, TopicPolicy, wanted
from store.engine import Transaction
from store.model_files import SqlModelFiles
from store.models import SqlModels

ATTEMPTS = 6
ATTEMPT_SECONDS = 0.5
NAMED = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One line. ``said`` is what was found, or what is wrong; ``remedy`` is empty when nothing is."""

    name: str
    ok: bool
    said: str
    remedy: str = ""


def examine(system: System) -> Iterator[Check]:
    """One check after the other, each as soon as it is done. Changes nothing, anywhere; asks each channel for little."""
    problems = system.problems()
    for problem in problems:
        what, _, remedy = problem.partition(" → ")
        yield Check("settings", False, what, remedy)
    if not problems:
        yield Check("settings", True, text("check.good"))
    stored = _check("store", partial(_store, system))
    yield stored
    row = reading(system.store, _live) if stored.ok else None
    if row is not None:
        yield _check("model", partial(_model, system, row))
    if system.settings.kafka.bootstrap_servers:
        yield from _kafka(system)
    for channel in system.settings.channel:
        name = f"channel {channel.id}"
        yield _check(name, partial(_channel, system, channel)) if channel.enabled else Check(name, True, text("doctor.disabled"))


def _check(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, True, ask())
    except BadSettings as error:
        what, _, remedy = error.problems[0].partition(" → ")
        return Check(name, False, what, remedy)
    except FenbanError as error:
        return Check(name, False, error.what, error.remedy)


def _store(system: System) -> str:
    with system.store.unit_of_work(write=False) as uow:
        known = len(uow.channels.status())
    return text("doctor.store").format(known)


def _live(tx: Transaction) -> ModelRow | None:
    known = SqlModels(tx)
    return known.get(known.placed().get(ModelState.LIVE, ""))


def _model(system: System, row: ModelRow) -> str:
    """The file of the model that serves: it is here as it was registered, or can be fetched. Fetches nothing."""
    path = system.registry.path(row.version)
    if path.exists():
        if file_hash(path) != row.sha256:
            raise HaltForPerson(f"{path} is not the file that was registered", remedy="restore it from a backup")
        return text("doctor.model").format(row.version)
    if row.version not in reading(system.store, lambda tx: SqlModelFiles(tx).held()):
        raise not_here(row, path)
    return text("doctor.model_stored").format(row.version)


def _kafka(system: System) -> Iterator[Check]:
    """Each broker, then, where one lets the program in, its topics and its group."""
    try:
        config = kafka_config(system.settings)
    except BadSettings as error:
        what, _, remedy = error.problems[0].partition(" → ")
        yield Check("kafka", False, what, remedy)
        return
    answered = False
    for server in config.servers:
        link = KafkaLink(kafka_config(system.settings, only=server))
        found = _check(f"kafka {server}", partial(_broker, link))
        answered = answered or found.ok
        yield found
    if not answered:
        return
    link = KafkaLink(config)
    try:
        yield _check("kafka topics", partial(_topics, system, link))
        yield _check("kafka group", partial(_group, system, link))
    finally:
        link.close()


def _broker(link: KafkaLink) -> str:
    link.probe()
    return text("doctor.broker").format(link.config.username)


def _topics(system: System, link: KafkaLink) -> str:
    kafka = system.settings.kafka
    policy = TopicPolicy(kafka.partitions, kafka.replication, kafka.retention_days, kafka.max_record_bytes)
    names = sorted(wanted(system.directory.units, policy, kafka.username).topics)
    found = link.topics(names)
    missing = [name for name in names if found[name].state is TopicState.MISSING]
    if missing:
        raise HaltForPerson(f"{len(missing)} topics are missing: {_some(missing)}", remedy=APPLY)
    user = kafka.username
    for operation in (Operation.WRITE, Operation.READ):
        closed = [name for name in names if _needs(operation, name) and not _allows(found[name], operation)]
        if closed:
            raise HaltForPerson(f"user {user!r} may not {operation.value} {len(closed)} topics: {_some(closed)}", remedy=APPLY)
    unclear = [name for name in names if found[name].state is TopicState.UNCLEAR]
    if unclear:
        what = f"{len(unclear)} topics have no leader: {_some(unclear)}"
        raise RetryLater(what, remedy="look whether every broker runs")
    return text("doctor.topics").format(len(names))


def _needs(operation: Operation, name: str) -> bool:
    return operation is Operation.WRITE or name.startswith("fenban.feedback.")


def _allows(info: TopicInfo, operation: Operation) -> bool:
    return info.state is not TopicState.FORBIDDEN and (not info.allowed or operation.name in info.allowed)


def _group(system: System, link: KafkaLink) -> str:
    """The brokers may need a moment to find a group's coordinator for the first time."""
    for attempt in range(ATTEMPTS):
        try:
            link.ask(lambda admin: admin.list_group_offsets({FEED_GROUP: None}))
            break
        except RetryLater:
            if attempt == ATTEMPTS - 1:
                raise
            system.clock.wait(ATTEMPT_SECONDS, system.stop)
    return text("doctor.group").format(FEED_GROUP)


def _channel(system: System, channel: AnyChannel) -> str:
    """A mailbox is opened and nothing fetched; of a site the first page of its list is read and one letter."""
    small = channel.model_copy(update={"batch_items": 1}) if hasattr(channel, "batch_items") else channel
    collector = build_collector(system.settings, small, NothingSeen(), system.clock, system.gate)
    try:
        if isinstance(collector, MailboxCollector):
            return text("doctor.mailbox").format(collector.look())
        batch = collector.poll("")
    finally:
        collector.close()
    if batch.rejects and not batch.captures:
        what = f"its letters are not understood: {batch.rejects[0].reason}"
        raise HaltForPerson(what, remedy="look at the first one, and correct the channel's profile")
    return text("doctor.site").format(batch.manifest.listed)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
