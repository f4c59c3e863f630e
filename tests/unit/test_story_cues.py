"""What the second screen is made of: required words of patterns, weights in windows and passages, simplified characters."""

import random
import re

import numpy as np
import pytest

from route.literals import alternatives, needs, telling
from route.rules_file import load_rules
from route.simplified import simplified
from route.stories import STORY_RULE, StoryCues, stretches
from route.story_weights import WINDOW, StoryWeights, codes_of
from tests.support.routing import letter
from tests.support.small_city import small_city

CUES = {
    "threshold": 4,
    "stretch": 20,
    "parts": {"z": "[^，。]", "who": "书记|主任"},
    "cue": [
        {"name": "kin", "weight": 3, "pattern": "(?:<who>)的?(?:侄|外甥)|沾亲", "reason": "kin"},
        {"name": "gift", "weight": 3, "pattern": "送<z>{0,3}烟", "reason": "gifts"},
        {"name": "official", "weight": 1, "pattern": "<who>", "reason": ""},
        {"name": "private", "weight": -2, "pattern": "物业", "reason": ""},
    ],
}


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        ("送[^，]{0,3}烟", [{"送"}, {"烟"}]),
        ("给了?钱", [{"给钱", "给了钱"}]),
        ("(?:张|李)某[0-9]+元", [{"张某", "李某"}]),
        ("(?:表[哥弟])?补贴", [{"补贴", "表哥补贴", "表弟补贴"}]),
        ("名单[^，]{1,3}(?:没有我|空着)", [{"名单"}, {"没有我", "空着"}]),
    ],
)
def test_words_that_must_stand_in_the_text(pattern: str, groups: list[set[str]]) -> None:
    need = needs(pattern)
    found = [need.exact] if need.exact is not None else telling(need.groups)
    assert sorted(map(sorted, found)) == sorted(map(sorted, groups))


@pytest.mark.parametrize("pattern", ["(a)", "a*", ".", "(?:a", "a)"])
def test_other_syntax_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="at"):
        needs(pattern)


def test_what_a_pattern_needs_stands_in_all_it_matches() -> None:
    chance = random.Random(20261122)
    pattern = "(?:送|拎)[了过]?[^，]{0,2}(?:烟|酒)|给钱才?办|沾亲(?:带故)?的"
    for _ in range(4000):
        text = "".join(chance.choices("送拎了烟酒给钱才办沾亲带故的，", k=8))
        for form in alternatives(pattern):
            if re.search(form, text):
                need = needs(form)
                groups = (need.exact,) if need.exact is not None else need.groups
                assert all(any(word in text for word in group) for group in groups)


def test_cues_add_up_beside_an_official_or_each_other() -> None:
    cues = StoryCues(CUES)
    assert cues.find("送两条烟") is None
    told = cues.find("给主任送两条烟")
    assert told is not None
    assert (told.score, told.reasons) == (4, ("gifts",))
    both = cues.find("送烟的都沾亲")
    assert both is not None
    assert both.score == 6
    assert cues.find("物业让送烟，沾亲") is not None
    assert cues.find("物业让送烟") is None


def test_cues_far_apart_do_not_add_up() -> None:
    assert StoryCues(CUES).find("给他送烟。" + "今天天气很好。" * 5 + "主任在吗。") is None


def test_stretches_are_whole_sentences() -> None:
    assert list(stretches("一二。三四。五六。", 6)) == ["一二。三四。", "三四。五六。"]
    assert list(stretches("没有句号", 2)) == ["没有句号"]


def test_the_heaviest_window_and_passage_count() -> None:
    weights = StoryWeights({"坏": 100, "坏事": 50, "好": -100}, -120)
    assert weights.weigh(codes_of("坏事")) == (30, 30)
    assert weights.weigh(codes_of("")) == (-120, -120)
    long = "好" * WINDOW + "坏事坏事" + "好" * WINDOW
    window, passage = weights.weigh(codes_of(long))
    assert passage == 300 - 120
    assert window < passage
    assert weights.weigh(codes_of("\U0001f600坏事")) == (30, 30)
    assert np.issubdtype(codes_of("坏").dtype, np.unsignedinteger)


def test_traditional_characters_become_simplified() -> None:
    assert simplified("鄉鎮幹部") == "乡镇干部"
    plain = "乡镇干部"
    assert simplified(plain) is plain


def test_a_person_can_waive_the_story_screen() -> None:
    book = load_rules([], small_city())
    told = letter("反映问题", "书记家的侄子不上班照样领工资，名单上的手印不是我按的。")
    screen = book.first_screen(told, ())
    assert screen is not None
    assert STORY_RULE in {screen.name for screen in book.screens}
    assert book.first_screen(told, [screen.name for screen in book.screens]) is None
    assert load_rules([], small_city(), builtin=False).stories is None
