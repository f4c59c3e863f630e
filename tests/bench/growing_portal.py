"""``python -m tests.bench.growing_portal COUNT RATE SHOWN``: a portal on loopback that shows RATE new letters a second.

SHOWN letters are there from the start; the clock starts with a line on stdin, and what it read then is printed.
"""

import random
import sys
import time

from tests.bench.mails import letters
from tests.bench.portal_server import SEED
from tests.support.scenario import PORTAL, Item, Scenario
from tests.support.webserver import PortalSite


class GrowingPortal(PortalSite):
    def __init__(self, count: int, rate: float, shown: int) -> None:
        items = tuple(letters(count, random.Random(SEED), PORTAL))
        super().__init__(Scenario(items, ()))
        self._newest_first = items[::-1]
        self._views = {str(item.ident): self._page(self._detail(item, 1)) for item in items}
        self._rate, self._shown = rate, shown
        self.began: float | None = None

    def listed(self, channel: str) -> list[Item]:
        shown = self._shown
        if self.began is not None:
            shown += max(0, int((time.time() - self.began) * self._rate))
        return list(self._newest_first[-shown:])

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        if path == "/zmhd/view":
            return self._views.get(query.get("id", ""), (404, "text/html", b"404"))
        return super().answer(method, path, query, headers)


if __name__ == "__main__":
    site = GrowingPortal(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
    site.start()
    print(site.url, flush=True)
    sys.stdin.readline()
    site.began = time.time()
    print(site.began, flush=True)
    sys.stdin.read()
