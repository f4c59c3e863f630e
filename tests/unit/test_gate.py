"""What speaks against a model, and that a person may overrule it."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.frozen import FrozenTests
from app.judging import beside, beside_document
from app.learning import learn
from app.promoting import NotPromoted, let_serve
from classify.labelled import LabelledText
from domain.errors import Refused
from domain.ids import UnitCode
from domain.models import ModelRow, ModelState
from tests.support.desk import Desk
from tests.support.many_models import letters

OTHER = {"water": UnitCode("roads"), "roads": UnitCode("water")}


def kept(desk: Desk, rows: list[LabelledText]) -> ModelRow:
    return learn(desk.system, rows, by="wang", progress=lambda *_: None).row


def muddled(rows: list[LabelledText]) -> list[LabelledText]:
    """The same letters, each other's units."""
    return [replace(row, unit=OTHER[row.unit]) for row in rows]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "city")
    let_serve(desk.system, kept(desk, letters(1, 260)), "wang")
    return desk


def test_a_worse_model_is_refused_with_every_reason(desk: Desk) -> None:
    live = desk.system.registry.row("live")
    bad = kept(desk, muddled(letters(1, 260)))
    with pytest.raises(NotPromoted, match="speak against it") as refused:
        let_serve(desk.system, bad, "wang")
    said = "\n".join(refused.value.objections)
    assert f"worse than {live.version}" in said
    assert "the precision of water falls below 0.95" in said
    assert "the precision of all units together" in said
    assert desk.system.registry.placed(ModelState.LIVE) == live.version


def test_a_person_may_overrule_and_both_are_kept(desk: Desk) -> None:
    live = desk.system.registry.row("live")
    bad = kept(desk, muddled(letters(1, 260)))
    before, verdict = let_serve(desk.system, bad, "wang", "单位对调了")
    assert (before, len(verdict.objections)) == (live.version, 4)
    move = desk.system.registry.moves()[-1]
    assert move.reason.startswith("单位对调了 (overruled: it is worse than")


def test_a_model_as_good_is_promoted(desk: Desk) -> None:
    good = kept(desk, letters(1, 300))
    assert let_serve(desk.system, good, "wang")[1].objections == ()
    assert desk.system.registry.row("live").version == good.version


def test_that_nothing_would_go_out_by_itself_any_more_is_said(desk: Desk) -> None:
    rows = letters(1, 300)
    unsure = kept(desk, [*muddled(rows[::3]), *(row for at, row in enumerate(rows) if at % 3)])
    assert desk.system.registry.load(unsure).threshold(0.95) is None
    _, verdict = let_serve(desk.system, unsure, "wang")
    assert verdict.objections == ()
    assert verdict.notes == (
        "no threshold of it keeps 0.95, as one of the model that serves does: every letter waits for a person until one does",
    )


def test_units_that_differ_from_the_directory_speak_against_it(desk: Desk) -> None:
    only = [replace(row, unit=UnitCode("river-water")) if row.unit == "roads" else row for row in letters(1, 260)]
    other = kept(desk, only)
    with pytest.raises(NotPromoted) as refused:
        let_serve(desk.system, other, "wang")
    assert refused.value.objections[0] == "it does not know 1 units that the model that serves knows: roads"
    units = desk.folder / "units.toml"
    units.write_text(units.read_text(encoding="utf-8").replace('"river-water"', '"river-works"'), encoding="utf-8")
    desk.system.refresh()
    with pytest.raises(NotPromoted) as refused:
        let_serve(desk.system, other, "wang")
    assert refused.value.objections[0] == "it knows 1 units that are not in the directory: river-water"


def test_what_both_may_have_learned_is_not_compared_on(desk: Desk) -> None:
    a, b = desk.system.registry.row("live"), kept(desk, letters(1, 300))
    document = beside_document(desk.system, beside(desk.system, a, b))
    assert document["left_out"] == 0
    assert document["letters"] == document["a"]["letters"] == document["top1"]["letters"]
    test = FrozenTests(desk.system)
    desk.clock.forward(hours=1)
    test.freeze(letters(5, 40), "wang")
    with pytest.raises(Refused, match="no letters in common"):
        beside(desk.system, a, b)
    desk.system.registry.promote(b.version, "wang")
    newest = kept(desk, letters(2, 250))
    before, verdict = let_serve(desk.system, newest, "wang")
    assert before == b.version
    assert "cannot be held against the model that serves" in verdict.notes[0]
