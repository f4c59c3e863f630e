"""Accounts on the settings page."""

from collections.abc import Iterator

import pytest

from tests.support.console import ConsoleCity, Person, console_city
from tests.support.desk import Desk


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleCity]:
    desk = Desk(tmp_path_factory.mktemp("users") / "city")
    with console_city(desk) as made:
        yield made
    desk.system.close()


@pytest.fixture(scope="module")
def admin(city: ConsoleCity) -> Person:
    return city.demo_person("root", ["admin"])


def row(admin: Person, login: str) -> dict[str, object]:
    return next(one for one in admin.get("/api/settings/users").json() if one["login"] == login)


def test_a_new_account_gets_a_link_shown_once(city: ConsoleCity, admin: Person) -> None:
    made = admin.post("/settings/users", {"login": "wang", "name": "王敏", "roles": ["reviewer", "supervisor"]})
    assert made.status_code == 200
    link = made.text.partition("/sign-in/link/")[2].partition("<")[0]
    assert "/sign-in/link/" not in admin.get("/settings/users").text
    newcomer = Person(city.base)
    assert newcomer.post(f"/sign-in/link/{link}").headers["location"] == "/account/password"
    assert row(admin, "wang")["roles"] == ["reviewer", "supervisor"]
    assert row(admin, "wang")["sessions"] == 1


@pytest.mark.parametrize(
    "form",
    [
        {"login": "wang", "roles": "analyst"},
        {"login": "a b", "roles": "analyst"},
        {"login": "x"},
        {"login": "y", "roles": "handler"},
    ],
)
def test_what_cannot_be_is_told_on_the_page(admin: Person, form: dict[str, str]) -> None:
    answer = admin.post("/settings/users", form)
    assert answer.status_code == 409
    assert 'class="wrong"' in answer.text
    assert '<details class="card" open>' in answer.text


def test_roles_units_and_name_are_changed_and_sessions_end(city: ConsoleCity, admin: Person) -> None:
    person = city.demo_person("li", ["handler"], ["water"])
    assert (
        admin.post("/settings/users/li", {"roles": "handler", "units": ["water", "river-water"], "name": "李"}).status_code == 303
    )
    assert (row(admin, "li")["units"], row(admin, "li")["name"]) == (["water", "river-water"], "李")
    assert person.get("/account").status_code == 303
    body = {"roles": ["analyst"], "units": []}
    assert admin.post_json("/api/settings/users/li", body).json()["roles"] == ["analyst"]
    assert admin.post_json("/api/settings/users/li", {"roles": ["king"]}).status_code == 422
    assert admin.post_json("/api/settings/users/nobody", {"name": "x"}).status_code in (404, 409)


def test_an_account_is_shut_off_and_opened_again(city: ConsoleCity, admin: Person) -> None:
    person = city.demo_person("zhao", ["analyst"])
    assert admin.post("/settings/users/zhao/disable").status_code == 303
    assert person.get("/account").status_code == 303
    assert admin.post("/settings/users/zhao/link").status_code == 409
    assert admin.post("/settings/users/zhao/enable").status_code == 303
    assert "/sign-in/link/" in admin.post("/settings/users/zhao/reset").text
    again = city.accounts.sign_in_by_link(city.accounts.link("zhao", "test"), "here")
    assert city.accounts.found(again.token) is not None
    assert admin.post_json("/api/settings/users/zhao/end-sessions", {}).json() == {"ended": 1}
    assert city.accounts.found(again.token) is None


def test_the_last_administrator_stays(city: ConsoleCity, admin: Person) -> None:
    assert admin.post("/settings/users/root/disable").status_code == 409
    assert admin.post("/settings/users/root", {"roles": "analyst", "name": ""}).status_code == 409
    assert "最后一个管理员" in admin.post("/settings/users/root", {"roles": "auditor", "name": ""}).text
    second = city.demo_person("second", ["admin"])
    city.accounts.change("second", "test", disabled=True)
    assert admin.post("/settings/users/root/disable").status_code == 409, "one that is shut off does not count"
    city.accounts.change("second", "test", disabled=False)
    assert admin.post_json("/api/settings/users/root", {"roles": ["auditor"]}).status_code == 200
    assert second.get("/account").status_code == 303


def test_an_account_whose_unit_is_gone_can_still_be_shut_off(city: ConsoleCity) -> None:
    admin = city.demo_person("chief", ["admin"])
    city.demo_person("sun", ["handler"], ["discipline"])
    text = (city.desk.folder / "units.toml").read_text(encoding="utf-8")
    (city.desk.folder / "units.toml").write_text(text.replace('code = "discipline"', 'code = "other"'), encoding="utf-8")
    assert admin.post("/settings/users/sun/disable").status_code == 303
    assert row(admin, "sun")["disabled"] is True
