"""Training from a file that is larger than memory: read again for each pass, masked on the way, registered like any model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from app.frozen import SHARE, TIMED, FrozenTests, drawn, text_key
from app.judging import figures, suggested
from app.learning import Learned
from app.models import file_hash
from app.training import SEED, Progress, keep_model, labelled, of_today
from app.wiring import System
from classify.labelled import LabelledText
from classify.rows import stream_letters
from classify.stream import train_stream
from domain.models import FrozenTest

LARGE = 300_000_000
"""A file of more bytes than this is streamed unless it is said otherwise: some 300,000 letters."""
MOST_ASIDE = 5_000


@dataclass(slots=True)
class _Seen:
    """What passed by in the last pass."""

    letters: int = 0
    timed: int = 0
    latest: datetime | None = None

    def note(self, row: LabelledText) -> None:
        self.letters += 1
        if row.at is not None:
            self.timed += 1
            self.latest = row.at if self.latest is None else max(self.latest, row.at)


def learn_stream(
    system: System,
    path: Path,
    columns: Mapping[str, str],
    others: list[LabelledText],
    *,
    by: str,
    progress: Progress,
    hold_out: float | None = None,
    source: str = "",
) -> Learned:
    """As ``app.learning.learn`` with the letters of a file and, after them, ``others``. Where no test is set aside yet, letters are drawn
    for one by their hash, at most MOST_ASIDE of them. Raises HaltForPerson when nothing is left to learn from."""
    tests = FrozenTests(system)
    before = tests.current()
    test = before if before is not None else _set_aside(system, tests, path, columns, others, by, hold_out)
    learnable = tests.learnable(test) if test is not None else None
    seen, whole = _Seen(), _Seen()

    def letters() -> Iterator[LabelledText]:
        nonlocal seen, whole
        seen, whole = _Seen(), _Seen()
        for row in chain(_letters(system, path, columns), others):
            whole.note(row)
            if learnable is None or learnable(row):
                seen.note(row)
                yield row

    target = system.settings.decide.target_precision
    model = train_stream(
        letters,
        units=tuple(system.directory.units.values()),
        target=target,
        seed=SEED,
        trained_at=system.clock.now(),
        progress=progress,
    )
    facts: dict[str, Any] = {
        "data": file_hash(path),
        "test_set": test.hash if test is not None else "",
        "learned_until": seen.latest if seen.timed >= TIMED * seen.letters else None,
        "settings": {"target_precision": target, "seed": SEED, "from": source, "stream": True},
    }
    if test is not None and (judged := tests.letters(test)):
        facts["metrics"] = figures(model, suggested(model, judged), judged, target)
    keep_model(system, model, promote=False, by=by, facts=facts)
    made = before is None and test is not None
    return Learned(model, system.registry.row(model.version), test, made, whole.letters - seen.letters)


def _letters(system: System, path: Path, columns: Mapping[str, str]) -> Iterator[LabelledText]:
    codes = ((row, system.directory.resolve(row.unit)) for row in stream_letters(path, columns))
    return of_today(system.directory, (labelled(system, row, code) for row, code in codes if code is not None))


def _set_aside(
    system: System,
    tests: FrozenTests,
    path: Path,
    columns: Mapping[str, str],
    others: list[LabelledText],
    by: str,
    hold_out: float | None,
) -> FrozenTest | None:
    share = SHARE if hold_out is None else hold_out
    number = sum(1 for _ in chain(stream_letters(path, columns), others)) if share else 0
    if not number:
        return None
    share = min(share, MOST_ASIDE / number)
    aside = [row for row in chain(_letters(system, path, columns), others) if drawn(text_key(row), share)]
    return tests.freeze(aside, by) if aside else None
