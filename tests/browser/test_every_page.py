"""Every page that each role's menu leads to, in both languages and sizes: nothing overlaps or runs over, nothing is asked of
elsewhere, the policy is kept, and axe-core finds nothing serious."""

import pytest
from playwright.sync_api import Browser

from app.console.application import endpoints
from app.console.navigation import links
from domain.accounts import Role
from tests.support.browser import DESKTOP, PHONE, serious, signed_in, watched
from tests.support.console import ConsoleCity

SIZES = {"desktop": DESKTOP, "phone": PHONE}


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
