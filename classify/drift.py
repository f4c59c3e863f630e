"""How far letters of late are from those a model learned: the population stability index (PSI)."""

import math
from collections.abc import Mapping, Sequence

LEAST_EXPECTED = 5.0
"""Kinds of which fewer would be expected among the later letters are counted together."""
OTHER = ""


def psi(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Σ (b − a) · ln(b / a) over the shares of each kind before and after, less what chance alone makes of it, never below 0.

    Up to 0.1 is taken for no change, above 0.25 for one that matters (Siddiqi 2006). With k kinds and n and m letters chance makes about
    (k − 1)(1/n + 1/m) of it where nothing changed, which for many units and few letters is more than any limit.
    """
    n, m = sum(before.values()), sum(after.values())
    if not n or not m:
        return 0.0
    a, b = _together(before, after, m / n)
    kinds = sorted(set(a) | set(b))
    found = 0.0
    for kind in kinds:
        x, y = (a.get(kind, 0.0) + 0.5) / (n + 0.5 * len(kinds)), (b.get(kind, 0.0) + 0.5) / (m + 0.5 * len(kinds))
        found += (y - x) * math.log(y / x)
    return max(0.0, found - (len(kinds) - 1) * (1 / n + 1 / m))


def _together(before: Mapping[str, float], after: Mapping[str, float], scale: float) -> tuple[dict[str, float], dict[str, float]]:
    """Kinds too seldom before to say anything, and those unknown then, as one."""
    common = {kind for kind, count in before.items() if kind != OTHER and count * scale >= LEAST_EXPECTED}
    parted = []
    for counts in (before, after):
        own = {kind: count for kind, count in counts.items() if kind in common}
        own[OTHER] = sum(counts.values()) - sum(own.values())
        parted.append(own)
    return parted[0], parted[1]


def histogram(values: Sequence[float], bins: int = 10) -> dict[str, float]:
    """Counts of values from 0 to 1 in bins of equal width, named by their number."""
    counted = {str(at): 0.0 for at in range(bins)}
    for value in values:
        counted[str(min(int(value * bins), bins - 1))] += 1
    return counted
