"""Signing in and out: links, passwords, one-time codes, lock-out, sessions, cookies, headers."""

import pytest

from app.console.accounts import FAILURES_LOCK, LOCKED_MINUTES
from app.console.guard import COOKIE
from app.console.serving import first_link
from app.console.throttle import TRIES_PER_ADDRESS
from domain.errors import Refused
from tests.support.console import PASSWORD, ConsoleCity, Person


def test_the_first_start_gives_one_administrator_link_and_no_password(city: ConsoleCity) -> None:
    link = first_link(city.desk.system)
    assert "/sign-in/link/" in link
    assert first_link(city.desk.system) == ""
    assert [(one.login, one.password_hash) for one in city.accounts.all()] == [("admin", "")]


def test_a_link_works_once_and_looking_at_it_uses_nothing_up(city: ConsoleCity) -> None:
    city.accounts.add("zhao", "", ["analyst"], [], "test")
    link = f"/sign-in/link/{city.accounts.link('zhao', 'test')}"
    assert Person(city.base).get(link).status_code == 200
    first = Person(city.base).post(link)
    assert (first.status_code, first.headers["location"]) == (303, "/account/password")
    assert Person(city.base).post(link).status_code == 401


def test_an_old_link_lets_nobody_in(city: ConsoleCity) -> None:
    city.accounts.add("zhao", "", ["analyst"], [], "test")
    link = city.accounts.link("zhao", "test")
    city.desk.clock.forward(minutes=61)
    assert Person(city.base).post(f"/sign-in/link/{link}").status_code == 401


def test_a_privileged_role_goes_nowhere_without_its_code(city: ConsoleCity) -> None:
    city.person("qian", ["reviewer"])
    again = Person(city.base)
    answer = again.post("/sign-in", {"login": "qian", "password": PASSWORD})
    assert answer.headers["location"] == "/sign-in/code"
    assert again.get("/account").headers["location"] == "/sign-in/code"
    used = city.code("qian")
    again.get("/sign-in/code")
    assert again.post("/sign-in/code", {"code": used}).status_code == 401, "a code is taken once"
    city.desk.clock.forward(seconds=60)
    before = again.token
    assert again.post("/sign-in/code", {"code": city.code("qian")}).status_code == 303
    assert again.token != before
    assert again.get("/account").status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_what_was_wrong_is_not_told(city: ConsoleCity, known: bool) -> None:
    if known:
        city.person("sun", ["analyst"])
    answer = Person(city.base).post("/sign-in", {"login": "sun", "password": "wrong wrong wrong"})
    assert answer.status_code == 401
    assert "登录名、密码或验证码不对" in answer.text


def test_wrong_passwords_lock_out_and_time_opens_again(city: ConsoleCity) -> None:
    city.person("li", ["analyst"])
    person = Person(city.base)
    for _ in range(FAILURES_LOCK):
        assert person.post("/sign-in", {"login": "li", "password": "wrong"}).status_code == 401
    assert person.post("/sign-in", {"login": "li", "password": PASSWORD}).status_code == 401
    city.desk.clock.forward(minutes=LOCKED_MINUTES + 1)
    assert person.post("/sign-in", {"login": "li", "password": PASSWORD}).status_code == 303


def test_one_address_tries_only_so_often(city: ConsoleCity) -> None:
    person = Person(city.base)
    for place in range(TRIES_PER_ADDRESS):
        person.post("/sign-in", {"login": f"nobody{place}", "password": "x"})
    city.accounts.add("zhou", "", ["analyst"], [], "test")
    link = city.accounts.link("zhou", "test")
    assert person.post(f"/sign-in/link/{link}").status_code == 401
    city.desk.clock.forward(minutes=6)
    assert person.post(f"/sign-in/link/{link}").status_code == 303


def test_a_session_ends_idle_late_and_when_its_account_is_shut(city: ConsoleCity) -> None:
    person = city.person("wu", ["analyst"])
    city.desk.clock.forward(minutes=29)
    assert person.get("/account").status_code == 200
    city.desk.clock.forward(minutes=31)
    assert person.get("/account").status_code == 303
    again = city.person("zheng", ["analyst"])
    city.accounts.change("zheng", "test", disabled=True)
    assert again.get("/account").status_code == 303
    late = city.person("wang", ["analyst"])
    for _ in range(26):
        city.desk.clock.forward(minutes=28)
        late.get("/account")
    assert late.get("/account").status_code == 303


def test_signing_out_needs_the_token_and_ends_the_session(city: ConsoleCity) -> None:
    person = city.person("feng", ["analyst"])
    kept, person.csrf = person.csrf, "other"
    assert person.post("/sign-out").status_code == 403
    person.csrf = kept
    stolen = Person(city.base, token=person.token)
    assert person.post("/sign-out").status_code == 303
    assert stolen.get("/account").status_code == 303


def test_a_change_from_another_site_is_refused(city: ConsoleCity) -> None:
    person = city.person("chen", ["analyst"])
    for header in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert person.post("/account/language", {"language": "en"}, headers=header).status_code == 403


def test_cookie_and_headers_are_as_strict_as_can_be(city: ConsoleCity) -> None:
    city.accounts.add("chu", "", ["analyst"], [], "test")
    answer = Person(city.base).post(f"/sign-in/link/{city.accounts.link('chu', 'test')}")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    headers = Person(city.base).get("/sign-in").headers
    assert "'unsafe" not in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert Person(city.base).get("/no-such-page").status_code == 404


def test_a_weak_password_is_refused_with_a_remedy(city: ConsoleCity) -> None:
    person = city.person("wei", ["analyst"])
    for weak in ("short", "aaaaaaaaaaaaaaaa", "wei-wei-wei-wei-wei"):
        assert person.post("/account/password", {"old": PASSWORD, "new": weak, "again": weak}).status_code == 409
    assert person.post("/account/password", {"old": "no", "new": PASSWORD, "again": PASSWORD}).status_code == 409


def test_roles_that_do_not_go_together_are_refused(city: ConsoleCity) -> None:
    for roles, units in (
        (["handler", "reviewer"], ["water"]),
        (["handler"], []),
        (["reviewer"], ["water"]),
        (["nobody"], []),
        ([], []),
    ):
        with pytest.raises(Refused):
            city.accounts.add("jiang", "", roles, units, "test")


def test_english_is_chosen_by_a_switch_and_kept(city: ConsoleCity) -> None:
    person = city.person("shen", ["analyst"])
    assert person.post("/account/language", {"language": "en", "back": "//elsewhere.example"}).headers["location"] == "/account"
    assert "My account" in person.get("/account").text


def test_everything_is_in_the_audit_log(city: ConsoleCity) -> None:
    city.person("han", ["reviewer"])
    with city.desk.system.store.unit_of_work(write=False) as uow:
        actions = [entry.action for _, entry in uow.audit.entries("account:han")]
        assert uow.audit.verify() == ""
    assert actions == ["account.add", "account.link", "account.sign_in_by_link", "account.password", "account.code"]


def test_a_reset_makes_the_old_codes_worthless(city: ConsoleCity) -> None:
    city.person("wu", ["reviewer"])
    city.desk.clock.forward(seconds=60)
    of_the_old_device = city.code("wu")
    person = Person(city.base)
    person.post(f"/sign-in/link/{city.accounts.reset('wu', 'test')}")
    person.get("/account/password")
    person.post("/account/password", {"new": PASSWORD, "again": PASSWORD})
    person.get("/sign-in/code")
    assert person.post("/sign-in/code", {"code": of_the_old_device}).status_code == 401
    assert person.post("/sign-in/code", {"code": city.code("wu")}).status_code == 303


def test_a_reset_and_a_new_password_end_links_that_lie_about(city: ConsoleCity) -> None:
    city.person("zheng", ["analyst"])
    old = city.accounts.link("zheng", "test")
    fresh = city.accounts.reset("zheng", "test")
    assert Person(city.base).post(f"/sign-in/link/{old}").status_code == 401
    person, another = Person(city.base), city.accounts.link("zheng", "test")
    person.post(f"/sign-in/link/{fresh}")
    person.get("/account/password")
    assert person.post("/account/password", {"new": PASSWORD, "again": PASSWORD}).status_code == 303
    assert Person(city.base).post(f"/sign-in/link/{another}").status_code == 401


def test_a_password_alone_changes_nothing_where_codes_are_in_use(city: ConsoleCity) -> None:
    """Else who has the password could try codes without end: a new password would open the lock each time."""
    whole = city.person("wang", ["reviewer"])
    thief = Person(city.base)
    thief.post("/sign-in", {"login": "wang", "password": PASSWORD})
    thief.get("/sign-in/code")
    for _ in range(FAILURES_LOCK - 1):
        assert thief.post("/sign-in/code", {"code": "000000"}).status_code == 401
    other = "quite another set of words"
    form = {"old": PASSWORD, "new": other, "again": other}
    assert thief.get("/account/password").headers["location"] == "/sign-in/code"
    assert thief.post("/account/password", form).headers["location"] == "/sign-in/code"
    assert thief.post("/account/sessions/end").headers["location"] == "/sign-in/code"
    thief.post("/sign-in/code", {"code": "000000"})
    city.desk.clock.forward(seconds=60)
    assert thief.post("/sign-in/code", {"code": city.code("wang")}).status_code == 401, "locked"
    assert whole.get("/account").status_code == 200
    assert whole.post("/account/password", form).status_code == 303


def test_the_demos_people_give_a_code_where_others_reach_the_console(city: ConsoleCity) -> None:
    city.accounts.add("guest", "", ["reviewer"], [], "test", demo=True)
    here = Person(city.base)
    here.post(f"/sign-in/link/{city.accounts.link('guest', 'test')}")
    assert here.get("/account").status_code == 200
    served_elsewhere = city.accounts
    object.__setattr__(served_elsewhere, "_console", city.desk.settings.console.model_copy(update={"host": "10.1.2.3"}))
    token = served_elsewhere.sign_in_by_link(city.accounts.link("guest", "test"), "10.1.2.9").token
    assert Person(city.base, token=token).get("/account").headers["location"] == "/sign-in/code"
