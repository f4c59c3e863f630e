"""Each role's morning from log-in to done, in Chromium: what a person presses and types, and what then stands in the store."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pyotp
from playwright.sync_api import Browser, Page, Route, expect

from domain.accounts import Role
from domain.ids import Number
from domain.messages import MessageState
from tests.support.browser import PHONE, Watched, signed_in, watched
from tests.support.console import PASSWORD, ConsoleCity
from tests.support.morning import assignment


@contextmanager
def at_work(city: ConsoleCity, browser: Browser, role: Role, size: dict[str, int] | None = None) -> Iterator[Watched]:
    """A window of somebody of this role; in the end nothing was asked of elsewhere and nothing went wrong in the browser."""
    with watched(browser, city.base, **({"size": size} if size else {})) as window:
        signed_in(city, window, role, "zh")
        yield window
        assert (window.told, window.outside) == ([], [])


def waiting(city: ConsoleCity) -> list[str]:
    with city.desk.system.store.unit_of_work(write=False) as uow:
        return [message.number for message in uow.reads.in_state([MessageState.IN_REVIEW])]


def opened(page: Page) -> str:
    return page.locator("#letter").get_attribute("data-number") or ""


def listens(page: Page, was: str = "") -> str:
    """The letter that is open, once it is another than ``was`` and the page takes keys."""
    told = "was => document.documentElement.dataset.keys === 'on' && document.getElementById('letter').dataset.number !== was"
    page.wait_for_function(told, arg=was)
    return opened(page)


def test_a_reviewer_decides_by_keyboard_alone_and_takes_one_back(morning: ConsoleCity, browser: Browser) -> None:
    before = waiting(morning)
    assert len(before) >= 3
    with at_work(morning, browser, Role.REVIEWER) as window:
        page = window.page
        keys = page.keyboard
        first = listens(page)
        while first not in before:
            keys.press("j")
            first = listens(page, first)
        keys.press("2")
        keys.press("e")
        keys.type("请三日内回复")
        keys.press("Escape")
        keys.press("Enter")
        page.wait_for_selector(f'.choice[data-number="{first}"][data-state="waiting"]')
        second = listens(page, first)
        keys.press("/")
        keys.type("jt")
        page.wait_for_selector("#found-lead li[data-code=roads]")
        keys.press("Enter")
        keys.press("Enter")
        page.wait_for_selector(f'.choice[data-number="{second}"][data-state="waiting"]')
        assert (morning.desk.state(first), morning.desk.state(second)) == ("in_review", "in_review")
        keys.press("u")
        page.wait_for_selector(f'.choice[data-number="{second}"][data-state="waiting"]', state="detached")
        window.picture("morning-reviewer")
        morning.desk.clock.forward(seconds=31)
        assert morning.desk.system.due_choices().look() == 1
        assert (morning.desk.state(first), morning.desk.state(second)) == ("dispatched", "in_review")
    with morning.desk.system.store.unit_of_work(write=False) as uow:
        decision = uow.matters.decisions([morning.desk.message(first).matter])[morning.desk.message(first).matter][-1]
    assert (decision.lead, decision.requirement, decision.actor) == ("roads", "请三日内回复", "reviewer-zh")


def test_keys_pressed_before_the_page_or_the_next_letter_is_there_wait_for_it(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.REVIEWER) as window:
        page = window.page
        keys = page.keyboard
        listens(page)
        numbers = [row.get_attribute("data-number") for row in page.locator("#queue .row").all()]
        held: list[Route] = []
        page.route("**/htmx.min.js*", lambda route: held.append(route))
        page.goto(f"{morning.base}/review", wait_until="commit")
        page.wait_for_selector("#letter")
        keys.press("j")
        go_on(page, held)
        assert listens(page, numbers[0] or "") == numbers[1]
        page.route(f"**/review/{numbers[0]}?*", lambda route: held.append(route))
        keys.press("k")
        keys.press("Enter")
        keys.press("/")
        keys.type("jt")
        go_on(page, held)
        page.wait_for_selector("#found-lead li[data-code=roads]")
        assert opened(page) == numbers[0]
        for number in numbers[:2]:
            assert page.locator(f'.choice[data-number="{number}"]').count() == 0


def go_on(page: Page, held: list[Route]) -> None:
    """What was asked for meanwhile is answered."""
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()


def test_a_sealed_reviewer_sees_accusations_and_a_reviewer_does_not(morning: ConsoleCity, browser: Browser) -> None:
    with morning.desk.system.store.unit_of_work(write=False) as uow:
        sealed = [message.number for message in uow.reads.in_state([MessageState.SEALED_REVIEW])]
    with at_work(morning, browser, Role.SEALED_REVIEWER) as window:
        assert window.open(f"/review/{sealed[0]}") == 200
        expect(window.page.locator("#letter .tag.sealed")).to_be_visible()
        window.picture("morning-sealed")
    with watched(browser, morning.base) as window:
        signed_in(morning, window, Role.REVIEWER, "zh")
        assert window.open(f"/review/{sealed[0]}") == 404
        assert window.open(f"/register/{sealed[0]}") == 404


def test_a_unit_signs_and_answers_on_a_phone(morning: ConsoleCity, browser: Browser) -> None:
    number = morning.desk.letter("phone", "五号楼停水一天了，请派人修。", subject="五号楼停水")
    morning.desk.work()
    part = assignment(morning.desk, number)
    with at_work(morning, browser, Role.HANDLER, PHONE) as window:
        page = window.page
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("link", name="五号楼停水").first.click()
        page.locator(f"form[action='/department/parts/{part}/sign'] button").click()
        page.wait_for_selector("p.done")
        page.locator("textarea[name=looked_into]").fill("已到现场查看。")
        page.locator("textarea[name=opinion]").fill("更换阀门。")
        page.locator("textarea[name=result]").fill("已恢复供水并回访。")
        window.picture("morning-handler")
        assert window.faults() == []
        page.locator(f"form[action='/department/parts/{part}/complete'] button.main").click()
        expect(page).to_have_url(re.compile("done=complete"))
        window.picture("morning-handler-done")
    with morning.desk.system.store.unit_of_work(write=False) as uow:
        matter = uow.matters.get(morning.desk.message(number).matter)
    assert matter is not None
    assert matter.state == "answered"


def test_a_supervisor_finds_a_matter_by_two_characters_and_presses_its_unit(morning: ConsoleCity, browser: Browser) -> None:
    number = morning.desk.letter("pressed", "六号楼停水三天无人过问。", subject="六号楼水管")
    morning.desk.work()
    morning.desk.system.indexer().look()
    with at_work(morning, browser, Role.SUPERVISOR) as window:
        page = window.page
        window.open("/register")
        page.locator("input[name=words]").fill("水管")
        page.locator("form.search button.main").click()
        page.locator(f"a[href^='/register/{number}']").first.click()
        expect(page).to_have_url(re.compile(number))
        page.wait_for_load_state()
        form = page.locator(f"form[action='/register/{number}/remind']").first
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        form.locator("input[name=reason]").fill("来信人再次来电，请尽快办理")
        form.locator("button").click()
        page.wait_for_selector("p.done")
        window.picture("morning-supervisor")
    with morning.desk.system.store.unit_of_work(write=False) as uow:
        actions = [entry.action for _, entry in uow.audit.entries(assignment(morning.desk, number))]
    assert "assignment.remind" in actions


def test_an_operator_looks_at_the_way_and_the_channels(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.OPERATOR) as window:
        window.page.wait_for_selector("#live")
        body = window.page.locator("body").inner_text()
        window.picture("morning-operator")
    for words in ("停水两天", "路灯晚上不亮", "收受红包"):
        assert words not in body


def test_an_analyst_reads_the_statistics(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.ANALYST) as window:
        assert window.open("/statistics") == 200
        window.page.wait_for_selector("canvas, svg")
        window.picture("morning-analyst")


def test_an_auditor_verifies_the_log(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.AUDITOR) as window:
        window.open("/settings/audit")
        window.page.locator("form[action='/settings/audit/verify'] button").click()
        window.page.wait_for_selector(".done")
        window.picture("morning-auditor")


def test_an_administrator_lets_a_new_reviewer_in_who_sets_password_and_code(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.ADMIN) as window:
        page = window.page
        window.open("/settings/users")
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        form = page.locator("form[action='/settings/users']")
        form.locator("input[name=login]").fill("newcomer")
        form.locator("input[name=roles][value=reviewer]").check()
        form.locator("button.main").click()
        link = re.search(r"/sign-in/link/[\w-]+", page.locator("div.done code").inner_text())
        assert link is not None
        window.picture("morning-admin")
    with watched(browser, morning.base) as window:
        page = window.page
        window.open(link.group(0))
        page.click("button.main")
        page.fill("input[name=new]", PASSWORD)
        page.fill("input[name=again]", PASSWORD)
        page.click("button.main")
        secret = page.locator("code").inner_text()
        page.fill("input[name=code]", pyotp.TOTP(secret).at(morning.desk.clock.now()))
        page.click("main button.main")
        expect(page).to_have_url(f"{morning.base}/review")
        assert (window.told, window.outside) == ([], [])


def test_numbers_of_the_store_are_those_of_the_page(morning: ConsoleCity, browser: Browser) -> None:
    with at_work(morning, browser, Role.REVIEWER) as window:
        shown = {row.get_attribute("data-number") or "" for row in window.page.locator("#queue .row").all()}
    assert set(waiting(morning)) <= {Number(number) for number in shown}
