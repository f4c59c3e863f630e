"""The timer of ``fenban run`` that retrains as answers come in. It imports nothing that trains: that is done in a process apart."""

import json
import subprocess
import sys
from datetime import timedelta

import structlog

from app.queries import Queries
from app.transactions import reading
from app.wiring import System
from store.labels import SqlLabels

FIRST_LOOK, LOOK_SECONDS = 600.0, 3600.0
LEAST_LABELS = 20
"""The timer makes no model of fewer letters."""

log = structlog.get_logger("fenban")


def due(system: System) -> bool:
    """Whether the timer has come round: the newest model, which may have been refused, is older than the settings' days, and
    there is something to learn from."""
    days = system.settings.decide.retrain_days
    if not days:
        return False
    rows = system.registry.rows()
    newest = max((row.registered_at for row in rows), default=None)
    if newest is not None and system.clock.now() - newest < timedelta(days=days):
        return False
    past = reading(system.store, lambda tx: SqlLabels(tx).count())
    return past >= LEAST_LABELS or past + len(Queries(system.store).labels()) >= LEAST_LABELS


def retrain_apart(system: System) -> int:
    """``fenban retrain`` in a process of its own, so that what serves keeps its memory and its time; its exit code. Ended when
    the system stops."""
    code = "from app.cli.main import main; main()"
    words = [sys.executable, "-c", code, "retrain", "--json", "--by", "fenban", "--settings", str(system.settings.file)]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        while child.poll() is None:
            if system.clock.wait(1.0, system.stop):
                child.terminate()
                break
        told = child.stdout.read() if child.stdout is not None else b""
    _log(child.returncode, told)
    return child.returncode or 0


def _log(code: int | None, told: bytes) -> None:
    """What became of it, and as a warning whatever speaks against the model: nobody reads what the process prints."""
    try:
        said = json.loads(told)
    except ValueError:
        log.info("retrained", code=code)
        return
    against = [*said["objections"], *said["notes"]]
    (log.warning if against else log.info)("retrained", code=code, version=said["version"], serves=said["serves"], what=against)


class Retrainer:
    """The timer of one process; of several the one that finds it due first retrains, as that makes a newer model."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._looked = False

    def step(self) -> float:
        """Retrains where it is due; seconds to the next look. A process that was just started has other things to do first."""
        if not self._looked:
            self._looked = True
            return FIRST_LOOK
        if due(self._system):
            retrain_apart(self._system)
        return LOOK_SECONDS
