"""``python -m tests.accuracy.large_child DATA|made COUNT``: one training of many letters in a process of its own. Prints one JSON object.

The letters are the real ones of DATA over and over, a sentence in five left out at random, or made from a small grammar. Seconds
are processor time, making the letters included.
"""

import json
import random
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from classify.labelled import LabelledText
from classify.stream import train_stream
from domain.ids import UnitCode
from tests.accuracy.letters import labelled, topics, units
from tests.accuracy.settings import SEED, TRAINED_AT
from tests.bench.messages import labelled as made_letters
from tests.bench.world import peak_megabytes

START = datetime(2020, 1, 1, tzinfo=UTC)
KEPT = 0.8
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?\n]?")


def worn(rows: list[LabelledText], count: int) -> Iterator[LabelledText]:
    """``count`` letters, a minute apart."""
    draw = random.Random(SEED)
    order = [draw.randrange(len(rows)) for _ in range(len(rows))]
    for at in range(count):
        row = rows[order[at % len(order)]]
        body = "".join(part for part in _SENTENCE.findall(row.body) if draw.random() < KEPT)
        yield replace(row, body=body, at=START + timedelta(minutes=at), reply="", group="")


def made(count: int) -> Iterator[LabelledText]:
    for at, (subject, body, unit) in enumerate(made_letters(count, SEED)):
        yield LabelledText(subject, body, UnitCode(unit), START + timedelta(minutes=at))


def main(source: str, count: int) -> None:
    if source == "made":
        letters = partial(made, count)
        tested = list(made_letters(2000, SEED + 1))
    else:
        rows = labelled(topics(Path(source)), replies=False) + labelled(units(Path(source)), replies=False)
        letters = partial(worn, rows, count)
        tested = []
    began = time.process_time()
    model = train_stream(letters, units=None, seed=SEED, trained_at=TRAINED_AT)
    spent = time.process_time() - began
    found = model.suggest([(subject, body) for subject, body, _ in tested], top=1, evidence=False)
    hits = sum(one[0].unit == unit for one, (_, _, unit) in zip(found, tested, strict=True))
    print(
        json.dumps(
            {"seconds": spent, "megabytes": peak_megabytes(), "units": len(model.units), "top1": hits / max(len(tested), 1)}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
