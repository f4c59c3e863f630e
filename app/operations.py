"""How the pipeline does, as the operations page, monitors and notices see it: one document, read sparingly."""

import shutil
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from app.documents import automatic_document, iso, maybe_iso
from app.drift import latest_drift
from app.hot_shown import shown_topics
from app.reports import health_document, ledger_document, linker_document
from app.slots import held_slots
from app.sparing import Sparing
from app.volumes import Volume, Volumes
from app.wiring import System
from domain.records import ChannelStatus
from store import desk_operations as desk
from store.channels import SqlChannels
from store.controls import Control, SqlControls
from store.signatures import standing
from store.standings import SqlStandings

LEDGER_SECONDS = 60.0
SOON_DAYS = 1
HIDDEN = "of_every_topic"
"""Parked records, those of sealed matters too: for monitors, not for the page, whose readers may not know of these."""


class Operations:
    """One for a process. What it reads is believed for a while; ``forget`` after a change made from here."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._volumes = Volumes()
        self.live: Sparing[dict[str, Any]] = Sparing(system.clock, self._live)
        self.status: Sparing[dict[str, Any]] = Sparing(system.clock, lambda: health_document(system))
        self.ledger: Sparing[dict[str, Any]] = Sparing(system.clock, lambda: ledger_document(system), least=LEDGER_SECONDS)

    def _live(self) -> dict[str, Any]:
        """Counts only: no text, no number, no name of a person. The JSON behind the page."""
        system, now = self._system, self._system.clock.now()
        with system.store.transaction(write=False) as tx:
            channels, controls = {one.id: one for one in SqlChannels(tx).status()}, SqlControls(tx).all()
            configured = {one.id: one for one in system.settings.channel}
            names = [*configured, *(name for name in channels if name not in configured)]
            volumes = {one.channel: one for one in self._volumes.read(tx, now, names)}
            times, faults = desk.poll_times(tx), desk.faults(tx)
            stages, lags = desk.stages(tx, now), desk.lags(tx)
            parked, (all_parked, oldest_parked) = desk.parked_count(tx), desk.parked_since(tx)
            late, soon = desk.owed(tx, now, self._soon(now))
            hot = len(shown_topics(tx, now))
            leases, claims = desk.leases(tx, now), desk.claims(tx, now)
            waits = desk.quarantined_since(tx)
            linker = standing(tx)
            stand = SqlStandings(tx).now()
        document: dict[str, Any] = {
            "as_of": iso(now),
            "stages": [_stage(one, now) for one in stages],
            "channels": [
                {
                    **_channel(name, channels.get(name), controls.get(name)),  # type: ignore[call-overload]
                    "kind": configured[name].kind if name in configured else channels[name].kind,  # type: ignore[index]
                    "enabled": name in configured and configured[name].enabled,
                    "configured": name in configured,
                    "every_seconds": configured[name].every_seconds if name in configured else None,
                    "polls": times.get(name, (0, 0.0, 0.0))[0],
                    "poll_seconds": times.get(name, (0, 0.0, 0.0))[1],
                    "last_poll_seconds": times.get(name, (0, 0.0, None))[2],
                    "quarantined_seconds": _age(waits.get(name), now),
                    **_volume(volumes[name]),
                }
                for name in names
            ],
            "faults": [
                {"channel": channel, "fault": fault, "count": count, "last_at": iso(last)}
                for channel, fault, count, last in faults
            ],
            "parked": parked,
            HIDDEN: {"parked": all_parked, "oldest_seconds": _age(oldest_parked, now)},
            "units": sorted((_lag(one, now) for one in lags), key=_waits_most),
            "deadlines": {"overdue": late, "soon": soon},
            "automatic": automatic_document(stand),
            "linker": linker_document(linker, now),
            "hot": hot,
            "leases": leases,
            "claims": claims,
            "processes": held_slots(system.settings.path(system.settings.work.slots)),
            "model": {"behind": bool(system.model_watch.trouble)},
            "drift": latest_drift(system),
            "disk": self._disk(),
        }
        if system.kafka_watch is not None:
            kafka = system.kafka_watch.state()
            document["kafka"] = {"state": kafka.state, "error": kafka.error}
        return document

    def _soon(self, now: datetime) -> datetime:
        return self._system.calendar.deadline(now, SOON_DAYS).due

    def _disk(self) -> dict[str, int]:
        """Of the file system with the least room among those that hold the store and the topics. Its size is what may be used of
        it, as ``df`` counts: what is reserved for others is never free, and would make it look full for ever."""
        file = self._system.settings.store_file()
        folders = [file.parent if file is not None else self._system.settings.base, self._topics_folder]
        usage = min((shutil.disk_usage(_existing(folder)) for folder in folders), key=lambda one: one.free)
        return {"free_bytes": usage.free, "size_bytes": usage.used + usage.free}

    @cached_property
    def _topics_folder(self) -> Path:
        return self._system.settings.path(self._system.settings.topics.path).parent

    def forget(self) -> None:
        self.live.forget()


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.resolve().parents) if place.exists())


def _age(moment: datetime | None, now: datetime) -> float | None:
    return max(0.0, (now - moment).total_seconds()) if moment is not None else None


def _stage(stage: desk.Stage, now: datetime) -> dict[str, Any]:
    return {
        "name": stage.name,
        "last_5_minutes": stage.minutes,
        "last_hour": stage.hour,
        "waiting": stage.waiting,
        "oldest_seconds": _age(stage.oldest, now),
    }


def _channel(name: str, status: ChannelStatus | None, control: Control | None) -> dict[str, Any]:
    paused = control is not None and control.paused
    return {
        "id": name,
        "state": "paused" if paused else status.state or "never" if status is not None else "never",
        "last_state": status.state or "never" if status is not None else "never",
        "last_success": maybe_iso(status.last_success) if status is not None else None,
        "last_attempt": maybe_iso(status.last_attempt) if status is not None else None,
        "captured": status.captured if status is not None else 0,
        "quarantined": status.quarantined if status is not None else 0,
        "error": status.error if status is not None else "",
        "told_by": control.changed_by if control is not None else "",
        "told_at": iso(control.changed_at) if control is not None else None,
        "poll_asked_at": maybe_iso(control.poll_asked_at) if control is not None else None,
    }


def _volume(volume: Volume) -> dict[str, Any]:
    return {
        "today": volume.so_far,
        "expected_so_far": volume.expected_so_far,
        "recent": volume.recent,
        "recent_expected": volume.recent_expected,
        "hours": list(volume.today),
        "expected_hours": list(volume.expected),
    }


def _waits_most(lag: dict[str, Any]) -> tuple[int, int, float]:
    return -lag["parked"], -lag["pending"], -(lag["oldest_unsigned_seconds"] or 0.0)


def _lag(lag: desk.Lag, now: datetime) -> dict[str, Any]:
    return {
        "unit": lag.unit,
        "pending": lag.pending,
        "parked": lag.parked,
        "unsigned": lag.unsigned,
        "oldest_unsigned_seconds": _age(lag.oldest_unsigned, now),
    }
