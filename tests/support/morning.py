"""A city as it stands in the morning: letters new, waiting, dispatched, signed, late, returned, answered and sealed."""

from domain.events import FeedbackEvent, FeedbackType
from domain.ids import AssignmentId, EventId, MatterId, UnitCode
from tests.support.desk import Desk


def fill(desk: Desk) -> dict[str, list[str]]:
    """Numbers by what became of them."""
    numbers: dict[str, list[str]] = {}
    for place in range(6):
        number = desk.letter(f"water-{place}", f"我们小区第{place}栋停水两天，请尽快恢复供水。", subject=f"停水问题{place}")
        numbers.setdefault("dispatched", []).append(number)
    for place in range(4):
        number = desk.letter(
            f"unsure-{place}", f"第{place}号楼的路灯晚上不亮，出行不便，请有关部门处理。", subject=f"路灯不亮{place}"
        )
        numbers.setdefault("review", []).append(number)
    for place in range(2):
        number = desk.letter(f"accusation-{place}", f"我要举报水务局工作人员收受红包，第{place}次反映。", subject="举报")
        numbers.setdefault("sealed", []).append(number)
    desk.work()
    sign, complete, send_back = (assignment(desk, numbers["dispatched"][place]) for place in (1, 2, 3))
    said(desk, sign, FeedbackType.SIGN)
    said(desk, complete, FeedbackType.COMPLETE, reply="调查情况：属实。处理意见：抢修。处理结果：已恢复供水。")
    said(desk, send_back, FeedbackType.RETURN, reason="此处由交通运输局负责", suggested_unit="roads")
    return numbers


def assignment(desk: Desk, number: str) -> str:
    """The id of the matter's first assignment."""
    with desk.system.store.unit_of_work(write=False) as uow:
        return uow.assignments.of_matters([MatterId(number)])[MatterId(number)][0].id


def said(desk: Desk, ident: str, kind: FeedbackType, **words: str) -> None:
    """What the water bureau says of an assignment."""
    event = FeedbackEvent(EventId(f"morning:{ident}:{kind}"), UnitCode("water"), kind, AssignmentId(ident), **words)  # type: ignore[arg-type]
    desk.feedback.apply(event, actor="unit:water")
