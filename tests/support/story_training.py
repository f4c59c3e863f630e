"""Learns ``route/story_weights.txt`` anew: ``python -m tests.support.story_training [LETTERS.csv …] [--out FILE]``.

Learns from the worked-with part of the corpora (never from what is held out), from the sample city's past letters and, with
a CSV (``title``, ``content``), from real letters, as examples of what is no story. Only characters and pairs that stand in
our own texts get a weight: nothing of a real letter can be read from the file.
"""

import argparse
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from route.lexicon import scanned_text
from route.rules_file import load_rules
from route.story_weights import WEIGHTS, WINDOW
from tests.support.accusations import accusations
from tests.support.routing import letter
from tests.support.small_city import UNITS, small_city
from tests.support.stories import MORE_ORDINARY, MORE_STORIES, WORK, ordinary, stories

ROOT = Path(__file__).resolve().parents[2]
STRENGTH = 0.1
LEAST_WEIGHT = -0.3
SMALLEST_KEPT = 8
HAN = re.compile("[\u4e00-\u9fff]+")
POLITE = (
    "请问领导，希望有关部门尽快处理，谢谢！尊敬的领导：您好！你好，各位领导好。恳请上级领导重视，尽快解决，给予答复。"
    "望回复，盼复，感谢。谢谢您的关注，祝工作顺利。我想咨询一下，能不能，怎么办，是否可以，如何办理。请相关部门核实，"
    "请政府帮助老百姓，给个说法。请求解决，请尽快给予解决为盼。希望能够得到重视。麻烦领导过问一下。请帮忙协调，请予以查处，"
    "建议，反映一个情况，反映问题，关于，咨询。请派人来看看。希望领导为民做主。谢谢领导，辛苦了。冒昧打扰，怎么回事，为什么，"
    "什么时候，吗，呢，吧，请查一查，管一管，处理一下，解决一下，请问这合理吗？这样做对吗？不胜感激，此致敬礼。以上情况属实，"
    "来信，群众来信，情况反映，求助，投诉，一封信，有个事，希望得到回复。市长您好，书记您好，市领导，敬请，望能，帮帮我们，给予，重视。"
)


def grams(text: str) -> set[str]:
    return {*text, *(text[at : at + 2] for at in range(len(text) - 1))}


def windows(text: str, step: int = 37) -> list[str]:
    if len(text) <= WINDOW:
        return [text]
    return [text[at : at + WINDOW] for at in range(0, len(text) - WINDOW + step, step)]


def learn(real: Sequence[str]) -> dict[str, int]:
    """Weights in thousandths, with the bias under ``bias``."""
    told = [*stories(WORK), *MORE_STORIES]
    plain = [*ordinary(WORK), *MORE_ORDINARY]
    past = _letters(ROOT / "deploy" / "sample-city" / "past-letters.csv", "subject", "body")
    made = [scanned_text(one.subject, one.body) for one in accusations(UNITS, 300, 5)]
    rows: list[tuple[str, float, float]] = []
    for texts, label, weight in ((told, 1, 1.0), (made, 1, 0.3), (plain, -1, 4.0), (past, -1, 4.0), (real, -1, 1.0)):
        rows += [(part, float(label), weight) for text in texts for part in windows(text.lower())]
    vocabulary = _vocabulary(part for text in (*told, *plain, *past) for part in windows(text.lower(), WINDOW))
    coefficients, bias = _fit(rows, vocabulary)
    learned = {gram: round(coefficients[at] * 1000) for gram, at in vocabulary.items()}
    return {gram: weight for gram, weight in learned.items() if abs(weight) >= SMALLEST_KEPT} | {"bias": round(bias * 1000)}


def _vocabulary(parts: Iterable[str]) -> dict[str, int]:
    seen = Counter(gram for part in parts for gram in grams(part))
    polite = grams(POLITE) | set("请问谢望希您盼恳信")
    kept = (gram for gram, count in seen.items() if count > 1 and gram not in polite and HAN.fullmatch(gram))
    return {gram: at for at, gram in enumerate(sorted(kept))}


def _fit(rows: Sequence[tuple[str, float, float]], vocabulary: dict[str, int]) -> tuple[np.ndarray, float]:
    """Logistic regression with both sides of equal weight and no strong evidence against (that would hide a story)."""
    cells = [(at, vocabulary[gram]) for at, (part, _, _) in enumerate(rows) for gram in _all(part) if gram in vocabulary]
    matrix = csr_matrix((np.ones(len(cells)), tuple(zip(*cells, strict=True))), shape=(len(rows), len(vocabulary)))
    label = np.array([row[1] for row in rows])
    weight = np.array([row[2] for row in rows])
    weight[label > 0] *= weight[label < 0].sum() / weight[label > 0].sum() / 2

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        margin = label * (matrix @ point[:-1] + point[-1])
        slope = -weight * label / (1 + np.exp(margin)) * STRENGTH
        value = (weight * np.logaddexp(0, -margin)).sum() * STRENGTH + 0.5 * (point[:-1] ** 2).sum()
        return float(value), np.append(matrix.T @ slope + point[:-1], slope.sum())

    bounds = [(LEAST_WEIGHT, None)] * len(vocabulary) + [(None, None)]
    found = minimize(loss, np.zeros(len(vocabulary) + 1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 400})
    return found.x[:-1], float(found.x[-1])


def _all(part: str) -> list[str]:
    return [*part, *(part[at : at + 2] for at in range(len(part) - 1))]


def _letters(path: Path, subject: str, body: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [scanned_text(row[subject], row[body]) for row in csv.DictReader(file)]


def _ordinary(letters: Sequence[str]) -> list[str]:
    """Without those that the other screens seal: they may be accusations."""
    city = small_city()
    book = replace(load_rules([], city), stories=None)
    return [text for text in letters if book.first_screen(letter("", text), ()) is None]


def main() -> None:
    parser = argparse.ArgumentParser(description="Learns the weights by which stories of misconduct are told.")
    parser.add_argument("letters", type=Path, nargs="*", help="real letters as CSV with the columns title and content")
    parser.add_argument("--out", type=Path, default=ROOT / "route" / WEIGHTS)
    given = parser.parse_args()
    weights = learn([text for file in given.letters for text in _ordinary(_letters(file, "title", "content"))])
    lines = [f"{gram}\t{weight}" for gram, weight in sorted(weights.items())]
    head = "# Learned by tests/support/story_training.py: a character or a pair, its weight in thousandths."
    given.out.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    print(f"{len(lines)} weights")


if __name__ == "__main__":
    main()
