"""The linker's index against looking at every pair: nothing alike is missed but by chance, nothing forgotten is found."""

import random

import numpy as np
import pytest

from ingest.normalise import form_of_normalised, forms_alike
from ingest.signing import LEAST, PREFIX, RUNGS, WHOLE, alike, sign
from store.similar_index import Layout, SimilarIndex

LAYOUT = Layout(WHOLE, PREFIX, RUNGS, LEAST)
SEEDS = (7, 1123, 990017)
CHARACTERS = "".join(map(chr, range(0x4E00, 0x4E00 + 1500))) + "abcxyzABC0123456789，。！ \n＿_İß"


def text(rng: random.Random, least: int = 12, most: int = 500) -> str:
    return "".join(rng.choices(CHARACTERS, k=rng.randint(least, most)))


def edited(rng: random.Random, one: str, slips: int) -> str:
    letters = list(one)
    for _ in range(slips):
        letters[rng.randrange(len(letters))] = rng.choice(CHARACTERS)
    return "".join(letters)


def put(index: SimilarIndex, texts: list[str], cut: list[bool]) -> tuple[int, list[set[int]]]:
    """Row of the first, and what each finds among all before it."""
    made, short = sign(texts), np.array(cut, bool)
    first = index.add(range(len(index), len(index) + len(texts)), [7] * len(texts), made.lengths, short, made.values)
    listed = index.candidates(first, 7, 1000, made.lengths, short, made.values)
    return first, [{one.message for one in found} for found in listed]


@pytest.mark.parametrize("seed", SEEDS)
def test_signing_sees_the_same_characters_as_the_form(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    texts = [text(rng, 0, 300) for _ in range(200)] + ["", "\n", "。", "ab", "İ" * 9]
    made = sign(texts)
    assert made.lengths.tolist() == [len(form_of_normalised(one)) for one in texts]
    alone = [sign([one]) for one in texts]
    assert all((whole == one.values[0]).all() for whole, one in zip(made.values, alone, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_alike_is_the_rule_for_copies(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    for _ in range(400):
        one = form_of_normalised(text(rng, 0, rng.choice((3, 40, 70, 400))))
        other = form_of_normalised(edited(rng, one, rng.randint(0, 12)) if one and rng.random() < 0.8 else text(rng, 0, 200))
        for truncated in (False, True):
            assert alike(one, other, truncated=truncated) == forms_alike(one, other, truncated=truncated)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_alike_is_found_and_hardly_anything_else(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    index = SimilarIndex(LAYOUT, cutoff=0.6)
    texts: list[str] = []
    cuts: list[bool] = []
    missed = wanted = found_others = 0
    for _ in range(12):
        batch: list[str] = []
        cut: list[bool] = []
        for _ in range(rng.randint(1, 40)):
            source = rng.choice(texts + batch) if texts and rng.random() < 0.5 else text(rng)
            new = edited(rng, source, rng.randint(0, 2 + len(source) // 40)) if rng.random() < 0.8 else text(rng)
            is_cut = rng.random() < 0.2
            batch.append(new[: rng.randint(90, 140)] if is_cut else new)
            cut.append(is_cut)
        first, found = put(index, batch, cut)
        texts += batch
        cuts += cut
        for place, seen in enumerate(found):
            own = form_of_normalised(batch[place])
            for other in range(first + place):
                likeness = alike(own, form_of_normalised(texts[other]), truncated=cut[place] or cuts[other])
                wanted += likeness >= 0.8
                missed += likeness >= 0.8 and other not in seen
                found_others += likeness < 0.4 and other in seen
            assert all(other < first + place for other in seen)
    assert wanted > 60
    assert missed <= 0.02 * wanted
    assert found_others <= 0.01 * wanted


@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_taken_out_again_leaves_no_trace(seed: int) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    kept, disturbed = SimilarIndex(LAYOUT, cutoff=0.6), SimilarIndex(LAYOUT, cutoff=0.6, capacity=5000)
    pool = [text(rng, 20, 200) for _ in range(150)]
    for _ in range(30):
        batch = [edited(rng, rng.choice(pool), 2) for _ in range(rng.randint(1, 120))]
        cut = [rng.random() < 0.3 for _ in batch]
        if rng.random() < 0.5:
            first, _ = put(disturbed, [edited(rng, rng.choice(pool), 1) for _ in batch], cut)
            disturbed.forget(first)
        assert put(kept, batch, cut) == put(disturbed, batch, cut)
    assert len(kept) == len(disturbed)


def test_what_is_older_than_asked_for_is_not_found_and_counted() -> None:
    index = SimilarIndex(LAYOUT, cutoff=0.6)
    made, cut = sign(["人民路的路灯坏了三天没有人来修请尽快处理"] * 3), np.zeros(3, bool)
    first = index.add([1, 2, 3], [10, 20, 30], made.lengths, cut, made.values)
    listed = index.candidates(first, 15, 9, made.lengths, cut, made.values)
    assert [{one.message for one in found} for found in listed] == [set(), set(), {2}]
    assert [index.older_than(moment) for moment in (10, 15, 31)] == [0, 1, 3]


def test_a_letter_sent_in_by_thousands_is_found_by_its_latest() -> None:
    index = SimilarIndex(LAYOUT, cutoff=0.6)
    body = "我们小区停水三天了请尽快恢复供水老人小孩都没有办法做饭洗衣服"
    for _ in range(5):
        made, cut = sign([body] * 1000), np.zeros(1000, bool)
        first = index.add(range(len(index), len(index) + 1000), [7] * 1000, made.lengths, cut, made.values)
        listed = index.candidates(first, 7, 12, made.lengths, cut, made.values)
        assert all(found for found in listed[1:])
        assert all(len(found) <= 12 for found in listed)
