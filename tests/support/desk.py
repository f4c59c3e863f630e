"""A small city with a real store and real rules, fed by hand: letters in, decisions and events out."""

import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.register_plan import Registered
from app.settings import load_settings
from app.wiring import SHARDS, System
from domain.decisions import Evidence, Suggestion
from domain.ids import ChannelId, ExternalId, UnitCode
from domain.messages import (
    Attachment,
    Batch,
    Capture,
    CapturePart,
    CaptureReject,
    Draft,
    Manifest,
    MessageKind,
    Sender,
    UpstreamAnswer,
)
from route.wire import structured
from store.keys import new_key_file

UNITS = """
[[unit]]
code = "water"
name = "水务局"
aliases = ["供水公司"]
level = "city"
region = "999900"
duties = ["停水", "水质"]

[[unit]]
code = "roads"
name = "交通运输局"
aliases = ["交通局"]
level = "city"
region = "999900"
duties = ["道路", "公交"]

[[unit]]
code = "river"
name = "清溪县"
aliases = ["清溪县政府"]
level = "county"
region = "999921"
catch_all = true

[[unit]]
code = "river-water"
name = "清溪县水务局"
aliases = []
level = "county"
region = "999921"
parent = "river"
duties = ["农村供水"]

[[unit]]
code = "discipline"
name = "纪委监委"
aliases = ["纪委"]
level = "city"
region = "999900"
duties = ["举报"]
"""

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class HandClock:
    """Moves only when told to."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        self._now += timedelta(seconds=seconds)
        return stop.is_set()

    def forward(self, **span: float) -> None:
        self._now += timedelta(**span)


class WordClassifier:
    """Sure of the unit whose word stands in the text, unsure otherwise."""

    version = "words-1"
    units = (UnitCode("water"), UnitCode("roads"))

    def suggest(self, texts: Any, top: int = 5) -> list[tuple[Suggestion, ...]]:
        return [self._one(f"{subject}{body}")[:top] for subject, body in texts]

    @staticmethod
    def _one(text: str) -> tuple[Suggestion, ...]:
        water, roads = "停水" in text, "路面" in text
        if water == roads:
            return (Suggestion(UnitCode("water"), 0.4), Suggestion(UnitCode("roads"), 0.4))
        first, second, word = ("water", "roads", "停水") if water else ("roads", "water", "路面")
        spoke = (Evidence("word", word, 2.0),)
        return (Suggestion(UnitCode(first), 0.97, spoke), Suggestion(UnitCode(second), 0.02))


class DraftParser:
    """Captures whose bytes are a JSON draft; anything else is rejected."""

    def understand(self, capture: Capture) -> Draft:
        from domain.errors import RejectItem

        try:
            data = json.loads(capture.parts[0].data)
        except ValueError:
            raise RejectItem("not a draft") from None
        submitted = data.pop("submitted_at")
        answers = tuple(UpstreamAnswer("", text, None) for text in data.pop("answers"))
        kind = data.pop("kind")
        sender = Sender(name=data.pop("name"), phones=tuple(data.pop("phones")))
        return Draft(
            subject=data["subject"],
            body=data["body"],
            body_own=data.get("own", data["body"]),
            beside=data.get("beside", ""),
            sender=sender,
            kind=MessageKind(kind) if kind else None,
            place=data["place"],
            submitted_at=datetime.fromisoformat(submitted) if submitted else None,
            answers=answers,
            attachments=tuple(Attachment(name, "text/html", text.encode()) for name, text in data.get("attachments", ())),
        )


def store_section(folder: Path, url: str) -> str:
    """The settings' section for a store at ``url``, whose password goes into a file; nothing for none."""
    if not url.startswith("postgresql://"):
        return f'[store]\nurl = "{url}"\n' if url else ""
    user, _, secret = url.partition("@")[0].removeprefix("postgresql://").partition(":")
    (folder / "store.password").write_text(secret)
    return f'[store]\nurl = "postgresql://{user}@{url.partition("@")[2]}"\npassword = "file:store.password"\n'


@dataclass
class Desk:
    """One store in a folder; ``letter`` registers, ``work`` decides, ``events`` reads what a unit got."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)
    rules: str = ""
    store: str = ""
    """Where its store is; empty: a file in the folder."""
    open: bool = True
    more: str = ""
    """Further sections of its settings."""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "units.toml").write_text(UNITS, encoding="utf-8")
        (self.folder / "rules.toml").write_text(self.rules, encoding="utf-8")
        if not (self.folder / "keys").exists():
            (self.folder / "keys").mkdir(mode=0o700)
            for name in ("master-1.key", "index-1.key"):
                new_key_file(self.folder / "keys" / name)
        settings = self.folder / "fenban.toml"
        settings.write_text(
            '[city]\nid = "demo"\nname = "示例市"\nregion = "999900"\n[files]\nrules = "rules.toml"\n'
            + "[decide]\ncheck_share = 0\n"
            + store_section(self.folder, self.store)
            + self.more,
            encoding="utf-8",
        )
        self.settings = load_settings(settings)
        if self.open:
            self._open()

    def _open(self) -> None:
        self.system = System(self.settings, clock=self.clock)
        classifier: Any = WordClassifier()
        parsers: Any = {ChannelId(name): DraftParser() for name in ("portal", "mail")}
        self.system.__dict__.update(classifier=classifier, threshold=0.9, parsers=parsers)
        self.registrar = self.system.registrar()
        self.worker = self.system.worker("test/worker-1")
        self.office = self.system.office("clerk")
        self.feedback = self.system.feedback()
        self.linker = self.system.linker(alone=True)

    def capture(self, external_id: str, text: str, *, channel: str = "portal", **draft: Any) -> Capture:
        data = {
            "subject": "来信",
            "body": text,
            "name": "",
            "phones": [],
            "kind": None,
            "place": "",
            "submitted_at": None,
            "answers": [],
            **draft,
        }
        raw = json.dumps(data, ensure_ascii=False).encode()
        return Capture(ChannelId(channel), ExternalId(external_id), self.clock.now(), (CapturePart("message", "x/y", raw),))

    def poll(self, *captures: Capture, rejects: tuple[CaptureReject, ...] = ()) -> Registered:
        channel = captures[0].channel if captures else rejects[0].capture.channel
        now = self.clock.now()
        with self.system.store.unit_of_work() as uow:
            lease = uow.channels.acquire(f"channel:{channel}", "test/collector-1", now, now + timedelta(minutes=5))
            uow.commit()
        assert lease is not None
        count = len(captures) + len(rejects)
        batch = Batch(captures, rejects, Manifest(count, 0, count), "c")
        return self.registrar.register(channel, batch, fence=lease.token)

    def letter(self, external_id: str, text: str, **draft: Any) -> str:
        """Registers one letter; its number."""
        capture = self.capture(external_id, text, **draft)
        self.poll(capture)
        with self.system.store.unit_of_work(write=False) as uow:
            number = uow.captures.seen(capture.channel, [capture.external_id])[capture.external_id].number
        assert number is not None
        return number

    def work(self) -> None:
        while self.worker.run_once():
            pass

    def link(self) -> None:
        while self.linker.look() or self.linker.waits():
            pass

    def events(self, unit: str, kind: str = "unit") -> list[dict[str, Any]]:
        """Everything on the unit's topic, after relaying."""
        relay = self.system.relay()
        while not relay.run_once(SHARDS, 100).idle:
            pass
        return [structured(record) for record in self.system.topics.reader(f"fenban.{kind}.{unit}").read(1000)]

    def message(self, number: str) -> Any:
        from domain.ids import Number

        with self.system.store.unit_of_work(write=False) as uow:
            return uow.reads.messages([Number(number)])[Number(number)]

    def state(self, number: str) -> str:
        return str(self.message(number).state)

    def balanced(self) -> bool:
        from app.reports import ledger_document

        return all(line["difference"] == 0 for line in ledger_document(self.system)["lines"])
