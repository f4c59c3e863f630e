"""``python -m tests.accuracy.speed_child MODEL TEXTS``: one fresh process that loads a model and suggests. Prints one JSON object.

TEXTS: a JSON array of [subject, body]. Seconds are processor time of this process, so that others on the machine do not count.
"""

import json
import sys
import time
from pathlib import Path

from classify.model import BATCH, load_model
from tests.bench.world import peak_megabytes

ALONE = 1500
"""So many letters are asked about one by one."""


def main(model_path: str, texts_path: str) -> None:
    began = time.process_time()
    model = load_model(Path(model_path))
    load_s = time.process_time() - began
    texts = [(subject, body) for subject, body in json.loads(Path(texts_path).read_text(encoding="utf-8"))]
    model.suggest(texts[:BATCH])
    rates = []
    for begin in range(0, len(texts) - BATCH + 1, BATCH):
        began = time.process_time()
        model.suggest(texts[begin : begin + BATCH])
        rates.append(BATCH / (time.process_time() - began))
    alone_ms = []
    for text in texts[:ALONE]:
        began = time.process_time()
        model.suggest([text])
        alone_ms.append((time.process_time() - began) * 1000)
    rates.sort()
    alone_ms.sort()
    print(
        json.dumps(
            {
                "load_s": load_s,
                "rate": rates[len(rates) // 2],
                "median_ms": alone_ms[len(alone_ms) // 2],
                "p99_ms": alone_ms[int(0.99 * len(alone_ms))],
                "megabytes": peak_megabytes(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
