"""``python -m tests.bench.portal_server COUNT``: a portal on loopback that serves pages made beforehand, until stdin ends."""

import random
import sys

from tests.bench.mails import letters
from tests.support.scenario import PORTAL, Scenario
from tests.support.webserver import PORTAL_PAGE, PortalSite, Site

SEED = 20_261_125


class MadePages(Site):
    """The system tests' portal, each page of it made once."""

    def __init__(self, count: int) -> None:
        items = tuple(letters(count, random.Random(SEED), PORTAL))
        super().__init__(Scenario(items, ()))
        site = PortalSite(Scenario(items, ()))
        lists = [("/zmhd/list", {"page": str(page)}) for page in range(1, -(-count // PORTAL_PAGE) + 1)]
        views = [("/zmhd/view", {"id": str(item.ident)}) for item in items]
        self._pages = {
            (path, *query.values()): site.answer("GET", path, query, {}) for path, query in [("/zmhd/list", {}), *lists, *views]
        }

    def answer(self, method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, str, bytes]:
        return self._pages.get((path, *query.values()), (404, "text/html", b"404"))


if __name__ == "__main__":
    print(MadePages(int(sys.argv[1])).start().url, flush=True)
    sys.stdin.read()
