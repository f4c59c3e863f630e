"""Training from a file or from the store, and putting a model to serve."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.labels import matter_key
from app.models import PROGRAM, file_hash
from app.queries import Queries
from app.register_plan import masked_text as masked
from app.transactions import reading
from app.wiring import System
from classify.labelled import LabelledText
from classify.model import Model, save_model
from classify.rows import LetterRow, read_letters
from classify.stream import train_stream
from classify.train import canonical, train
from domain.ids import UnitCode
from domain.models import ModelRow
from route.directory import Directory
from store.labels import SqlLabels

SEED = 20121
MOST_AT_ONCE = 40_000
"""Of letters that are learned with all of them in memory: some four minutes of one core and 3 GB."""
NO_FACTS: Mapping[str, Any] = MappingProxyType({})
Progress = Callable[[str, float], None]


def letters_from_file(system: System, path: Path, columns: Mapping[str, str]) -> tuple[list[LabelledText], list[str]]:
    """The file's letters, masked, their units as codes of the directory; and what was left out, a line each."""
    found = read_letters(path, columns)
    rows: list[LabelledText] = []
    unknown: dict[str, int] = {}
    for row in found.rows:
        code = system.directory.resolve(row.unit)
        if code is None:
            unknown[row.unit] = unknown.get(row.unit, 0) + 1
        else:
            rows.append(labelled(system, row, code))
    notes = [f"{found.without_unit} letters without a unit were left out"] if found.without_unit else []
    if unknown:
        most = sorted(unknown, key=lambda name: -unknown[name])[:5]
        notes.append(
            f"{sum(unknown.values())} letters of {len(unknown)} units that the directory does not know were left out"
            f" ({'、'.join(most)}) → add the units or their aliases to {system.settings.files.units}"
        )
    return list(of_today(system.directory, rows)), notes


def letters_from_store(system: System) -> list[LabelledText]:
    """All labels there are, already masked, each with the unit that has its work today: completed assignments, persons' decisions,
    units named in returns, and imported registers; none of units that are gone."""
    known = [
        LabelledText(row.subject, row.body, row.unit, row.at, row.reply, row.matter, row.number, row.version, partial=row.partial)
        for row in Queries(system.store).labels()
    ]
    known += [
        LabelledText(row.subject, row.body, row.unit, row.at, row.reply, row.matter or f"label-{row.id}", f"label-{row.id}")
        for row in reading(system.store, lambda tx: list(SqlLabels(tx).all()))
    ]
    return list(of_today(system.directory, known))


def of_today(directory: Directory, rows: Iterable[LabelledText]) -> Iterator[LabelledText]:
    """The letters as labels of the units that have their work today; without those whose unit is gone."""
    for row in rows:
        unit = directory.today(row.unit, row.subject, row.body)
        if unit is not None:
            yield row if unit == row.unit else replace(row, unit=unit)


def train_model(system: System, rows: list[LabelledText], progress: Progress) -> Model:
    """More letters than MOST_AT_ONCE are learned in passes. Raises HaltForPerson when there is no labelled letter of a unit of the
    directory."""
    how: dict[str, Any] = {
        "units": tuple(system.directory.units.values()),
        "target": system.settings.decide.target_precision,
        "seed": SEED,
        "trained_at": system.clock.now(),
        "progress": progress,
    }
    if len(rows) <= MOST_AT_ONCE:
        return train(rows, **how)
    ordered = sorted(rows, key=canonical)
    return train_stream(lambda: iter(ordered), **how)


def keep_model(
    system: System, model: Model, *, promote: bool, by: str = PROGRAM, facts: Mapping[str, Any] = NO_FACTS, reason: str = ""
) -> Path:
    """Writes the model's file, never over another's, and registers it with ``facts`` (fields of ``ModelRow``); with ``promote``
    it serves from now on. Raises HaltForPerson when the folder cannot be written."""
    system.registry.adopt()  # before this file lies among those that were there
    path = system.registry.path(model.version)
    if not path.exists():
        save_model(model, path)
    now = system.clock.now()
    row = ModelRow(
        version=model.version,
        sha256=file_hash(path),
        registered_at=now,
        registered_by=by,
        trained_at=model.data.trained_at,
        n_rows=model.data.n_rows,
        units=model.units,
        code=code_version(),
        learned_until=model.data.trained_at,
    )
    system.registry.register(replace(row, **facts))
    if promote:
        system.registry.promote(model.version, by, reason)
    return path


def code_version() -> str:
    """The program's version and a hash of the code that learns: other code may learn another model from the same letters."""
    digest = hashlib.sha256()
    for source in sorted(files("classify").iterdir(), key=lambda one: one.name):
        if source.name.endswith(".py"):
            digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return f"{version('fenban')}+{digest.hexdigest()[:12]}"


def data_hash(rows: Sequence[LabelledText]) -> str:
    """Hexadecimal SHA-256 of the letters with their units, whatever their order."""
    digest = hashlib.sha256()
    for line in sorted(f"{row.unit}\0{row.at}\0{row.subject}\0{row.body}\0{row.reply}\0{row.group}" for row in rows):
        digest.update(line.encode("utf-8", "surrogatepass") + b"\1")
    return digest.hexdigest()


def labelled(system: System, row: LetterRow, code: UnitCode) -> LabelledText:
    """The letter as it is learned from: masked, its matter as a keyed hash, as imported labels have it."""
    return LabelledText(masked(row.subject), masked(row.body), code, row.at, row.reply, matter_key(system, row.group))
