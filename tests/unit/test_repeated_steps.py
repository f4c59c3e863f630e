"""A step by a person that is said twice has happened once; a reason of nothing but spaces is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.office import RELEASABLE
from app.office import Office
from domain.errors import Refused
from domain.events import FeedbackType
from domain.ids import Number
from tests.support.desk import Desk
from tests.support.fenban import City
from tests.unit.test_feedback_desk import tell
from tests.unit.test_way_of_a_message import WATER

VAGUE = "你好，有一件事情想问一下，不知道归谁管，请答复。"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


STEPS: dict[str, Callable[[Office, Number], object]] = {
    "out_of_remit": lambda office, number: office.out_of_remit(number, "请向铁路部门反映"),
    "seal": lambda office, number: office.seal(number, "是举报"),
    "hold": lambda office, number: office.hold(number, "内容待核"),
    "reject": lambda office, number: office.reject(number, "广告"),
    "release": lambda office, number: office.release(number, "并无违法内容", RELEASABLE["held"]),
    "not_accusation": lambda office, number: office.not_accusation(number, "反映路灯"),
    "close": lambda office, number: office.close(number),
}
BEFORE = {"reject": ["hold"], "release": ["hold"], "not_accusation": ["seal"]}


@pytest.mark.parametrize("step", STEPS)
def test_the_same_step_again_changes_nothing(desk: Desk, step: str) -> None:
    number = Number(desk.letter("1", WATER if step == "close" else VAGUE))
    desk.work()
    if step == "close":
        assert tell(desk, "water", type=FeedbackType.COMPLETE, assignment=f"{number}.water.1", reply="已恢复")[0] == "applied"
    for earlier in BEFORE.get(step, []):
        STEPS[earlier](desk.office, number)
    STEPS[step](desk.office, number)
    state, entries = desk.state(number), _entries(desk)
    STEPS[step](desk.office, number)
    assert desk.state(number) == state
    assert _entries(desk) == entries


def test_what_was_never_so_is_still_refused_with_a_remedy(desk: Desk) -> None:
    number = Number(desk.letter("1", WATER))
    desk.work()
    for step in ("reject", "hold", "release", "not_accusation", "close"):
        with pytest.raises(Refused) as refused:
            STEPS[step](desk.office, number)
        assert refused.value.remedy, step


@pytest.mark.parametrize(
    "command",
    [
        ("held", "reject", "20260901-portal-000001"),
        ("reveal", "20260901-portal-000001"),
        ("matter", "split", "20260901-portal-000001"),
        ("assignment", "reopen", "20260901-portal-000001.water.1"),
    ],
)
def test_spaces_are_no_reason(command: tuple[str, ...], tmp_path: Path) -> None:
    said = City(tmp_path).run(*command, "--reason", "  ", code=2, bare=True, env={"FENBAN_LANG": "en"})
    assert "must not be empty" in said.err


def _entries(desk: Desk) -> int:
    with desk.system.store.unit_of_work(write=False) as uow:
        return sum(1 for _ in uow.audit.entries())
