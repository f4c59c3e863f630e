"""The place where the department's own system (OA, hotline, case system) is called. This file is yours to change."""

from collections.abc import Sequence

from fenban_handler.events import Answer, sign
from fenban_handler.state import Case


class Rules:
    """Each method may be called again with the same ``event_id``, after a crash: let your system keep that id and answer
    alike. An exception means "later": the same is called again, and the other assignments go on.

    What is returned is said to fenban: ``sign()``, ``give_back(reason, suggested_unit)``, ``complete(reply)``,
    ``extend(reason, days)``, ``claim()``. Nothing has to be returned; people may answer by the command line, or your system by calling it.
    """

    def content(self, case: Case, event_id: str) -> Sequence[Answer]:
        """A new assignment, or the whole of a known one again. ``case.data`` holds the fields of ``assigned.json``."""
        # your_system.put(case.assignment, case.data, key=event_id)
        return [sign()] if case.state == "received" else []

    def offer(self, case: Case, event_id: str) -> Sequence[Answer]:
        """A matter of the pool, open to all units; ``claim()`` if it is yours. ``case.data``: ``offered.json``."""
        return []

    def reminder(self, case: Case, event_id: str) -> Sequence[Answer]:
        """催办, 督办: ``case.reminder`` holds the fields of ``reminder.json``."""
        # your_system.press(case.assignment, case.reminder["level"], case.reminder["reason"], key=event_id)
        return []

    def recall(self, assignment: str, event_id: str) -> None:
        """Taken back, or no longer offered: your system deletes its copies and stops."""
        # your_system.delete(assignment, key=event_id)
