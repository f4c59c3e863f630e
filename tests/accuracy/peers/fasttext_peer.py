"""``fasttext_peer.py LEARNED TESTED``: fastText taught and asked the same letters, words cut by rjieba, its own defaults but for
word pairs and the number and rate of its lessons (at a higher rate it does not converge). Both files hold a JSON object a line:
unit, subject, body. Prints one JSON object.

Runs in the environment of what is only measured against. Seconds are processor time, of one thread.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import fasttext
import rjieba

BATCH = 256


def line_of(letter: dict[str, str]) -> str:
    return " ".join(rjieba.cut(f"{letter['subject']}\n{letter['body']}")).replace("\n", " ")


def letters(path: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def main(learned: str, tested: str) -> None:
    known, asked = letters(learned), letters(tested)
    numbers = {unit: at for at, unit in enumerate(sorted({letter["unit"] for letter in known}))}
    with tempfile.TemporaryDirectory() as folder:
        teaching, kept = Path(folder) / "learned.txt", Path(folder) / "model.bin"
        lines = (f"__label__{numbers[letter['unit']]} {line_of(letter)}\n" for letter in known)
        teaching.write_text("".join(lines), encoding="utf-8")
        began = time.process_time()
        model: Any = fasttext.train_supervised(
            str(teaching), wordNgrams=2, epoch=50, lr=0.3, dim=100, minCount=2, thread=1, verbose=0, bucket=500_000
        )
        taught = time.process_time() - began
        model.save_model(str(kept))
        size = os.path.getsize(kept)
    right, rates = 0, []
    for begin in range(0, len(asked), BATCH):
        batch = asked[begin : begin + BATCH]
        began = time.process_time()
        found, _ = model.predict([line_of(letter) for letter in batch], k=5)
        rates.append(len(batch) / (time.process_time() - began))
        right += sum(
            labels[0] == f"__label__{numbers.get(letter['unit'], -1)}" for labels, letter in zip(found, batch, strict=True)
        )
    rates.sort()
    print(json.dumps({"rate": rates[len(rates) // 2], "taught": taught, "bytes": size, "top1": right / len(asked)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
