"""What a unit's people do about their parts on its page: the lifecycle of ``app.feedback``, in the person's name."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from app.console.guard import NotThere
from app.console.visit import Visit
from app.copies import merged_letters
from app.feedback import FeedbackResult
from app.feedback_steps import PLAIN_ID
from app.transactions import reading
from domain.clock import SHANGHAI
from domain.decisions import AssignmentState
from domain.errors import Refused, RejectItem
from domain.events import FeedbackEvent, FeedbackOutcome, FeedbackType
from domain.ids import AssignmentId, MatterId, UnitCode
from domain.messages import Message
from route.feedback import REPLY_PARTS, parse_feedback
from store import desk_department as desk
from store.engine import Transaction
from store.reads import SqlReads

T = TypeVar("T")
NO_PART = "there is no such assignment of your unit"
NOT_OFFERED = "this letter is not open for claiming"
SOON_DAYS = 3
RESULT = REPLY_PARTS[-1]


class DepartmentWork:
    """Of one visit. Every step looks first whether the person may see the part, and raises NotThere where not."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._system = visit.system

    def read(self, query: Callable[[Transaction], T]) -> T:
        return reading(self._system.store, query)

    def edges(self) -> desk.Edges:
        """What is due today, and within three working days, ends at the end of a day in Asia/Shanghai."""
        now = self._system.clock.now()
        today = now.astimezone(SHANGHAI).replace(hour=23, minute=59, second=59, microsecond=999_999)
        return desk.Edges(now, today, max(today, self._system.calendar.deadline(now, SOON_DAYS).due))

    def part(self, ident: str) -> desk.Part:
        """Raises NotThere for one of another unit, withdrawn, sealed to this reader or unknown: all alike."""
        viewer = self._visit.viewer
        plain = PLAIN_ID.fullmatch(ident) is not None
        found = self.read(lambda tx: desk.part(tx, viewer, AssignmentId(ident))) if plain else None
        if found is None:
            raise NotThere(NO_PART)
        return found

    def letters(self, found: desk.Part) -> tuple[Message, ...]:
        """Those that were merged into the part's matter: they say something of their own, and are to be answered too."""
        matter = found.line.part.matter
        return merged_letters(self.read(lambda tx: SqlReads(tx).of_matters([matter])[matter]))

    def sign(self, ident: str) -> FeedbackResult:
        return self._say(ident, FeedbackType.SIGN, {})

    def give_back(self, ident: str, reason: str, suggested_unit: str) -> FeedbackResult:
        """With the unit that should have it, by code, name or alias. Raises Refused."""
        if suggested_unit and self._system.directory.resolve(suggested_unit) is None:
            raise Refused(f"there is no unit {suggested_unit!r} in the directory", remedy="choose one of the list")
        return self._say(ident, FeedbackType.RETURN, {"reason": reason, "suggested_unit": suggested_unit})

    def extend(self, ident: str, days: int, reason: str) -> FeedbackResult:
        """Asks the office for more working days. Other days or words are another request. Raises Refused."""
        return self._say(ident, FeedbackType.EXTEND, {"reason": reason, "days": days})

    def complete(self, ident: str, reply: Mapping[str, str]) -> FeedbackResult:
        """``reply`` by 调查情况, 处理意见, 处理结果; the result must stand there. Raises Refused."""
        if not reply.get(RESULT, "").strip():
            raise Refused("the reply lacks its result", remedy="write what was done in the end")
        return self._say(ident, FeedbackType.COMPLETE, {"reply": dict(reply)})

    def claim(self, number: str, unit: str) -> FeedbackResult:
        """For one of the person's own units; ``repeated`` where that unit's people have it already. Raises Refused."""
        if unit not in self._visit.me.units or PLAIN_ID.fullmatch(number) is None:
            raise NotThere(NOT_OFFERED)
        viewer = self._visit.viewer
        offered = self.read(lambda tx: desk.offers(tx, viewer, matter=MatterId(number)))
        if not offered:
            if self.own_part(number) is not None:
                return FeedbackResult("", FeedbackOutcome.REPEATED)
            raise NotThere(NOT_OFFERED, remedy="another unit may have claimed it")
        event_id = f"console:{number}:{FeedbackType.CLAIM}:{offered[0].sequence}"
        return self._applied(_event(UnitCode(unit), {"id": event_id, "type": FeedbackType.CLAIM.value, "matter": number}))

    def own_part(self, number: str) -> AssignmentId | None:
        """The part that the person's units have in the matter, the latest."""
        viewer = self._visit.viewer
        return self.read(lambda tx: desk.own_part(tx, viewer, MatterId(number)))

    def _say(self, ident: str, kind: FeedbackType, said: Mapping[str, Any]) -> FeedbackResult:
        known = self.part(ident)
        if kind is FeedbackType.SIGN and known.line.part.state is not AssignmentState.SENT:
            return FeedbackResult("", FeedbackOutcome.STALE, f"already {known.line.part.state}")
        # However often the form is sent it is one event, until the office moves the matter on.
        event_id = f"console:{ident}:{kind}:{known.sequence}"
        if kind is FeedbackType.EXTEND:
            event_id += f":{sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()[:16]}"
        said = {"id": event_id, "type": kind.value, "assignment": ident, **said}
        return self._applied(_event(known.line.part.unit, said))

    def _applied(self, event: FeedbackEvent) -> FeedbackResult:
        result = self._system.feedback().apply(event, actor=self._visit.me.login)
        if result.outcome is FeedbackOutcome.REJECTED:
            raise Refused(result.reason)
        return result


def _event(unit: UnitCode, said: Mapping[str, Any]) -> FeedbackEvent:
    """Read as what comes by topic is, so that both ways give the same words. Raises Refused."""
    try:
        return parse_feedback(unit, json.dumps(said, ensure_ascii=True))
    except RejectItem as error:
        raise Refused(error.what) from None
