"""The registry of models: what was trained, which one serves, which one watches. The store says it; the files lie in a folder of
each machine, checked by hash, and come through the store where one is missing; the file ``live`` there mirrors what this
machine last saw served.
"""

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from app.model_files import fetch, share
from app.transactions import audit_entry, reading, writing
from classify.model import load_model
from domain.errors import HaltForPerson, Refused
from domain.models import ModelAction, ModelMove, ModelRow, ModelState
from store.audit import SqlAudit
from store.engine import Transaction
from store.models import SqlModels, served_before
from store.opinions import SqlOpinions

if TYPE_CHECKING:
    from app.wiring import System
    from classify.model import Model

T = TypeVar("T")

LIVE_POINTER = "live"
MODEL_SUFFIX = ".model"
REPORT_SUFFIX = ".html"
SHADOW_LOOKS_BACK = timedelta(days=30)
PROGRAM = "fenban"
"""Who adopts models that lay in the folder before there was a registry."""


class Registry:
    """Each change is one audited transaction and one line of the history."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._adopted = False

    def rows(self) -> list[ModelRow]:
        """Newest first."""
        return self._read(lambda tx: SqlModels(tx).all())

    def moves(self) -> list[ModelMove]:
        """Oldest first."""
        return self._read(lambda tx: SqlModels(tx).moves())

    def row(self, version: str) -> ModelRow:
        """By its version or the beginning of it, or by its place: ``live``, ``shadow``. Raises Refused where it is not one model."""
        rows = self.rows()
        found = [row for row in rows if row.version == version or (row.state == version and version != ModelState.KEPT)]
        found = found or [row for row in rows if version and row.version.startswith(version)]
        if len(found) != 1:
            what = f"{len(found)} models begin so" if found else f"there is no model {version!r}"
            raise Refused(what, remedy="list them with: fenban models")
        return found[0]

    def placed(self, state: ModelState) -> str:
        """The version of the model that has the place, empty for none."""
        return self._read(lambda tx: SqlModels(tx).placed()).get(state, "")

    def path(self, version: str) -> Path:
        return self._system.models / f"{version}{MODEL_SUFFIX}"

    def report_path(self, version: str) -> Path:
        """Where the console looks for the model's report."""
        return self._system.models / f"{version}{REPORT_SUFFIX}"

    def load(self, row: ModelRow) -> "Model":
        """Raises HaltForPerson when its file is neither on this machine nor in the store, or is not the one that was registered."""
        path = self.path(row.version)
        if not path.exists() and not fetch(self._system, row, path):
            raise not_here(row, path)
        if file_hash(path) != row.sha256:
            raise HaltForPerson(f"{path} is not the file that was registered", remedy="restore it from a backup")
        return load_model(path)

    def register(self, row: ModelRow) -> ModelRow:
        """Keeps the row; one that is there already stays as it was, and is answered."""

        def step(tx: Transaction, now: datetime) -> ModelRow:
            known = SqlModels(tx)
            if known.add(row):
                self._tell(tx, ModelMove(now, row.registered_by, ModelAction.REGISTER, row.version))
            return known.get(row.version) or row

        kept = self._write(step)
        share(self._system, kept, self.path(kept.version))
        return kept

    def promote(self, version: str, by: str, reason: str = "", *, only_if_none: bool = False) -> str:
        """The model serves from now on, in every process; the version that served until now. Raises HaltForPerson when its
        file is not there or damaged. ``only_if_none``: unless one serves."""
        self.load(self.row(version))

        def step(tx: Transaction, now: datetime) -> str:
            known = SqlModels(tx)
            known.hold()
            live = known.placed().get(ModelState.LIVE, "")
            if live == version or (live and only_if_none):
                return live
            known.place(version, ModelState.LIVE)
            self._tell(tx, ModelMove(now, by, ModelAction.PROMOTE, version, live, reason))
            return live

        before = self._write(step)
        self.mirror(self.placed(ModelState.LIVE))
        self._share(version)
        return before

    def rollback(self, by: str, reason: str = "") -> tuple[str, str]:
        """(the version that served, the one before it, which serves again). Raises Refused where none served before it."""
        row = self.row(self._earlier(self.moves()))
        self.load(row)

        def step(tx: Transaction, now: datetime) -> str:
            known = SqlModels(tx)
            known.hold()
            if self._earlier(known.moves()) != row.version:
                raise Refused("somebody else has just moved a model", remedy="look at: fenban models --history")
            live = known.place(row.version, ModelState.LIVE)
            self._tell(tx, ModelMove(now, by, ModelAction.ROLLBACK, row.version, live, reason))
            return live

        live = self._write(step)
        self.mirror(row.version)
        self._share(row.version)
        return live, row.version

    def shadow(self, version: str, by: str) -> str:
        """The model gives its opinion beside the live one from now on; the version that did until now. Raises Refused for the live one."""
        row = self.row(version)
        self.load(row)
        floor = self._read(lambda tx: SqlOpinions(tx).floor(self._since(row)))

        def step(tx: Transaction, now: datetime) -> str:
            known = SqlModels(tx)
            known.hold()
            places = known.placed()
            if places.get(ModelState.LIVE) == version:
                raise Refused(f"{version} serves: its opinion is what is decided", remedy="shadow another: fenban models")
            if places.get(ModelState.SHADOW) == version:
                return version
            before = known.place(version, ModelState.SHADOW)
            known.saw(version, floor)
            self._tell(tx, ModelMove(now, by, ModelAction.SHADOW, version, before))
            return before

        before = self._write(step)
        self._share(version)
        return before

    def _share(self, version: str) -> None:
        """Models from before the store held files come into it when they are moved."""
        share(self._system, self.row(version), self.path(version))

    def _since(self, row: ModelRow) -> datetime:
        """From when on a shadow says what it thinks: of late letters too, where it surely did not learn from them."""
        now = self._system.clock.now()
        return now if row.learned_until is None else min(now, max(row.learned_until, now - SHADOW_LOOKS_BACK))

    def stop_shadow(self, by: str) -> str:
        """The version that gave its opinion until now. Raises Refused when none does."""

        def step(tx: Transaction, now: datetime) -> str:
            known = SqlModels(tx)
            known.hold()
            version = known.placed().get(ModelState.SHADOW, "")
            if not version:
                raise Refused("no model is shadow", remedy="begin with: fenban shadow MODEL")
            known.unplace(version)
            self._tell(tx, ModelMove(now, by, ModelAction.STOP, version))
            return version

        return self._write(step)

    def mirror(self, version: str) -> None:
        """Writes on this machine which model serves, for what reads no store. A folder that cannot be written is no fault: the
        store says it."""
        folder = self._system.models
        waiting = folder / f"{LIVE_POINTER}.{os.getpid()}"
        with suppress(OSError):
            waiting.write_text(version + "\n", encoding="utf-8")
            waiting.replace(folder / LIVE_POINTER)

    def adopt(self) -> None:
        """Registers the models that lie in the folder from before there was a registry; the one of ``live`` serves. Once: a store
        that knows a model is left as it is."""
        if self._adopted:
            return
        files = sorted(self._system.models.glob(f"*{MODEL_SUFFIX}")) if self._system.models.is_dir() else []
        if not files or reading(self._system.store, lambda tx: SqlModels(tx).all()):
            self._adopted = True
            return
        live = mirrored(self._system.models)
        if live and self.path(live) not in files:
            what = f"{self._system.models / LIVE_POINTER} names a model that is not there"
            raise HaltForPerson(what, remedy="train one: fenban train --csv FILE")
        rows = [row for path in files if (row := self._found(path)) is not None]

        def step(tx: Transaction, now: datetime) -> None:
            known = SqlModels(tx)
            for row in rows:
                if known.add(replace(row, registered_at=now)):
                    serves = row.version == live
                    action = ModelAction.ADOPT if serves else ModelAction.REGISTER
                    if serves:
                        known.place(row.version, ModelState.LIVE)
                    self._tell(tx, ModelMove(now, PROGRAM, action, row.version, reason="lay in the folder"))

        writing(self._system.store, self._system.clock, step)
        self._adopted = True

    def _found(self, path: Path) -> ModelRow | None:
        """None for a damaged file that serves nobody. Raises HaltForPerson when the one that serves is damaged."""
        try:
            data = load_model(path).data
        except HaltForPerson:
            if path == self.path(mirrored(self._system.models)):
                raise
            return None
        return ModelRow(
            version=path.name.removesuffix(MODEL_SUFFIX),
            sha256=file_hash(path),
            registered_at=data.trained_at,
            registered_by=PROGRAM,
            trained_at=data.trained_at,
            n_rows=data.n_rows,
            units=data.units,
            learned_until=data.trained_at,
            settings={"target_precision": data.target},
        )

    @staticmethod
    def _earlier(moves: list[ModelMove]) -> str:
        version = served_before(moves)
        if not version:
            raise Refused("no model served before the one that serves", remedy="see: fenban models --history")
        return version

    @staticmethod
    def _tell(tx: Transaction, move: ModelMove) -> None:
        SqlModels(tx).moved(move)
        detail = {"before": move.before, "reason": move.reason}
        SqlAudit(tx).append([audit_entry(move.at, move.actor, f"model.{move.action}", f"model:{move.version}", **detail)])

    def _read(self, work: Callable[[Transaction], T]) -> T:
        self.adopt()
        return reading(self._system.store, work)

    def _write(self, work: Callable[[Transaction, datetime], T]) -> T:
        self.adopt()
        return writing(self._system.store, self._system.clock, work)


def mirrored(folder: Path) -> str:
    """The version of the model that this machine last saw served, empty for none."""
    try:
        return (folder / LIVE_POINTER).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def not_here(row: ModelRow, path: Path) -> HaltForPerson:
    """To be raised: its file is missing, and the store has it not."""
    return HaltForPerson(
        f"the model {row.version} is not on this machine, nor in the store: there is no {path}",
        remedy="copy it from the machine that trained it, or from a backup",
    )


def file_hash(path: Path) -> str:
    """Hexadecimal SHA-256. Raises HaltForPerson when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise HaltForPerson(f"{path} cannot be read ({error.strerror})", remedy="check the path and the rights") from None
