"""Every sentence of the program stands in the catalogue, and reads in Chinese what it says in English."""

import string

import pytest

from app import phrases
from domain.errors import Refused
from tests.support.said import said


def test_every_error_and_remedy_has_its_chinese() -> None:
    missing = {template: place for template, place in said().items() if template not in phrases.templates()}
    assert not missing, "add these to app/phrases.toml"


def test_a_translation_fills_in_what_its_sentence_does() -> None:
    for template in phrases.templates():
        fields = template.count("{}")
        translation = phrases._catalogue()[template]
        assert len([field for _, field, *_ in string.Formatter().parse(translation) if field is not None]) == fields, template


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("below the threshold", "把握不够，低于自动交办的门槛"),
        ("message 20261122-web-000001 is held, not in_review", "来信 20261122-web-000001 的状态是暂扣，不是待分办"),
        ("page 3 of the list: the page was cut short", "列表第 3 页：页面不完整"),
        ("may tell of gifts, kickbacks", "可能讲的是：送礼、回扣"),
        ("路灯不亮", "路灯不亮"),
    ],
)
def test_sentences_read_in_the_language_asked_for(english: str, chinese: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    assert phrases.phrase(english) == chinese
    monkeypatch.setenv("FENBAN_LANG", "en")
    assert phrases.phrase(english) == english


def test_an_error_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENBAN_LANG", "zh")
    error = Refused("unit 'a' is excluded from this matter", remedy="choose a unit that is not concerned")
    assert phrases.told(error) == "'a' 须回避此事项 → 请选择与此事无关的单位"
