"""Asking to see a sender and the original: who may, who answers, for how long, and what the audit log says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.console import reveals
from app.console.guard import NotThere
from domain.accounts import Account
from domain.errors import Refused
from domain.ids import Number, UnitCode
from tests.support.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "city")
    yield made
    made.system.close()


def person(desk: Desk, login: str, *roles: str, units: tuple[str, ...] = ()) -> Account:
    from app.console.accounts import Accounts

    return Accounts(desk.system).add(login, login, roles, units, "test")


def letter(desk: Desk, text: str, **draft: object) -> Number:
    number = Number(desk.letter(text, text, name="王小明", phones=["13800138000"], **draft))
    desk.work()
    return number


def audited(desk: Desk, subject: str) -> list[tuple[str, str]]:
    with desk.system.store.unit_of_work(write=False) as uow:
        return [(entry.actor, entry.action) for _, entry in uow.audit.entries(subject)]


def test_a_unit_asks_a_reviewer_grants_and_the_view_expires(desk: Desk) -> None:
    number = letter(desk, "文苑路今早停水，请尽快处理")
    handler, reviewer = person(desk, "shui", "handler", units=("water",)), person(desk, "li", "reviewer")
    ident = reveals.ask(desk.system, handler, number, "须与王小明联系，电话 13800138000")
    (waiting,) = reveals.pending(desk.system, reviewer)
    assert (waiting.id, waiting.login, waiting.unit) == (ident, "shui", UnitCode("water"))
    assert "王小明" not in waiting.reason
    assert "13800138000" not in waiting.reason
    with pytest.raises(Refused, match="not granted"):
        reveals.view(desk.system, handler, ident)
    with pytest.raises(Refused, match="already"):
        reveals.ask(desk.system, handler, number, "再问一次")
    reveals.answer(desk.system, reviewer, ident, grant=True)
    shown = reveals.view(desk.system, handler, ident)
    assert shown.sender["phones"] == ["13800138000"]
    assert shown.body == "文苑路今早停水，请尽快处理"
    with pytest.raises(Refused, match="answered already"):
        reveals.answer(desk.system, reviewer, ident, grant=False, reason="不必")
    desk.clock.forward(hours=73)
    with pytest.raises(Refused, match="expired"):
        reveals.view(desk.system, handler, ident)
    steps = audited(desk, number)
    assert [step for step in steps if "reveal" in step[1]] == [
        ("shui", "reveal.ask"),
        ("li", "reveal.grant"),
        ("shui", "message.reveal"),
    ]


def test_nobody_answers_their_own_and_nobody_opens_anothers(desk: Desk) -> None:
    number = letter(desk, "路灯不亮")
    reviewer, second = person(desk, "li", "reviewer"), person(desk, "sun", "supervisor")
    analyst = person(desk, "fen", "analyst")
    ident = reveals.ask(desk.system, reviewer, number, "原文不清楚")
    assert reveals.pending(desk.system, reviewer) == []
    assert reveals.pending(desk.system, analyst) == []
    for nobody in (reviewer, analyst):
        with pytest.raises(Refused, match="another person"):
            reveals.answer(desk.system, nobody, ident, grant=True)
    with pytest.raises(Refused, match="reason"):
        reveals.answer(desk.system, second, ident, grant=False)
    with pytest.raises(Refused, match="role"):
        reveals.ask(desk.system, analyst, number, "想看")
    reveals.answer(desk.system, second, ident, grant=False, reason="正文已经够用")
    assert [one.answer for one in reveals.own(desk.system, reviewer, number)] == ["正文已经够用"]
    with pytest.raises(NotThere):
        reveals.view(desk.system, second, ident)


def test_another_units_letter_cannot_be_asked_for(desk: Desk) -> None:
    number = letter(desk, "文苑路今早停水，请尽快处理")
    other = person(desk, "lu", "handler", units=("roads",))
    with pytest.raises(NotThere):
        reveals.ask(desk.system, other, number, "想看看")
    with pytest.raises(NotThere):
        reveals.ask(desk.system, other, Number("20260302-portal-999999"), "想看看")
    with pytest.raises(Refused, match="belong"):
        reveals.ask(desk.system, other, number, "想看看", unit=UnitCode("water"))


def test_sealed_letters_are_asked_for_and_answered_by_sealed_reviewers_only(desk: Desk) -> None:
    number = letter(desk, "举报某局长受贿", kind="accusation")
    reviewer, supervisor = person(desk, "li", "reviewer"), person(desk, "sun", "supervisor")
    first, second = person(desk, "mi", "sealed_reviewer"), person(desk, "feng", "sealed_reviewer", "reviewer")
    for outsider in (reviewer, supervisor):
        with pytest.raises(NotThere):
            reveals.ask(desk.system, outsider, number, "想看")
    ident = reveals.ask(desk.system, first, number, "须核对姓名")
    for outsider in (reviewer, supervisor):
        assert reveals.pending(desk.system, outsider) == []
        with pytest.raises(NotThere):
            reveals.answer(desk.system, outsider, ident, grant=True)
    assert [one.sealed for one in reveals.pending(desk.system, second)] == [True]
    reveals.answer(desk.system, second, ident, grant=True)
    assert reveals.view(desk.system, first, ident).sender["name"] == "王小明"


def test_a_view_ends_when_the_letter_is_sealed(desk: Desk) -> None:
    number = letter(desk, "文苑路今早停水，请尽快处理")
    handler, reviewer = person(desk, "shui", "handler", units=("water",)), person(desk, "li", "reviewer")
    ident = reveals.ask(desk.system, handler, number, "须联系")
    reveals.answer(desk.system, reviewer, ident, grant=True)
    desk.office.seal(number, "是举报")
    with pytest.raises(NotThere):
        reveals.view(desk.system, handler, ident)
    assert reveals.own(desk.system, handler) == []


def test_attachments_are_named_without_whose_they_are_and_opened_with_a_grant(desk: Desk) -> None:
    number = letter(desk, "文苑路今早停水，请尽快处理", attachments=[["王小明的照片.html", "<script>1</script>"]])
    reviewer, second = person(desk, "li", "reviewer"), person(desk, "sun", "supervisor")
    (name,) = reveals.attachment_names(desk.system, number)
    assert "王小明" not in name
    ident = reveals.ask(desk.system, reviewer, number, "须看照片")
    with pytest.raises(Refused, match="not granted"):
        reveals.attachment(desk.system, reviewer, ident, 0)
    reveals.answer(desk.system, second, ident, grant=True)
    assert reveals.view(desk.system, reviewer, ident).attachments == ("王小明的照片.html",)
    assert reveals.attachment(desk.system, reviewer, ident, 0).data == b"<script>1</script>"
    with pytest.raises(NotThere):
        reveals.attachment(desk.system, reviewer, ident, 1)
    assert audited(desk, number)[-1] == ("li", "message.attachment")
