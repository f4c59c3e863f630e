"""The one place where adapters are built, from the settings. Nothing is opened before it is needed, and what only some
commands need (channels, the model, migrations) is imported by them alone: a short command answers at once.
"""

import getpass
import random
import threading
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.choices import DueChoices
from app.city_files import Watch, take_up
from app.events import event_maker
from app.failpoints import Failpoint, no_failpoint
from app.feedback import FeedbackDesk
from app.happened import EventMaker
from app.lots import lot
from app.model_watch import ModelWatch
from app.office import Office
from app.office_steps import Settling
from app.registrar import Registrar
from app.reminders import AT_ONCE, Reminders, ReminderSettings
from app.sameness import SamenessSettings
from app.search_index import SearchIndexer
from app.second_reader import Reader
from app.settings import AnyChannel, Settings
from app.worker import Worker, WorkSettings
from domain.clock import SystemClock
from domain.errors import BadSettings, FenbanError, HaltForPerson
from domain.ids import ChannelId
from domain.messages import Message
from domain.models import ModelState
from domain.ports import Classifier, Clock, Collector, Parser, Topics
from route.calendar import WorkingCalendar
from route.dead_letters import DeadLetters
from route.decide import KIND_RULE, Decider, DecideSettings
from route.directory import Directory, load_directory
from route.embedded import EmbeddedTopics
from route.relay import Relay
from route.relay_lanes import RelayLanes
from route.rules import Rulebook, ScreenAction
from route.rules_file import load_rules
from store.keys import load_key, parse_key
from store.unit_of_work import SqlStore
from store.vault import FieldVault

if TYPE_CHECKING:
    from app.hot import HotTopics
    from app.kafka import KafkaWatch
    from app.linker import Linker
    from app.models import Registry
    from app.operations import Operations
    from app.statistics import Statistics
    from classify.model import Model
    from ingest.http_gate import HostGate
    from route.kafka_topics import KafkaTopics

SHARDS = tuple(range(64))


class System:
    """Everything built from one settings file. ``close`` ends what was opened; ``stop``, once set, ends waits and requests."""

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, failpoint: Failpoint = no_failpoint, may_make_store: bool = True
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self.failpoint = failpoint
        self._may_make_store = may_make_store
        self.stop = threading.Event()
        files = {"units": settings.files.units, "rules": settings.files.rules, "regions": settings.files.regions}
        self.city_files = Watch({name: settings.path(path) for name, path in files.items() if path is not None})
        self.model_watch = ModelWatch(self)
        self.serving = ""

    def refresh(self) -> int:
        """Takes up a unit directory or rules saved since, and the model that serves, for what is built from now on; which
        generation of them stands.

        Called between batches and before each request. Files that are wrong change nothing: the log says it once, and
        ``city_files.trouble`` as long as it lasts.
        """
        watch = self.city_files
        if watch.lock.acquire(blocking=False):
            try:
                self.model_watch.look()
                if watch.changed():
                    take_up(self, System(self.settings, clock=self.clock))
            finally:
                watch.lock.release()
        return watch.generation + self.model_watch.generation

    def close(self) -> None:
        for name in ("store", "topics", "_embedded", "_reader"):
            opened = self.__dict__.get(name)
            if opened is not None:
                opened.close()

    @cached_property
    def store(self) -> SqlStore:
        """The store, made when there is none yet and this command may. Raises HaltForPerson when it may not, when its schema
        is another version's, and when topics hold records of a store that is gone: numbers would be given twice."""
        store = SqlStore(self.settings.store_url())
        file = self.settings.store_file()
        if file is None:
            if store.revision() is None:
                self._make_store(None)
        elif not file.exists():
            self._make_store(file)
        return store

    def _make_store(self, file: Path | None) -> None:
        from store.migrate import upgrade

        if not self._may_make_store:
            if file is None:
                remedy = (
                    "`fenban run` or `fenban upgrade` makes the store there; if there was one, store.url names another database"
                )
                raise HaltForPerson("the database of store.url is empty", remedy=remedy)
            remedy = "`fenban run` makes it; if there was one, look for its disk"
            raise HaltForPerson(f"there is no store at {file}", remedy=remedy)
        if self._embedded_path.exists() and self._embedded.topics():
            remedy = "restore it: fenban restore FILE; or move the topics' file away to begin anew"
            raise HaltForPerson(f"the store {file or 'in store.url'} is gone, but its topics hold records", remedy=remedy)
        if file is not None:
            _make_folder(file.parent)
        upgrade(self.settings.store_url())

    @cached_property
    def topics(self) -> Topics:
        """Kafka's where brokers are configured, else the embedded ones."""
        return self.kafka_topics() if self.settings.kafka.bootstrap_servers else self._embedded

    def kafka_topics(self, *, username: str = "", password: str = "") -> "KafkaTopics":
        """As another user than the settings', where one is given. Raises BadSettings when a reference leads nowhere."""
        from app.kafka import kafka_config
        from route.kafka_topics import KafkaTopics

        return KafkaTopics(kafka_config(self.settings, username=username, password=password), self.clock, self.stop)

    @cached_property
    def kafka_watch(self) -> "KafkaWatch | None":
        """Whether Kafka can be reached; None where the topics are embedded."""
        if not self.settings.kafka.bootstrap_servers:
            return None
        from app.kafka import KafkaWatch, kafka_config

        return KafkaWatch(kafka_config(self.settings), self.clock)

    @cached_property
    def _embedded(self) -> EmbeddedTopics:
        _make_folder(self._embedded_path.parent)
        return EmbeddedTopics(self._embedded_path)

    @property
    def _embedded_path(self) -> Path:
        return self.settings.path(self.settings.topics.path)

    @cached_property
    def vault(self) -> FieldVault:
        section = self.settings.vault
        return FieldVault(
            self._keys(section.master_keys, "master_keys"),
            self._keys(section.index_keys, "index_keys"),
            marks_from=section.marks_from,
        )

    @cached_property
    def directory(self) -> Directory:
        files = self.settings.files
        return load_directory(self.settings.path(files.units), self.settings.path(files.regions) if files.regions else None)

    @cached_property
    def rulebook(self) -> Rulebook:
        rules = self.settings.files.rules
        paths = [self.settings.path(rules)] if rules is not None else []
        return load_rules(paths, self.directory, channels=[channel.id for channel in self.settings.channel])

    @cached_property
    def calendar(self) -> WorkingCalendar:
        local = self.settings.files.calendar
        return WorkingCalendar(self.settings.path(local) if local is not None else None)

    @cached_property
    def decider(self) -> Decider:
        return self.decider_by(self.rulebook)

    def decider_by(self, rulebook: Rulebook) -> Decider:
        """One that decides by these rules, and otherwise as this system's."""
        decide = self.settings.decide
        threshold = self.threshold
        return Decider(
            self.directory,
            rulebook,
            self.calendar,
            DecideSettings(
                threshold=1.0 if threshold is None else threshold,
                simple_days=decide.simple_days,
                complex_days=decide.complex_days,
                automatic=decide.automatic,
            ),
        )

    @cached_property
    def classifier(self) -> Classifier:
        """The live model, beside the directory's duties while it has learned from few letters; those alone without one."""
        from app.following import following
        from classify.blend import served
        from classify.retrieval import DirectoryRetrieval

        return following(served(self.model, DirectoryRetrieval(tuple(self.directory.units.values()))), self.directory)

    @cached_property
    def model(self) -> "Model | None":
        """The live model, None when none was trained yet. Raises HaltForPerson when its file is missing or damaged."""
        file = self.settings.store_file()
        if file is not None and not file.exists() and not self._may_make_store:
            return self._mirrored_model()
        self.serving = self.registry.placed(ModelState.LIVE)
        if not self.serving:
            return None
        self.registry.mirror(self.serving)
        return self.registry.load(self.registry.row(self.serving))

    @cached_property
    def registry(self) -> "Registry":
        from app.models import Registry

        return Registry(self)

    def _mirrored_model(self) -> "Model | None":
        """The model that this machine last saw served: for what opens no store."""
        from app.models import mirrored
        from classify.model import load_model

        self.serving = mirrored(self.models)
        return load_model(self.registry.path(self.serving)) if self.serving else None

    @cached_property
    def operations(self) -> "Operations":
        """How everything does; shared by all who watch in this process."""
        from app.operations import Operations

        return Operations(self)

    @cached_property
    def statistics(self) -> "Statistics":
        """What was counted a moment ago; shared by all who look in this process."""
        from app.statistics import Statistics

        return Statistics(self)

    @property
    def models(self) -> Path:
        return self.settings.path(self.settings.files.models)

    @cached_property
    def threshold(self) -> float | None:
        """The least probability that is decided without a person; None: every suggestion waits in review."""
        model = self.model
        if model is None or not self.settings.decide.automatic:
            return None
        if not any(self.directory.today(unit) for unit in model.units):
            raise HaltForPerson(
                f"the model {model.version} was trained on other units: none of them is in {self.settings.files.units}",
                remedy="train one on letters labelled with this directory's units: fenban train --csv FILE",
            )
        return model.threshold(self.settings.decide.target_precision)

    @cached_property
    def make_event(self) -> EventMaker:
        return event_maker(self.settings.city.id)

    @cached_property
    def parsers(self) -> Mapping[ChannelId, Parser]:
        from app.channels import build_parser

        return {ChannelId(channel.id): build_parser(self.settings, channel) for channel in self.settings.channel}

    def collector(self, channel: AnyChannel) -> Collector:
        from app.channels import build_collector

        return build_collector(self.settings, channel, self.store, self.clock, self.gate, self.parsers[ChannelId(channel.id)])

    @cached_property
    def gate(self) -> "HostGate":
        """One for all channels: two channels on one host take turns."""
        from ingest.http_gate import HostGate

        return HostGate(self.clock, random.Random(), self.stop)

    def registrar(self) -> Registrar:
        return Registrar(
            self.store,
            self.vault,
            self._reader,
            self.clock,
            seals=self._seals,
            failpoint=self.failpoint,
        )

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.parsers)

    def _seals(self, message: Message) -> bool:
        found = self.rulebook.first_screen(message, ())
        return found is not None and found.action is ScreenAction.SEAL

    def worker(self, name: str) -> Worker:
        work, join = self.settings.work, self.settings.join
        settings = WorkSettings(
            name=name,
            batch=work.batch,
            claim_seconds=work.claim_seconds,
            sameness=SamenessSettings(join.window_hours, join.similarity, join.repeat_days),
            threshold=self.threshold,
        )
        return Worker(
            self.store,
            self.clock,
            self.decider,
            self.classifier,
            self.make_event,
            settings,
            lot=lot(self.settings.decide.check_share),
            failpoint=self.failpoint,
        )

    @cached_property
    def dead_letters(self) -> DeadLetters:
        return DeadLetters(self.settings.city.id)

    def relay(self) -> Relay | RelayLanes:
        relay = Relay(self.store, self.topics, self.clock, dead_letters=self.dead_letters, failpoint=self.failpoint)
        on_servers = self.settings.kafka.bootstrap_servers and self.settings.store_file() is None
        return RelayLanes(relay, self.stop) if on_servers else relay

    def feedback(self) -> FeedbackDesk:
        return FeedbackDesk(
            self.store,
            self.vault,
            self.clock,
            self.directory,
            self.make_event,
            lambda: self.decider,
            failpoint=self.failpoint,
        )

    def reminders(self, *, at_once: int = AT_ONCE, failpoint: Failpoint | None = None) -> Reminders:
        remind = self.settings.remind
        settings = ReminderSettings(remind.ahead_days, remind.escalate_days, at_once)
        return Reminders(self.store, self.clock, self.calendar, self.make_event, settings, failpoint=failpoint or self.failpoint)

    def indexer(self) -> SearchIndexer:
        return SearchIndexer(self.store, self.clock)

    def linker(self, *, alone: bool) -> "Linker":
        """``alone``: no letter waits in this process, so it need not rest between two batches."""
        from app.linker import SHARE, Linker, LinkerSettings

        link = self.settings.link
        settings = LinkerSettings(self.settings.join.similarity, link.window_days, link.batch, 0.0 if alone else SHARE)
        return Linker(self.store, self.clock, self.make_event, settings, failpoint=self.failpoint)

    def hot_topics(self) -> "HotTopics":
        from app.hot import HotTopics
        from classify.bursts import BurstSettings

        hot = self.settings.hot
        settings = BurstSettings(persons=hot.persons, growth=hot.growth, false_share=hot.false_share)
        return HotTopics(self.store, self.clock, lambda: self.decider, self.settings.city.id, settings)

    def office(self, actor: str | None = None, settling: Settling | None = None) -> Office:
        seals = [screen.name for screen in self.rulebook.screens if screen.action is ScreenAction.SEAL]
        return Office(
            self.store,
            self.vault,
            self.clock,
            self.decider,
            self.calendar,
            self.make_event,
            actor or getpass.getuser(),
            (KIND_RULE, *seals),
            self.dead_letters,
            settling,
        )

    def due_choices(self) -> DueChoices:
        return DueChoices(self.store, self.clock, self.office)

    def problems(self) -> list[str]:
        """Everything wrong that can be known without the network, a line each; opens no database that is not there."""
        found = self._store_problems() + self._model_problems()
        for name in ("directory", "rulebook", "calendar", "vault", "parsers", "classifier", "threshold"):
            found += _problems_of(partial(getattr, self, name))
        for channel in self.settings.channel:
            found += self._channel_problems(channel)
        if self.settings.kafka.bootstrap_servers:
            found += _problems_of(lambda: self.topics)
        found += self._notice_problems()
        return list(dict.fromkeys(found))

    def _notice_problems(self) -> list[str]:
        from app.notice_ways import ways

        return _problems_of(lambda: ways(self))

    def _model_problems(self) -> list[str]:
        """What loading the model says that this machine last saw served: which one serves now only the store knows."""
        if "model" in self.__dict__:
            return []
        self.__dict__["model"] = None
        return _problems_of(lambda: self.__dict__.update(model=self._mirrored_model()))

    def _store_problems(self) -> list[str]:
        try:
            self.settings.store_url()
        except BadSettings as error:
            return list(error.problems)
        if self.settings.store_file() is None and not self.settings.kafka.bootstrap_servers:
            return ["store.url: PostgreSQL needs Kafka, a table read by offset loses rows there → set kafka.bootstrap_servers"]
        return []

    def _channel_problems(self, channel: AnyChannel) -> list[str]:
        """What building the channel's collector says; no connection is opened."""
        from app.channels import NothingSeen, build_collector

        try:
            build_collector(self.settings, channel, NothingSeen(), self.clock, self.gate).close()
        except BadSettings as error:
            return list(error.problems)
        except FenbanError as error:
            return [f"channel {channel.id}: {error}"]
        except ValueError as error:
            return [f"channel {channel.id}: {error}"]
        return []

    def _keys(self, references: Mapping[str, str], name: str) -> dict[int, bytes]:
        return {int(version): self._key(reference, f"vault.{name}.{version}") for version, reference in references.items()}

    def _key(self, reference: str, what: str) -> bytes:
        if reference.startswith("file:"):
            return load_key(self.settings.path(Path(reference.removeprefix("file:"))))
        return parse_key(self.settings.secret(reference, what), what)


def _problems_of(build: Callable[[], object]) -> list[str]:
    try:
        build()
    except BadSettings as error:
        return list(error.problems)
    except FenbanError as error:
        return [str(error)]
    return []


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HaltForPerson(f"{folder} cannot be made ({error.strerror})", remedy="free space or mend its rights") from None
