"""Which words of a text spoke for a unit: what an official can read and judge."""

from typing import Any

import numpy as np
import numpy.typing as npt

from classify.artefact import ModelData
from classify.features import FloatArray
from classify.names import KINDS
from domain.decisions import Evidence

FIRST_WORDS = 5
OTHER_WORDS = 3
FAINT = 0.1
"""A word that speaks so much less than the unit's loudest is no reason that anyone would give."""

_EVERYWHERE = (
    "我们 你们 他们 咱们 自己 大家 这个 那个 这样 那样 这些 那些 这里 那里 这么 那么 什么 怎么 怎样 怎么办 如何 为什么 为何 是否 能否 "
    "可否 可以 能够 不能 应该 必须 需要 希望 请问 请求 谢谢 感谢 您好 你好 领导 尊敬 咨询 反映 反应 问题 情况 事情 现在 目前 今天 昨天 今年 去年 "
    "时候 时间 已经 没有 不是 就是 还是 只是 都是 但是 可是 因为 所以 如果 由于 关于 对于 以及 或者 而且 并且 还有 一下 一个 一直 一些 "
    "多少 多次 知道 回复 答复 解决 尽快 尽早 及时 处理 有关 相关 部门 进行 很多 非常 十分 真的 其他 其它 之后 以后 以前 是不是 有没有 何时 "
    "到底 究竟 至今 仍然 因此 为了 根据 按照 通过 认为 觉得 表示 了解 关注 重视 一点 有人 上述 具体"
)
"""They stand in letters to every unit: what they weigh is chance or a unit's habit, and an official reads nothing in them."""
_NO_REASONS = frozenset(_EVERYWHERE.split())

_IN_SUBJECT, _IN_TEXT = 1, 2


class EvidenceFinder:
    """Finds the loudest words and names. A word's weight is what it adds to the unit's score beyond what it adds to the
    units on average; a word in subject and body counts with both."""

    def __init__(self, data: ModelData, weights: FloatArray) -> None:
        middle, end = data.space.starts[1], data.space.starts[2]
        self._words = np.concatenate([data.space.keys[0], data.space.keys[1]])
        self._text = data.space.words
        self._weights = weights
        self._mean = weights[:end].mean(axis=1)
        heard = np.array([word not in _NO_REASONS for word in data.space.words], dtype=bool)
        self._place = np.zeros(len(weights), dtype=np.int8)
        self._place[:middle][heard[self._words[:middle]]] = _IN_SUBJECT
        self._place[middle:end][heard[self._words[middle:]]] = _IN_TEXT
        self._patterns = data.patterns
        self._name_weights = data.name_weights

    def find(self, features: Any, named: npt.NDArray[Any], best: npt.NDArray[Any]) -> list[list[tuple[Evidence, ...]]]:
        """For each row of ``features`` and each of its ``best`` units, what spoke for it, loudest first.

        ``named``: rows (text, unit, kind, pattern) of ``NameFinder.find``.
        """
        names: dict[tuple[int, int], list[Evidence]] = {}
        for row, unit, kind, which in named.tolist():
            weight = round(float(self._name_weights[kind, unit]), 4)
            if weight > 0:
                names.setdefault((row, unit), []).append(Evidence(KINDS[kind], self._patterns[which].text, weight))
        many = best.shape[1]
        groups, words, weights = self._spoken(features, best)
        ends = np.searchsorted(groups, np.arange(best.size + 1)).tolist()
        text = self._text
        found: list[list[tuple[Evidence, ...]]] = []
        for row, units in enumerate(best.tolist()):
            reasons: list[tuple[Evidence, ...]] = []
            for place, unit in enumerate(units):
                most = OTHER_WORDS if place else FIRST_WORDS
                begin = ends[row * many + place]
                end = min(ends[row * many + place + 1], begin + most)
                own = [Evidence("word", text[words[at]], weights[at]) for at in range(begin, end)]
                if (row, unit) in names:
                    own = _together(own, names[row, unit])[:most]
                reasons.append(tuple(own))
            found.append(reasons)
        return found

    def _spoken(self, features: Any, best: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], list[int], list[float]]:
        """Of the words that spoke for a unit the loudest: (row × width of best + place in it, word, weight), loudest first."""
        rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
        places = self._place[features.indices]
        keys, spoke = self._cells(features, rows, places == _IN_TEXT, best)
        subject_keys, subject_spoke = self._cells(features, rows, places == _IN_SUBJECT, best)
        at = np.searchsorted(keys, subject_keys)
        both = np.flatnonzero(np.append(keys, -1)[at] == subject_keys)
        spoke[at[both]] += subject_spoke[both]
        cells, places = np.nonzero((spoke > 0) & (spoke >= FAINT * _loudest(keys // (len(self._text) + 1), spoke)))
        weights = spoke[cells, places]
        row, word = np.divmod(keys[cells], len(self._text) + 1)
        groups = row * best.shape[1] + places
        order = np.argsort(groups - weights / (2 * weights.max(initial=1.0)), kind="stable")
        ordered = groups[order]
        heard = np.arange(len(ordered)) - np.searchsorted(ordered, ordered) < FIRST_WORDS
        order = order[heard]
        return ordered[heard], word[order].tolist(), weights[order].astype(np.float64).round(4).tolist()

    def _cells(
        self, features: Any, rows: npt.NDArray[Any], own: npt.NDArray[Any], best: npt.NDArray[Any]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """(row and word as one rising number, what the word adds for each of the row's best units)."""
        columns, values, rows = features.indices[own], features.data[own], rows[own]
        spoke = values[:, None] * (self._weights[columns[:, None], best[rows]] - self._mean[columns][:, None])
        return rows * (len(self._text) + 1) + self._words[columns], spoke


def _loudest(rows: npt.NDArray[Any], spoke: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """For every word of a row and each of its units what the row's loudest word adds; ``rows`` rise."""
    if not len(rows):
        return spoke
    begins = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
    result: npt.NDArray[Any] = np.repeat(np.maximum.reduceat(spoke, begins), np.diff(begins, append=len(rows)), axis=0)
    return result


def _together(own: list[Evidence], names: list[Evidence]) -> list[Evidence]:
    """Loudest first, nothing said twice: a word that is also the unit's name counts as the name."""
    said = {name.text for name in names}
    every = [reason for reason in own if reason.text not in said] + names
    return sorted(every, key=lambda reason: -reason.weight)
