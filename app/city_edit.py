"""Changing the city's own files, units and rules: looked through before, saved in one step, audited, the old one kept."""

import difflib
import fcntl
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from app.city_files import problems_in
from app.transactions import audit_entry, writing
from app.wiring import System
from domain.clock import SHANGHAI
from domain.errors import FenbanError, Refused
from route.directory import Directory, check, read_directory
from route.rules import Rulebook
from route.rules_file import read_rules
from store.audit import SqlAudit
from store.desk_settings import open_parts_of

UNITS, RULES = "units", "rules"
LONGEST_REASON = 500
_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_ENTRY = re.compile(r"(unit|rule|screen) '([^']*)'")
_writing = threading.Lock()


@dataclass(frozen=True, slots=True)
class CityFile:
    """As it lies there. ``digest`` names this content; ``text`` is empty where the file is not there."""

    name: str
    path: Path
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Problem:
    """``line`` is 0 where none can be named."""

    line: int
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Checked:
    """``difference``: (mark, line) with ``+`` for a new line, ``-`` for one that goes, space for one that stays, ``@`` for a gap.
    Doubts do not stand in the way of saving, problems do."""

    problems: tuple[Problem, ...]
    doubts: tuple[str, ...]
    difference: tuple[tuple[str, str], ...]


class CityEditor:
    def __init__(self, system: System) -> None:
        self._system = system

    def present(self, name: str) -> CityFile:
        """Raises Refused for rules where the settings name no file of them, and for one that cannot be read."""
        files = self._system.settings.files
        path = files.units if name == UNITS else files.rules
        if path is None:
            raise Refused("the settings name no rules file", remedy="set [files] rules in fenban.toml")
        path = self._system.settings.path(path)
        try:
            raw = path.read_bytes() if path.exists() else b""
            return CityFile(name, path, raw.decode("utf-8-sig"), sha256(raw).hexdigest())
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{path.name} cannot be read ({type(error).__name__})", remedy="mend it on the machine") from None

    def check(self, name: str, text: str) -> Checked:
        """What is wrong with the text, what is odd, and how it differs from what lies there."""
        present = self.present(name)
        text = unified(text)
        problems = [_problem(line, text) for line in self._problems(present, text)]
        doubts = () if problems else tuple(self._doubts(present, text))
        return Checked(tuple(problems), doubts, tuple(_difference(unified(present.text), text)))

    def rulebook(self, text: str) -> Rulebook:
        """Raises BadSettings."""
        return self._read_rules("rules.toml", unified(text), self._system.directory)

    def save(self, name: str, text: str, *, base: str, reason: str, actor: str) -> str:
        """The kept old file's name. Raises Refused without a reason, for a text that has problems, and when the file is no
        longer the one (``base``, its digest) that the text was made from."""
        text, reason = unified(text), reason.strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise Refused(
                "a change of the city's files needs its reason", remedy=f"write it in at most {LONGEST_REASON} characters"
            )
        with self._alone(self.present(name).path.parent):
            present = self.present(name)
            if present.digest != base:
                raise Refused("the file was changed meanwhile", remedy="open it anew and make your change there")
            if present.text == text:
                raise Refused("nothing is changed", remedy="change something first")
            if self._problems(present, text):
                raise Refused("the text has problems", remedy="mend what the check says")
            kept = self._replace(present, text, reason, actor)
        self._system.refresh()
        return kept

    def _problems(self, present: CityFile, text: str) -> Sequence[str]:
        try:
            if present.name == RULES:
                self._read_rules(present.path.name, text, self._system.directory)
            else:
                directory = read_directory(text, present.path.name, self._system.directory.regions)
                if self._system.settings.files.rules is not None:
                    rules = self.present(RULES)
                    self._read_rules(rules.path.name, rules.text, directory)
                model = self._system.model
                if model is not None and not set(model.units) & set(directory.units):
                    return [
                        "units: the model knows none of these units → keep their codes, or train a model for the new ones first"
                    ]
        except FenbanError as error:
            return problems_in(error)
        return ()

    def _doubts(self, present: CityFile, text: str) -> Iterator[str]:
        if present.name == RULES:
            return
        directory = read_directory(text, present.path.name, self._system.directory.regions)
        yield from check(directory)
        gone = sorted(set(self._system.directory.units) - set(directory.units))
        with self._system.store.transaction(write=False) as tx:
            waiting = open_parts_of(tx, gone)
        for code in gone:
            if waiting.get(code):
                yield f"{code}: is taken out with {waiting[code]} assignments not completed → have them completed or given to others"
            else:
                yield f"{code}: is taken out"

    def _read_rules(self, source: str, text: str, directory: Directory) -> Rulebook:
        return read_rules([(source, text)], directory, channels=[channel.id for channel in self._system.settings.channel])

    def _replace(self, present: CityFile, text: str, reason: str, actor: str) -> str:
        path, now = present.path, self._system.clock.now()
        kept = _free_name(path, now) if present.text else None
        new = path.with_name(f".{path.name}.new")
        raw = text.encode()
        try:
            _written(new, raw, path)
            if kept is not None:
                _written(kept, present.text.encode(), path)
        except OSError as error:
            raise _unwritable(path, error) from None
        detail = {
            "reason": reason,
            "was": present.digest[:16],
            "is": sha256(raw).hexdigest()[:16],
            "kept": kept.name if kept else "",
        }
        self._note(now, actor, f"{present.name}.save", path, detail)
        try:
            os.replace(new, path)
            _lasting(path.parent)
        except OSError as error:
            self._note(now, actor, f"{present.name}.save_failed", path, {"reason": type(error).__name__})
            raise _unwritable(path, error) from None
        return kept.name if kept is not None else ""

    def _note(self, now: datetime, actor: str, action: str, path: Path, detail: dict[str, str]) -> None:
        entry = audit_entry(now, actor, action, f"file:{path.name}", **detail)
        writing(self._system.store, self._system.clock, lambda tx, _: SqlAudit(tx).append([entry]))

    @contextmanager
    def _alone(self, folder: Path) -> Iterator[None]:
        """No other thread, and no other process of this machine, saves meanwhile."""
        with _writing:
            handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield
            finally:
                os.close(handle)


def unified(text: str) -> str:
    """Lines end as in files, not as in forms; the last one ends too."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if not text or text.endswith("\n") else f"{text}\n"


def _problem(said: str, text: str) -> Problem:
    what, _, remedy = said.partition(" → ")
    found = _LINE.search(what)
    if found is not None:
        return Problem(int(found[1]), what, remedy)
    entry = _ENTRY.search(what)
    key = "code" if entry is not None and entry[1] == "unit" else "name"
    wanted = re.compile(rf"""\s*{key}\s*=\s*["']{re.escape(entry[2])}["']""") if entry is not None else None
    lines = enumerate(text.split("\n"), 1)
    return Problem(next((n for n, line in lines if wanted is not None and wanted.match(line)), 0), what, remedy)


def _difference(before: str, after: str) -> Iterator[tuple[str, str]]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    for place, line in enumerate(lines):
        if place >= 2:
            yield line[0], line[1:] if line[0] != "@" else ""


def _free_name(path: Path, now: datetime) -> Path:
    stamp = now.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H%M%S")
    names = (path.with_name(f"{path.name}.{stamp}{f'-{n}' if n else ''}") for n in range(1000))
    return next(name for name in names if not name.exists())


def _written(target: Path, raw: bytes, like: Path) -> None:
    """Whole on disk when this returns, with the rights of the file it stands in for."""
    mode = like.stat().st_mode & 0o777 if like.exists() else 0o640
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _lasting(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> Refused:
    return Refused(f"{path.name} cannot be written ({error.strerror})", remedy="let the console's user write in its folder")
