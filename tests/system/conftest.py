"""One city's channels for the system tests. Nothing here imports the program."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.corpus import Corpus, load_corpus
from tests.support.fenban import City
from tests.support.imapserver import ImapServer, Mailbox
from tests.support.letters_by_mail import mail_bytes
from tests.support.outcome import externals_of
from tests.support.parallel import made_once
from tests.support.production import Production, production
from tests.support.scenario import FULL, MAIL, SMALL, Item, Scenario, Sizes, build, planted_sentences
from tests.support.webserver import BoardSite, PortalSite

FULL_RUN = bool(os.environ.get("FENBAN_SYSTEM_FULL"))
SEED = int(os.environ.get("FENBAN_SYSTEM_SEED", "20261122"))
SMALL_TRAINING = 900
SMALL_UNITS = 12
PLANTED_IN_TRAINING = 50
PRECISION = 0.7
"""What the few letters of a small run are decided at, so that enough of them travel without a person."""


@dataclass(slots=True)
class Channels:
    """The three channels of one scenario, served on loopback; ``servers``: what a city on them runs on, None: embedded defaults."""

    portal: PortalSite
    board: BoardSite
    mailbox: Mailbox
    scenario: Scenario
    digests: dict[int, str]
    servers: Production | None = None

    def serve(self, number: int) -> None:
        """The ``number``-th serving: what appears with it, revised and answered items included."""
        self.portal.serving.number = self.board.serving.number = number
        mails = [item for item in self.scenario.on(MAIL) if item.serving == number]
        self.mailbox.deliver([mail_bytes(item) for item in mails])
        fetched = self.mailbox.digests()[len(self.digests) :]
        self.digests.update(zip((item.ident for item in mails), fetched, strict=True))

    def externals(self) -> dict[int, str]:
        served = Scenario(tuple(item for item in self.scenario.items if self._served(item)), ())
        return externals_of(served, self.digests)

    def city(self, folder: Path, corpus: Corpus, *, batch: int = 100, work_batch: int = 256, on_servers: bool = True) -> City:
        """A city that polls these channels; one alone may run on the servers."""
        city = City(folder, self.servers if on_servers else None)
        where = {"portal": self.portal.url, "board": self.board.url}
        precision = PRECISION if self.scenario.letters <= SMALL.letters else 0.95
        return city.found(corpus, **where, mailbox=self.mailbox, batch=batch, work_batch=work_batch, precision=precision)

    def close(self) -> None:
        self.portal.stop()
        self.board.stop()
        self.mailbox.stop()

    def _served(self, item: Item) -> bool:
        return item.serving <= self.portal.serving.number


def open_channels(scenario: Scenario, servers: Production | None = None) -> Channels:
    mailbox = (servers.mailbox() if servers is not None else ImapServer()).start()
    channels = Channels(PortalSite(scenario), BoardSite(scenario), mailbox, scenario, {}, servers)
    channels.portal.start()
    channels.board.start()
    return channels


@dataclass(frozen=True, slots=True)
class World:
    """A scenario and what trains the model for it."""

    corpus: Corpus
    scenario: Scenario
    planted: tuple[str, ...]
    secrets: tuple[str, ...]


def make_world(sizes: Sizes, training: int | None) -> World:
    corpus = load_corpus(sizes.letters, training, SMALL_UNITS if training is not None else None)
    scenario = build(corpus, sizes, SEED, datetime.now(UTC))
    sentences, numbers = planted_sentences(corpus, SEED, PLANTED_IN_TRAINING)
    return World(corpus, scenario, tuple(sentences), (*scenario.secrets, *numbers))


@pytest.fixture(scope="session")
def world() -> World:
    """The full proof with FENBAN_SYSTEM_FULL=1, else the same with fewer letters."""
    made = make_world(FULL, None) if FULL_RUN else make_world(SMALL, SMALL_TRAINING)
    source = "synthetic stand-ins, for want of ../shared" if made.corpus.stand_in else "real letters"
    size = "full" if FULL_RUN else "small; FENBAN_SYSTEM_FULL=1 for the full one"
    print(f"\nsystem tests: {source}, {len(made.scenario.items)} items ({size}), seed {SEED}")
    return made


@pytest.fixture(scope="session")
def model(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model trained once; cities get a copy."""

    def train(folder: Path) -> None:
        city = City(folder / "city")
        nowhere = "http://127.0.0.1:9"
        city.found(world.corpus, portal=nowhere, board=nowhere, mailbox=Mailbox(9, "nobody", ""))
        city.train(world.corpus, world.planted, folder=folder)
        assert (city.folder / "models" / "live").exists()

    return made_once(tmp_path_factory, "model", train) / "city" / "models"


@pytest.fixture
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """PostgreSQL, Kafka and Dovecot of one test's own: a city's topics have fixed names."""
    with production(tmp_path_factory.mktemp("servers")) as started:
        yield started


@pytest.fixture
def channels(world: World, request: pytest.FixtureRequest) -> Iterator[Channels]:
    """For a city on embedded defaults, or, where a test asks for ``production``, on servers."""
    wanted = getattr(request, "param", "embedded")
    made = open_channels(world.scenario, request.getfixturevalue("servers") if wanted == "production" else None)
    yield made
    made.close()
