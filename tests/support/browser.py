"""Debian's Chromium, driven by Playwright, watched for what a page of this program may never do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

from app.console.throttle import ADDRESS_MINUTES
from domain.accounts import Role
from tests.support.console import ConsoleCity

SERIOUS = {"serious", "critical"}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
PATIENCE_MS = 30_000
"""What is expected of a page has as long to come as everything else that is waited for."""
REMEDY = "install it: bash deploy/dev/chromium.sh start"
_LISTEN = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI + " " + event.sourceFile);
});
"""
_OVERFLOW = """
() => {
  const width = document.documentElement.clientWidth;
  const found = [];
  if (document.documentElement.scrollWidth > width + 1) {
    for (const one of document.querySelectorAll("body *")) {
      const box = one.getBoundingClientRect();
      if (box.width && box.right > width + 1 && !one.closest(".wide")) {
        found.push(one.tagName + "." + one.className + " ends at " + Math.round(box.right));
      }
    }
    if (!found.length) found.push("the page is " + document.documentElement.scrollWidth + " wide");
  }
  return found.slice(0, 5);
}
"""
_OVERLAP = """
() => {
  const seen = (one) => {
    const box = one.getBoundingClientRect();
    let { left, top, right, bottom } = box;
    for (let outer = one.parentElement; outer; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflow === "visible") continue;
      const edge = outer.getBoundingClientRect();
      left = Math.max(left, edge.left); right = Math.min(right, edge.right);
      top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
    }
    return { left, top, right, bottom };
  };
  const named = (one) => one.tagName + " " + one.textContent.trim().slice(0, 20);
  const all = [...document.querySelectorAll("button, a, input, select, textarea, h1, h2, label")].filter((one) => {
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    const shown = box.width > 1 && box.height > 1 && style.visibility === "visible" && style.position !== "absolute";
    return shown && !one.closest(".wide, details:not([open])");
  });
  const found = [];
  for (let i = 0; i < all.length; i++) {
    for (let j = i + 1; j < all.length; j++) {
      if (all[i].contains(all[j]) || all[j].contains(all[i])) continue;
      const a = seen(all[i]), b = seen(all[j]);
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 3 && high > 3) found.push(named(all[i]) + " on " + named(all[j]));
    }
  }
  return found.slice(0, 5);
}
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Skips the test, or fails it in CI, when there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no Chromium → {REMEDY}")
        pytest.skip(f"there is no Chromium → {REMEDY}")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and what was seen of it. ``told`` are errors of the browser's console, violations of the policy among them."""

    context: BrowserContext
    page: Page
    base: str
    told: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(_LISTEN)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        self.context.on("request", self._asked)

    def open(self, path: str) -> int:
        """The answer's status, when the page and what it asked for has come."""
        response = self.page.goto(self.base + path, wait_until="load")
        assert response is not None
        return response.status

    def faults(self) -> list[str]:
        """What runs over the page's edge or lies on something else."""
        return [*self.page.evaluate(_OVERFLOW), *self.page.evaluate(_OVERLAP)]

    def picture(self, name: str) -> None:
        """Into the folder that FENBAN_SHOTS names, for looking at; nowhere without it."""
        folder = os.environ.get("FENBAN_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.told.append(message.text)

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.outside.append(request.url)


@contextmanager
def watched(browser: Browser, base: str, size: dict[str, int] = DESKTOP, **options: Any) -> Iterator[Watched]:
    """A new browser window without cookies."""
    context = browser.new_context(viewport=size, **options)  # type: ignore[arg-type]
    try:
        yield Watched(context, context.new_page(), base)
    finally:
        context.close()


def signed_in(city: ConsoleCity, window: Watched, role: Role, language: str) -> None:
    """By a one-time link of an account of this role alone, made at the first time."""
    login = f"{role.value}-{language}"
    if city.accounts.by_login(login) is None:
        units = ["water"] if role is Role.HANDLER else []
        account = city.accounts.add(login, "", [role], units, "test", demo=True)
        city.accounts.read_in(account, language)
    city.desk.clock.forward(minutes=ADDRESS_MINUTES + 1)
    window.open(f"/sign-in/link/{city.accounts.link(login, 'test')}")
    with window.page.expect_navigation():
        window.page.click("button.main")


def serious(window: Watched) -> list[str]:
    results = Axe().run(window.page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in results if one["impact"] in SERIOUS]
