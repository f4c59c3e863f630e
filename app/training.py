"""Training from a file or from the store, and putting a model to serve."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from app.queries import Queries
from app.register_plan import masked_text as masked
from app.wiring import LIVE_POINTER, MODEL_SUFFIX, System
from classify.model import Model, save_model
from classify.rows import LetterRow, read_letters
from classify.train import LabelledText, train
from domain.errors import HaltForPerson
from domain.ids import UnitCode

SEED = 20121
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
            rows.append(_labelled(row, code))
    notes = [f"{found.without_unit} letters without a unit were left out"] if found.without_unit else []
    if unknown:
        most = sorted(unknown, key=lambda name: -unknown[name])[:5]
        notes.append(
            f"{sum(unknown.values())} letters of {len(unknown)} units that the directory does not know were left out"
            f" ({'、'.join(most)}) → add the units or their aliases to {system.settings.files.units}"
        )
    return rows, notes


def letters_from_store(system: System) -> list[LabelledText]:
    """Completed assignments and persons' decisions, already masked."""
    return [
        LabelledText(row.subject, row.body, row.unit, row.at, "", row.number)
        for row in Queries(system.store).labels()
        if row.unit in system.directory
    ]


def train_model(system: System, rows: list[LabelledText], progress: Progress) -> Model:
    """Raises HaltForPerson when there is no labelled letter of a unit of the directory."""
    return train(
        rows,
        units=tuple(system.directory.units.values()),
        target=system.settings.decide.target_precision,
        seed=SEED,
        trained_at=system.clock.now(),
        progress=progress,
    )


def keep_model(system: System, model: Model, *, promote: bool) -> Path:
    """Writes the model's file, never over another's; with ``promote`` it serves from the next start on."""
    folder = system.models
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{model.version}{MODEL_SUFFIX}"
        if not path.exists():
            save_model(model, path)
        if promote:
            waiting = folder / f"{LIVE_POINTER}.new"
            waiting.write_text(model.version + "\n", encoding="utf-8")
            os.replace(waiting, folder / LIVE_POINTER)
    except OSError as error:
        raise HaltForPerson(f"{folder} cannot be written ({error.strerror})", remedy="free space or mend its rights") from None
    return path


def _labelled(row: LetterRow, code: UnitCode) -> LabelledText:
    return LabelledText(masked(row.subject), masked(row.body), code, row.at, row.reply, row.group)
