"""What is named a hot topic, and what is not: by persons, against its own past, with few false ones among those named."""

import random

from classify.bursts import DAY, BurstSettings, Letter, find_bursts

NOW = 1_800_000_000.0
SETTINGS = BurstSettings()
ORDINARY = [f"词{n}" for n in range(300)]


def letters(seed: int, *, days: int = 63, a_day: int = 12) -> list[Letter]:
    """Ordinary letters: each of six words out of many, with no topic among them."""
    chance = random.Random(seed)
    return [
        Letter(
            n,
            NOW - chance.random() * days * DAY,
            n,
            chance.choice(["东区", "西区", ""]),
            chance.choice(["water", "roads", "parks"]),
            tuple(chance.sample(ORDINARY, 6)),
        )
        for n in range(days * a_day)
    ]


def topic(count: int, *, ago: float = 0.5, persons: int | None = None, words: tuple[str, ...] = ("停水", "管网")) -> list[Letter]:
    return [
        Letter(100_000 + n, NOW - (ago - 0.01 * n) * DAY, 100_000 + n % (persons or count), "东区", "water", (*words, f"别{n}"))
        for n in range(count)
    ]


def test_what_six_persons_write_of_within_a_day_is_named_with_its_place_and_words() -> None:
    (found,) = find_bursts([*letters(1), *topic(6)], NOW, SETTINGS)
    assert (found.days, found.persons, found.place, found.units[0]) == (1, 6, "东区", "water")
    assert set(found.words) == {"停水", "管网"}
    assert set(found.letters) == {100_000 + n for n in range(6)}


def test_a_topic_that_most_letters_are_of_is_named_all_the_more() -> None:
    (found,) = [one for one in find_bursts([*letters(9, a_day=2), *topic(40)], NOW, SETTINGS) if one.days == 1]
    assert found.persons == 40


def test_one_person_who_writes_six_letters_is_one_person() -> None:
    assert find_bursts([*letters(2), *topic(6, persons=1)], NOW, SETTINGS) == []


def test_fewer_persons_than_asked_for_are_no_topic() -> None:
    assert find_bursts([*letters(3), *topic(4)], NOW, SETTINGS) == []


def test_what_comes_every_week_is_not_hot_this_week() -> None:
    weekly = [
        one._replace(ident=one.ident + 1000 * week, person=one.person + 1000 * week, at=one.at - week * 7 * DAY)
        for week in range(9)
        for one in topic(7)
    ]
    assert find_bursts([*letters(4), *weekly], NOW, SETTINGS) == []


def test_when_everything_doubles_nothing_is_hot() -> None:
    everything = letters(5)
    again = [one._replace(ident=one.ident + 50_000, person=one.person + 50_000) for one in everything if NOW - one.at < 7 * DAY]
    assert find_bursts([*everything, *again], NOW, SETTINGS) == []


def test_without_a_past_nothing_is_named() -> None:
    assert find_bursts(topic(9), NOW, SETTINGS) == []
    assert find_bursts([], NOW, SETTINGS) == []


def test_letters_of_the_future_are_not_looked_at() -> None:
    assert find_bursts([*letters(6), *topic(9)], NOW - 2 * DAY, SETTINGS) == []


def test_what_grew_over_a_week_is_found_though_no_day_shows_it() -> None:
    slow = [one._replace(at=NOW - (0.3 + 0.8 * n) * DAY) for n, one in enumerate(topic(8))]
    (found,) = find_bursts([*letters(7), *slow], NOW, SETTINGS)
    assert (found.days, found.persons) == (7, 8)


def test_letters_that_say_the_same_are_a_topic_by_their_group() -> None:
    same = [one._replace(words=(f"甲{n}", f"乙{n}"), place="", unit="") for n, one in enumerate(topic(7))]
    groups = {one.ident: [77] for one in same}
    (found,) = find_bursts([*letters(8), *same], NOW, SETTINGS, groups)
    assert (found.persons, found.words) == (7, ())


def test_where_nothing_grew_hardly_anything_is_named() -> None:
    """Of a hundred quiet weeks, each with thousands of clusters: the bound on false ones holds with room to spare."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    named = sum(bool(find_bursts(letters(seed + n), NOW, SETTINGS)) for n in range(40))
    assert named <= 4
