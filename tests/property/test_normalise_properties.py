"""One form for every writing of a text; own words; how alike two texts are."""

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.normalise import jaccard3, normalise, own_words, same_text_form

han = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=120)
anything = st.text(max_size=200)
wordy = st.text(alphabet=st.sampled_from("路灯坏了三天请修理ABCabc１２３，。！ \n\t&<>br/;amp"), max_size=120)


@given(st.one_of(anything, wordy))
@example("&amp;lt;br&amp;gt;")
@example("a\u0301\u200b\u0301")
@example("＆ｌｔ；ｂｒ＞")
def test_normalising_twice_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(st.one_of(anything, wordy))
def test_what_comes_out_is_clean(text: str) -> None:
    clean = normalise(text)
    assert unicodedata.is_normalized("NFKC", clean)
    assert clean == clean.strip()
    assert "  " not in clean
    assert "\n\n\n" not in clean
    assert all(unicodedata.category(character) not in ("Cc", "Cs") for character in clean.replace("\n", ""))
    clean.encode()


@given(han)
def test_what_people_wrote_stays(text: str) -> None:
    assert normalise(text) == unicodedata.normalize("NFKC", text)


@given(wordy)
def test_spaces_case_and_punctuation_make_no_other_text(text: str) -> None:
    dressed = " ".join(text).upper()
    if "&" not in text and "<" not in text:
        assert same_text_form(dressed) == same_text_form(text)


@given(anything, anything)
def test_likeness_is_mutual_and_between_nothing_and_all(a: str, b: str) -> None:
    assert jaccard3(a, b) == jaccard3(b, a)
    assert 0.0 <= jaccard3(a, b) <= 1.0
    assert 0.0 <= jaccard3(a, b, truncated=True) <= 1.0
    assert jaccard3(a, a) == (1.0 if same_text_form(a) else 0.0)


@given(han.filter(lambda text: len(text) > 40), st.integers(35, 100))
def test_a_cut_text_is_like_the_whole_one(text: str, cut: int) -> None:
    shown = f"{text[:cut]}..."
    assert jaccard3(shown, text, truncated=True) > 0.99


@given(
    han,
    st.sampled_from(["\n-- \n张", "\n发自我的 iPhone", "\n\n------------------ 原始邮件 ------------------\n发件人: x\n别的话"]),
)
def test_own_words_stay_and_the_rest_goes(text: str, added: str) -> None:
    assert own_words(text + added) == text


@given(anything)
def test_own_words_never_cut_to_nothing(text: str) -> None:
    own = own_words(text)
    assert own == text or any(character.isalnum() for character in own)
