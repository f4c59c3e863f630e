"""Every page that each role's menu leads to, in both languages and sizes: nothing overlaps or runs over, nothing is asked of
elsewhere, the policy is kept, and axe-core finds nothing serious."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from app.console.application import endpoints
from app.console.navigation import links
from app.console.throttle import ADDRESS_MINUTES
from domain.accounts import Role
from tests.support.browser import DESKTOP, PHONE, Watched, watched
from tests.support.console import ConsoleCity

SERIOUS = {"serious", "critical"}
SIZES = {"desktop": DESKTOP, "phone": PHONE}


def signed_in(city: ConsoleCity, window: Watched, role: Role, language: str) -> None:
    """By a one-time link of an account of this role alone, made at the first time."""
    login = f"{role.value}-{language}"
    if city.accounts.by_login(login) is None:
        units = ["water"] if role is Role.HANDLER else []
        account = city.accounts.add(login, "", [role], units, "test", demo=True)
        city.accounts.read_in(account, language)
    city.desk.clock.forward(minutes=ADDRESS_MINUTES + 1)
    window.open(f"/sign-in/link/{city.accounts.link(login, 'test')}")
    window.page.click("button.main")


def serious(window: Watched) -> list[str]:
    results = Axe().run(window.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in results if one["impact"] in SERIOUS]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_the_role(morning: ConsoleCity, browser: Browser, role: Role, language: str) -> None:
    for name, size in SIZES.items():
        with watched(browser, morning.base, size) as window:
            signed_in(morning, window, role, language)
            account = morning.accounts.by_login(f"{role.value}-{language}")
            there = {endpoint.path for endpoint in endpoints()}
            for path in [*(link.path for link in links(account) if link.path in there), "/account", "/account/password"]:
                assert window.open(path) == 200, path
                window.page.wait_for_load_state("networkidle")
                window.picture(f"{role.value}{path.replace('/', '-')}-{language}-{name}")
                assert window.faults() == [], (path, name)
                assert serious(window) == [], (path, name)
            assert window.told == []
            assert window.outside == []


def test_the_sign_in_page(morning: ConsoleCity, browser: Browser) -> None:
    for name, size in SIZES.items():
        with watched(browser, morning.base, size) as window:
            assert window.open("/sign-in") == 200
            window.picture(f"sign-in-{name}")
            assert (window.faults(), serious(window), window.told, window.outside) == ([], [], [], [])
