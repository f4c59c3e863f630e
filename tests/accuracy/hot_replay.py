"""Hot topics on a city's real letters by their own dates: looked for each morning at eight, as the program would have.

``python -m tests.accuracy.hot_replay [FOLDER]`` lists them, with the letters' row numbers, to be read and judged (docs/hot.md). The
letters bring no keyed mark, so that letters of exactly the same text alone count as one person's; the unit is the one that
answered in the end, where the program would have the one decided by then.
"""

import csv
import sys
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from classify.bursts import DAY, Burst, BurstSettings, Letter, find_bursts
from classify.tokens import best_tokenizer, cutter, readable, words
from domain.clock import SHANGHAI
from ingest.normalise import form_of_normalised
from tests.accuracy.figures import Figure
from tests.accuracy.letters import UNITS, NoLetters

READ = 400
SETTINGS = BurstSettings()
KEPT = 7 * DAY
SAME = 1 / 3


def figures(data: Path) -> list[Figure]:
    """How many topics are named, and how many looks there were: what they are worth is for a reader to say."""
    letters = _letters(data)
    found = list(topics(letters))
    years = (letters[-1].at - letters[0].at) / (365.25 * DAY)
    return [
        Figure("hot: topics named on jiamusi, a year", len(found) / years, "topics"),
        Figure("hot: letters of these topics", sum(len(one.letters) for _, one in found) / len(letters), "share"),
    ]


def topics(letters: list[Letter]) -> Iterator[tuple[datetime, Burst]]:
    """Each topic once, at the look that named it first; one that goes on is not named again."""
    at = [one.at for one in letters]
    day = datetime.combine(datetime.fromtimestamp(at[0], SHANGHAI).date(), time(8), SHANGHAI)
    before: list[tuple[float, set[int]]] = []
    while day.timestamp() < at[-1]:
        now = day.timestamp()
        low, high = bisect_right(at, now - (SETTINGS.past_days + 7) * DAY), bisect_right(at, now)
        before = [(seen, ids) for seen, ids in before if now - seen <= KEPT]
        for burst in find_bursts(letters[low:high], now, SETTINGS):
            ids = set(burst.letters)
            known = any(len(ids & other) >= SAME * min(len(ids), len(other)) for _, other in before)
            before.append((now, ids))
            if not known:
                yield day, burst
        day += timedelta(days=1)


@lru_cache(maxsize=2)
def _letters(data: Path) -> list[Letter]:
    path = data / UNITS
    if not path.exists():
        raise NoLetters(f"there is no {path}: say where the letters are with --data")
    cut = cutter(best_tokenizer())
    persons: dict[str, int] = {}
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            text = f"{row['title']}\n{row['content']}"
            said = tuple(dict.fromkeys(words(readable(f"{row['title']}。{row['content'][:READ]}"), cut)))
            person = persons.setdefault(form_of_normalised(text), len(persons))
            at = datetime.fromisoformat(row["asked_at"]).replace(tzinfo=SHANGHAI).timestamp()
            found.append(Letter(int(row["row_no"]), at, person, "", row["unit"], said))
    return sorted(found, key=lambda one: one.at)


def main() -> None:
    csv.field_size_limit(1 << 30)
    for day, burst in topics(_letters(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))):
        print(
            f"{day:%Y-%m-%d}  {burst.days} d  {' '.join(burst.words)}  persons {burst.persons}, expected {burst.expected:.1f}, "
            f"most before {burst.most}, chance {burst.chance:.1e}  {' '.join(burst.units)}  rows {' '.join(map(str, burst.letters))}"
        )


if __name__ == "__main__":
    main()
