"""Writes past-letters.csv (what trains the demo's model) and truth.csv (what is planted among the live letters).

Both are committed; run ``python deploy/sample-city/letters.py`` after changing a phrase.
"""

import csv
import io
from collections.abc import Iterable, Sequence

from city.items import Item
from city.live import Live, past_letters
from city.places import HERE

PAST = 400
TRUTH_COLUMNS = ("channel", "external_id", "case", "key", "original", "unit", "accused", "revised", "answered", "late", "kind")


def past_csv() -> str:
    rows = [(letter.subject, letter.body, letter.function, f"{at:%Y-%m-%d %H:%M:%S}") for letter, at in past_letters(PAST)]
    return _csv(("subject", "body", "unit", "at"), rows)


def truth_csv(items: Iterable[Item]) -> str:
    rows = [
        (
            item.channel,
            item.external_id,
            item.case.value,
            item.key,
            item.original,
            item.letter.unit,
            " ".join(item.accused),
            "yes" if item.revised else "",
            "yes" if item.answer else "",
            "yes" if item.late else "",
            item.letter.kind,
        )
        for item in sorted(items, key=lambda item: (item.channel, item.at, item.key))
    ]
    return _csv(TRUTH_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def main() -> None:
    items = Live().items()
    (HERE / "past-letters.csv").write_text(past_csv(), encoding="utf-8")
    (HERE / "truth.csv").write_text(truth_csv(items), encoding="utf-8")
    print(f"{PAST} past letters, {len(items)} live ones")


if __name__ == "__main__":
    main()
