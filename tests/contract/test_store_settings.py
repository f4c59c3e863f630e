"""What the settings page reads, on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.city_edit import RULES, UNITS, CityEditor
from app.console.accounts import Accounts
from app.office import Choice
from app.rules_trial import EVERYBODY, trial
from domain.accounts import Role, Viewer
from domain.errors import Refused
from domain.ids import Number
from store.desk_settings import LogFilter, busiest_unit, log_page, open_parts_of, recent_letters
from tests.support.desk import UNITS as UNITS_TEXT
from tests.support.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def test_the_last_administrator_and_who_is_signed_in(desk: Desk) -> None:
    accounts = Accounts(desk.system)
    accounts.add("root", "", ["admin", "auditor"], [], "test", demo=True)
    with pytest.raises(Refused, match="last administrator"):
        accounts.change("root", "test", disabled=True)
    accounts.add("second", "", ["admin"], [], "test", demo=True)
    accounts.sign_in_by_link(accounts.link("second", "test"), "here")
    known = {one.login: one.id for one in accounts.all()}
    assert {ident: one.sessions for ident, one in accounts.signed_in().items()} == {known["second"]: 1}
    desk.clock.forward(minutes=31)
    assert accounts.signed_in() == {}
    assert accounts.change("root", "test", roles=["analyst"]).roles == (Role.ANALYST,)


def test_letters_of_a_trial_are_those_that_the_reader_may_see(desk: Desk) -> None:
    water = desk.letter("1", "我家小区停水三天了，请尽快修。")
    sealed = desk.letter("2", "举报交通局科长收受好处", kind="accusation")
    waiting = desk.letter("3", "请问归谁管")
    desk.work()
    desk.office.decide(Number(sealed), Choice("discipline"))
    with desk.system.store.transaction(write=False) as tx:
        assert [one.number for one in recent_letters(tx, EVERYBODY, 10)] == [waiting, water]
        assert [one.number for one in recent_letters(tx, EVERYBODY, 1)] == [waiting]
        assert recent_letters(tx, Viewer(reads=False), 10) == []
        assert open_parts_of(tx, ["water", "roads", "discipline"]) == {"water": 1}, "nor those of a unit that is taken out"
        assert busiest_unit(tx) == "water", "sealed parts are not counted"
    text = '[[rule]]\nname = "pipes"\nany = ["停水"]\nlead = "roads"\n'
    tried = trial(desk.system, CityEditor(desk.system).rulebook(text), EVERYBODY)
    assert (tried.letters, tried.changed, [one.number for one in tried.examples]) == (2, 1, [water])


def test_the_log_is_filtered_and_turned_by_page(desk: Desk) -> None:
    accounts = Accounts(desk.system)
    for place in range(5):
        accounts.add(f"user{place}", "", ["analyst"], [], "importer_1")
    number = desk.letter("1", "请问归谁管")
    desk.work()
    desk.office.decide(Number(number), Choice("water"))
    with desk.system.store.transaction(write=False) as tx:
        first = log_page(tx, LogFilter(actor="importer_1", action="account"), None, 3)
        rest = log_page(tx, LogFilter(actor="importer_1", action="account.add"), first[-1][0], 3)
        assert [entry.subject for _, entry in (*first, *rest)] == [f"account:user{place}" for place in (4, 3, 2, 1, 0)]
        assert log_page(tx, LogFilter(action="account."), None, 3) == []
        assert log_page(tx, LogFilter(actor="importer%1"), None, 3) == []
        assert {entry.actor for _, entry in log_page(tx, LogFilter(subject=number), None, 9)} == {"clerk"}
        assert log_page(tx, LogFilter(subject=number, accounts_only=True), None, 9) == []
        now = desk.clock.now()
        assert log_page(tx, LogFilter(since=now + timedelta(seconds=1)), None, 9) == []
        assert len(log_page(tx, LogFilter(since=now, until=now), None, 99)) == 6


def test_saving_is_audited_and_a_unit_with_open_parts_is_told(desk: Desk) -> None:
    desk.letter("1", "我家小区停水三天了，请尽快修。")
    desk.work()
    editor = CityEditor(desk.system)
    without = UNITS_TEXT.replace('code = "water"', 'code = "waterworks"')
    assert any("1 assignments not completed" in line for line in editor.check(UNITS, without).doubts)
    kept = editor.save(UNITS, without, base=editor.present(UNITS).digest, reason="机构改革", actor="root")
    assert (desk.folder / kept).read_text(encoding="utf-8") == UNITS_TEXT
    editor.save(RULES, "# none\n", base=editor.present(RULES).digest, reason="清空", actor="root")
    with desk.system.store.unit_of_work(write=False) as uow:
        actions = [entry.action for _, entry in uow.audit.entries() if entry.actor == "root"]
        assert uow.audit.verify() == ""
    assert actions == ["units.save", "rules.save"]
