"""``scrapy_peer.py URL OUT``: the portal's lists and letters by Scrapy with its own settings, written as JSON lines."""

import json
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess


class Portal(scrapy.Spider):  # type: ignore[misc]
    name = "portal"

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request(sys.argv[1] + "/zmhd/list?page=1", self.parse)

    def parse(self, response: Any) -> Iterator[Any]:
        for link in response.css("table.letters tr.row a::attr(href)").getall():
            yield response.follow(link, self.letter)
        following = response.css("a.next::attr(href)").get()
        if following:
            yield response.follow(following, self.parse)

    def letter(self, response: Any) -> Iterator[dict[str, str]]:
        rows = response.css("table.letter tr")
        yield {row.css("td.label::text").get(): "\n".join(row.css("td.value ::text").getall()) for row in rows}


def main() -> None:
    logging.disable(logging.CRITICAL)
    settings = {"FEEDS": {sys.argv[2]: {"format": "jsonlines"}}, "ROBOTSTXT_OBEY": False, "TELNETCONSOLE_ENABLED": False}
    process = CrawlerProcess(settings)
    process.crawl(Portal)
    began = time.perf_counter()
    process.start()
    took = time.perf_counter() - began
    with open(sys.argv[2], encoding="utf-8") as lines:
        print(json.dumps({"seconds": took, "stored": sum(1 for _ in lines)}))


if __name__ == "__main__":
    main()
