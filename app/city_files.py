"""The city's own files, units and rules, while processes run: what was saved is taken up between two batches."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from domain.errors import FenbanError

if TYPE_CHECKING:
    from app.wiring import System

log = structlog.get_logger("fenban")

Stamp = tuple[int, int, int] | None
"""Of a file: when it was changed, its size, which file it is. None: there is none."""


def stamps(paths: Mapping[str, Path]) -> dict[str, Stamp]:
    """Of each file by its name."""
    return {name: _stamp(path) for name, path in paths.items()}


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass
class Watch:
    """What was last seen of the files. ``generation`` rises with every change taken up; ``trouble`` says why the files that lie
    there now were not, nothing when they were."""

    paths: Mapping[str, Path]
    seen: dict[str, Stamp] = field(default_factory=dict)
    generation: int = 0
    trouble: tuple[str, ...] = ()
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.seen = stamps(self.paths)

    def changed(self) -> bool:
        """Whether a file is another than the last time this was asked."""
        now = stamps(self.paths)
        if now == self.seen:
            return False
        self.seen = now
        return True


def problems_in(error: FenbanError) -> tuple[str, ...]:
    """One line each."""
    return tuple(getattr(error, "problems", ())) or (str(error),)


def take_up(system: "System", fresh: "System") -> None:
    """What ``fresh`` reads from the files, in place of what ``system`` read earlier; nothing of it where anything is wrong."""
    from app.following import Following
    from classify.retrieval import DirectoryRetrieval

    watch = system.city_files
    try:
        fresh.__dict__.update(model=system.model, calendar=system.calendar)
        if system.model is None:
            fresh.__dict__["threshold"] = system.threshold
        built = {name: getattr(fresh, name) for name in ("directory", "rulebook", "threshold", "decider")}
    except FenbanError as error:
        watch.trouble = problems_in(error)
        log.error("city_files_wrong", what=watch.trouble, text="the earlier units and rules stay in use")
        return
    if system.model is not None or isinstance(system.__dict__.get("classifier"), DirectoryRetrieval | Following):
        built["classifier"] = fresh.classifier
    # In one step: a thread that builds something meanwhile has all of the one or all of the other.
    system.__dict__.update(built)
    watch.trouble = ()
    watch.generation += 1
    log.info("city_files_taken_up", units=len(fresh.directory), rules=len(fresh.rulebook.rules))
