"""How fast, how large: suggesting on real letters, tokenising and evidence included, with 60 and with 300 units; fastText beside.

Speed and size do not ask what a letter is about, so the weights of the two sized models are drawn: none is nought and none packs
well, which is the hardest case. What the size costs in hits is measured on a city's real units.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from classify.artefact import ModelData
from classify.calibrate import Held, calibrate, name_weights
from classify.features import Vectorizer, build_space
from classify.labelled import LabelledText
from classify.linear import fit_scores, quantised
from classify.model import Model, save_model
from classify.names import KINDS, NAME, NamePattern
from classify.tokens import best_tokenizer, readable
from classify.train import MOST_GRAMS, MOST_WORDS, most_grams, train
from domain.ids import UnitCode
from tests.accuracy.figures import Figure, allowed, beside, to_reach
from tests.accuracy.letters import labelled, topics, units
from tests.accuracy.settings import SEED, TRAINED_AT

FEW, MANY = 60, 300
PEER_PYTHON = Path(".venv-bench/bin/python")


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    texts = labelled(topics(data), replies=False, groups=False)
    city = labelled(units(data), replies=True)
    with tempfile.TemporaryDirectory(prefix="fenban-speed-") as name:
        folder = Path(name)
        asked = folder / "texts.json"
        asked.write_text(json.dumps([(row.subject, row.body) for row in texts], ensure_ascii=False), encoding="utf-8")
        few, many = (_sized(folder, [*texts, *city], count, asked) for count in (FEW, MANY))
        return [*_sizes(few, many), *_beside_fasttext(folder, texts), *_lost(city)]


def _sized(folder: Path, rows: Sequence[LabelledText], count: int, asked: Path) -> dict[str, Any]:
    """A model of ``count`` units as a file, loaded and asked in a process of its own; its size beside."""
    texts = [(readable(row.subject), readable(row.body)) for row in rows]
    space = build_space(texts, best_tokenizer(), most_words=MOST_WORDS, most_grams=most_grams(count))
    draw = np.random.default_rng(SEED)
    weights, scales = quantised(draw.normal(0.0, 0.1, (len(space.idf), count)).astype(np.float32))
    codes = tuple(UnitCode(f"unit-{at:03}") for at in range(count))
    nothing = np.zeros(0, dtype=np.int64)
    unheld = Held(np.zeros((0, count)), sparse.csr_matrix((0, count * len(KINDS))), nothing, nothing)
    steepness, weights_of_names = name_weights(unheld)
    data = ModelData(
        units=codes,
        space=space,
        weights=weights,
        scales=scales,
        bias=np.zeros(count, dtype=np.float32),
        patterns=tuple(NamePattern(f"第{at:03}号单位", at, NAME) for at in range(count)),
        name_weights=weights_of_names,
        calibration=calibrate(unheld, None, steepness, weights_of_names),
        target=0.95,
        trained_at=TRAINED_AT,
        n_rows=len(rows),
        version="measured",
    )
    path = folder / f"{count}.npz"
    save_model(Model(data), path)
    answer = child([sys.executable, "-m", "tests.accuracy.speed_child", str(path), str(asked)])
    return {**answer, "disk": path.stat().st_size / 1e6}


def _sizes(few: dict[str, Any], many: dict[str, Any]) -> list[Figure]:
    return [
        to_reach(f"suggest, {FEW} units, batches of 256", few["rate"], "messages/s of one core", 3500),
        allowed(f"suggest, {FEW} units, one message, 99 of 100 within", few["p99_ms"], "ms of one core", 5.0),
        Figure(f"suggest, {FEW} units, one message, median", few["median_ms"], "ms of one core"),
        allowed(f"model of {FEW} units: load", few["load_s"], "s of one core", 0.5),
        allowed(f"model of {FEW} units: file", few["disk"], "MB", 50),
        allowed(f"model of {MANY} units: file", many["disk"], "MB", 120),
        allowed(f"model of {MANY} units: memory of a process", many["megabytes"], "MB", 400),
        Figure(f"model of {MANY} units: load", many["load_s"], "s of one core"),
        Figure(
            f"suggest, {MANY} units, batches of 256", many["rate"], "messages/s of one core", f"{FEW} units", few["rate"], 0.5
        ),
        allowed(f"suggest, {MANY} units, one message, 99 of 100 within", many["p99_ms"], "ms of one core", 5.0),
    ]


def _beside_fasttext(folder: Path, rows: Sequence[LabelledText]) -> list[Figure]:
    """Taught four letters in five with their topics and asked about the rest; ours in the same run."""
    if not PEER_PYTHON.exists():
        print("fastText is not installed: make accuracy installs it into .venv-bench", file=sys.stderr)
        return []
    tested = [row for row in rows if row.body and hashlib.sha256(row.body.encode()).digest()[0] % 5 == 0]
    among = {id(row) for row in tested}
    learned = [row for row in rows if id(row) not in among]
    paths = [folder / "learned.jsonl", folder / "tested.jsonl"]
    for path, part in zip(paths, (learned, tested), strict=True):
        lines = (json.dumps({"unit": row.unit, "subject": row.subject, "body": row.body}) + "\n" for row in part)
        path.write_text("".join(lines), encoding="utf-8")
    theirs = child([str(PEER_PYTHON), "tests/accuracy/peers/fasttext_peer.py", *map(str, paths)])
    model = train(learned, units=None, seed=SEED, trained_at=TRAINED_AT)
    path, asked = folder / "topics.npz", folder / "tested.json"
    save_model(model, path)
    asked.write_text(json.dumps([(row.subject, row.body) for row in tested], ensure_ascii=False), encoding="utf-8")
    ours = child([sys.executable, "-m", "tests.accuracy.speed_child", str(path), str(asked)])
    found = model.suggest([(row.subject, row.body) for row in tested], top=1, evidence=False)
    hits = sum(one[0].unit == row.unit for one, row in zip(found, tested, strict=True)) / len(tested)
    return [
        Figure("topics, one fifth: top-1", hits, "of 1", "fastText, words and word pairs", theirs["top1"], 1.0),
        Figure("suggest, 7 topics, batches of 256", ours["rate"], "messages/s of one core", "fastText", theirs["rate"]),
        Figure("model of 7 topics: file", path.stat().st_size / 1e6, "MB", "fastText", theirs["bytes"] / 1e6, None, True),
    ]


def _lost(rows: Sequence[LabelledText]) -> list[Figure]:
    """What fewer columns and int8 cost in hits: a city's newest fifth, columns as few as with 300 units and unpruned."""
    cut = int(0.8 * len(rows))
    learned, tested = rows[:cut], rows[cut:]
    codes = sorted({row.unit for row in learned})
    labels = np.array([codes.index(row.unit) for row in learned])
    truth = [row.unit for row in tested]
    hits = {}
    for name, most in (("whole", MOST_GRAMS * 10), ("pruned", most_grams(MANY))):
        space = build_space([(r.subject, r.body) for r in learned], best_tokenizer(), most_words=MOST_WORDS, most_grams=most)
        vectorizer = Vectorizer(space)
        features = vectorizer.transform([(row.subject, row.body) for row in learned])
        weights, bias = fit_scores(features, labels, len(codes), space.voices, seed=SEED)
        asked = vectorizer.transform([(row.subject, row.body) for row in tested])
        small, scales = quantised(weights)
        for kind, made in (("float32", weights), ("int8", small * scales[:, None])):
            best = np.argmax(asked @ made + bias, axis=1)
            hits[name, kind] = sum(codes[at] == unit for at, unit in zip(best, truth, strict=True)) / len(truth)
    whole = hits["whole", "float32"]
    return [
        beside("top-1 without names, int8", hits["whole", "int8"], "of 1", "float32, unpruned", whole, 0.99),
        beside(
            f"top-1 without names, int8, pruned as with {MANY} units",
            hits["pruned", "int8"],
            "of 1",
            "float32, unpruned",
            whole,
            0.99,
        ),
    ]


def child(command: list[str]) -> dict[str, Any]:
    """What a process of one thread prints last, as JSON."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread, check=True)
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
