"""Hot topics: what several persons wrote of lately, more than in any like span of its own past, by theme and place.

Pure: letters in, bursts out. A cluster is a word, a pair of words that stand in the same letters, a word with a place or with
the unit it was given to, or a group of letters that say the same. Its persons in the last day, or the last seven days, are held
against its own past weeks by the exact test of two Poisson rates (conditional binomial; what all letters together grew by is
taken out), and of all clusters looked at, the share of false ones among those named is bounded (Benjamini and Hochberg, 1995).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import NamedTuple

DAY = 86_400.0
SALIENT = 8
"""Words of a letter that clusters are made of."""
COMMON = 0.08
"""A word in more than this share of the letters of the past says nothing of one topic."""
SHARED = 0.5
"""Of two clusters that have this share of the smaller one's letters in common, the surer is named and takes the other's words."""
SHOWN_WORDS = 5

Key = tuple[str, ...]


class Letter(NamedTuple):
    """``at`` in Unix seconds; ``person`` equal for letters of one person; ``words`` in order, the subject's first."""

    ident: int
    at: float
    person: int
    place: str
    unit: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BurstSettings:
    """``persons``: least distinct ones; ``growth``: least ratio to what was to be expected; ``false_share``: bound on false
    topics among those named; ``past_days`` before the span looked at; ``known_days``: with less past nothing is named."""

    persons: int = 5
    growth: float = 2.0
    false_share: float = 0.05
    past_days: int = 56
    known_days: int = 14
    spans: tuple[int, ...] = (1, 7)


@dataclass(frozen=True, slots=True)
class Burst:
    """``expected`` persons by the past; ``most``: the most of any like span before; ``chance`` of so many if nothing grew."""

    days: int
    words: tuple[str, ...]
    place: str
    units: tuple[str, ...]
    letters: tuple[int, ...]
    persons: int
    expected: float
    most: int
    chance: float


@dataclass(slots=True)
class _Cluster:
    key: Key
    now: dict[int, list[Letter]]
    past: dict[int, set[int]]


def find_bursts(
    letters: Iterable[Letter], now: float, settings: BurstSettings, groups: Mapping[int, Sequence[int]] = {}
) -> list[Burst]:
    """The surest first, for each span; what a day's burst names the week's does not name again. ``groups``: letter → groups of
    letters that say the same. Letters after ``now`` are not looked at."""
    since = now - (settings.past_days + max(settings.spans)) * DAY
    seen = sorted((one for one in letters if since <= one.at <= now), key=lambda one: one.at)
    if not seen or now - seen[0].at < settings.known_days * DAY:
        return []
    salient = _salient(seen, now - max(settings.spans) * DAY)
    found: list[Burst] = []
    for days in sorted(settings.spans):
        named = {ident for burst in found for ident in burst.letters}
        found += [
            burst
            for burst in _of_span(seen, salient, groups, now, days, settings)
            if len(named.intersection(burst.letters)) < SHARED * len(burst.letters)
        ]
    return found


def _salient(seen: Sequence[Letter], past_until: float) -> dict[int, tuple[str, ...]]:
    """Of each letter the words that few letters of the past have, those of the subject before others."""
    past = [one for one in seen if one.at <= past_until]
    held = Counter(word for one in past for word in set(one.words))
    everywhere = Counter(word for one in seen for word in set(one.words))
    common = {word for word, count in held.items() if count > max(3.0, COMMON * len(past))}
    alone = {word for word, count in everywhere.items() if count < 2}
    chosen = {}
    for one in seen:
        places: dict[str, int] = {}
        for place, word in enumerate(one.words):
            if word not in common and word not in alone:
                places.setdefault(word, place)
        rank = sorted(places, key=lambda word: (math.log1p(held[word]) + 0.1 * min(places[word], 40), word))
        chosen[one.ident] = tuple(rank[:SALIENT])
    return chosen


def _many(words: int, one: Letter) -> int:
    """Of how many clusters a letter with so many words is."""
    return words * (1 + bool(one.place) + bool(one.unit)) + words * (words - 1) // 2


def _keys(one: Letter, words: Sequence[str], groups: Sequence[int]) -> Iterable[Key]:
    yield from (("word", word) for word in words)
    yield from (("pair", *sorted(pair)) for pair in combinations(words, 2))
    if one.place:
        yield from (("place", one.place, word) for word in words)
    if one.unit:
        yield from (("unit", one.unit, word) for word in words)
    yield from (("same", str(group)) for group in groups)


def _of_span(
    seen: Sequence[Letter],
    salient: Mapping[int, tuple[str, ...]],
    groups: Mapping[int, Sequence[int]],
    now: float,
    days: int,
    settings: BurstSettings,
) -> list[Burst]:
    everybody: dict[int, set[int]] = defaultdict(set)
    for one in seen:
        everybody[int((now - one.at) / (days * DAY))].add(one.person)
    spans = range(1, settings.past_days // days + 1)
    present, before = len(everybody[0]), sum(len(everybody[span]) for span in spans)
    if not present or not before:
        return []
    clusters, tested = _clusters(seen, salient, groups, now, days, settings.persons)
    for one in seen:
        span = int((now - one.at) / (days * DAY))
        if span in spans:
            for key in _keys(one, salient[one.ident], groups.get(one.ident, ())):
                if key in clusters:
                    clusters[key].past.setdefault(span, set()).add(one.person)
    weighed = sorted(
        (found for cluster in clusters.values() if (found := _weigh(cluster, present, before, days, settings)) is not None),
        key=lambda one: (one[0].chance, -one[0].persons, one[1]),
    )
    sure = 0
    for rank, (burst, _) in enumerate(weighed, start=1):
        if burst.chance <= settings.false_share * rank / tested:
            sure = rank
    return _apart(weighed[:sure])


def _clusters(
    seen: Sequence[Letter],
    salient: Mapping[int, tuple[str, ...]],
    groups: Mapping[int, Sequence[int]],
    now: float,
    days: int,
    persons: int,
) -> tuple[dict[Key, _Cluster], int]:
    """The clusters of the last span that have so many persons, and how many there are of any size, counted high: what a word too
    rare could be part of is not built, and counted once for each letter."""
    lately = [one for one in seen if now - one.at < days * DAY]
    writers: dict[str, set[int]] = defaultdict(set)
    for one in lately:
        for word in salient[one.ident]:
            writers[word].add(one.person)
    clusters: dict[Key, _Cluster] = {}
    tested = 0
    for one in lately:
        words = [word for word in salient[one.ident] if len(writers[word]) >= persons]
        tested += _many(len(salient[one.ident]), one) - _many(len(words), one)
        for key in _keys(one, words, groups.get(one.ident, ())):
            clusters.setdefault(key, _Cluster(key, {}, {})).now.setdefault(one.person, []).append(one)
    return {key: cluster for key, cluster in clusters.items() if len(cluster.now) >= persons}, tested + len(clusters)


def _weigh(cluster: _Cluster, present: int, before: int, days: int, settings: BurstSettings) -> tuple[Burst, Key] | None:
    """The cluster as a burst, where it has persons enough, grew enough, and never had so many before."""
    persons = len(cluster.now)
    past = sum(len(found) for found in cluster.past.values())
    most = max((len(found) for found in cluster.past.values()), default=0)
    expected = past * present / before
    if persons <= most or persons < settings.growth * expected:
        return None
    letters = [one for listed in cluster.now.values() for one in listed]
    place = _of_most((one.place for one in letters), len(letters))
    units = Counter(one.unit for one in letters if one.unit)
    kind, *rest = cluster.key
    if kind == "word" and not place and not _of_most((one.unit for one in letters), len(letters)):
        # A word that letters to anybody about anywhere have in common is no theme.
        return None
    words = {"word": rest, "pair": rest, "place": rest[1:], "unit": rest[1:], "same": []}[kind]
    return (
        Burst(
            days=days,
            words=tuple(words),
            place=place,
            units=tuple(unit for unit, _ in units.most_common(3)),
            letters=tuple(sorted(one.ident for one in letters)),
            persons=persons,
            expected=expected,
            most=most,
            chance=_at_least(persons, persons + past, present / (present + before)),
        ),
        cluster.key,
    )


def _of_most(values: Iterable[str], of: int) -> str:
    """The value that at least half have; "" for none."""
    counted = Counter(value for value in values if value).most_common(1)
    return counted[0][0] if counted and 2 * counted[0][1] >= of else ""


def _at_least(count: int, of: int, share: float) -> float:
    """P(X >= count) of a binomial; summed from the small end in logarithms."""
    total = 0.0
    for k in range(count, of + 1):
        logged = math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1)
        term = math.exp(logged + k * math.log(share) + (of - k) * math.log1p(-share))
        total += term
        if term < total * 1e-12:
            break
    return min(total, 1.0)


def _apart(found: Sequence[tuple[Burst, Key]]) -> list[Burst]:
    """Clusters of the same letters as one: the surest, with the words of the others, most letters first."""
    chosen: list[tuple[Burst, set[int], list[str]]] = []
    for burst, _ in found:
        letters = set(burst.letters)
        for _, taken, words in chosen:
            if len(taken & letters) >= SHARED * min(len(taken), len(letters)):
                words += [word for word in burst.words if word not in words]
                break
        else:
            chosen.append((burst, letters, list(burst.words)))
    return [_with_words(burst, words) for burst, _, words in chosen]


def _with_words(burst: Burst, words: Sequence[str]) -> Burst:
    return replace(burst, words=tuple(words[:SHOWN_WORDS]))
