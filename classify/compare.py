"""Two models on the same letters: paired, so that what both find easy or hard says nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import bdtr


@dataclass(frozen=True, slots=True)
class Paired:
    """Of the same letters: how many both had right, only the one, only the other, neither."""

    both: int
    only_a: int
    only_b: int
    neither: int

    @property
    def letters(self) -> int:
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def exact(self) -> float:
        """McNemar's exact test, two-sided: how often chance alone parts two equally good models so far or further."""
        few, many = sorted((self.only_a, self.only_b))
        return 1.0 if few == many else min(1.0, 2 * _at_most(few, few + many))

    @property
    def mid_p(self) -> float:
        """The same, the outcome seen counted half: less cautious, and nearer to the error it claims (Fagerland, Lydersen and Laake 2013)."""
        few, many = sorted((self.only_a, self.only_b))
        if not many:
            return 1.0
        seen = _just(few, few + many)
        return 1.0 - seen / 2 if few == many else max(0.0, 2 * _at_most(few, few + many) - seen)

    @property
    def chance_of_so_few(self) -> float:
        """One-sided mid-p: how often the other, if it were as good as the one, would win so few of the letters that part them."""
        parted = self.only_a + self.only_b
        return _at_most(self.only_b, parted) - _just(self.only_b, parted) / 2

    def difference(self, z: float = 1.96) -> tuple[float, float, float]:
        """(share right of the other less that of the one, from, to): an interval for paired letters with a half added to each of
        the four counts (Agresti and Min 2005); ``z`` 1.96 makes it one of 95 %."""
        n = self.letters + 2.0
        if not self.letters:
            return 0.0, 0.0, 0.0
        a, b = self.only_a + 0.5, self.only_b + 0.5
        middle = (b - a) / n
        spread = z * math.sqrt(a + b - (b - a) ** 2 / n) / n
        return (self.only_b - self.only_a) / self.letters, middle - spread, middle + spread


def paired(a: Sequence[bool], b: Sequence[bool]) -> Paired:
    """From whether each was right, letter by letter."""
    counts = {(x, y): 0 for x in (True, False) for y in (True, False)}
    for pair in zip(a, b, strict=True):
        counts[pair] += 1
    return Paired(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def short_of(right: int, letters: int, target: float) -> float:
    """How often so few of the letters, or fewer, would be right by chance if each were right with probability ``target``."""
    return float(bdtr(right, letters, target)) if letters else 1.0


def _at_most(few: int, of: int) -> float:
    """P(X <= few) for X binomial with even odds."""
    return float(bdtr(few, of, 0.5)) if of else 1.0


def _just(few: int, of: int) -> float:
    return math.exp(math.lgamma(of + 1) - math.lgamma(few + 1) - math.lgamma(of - few + 1) - of * math.log(2))
