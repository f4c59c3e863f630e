"""Suggestions without a model: what the directory says of names, duties and places, found in the text.

For a city's first days, so that a reviewer has something to choose from. Nothing is ever automatic on it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import ahocorasick_rs
import numpy as np

from classify.tokens import MAX_CHARACTERS, Cut, best_tokenizer, cutter, words
from domain.decisions import Evidence, Suggestion
from domain.ids import UnitCode
from domain.units import Unit

MOST_PROBABLE = 0.5
"""What is only read off a directory is never given better than even odds."""

_DOUBT = 6.0
"""How much evidence (in log-odds of words) counts as much as knowing nothing."""
_NAME, _PLACE, _DUTY, _WORD = ("name", 3.0), ("place", 2.0), ("word", 2.0), ("word", 1.0)
Kind = tuple[str, float]
"""What a term is called as evidence, and how loud it is."""
_IN_SUBJECT = 2.0
_EMPTY_WORDS = frozenset(
    {"管理", "工作", "负责", "监督", "服务", "有关", "相关", "全市", "组织", "实施", "指导", "单位", "部门", "问题", "其他"}
)
_MOST_REASONS = 5


class DirectoryRetrieval:
    """``domain.ports.Classifier`` over a unit directory. Its version is empty: it is no model."""

    version = ""

    def __init__(self, units: Sequence[Unit]) -> None:
        self.units: tuple[UnitCode, ...] = tuple(unit.code for unit in units)
        weight: dict[str, dict[int, Kind]] = defaultdict(dict)
        cut = cutter(best_tokenizer())
        for at, unit in enumerate(units):
            for term, kind in _terms(unit, cut):
                weight[term][at] = max(kind, weight[term].get(at, kind), key=lambda each: each[1])
        self._terms = tuple(sorted(weight))
        self._owners = tuple(tuple(sorted(weight[term].items())) for term in self._terms)
        self._rarity = tuple(float(np.log(1 + len(units) / len(owners))) for owners in self._owners)
        self._machine = ahocorasick_rs.AhoCorasick(list(self._terms)) if self._terms else None

    def suggest(self, texts: Sequence[tuple[str, str]], top: int = 5, evidence: bool = True) -> list[tuple[Suggestion, ...]]:
        """Up to ``top`` units of which something stands in the text, best first; none when nothing does."""
        return [self._suggest_one(subject, body, top, evidence) for subject, body in texts]

    def threshold(self, target: float) -> float | None:  # noqa: ARG002
        """None: nothing is automatic without a model."""
        return None

    def automatic(self, suggestions: Sequence[Suggestion]) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def _suggest_one(self, subject: str, body: str, top: int, evidence: bool) -> tuple[Suggestion, ...]:
        scores: dict[int, float] = defaultdict(float)
        reasons: dict[int, list[Evidence]] = defaultdict(list)
        for term, in_subject in self._found(subject, body).items():
            for at, (kind, loud) in self._owners[term]:
                weight = loud * self._rarity[term] * (_IN_SUBJECT if in_subject else 1.0)
                scores[at] += weight
                reasons[at].append(Evidence(kind, self._terms[term], round(weight, 4)))
        total = sum(scores.values()) + _DOUBT
        best = sorted(scores, key=lambda at: (-scores[at], self.units[at]))[:top]
        return tuple(
            Suggestion(self.units[at], min(scores[at] / total, MOST_PROBABLE), _loudest(reasons[at]) if evidence else ())
            for at in best
        )

    def _found(self, subject: str, body: str) -> dict[int, bool]:
        """Terms of the text, and whether they stand in the subject."""
        if self._machine is None:
            return {}
        found: dict[int, bool] = {}
        text = f"{subject}\n{body}"[:MAX_CHARACTERS]
        for term, begin, _ in self._machine.find_matches_as_indexes(text, overlapping=True):
            found[term] = found.get(term, False) or begin < len(subject)
        return found


def _terms(unit: Unit, cut: Cut) -> Iterable[tuple[str, Kind]]:
    for name in (unit.name, *unit.aliases):
        if len(name) > 1:
            yield name, _NAME
    for place in unit.places:
        if len(place) > 1:
            yield place, _PLACE
    for duty in unit.duties:
        if len(duty) > 1:
            yield duty, _DUTY
        for word in words(duty, cut):
            if word not in _EMPTY_WORDS:
                yield word, _WORD


def _loudest(reasons: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.text))[:_MOST_REASONS])
