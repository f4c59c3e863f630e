"""Whether this process can do its work: the store decides; a failing channel, a slow outbox or a Kafka
that cannot be reached only degrades: letters are taken in all the same."""

from typing import Any

from app.reports import health_document
from app.wiring import System
from domain.errors import FenbanError

FAILING = frozenset({"degraded", "halted"})
SLOW_OUTBOX_SECONDS = 300.0


def readiness(system: System) -> tuple[bool, dict[str, Any]]:
    """(ready, document for /readyz)."""
    try:
        status = health_document(system)
    except FenbanError as error:
        return False, {"status": "down", "what": str(error)}
    troubles = [f"channel {channel['id']}: {channel['error']}" for channel in status["channels"] if channel["state"] in FAILING]
    troubles += [f"{problem} (the earlier file stays in use)" for problem in system.city_files.trouble]
    troubles += [f"{problem} (the earlier model stays in use)" for problem in system.model_watch.trouble]
    kafka = status.get("kafka")
    if kafka is not None and kafka["state"] != "ok":
        troubles.append(f"kafka: {kafka['error']}")
    oldest = status["outbox"]["oldest_seconds"] or 0.0
    if oldest > SLOW_OUTBOX_SECONDS:
        troubles.append(f"the oldest outbox record has waited {oldest:.0f} s")
    if status["parked"]:
        troubles.append(f"{status['parked']} records are parked: fenban parked list")
    return True, {"status": "degraded" if troubles else "ok", "what": troubles}
