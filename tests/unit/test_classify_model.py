"""The model as it serves: what it promises to the pipeline."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from classify.labelled import LabelledText
from classify.model import Model, load_model, save_model
from classify.train import train
from domain.errors import HaltForPerson
from domain.ids import UnitCode
from domain.units import Unit, UnitLevel
from tests.support.letters import THEMES, letters

TRAINED_AT = datetime(2026, 11, 22, tzinfo=UTC)


def rows(count: int, seed: int, **how: float) -> list[LabelledText]:
    return [LabelledText(x.subject, x.body, UnitCode(x.unit), x.at) for x in letters(count, seed, **how)]  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def model() -> Model:
    return train(rows(600, 7, noise=0.1), units=None, seed=1, trained_at=TRAINED_AT)


def test_unseen_letters_go_to_their_unit(model: Model) -> None:
    tested = rows(200, 8)
    found = model.suggest([(row.subject, row.body) for row in tested])
    assert sum(s[0].unit == row.unit for s, row in zip(found, tested, strict=True)) >= 190


def test_a_batch_of_one_answers_as_a_batch_of_many(model: Model) -> None:
    texts = [(row.subject, row.body) for row in rows(300, 9)]
    together = model.suggest(texts)
    for text, expected in zip(texts[::17], together[::17], strict=True):
        (alone,) = model.suggest([text])
        assert [s.unit for s in alone] == [s.unit for s in expected]
        assert [s.probability for s in alone] == pytest.approx([s.probability for s in expected], abs=1e-6)
        assert [[e.text for e in s.evidence] for s in alone] == [[e.text for e in s.evidence] for s in expected]


def test_evidence_is_words_of_the_text_loudest_first(model: Model) -> None:
    (found,) = model.suggest([("暖气不热", "家里暖气冰凉，供热什么时候检修")])
    assert found[0].unit == "heat"
    assert found[0].evidence[0].text in {"暖气", "供热", "冰凉", "不热", "检修"}
    for suggestion in found:
        weights = [reason.weight for reason in suggestion.evidence]
        assert weights == sorted(weights, reverse=True)
        assert all(weight > 0 for weight in weights)
        assert all(reason.text in "暖气不热家里暖气冰凉，供热什么时候检修" for reason in suggestion.evidence)


def test_evidence_names_no_word_that_every_letter_has(model: Model) -> None:
    (found,) = model.suggest([("请问公交车什么时候增加", "您好，我们这里公交车晚点，末班车甩站，希望尽快解决，谢谢")])
    said = [reason.text for suggestion in found for reason in suggestion.evidence]
    assert "公交车" in said
    assert not {"请问", "什么", "时候", "我们", "希望", "尽快", "解决", "谢谢"} & set(said)
    for suggestion in found:
        texts = [reason.text for reason in suggestion.evidence]
        assert len(texts) == len(set(texts))


def test_saved_and_loaded_it_answers_the_same(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "models" / "a.npz"
    save_model(model, path)
    loaded = load_model(path)
    texts = [(row.subject, row.body) for row in rows(50, 10)]
    assert loaded.version == model.version
    assert loaded.suggest(texts) == model.suggest(texts)
    assert [loaded.threshold(t) for t in (0.9, 0.95, 0.98)] == [model.threshold(t) for t in (0.9, 0.95, 0.98)]


def test_the_order_of_rows_does_not_matter(model: Model) -> None:
    shuffled = train(list(reversed(rows(600, 7, noise=0.1))), units=None, seed=1, trained_at=TRAINED_AT)
    assert shuffled.version == model.version
    assert model.version.startswith("20261122-")


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "empty", "missing", "foreign"])
def test_a_damaged_or_foreign_file_is_refused(model: Model, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "model.npz"
    save_model(model, path)
    data = path.read_bytes()
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :])
    elif damage == "text":
        path.write_text("not a model")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "missing":
        path.unlink()
    else:
        import numpy as np

        np.savez(path, other=np.zeros(3))
    with pytest.raises(HaltForPerson) as refused:
        load_model(path)
    assert refused.value.remedy


@pytest.mark.parametrize(
    "labels", [["a"] * 3 + ["b"] * 3, ["a", "b"], ["a"], ["a", "b", "c"], ["a"] * 5, ["a"] * 40 + ["b"]], ids=str
)
def test_few_labels_train(labels: list[str]) -> None:
    given = [LabelledText(f"第{'一二三四五'[at % 5]}件", f"水管{unit}坏了", UnitCode(unit)) for at, unit in enumerate(labels)]
    small = train(given, units=None, seed=1, trained_at=TRAINED_AT)
    (empty, full) = small.suggest([("", ""), ("水管", "水管坏了 a")])
    assert {s.unit for s in full} == set(labels)
    assert len(empty) == len(set(labels))
    assert not small.automatic(empty)


def test_a_model_of_one_unit_decides_nothing_by_itself() -> None:
    given = [LabelledText(f"第{at}盏路灯", "路灯不亮", UnitCode("lamps")) for at in range(60)]
    alone = train(given, units=None, seed=1, trained_at=TRAINED_AT)
    (suggestions,) = alone.suggest([("自来水发黄", "水管里的水发黄")])
    assert not alone.automatic(suggestions)
    assert alone.threshold(0.5) is None


def test_a_text_that_is_not_unicode_harms_nobody(model: Model) -> None:
    found = model.suggest([("暖气\ud800不热", "冰凉"), ("公交车", "晚点")])
    assert [suggestions[0].unit for suggestions in found] == ["heat", "bus"]
    train(
        [LabelledText("\udcff", "坏", UnitCode("a")), LabelledText("好", "", UnitCode("b"))],
        units=None,
        seed=1,
        trained_at=TRAINED_AT,
    )


def test_no_label_at_all_is_said() -> None:
    with pytest.raises(HaltForPerson):
        train([], units=None, seed=1, trained_at=TRAINED_AT)


def test_only_units_of_the_directory_are_learned_and_their_names_speak() -> None:
    directory = [
        Unit(UnitCode(code), THEMES[code][0], (alias,), UnitLevel.CITY, "990100", None, THEMES[code][1])
        for code, alias in (("heat", "供热办"), ("bus", "公交公司"))
    ]
    learned = train(rows(300, 5), units=directory, seed=1, trained_at=TRAINED_AT)
    assert learned.units == ("bus", "heat")
    (found,) = learned.suggest([("", "请转供热办")])
    assert found[0].unit == "heat"
    assert ("name", "供热办") in {(reason.kind, reason.text) for reason in found[0].evidence}


def test_a_reply_that_names_another_unit_labels_for_it() -> None:
    given = rows(240, 6, noise=0.0)
    wrong = [
        LabelledText(row.subject, row.body, UnitCode("暖阳供热办"), row.at, "不属于我办职责，请咨询公交公司。")
        for row in given
        if row.unit == "bus"
    ]
    names = {code: UnitCode(name) for code, (name, _, _) in THEMES.items()}
    named = [LabelledText(row.subject, row.body, names[row.unit], row.at) for row in given if row.unit != "bus"]
    learned = train([*named, *wrong, LabelledText("公交车", "", names["bus"])], units=None, seed=1, trained_at=TRAINED_AT)
    (found,) = learned.suggest([("公交车晚点", "末班车甩站")])
    assert found[0].unit == names["bus"]


def test_no_texts_give_no_suggestions(model: Model) -> None:
    assert model.suggest([]) == []


def test_letters_that_are_never_mistaken_may_be_decided_automatically() -> None:
    rows = [
        LabelledText(f"停水{n}", f"小区第{n}栋停水三天没人管", UnitCode("water"))
        if n % 2
        else LabelledText(f"路面{n}", f"村口第{n}段路面坑洼不平", UnitCode("roads"))
        for n in range(120)
    ]
    model = train(rows, units=None, seed=1, trained_at=datetime(2026, 1, 5, tzinfo=UTC))
    least = model.threshold(0.95)
    assert least is not None
    (found,) = model.suggest([("停水", "小区停水三天没人管")])
    assert found[0].unit == "water"
    assert found[0].probability >= least
