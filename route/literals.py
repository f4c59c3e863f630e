"""Which words must stand in a text for a pattern to match: what lets one pass over the words spare most patterns.

Reads the patterns of ``story_cues.toml``: literals, ``(?:…)``, ``|``, ``?``, ``+``, ``{m,n}``, ``[…]`` and ``$``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Words = frozenset[str]

MOST_WORDS = 4000
WIDEST_CLASS = 12
COMMON = frozenset("，。的是不有在了")
"""Characters that stand in nearly every text."""
EMPTY: Words = frozenset({""})


@dataclass(frozen=True, slots=True)
class Needs:
    """``exact``: all texts the pattern matches, None when they are many. ``groups``: of each, one must stand in the text."""

    exact: Words | None
    groups: tuple[Words, ...] = ()

    def best(self) -> Words | None:
        """One group that must be met; None when nothing is known."""
        if self.exact is not None:
            return None if "" in self.exact else self.exact
        return min(self.groups, key=_commonness, default=None)


def needs(pattern: str) -> Needs:
    """What the pattern needs. Raises ValueError for syntax outside the subset above."""
    reader = _Reader(pattern)
    found = reader.union()
    if reader.at < len(pattern):
        raise ValueError(f"unexpected {pattern[reader.at]!r} at {reader.at}")
    return found


def alternatives(pattern: str) -> list[str]:
    """The pattern's outermost alternatives."""
    parts, depth, in_class, start = [], 0, False, 0
    for at, char in enumerate(pattern):
        if in_class or char == "[":
            in_class = char != "]"
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
    return [*parts, pattern[start:]]


def telling(groups: Iterable[Words]) -> tuple[Words, ...]:
    """The groups worth asking for, the rarest first: those of words of two characters and more, else the two best."""
    ordered = sorted(set(groups), key=_commonness)
    rare = [group for group in ordered if group.isdisjoint(COMMON)] or ordered
    long = tuple(group for group in rare if min(map(len, group)) > 1)
    return long or tuple(rare[:2])


def _commonness(group: Words) -> tuple[int, int]:
    return -min(min(map(len, group)), 2), len(group)


class _Reader:
    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def union(self) -> Needs:
        branches = [self._sequence()]
        while self._take("|"):
            branches.append(self._sequence())
        if len(branches) == 1:
            return branches[0]
        exact = [branch.exact for branch in branches if branch.exact is not None]
        if len(exact) == len(branches) and sum(map(len, exact)) <= MOST_WORDS:
            return Needs(frozenset().union(*exact))
        best = [branch.best() for branch in branches]
        known = [group for group in best if group is not None]
        return Needs(None, (frozenset().union(*known),) if len(known) == len(best) else ())

    def _sequence(self) -> Needs:
        run: Words = EMPTY
        groups: list[Words] = []
        whole = True
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            item = self._item()
            if item.exact is not None and len(run) * len(item.exact) <= MOST_WORDS:
                run = frozenset(left + right for left in run for right in item.exact)
                continue
            whole = False
            groups.append(run)
            run = EMPTY if item.exact is None else item.exact
            groups += item.groups
        groups.append(run)
        return Needs(run) if whole else Needs(None, tuple(group for group in groups if "" not in group))

    def _item(self) -> Needs:
        item = self._atom()
        if self._take("?"):
            return Needs(item.exact | EMPTY) if item.exact is not None else Needs(None)
        if self._take("+"):
            return Needs(None, () if (best := item.best()) is None else (best,))
        if self._take("{"):
            end = self.pattern.index("}", self.at)
            least = int(self.pattern[self.at : end].split(",")[0])
            self.at = end + 1
            return Needs(None, (best,) if least and (best := item.best()) is not None else ())
        return item

    def _atom(self) -> Needs:
        char = self.pattern[self.at]
        self.at += 1
        if char == "[":
            return self._class()
        if char == "(":
            if not self.pattern.startswith("?:", self.at):
                raise ValueError(f"write (?:…) at {self.at}")
            self.at += 2
            inner = self.union()
            if not self._take(")"):
                raise ValueError(f"( is not closed at {self.at}")
            return inner
        if char == "$":
            return Needs(None)
        if char in "?+*{.\\^":
            raise ValueError(f"{char!r} at {self.at - 1} is not in the subset")
        return Needs(frozenset({char}))

    def _class(self) -> Needs:
        end = self.pattern.index("]", self.at)
        chars = self.pattern[self.at : end]
        self.at = end + 1
        if chars.startswith("^") or "-" in chars or len(chars) > WIDEST_CLASS:
            return Needs(None)
        return Needs(frozenset(chars))

    def _take(self, char: str) -> bool:
        if self.pattern.startswith(char, self.at):
            self.at += 1
            return True
        return False
