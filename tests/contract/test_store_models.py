"""The registry of models, on every implementation of the store."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app import model_files
from app.cli.models import register
from app.models import Registry, file_hash
from domain.errors import HaltForPerson, Refused
from domain.ids import UnitCode
from domain.models import ModelAction, ModelMove, ModelRow, ModelState
from store.model_files import SqlModelFiles
from store.models import SqlModels, served_before
from store.unit_of_work import SqlStore
from tests.support.desk import Desk
from tests.support.many_models import trained

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
UNITS = (UnitCode("roads"), UnitCode("water"))


def row(version: str, days: int = 0) -> ModelRow:
    at = NOW + timedelta(days=days)
    return ModelRow(
        version,
        "ab" * 32,
        at,
        "wang",
        at,
        400,
        UNITS,
        data="cd",
        code="1.0+ef",
        test_set="12",
        learned_until=at,
        settings={"seed": 1, "target_precision": 0.95},
        metrics={"top1": 0.5, "per_unit": {"water": [3, 4]}},
    )


def test_what_is_registered_stays_as_it_is(store: SqlStore) -> None:
    with store.transaction(write=True) as tx:
        models = SqlModels(tx)
        assert models.add(row("a"))
        assert models.add(row("b", 1))
        assert not models.add(row("a", 5))
        tx.commit()
    with store.transaction(write=False) as tx:
        assert SqlModels(tx).all() == [row("b", 1), row("a")]
        assert SqlModels(tx).get("a") == row("a")
        assert SqlModels(tx).get("c") is None
        assert SqlModels(tx).placed() == {}


def test_one_model_is_live_and_one_is_shadow(store: SqlStore) -> None:
    with store.transaction(write=True) as tx:
        models = SqlModels(tx)
        for name in "abc":
            models.add(row(name))
        models.hold()
        assert models.place("a", ModelState.LIVE) == ""
        assert models.place("b", ModelState.SHADOW) == ""
        assert models.place("b", ModelState.LIVE) == "a", "a shadow that is promoted leaves its place"
        assert models.placed() == {ModelState.LIVE: "b"}
        assert models.place("b", ModelState.LIVE) == "b"
        assert models.place("c", ModelState.SHADOW) == ""
        assert models.place("a", ModelState.SHADOW) == "c"
        models.saw("a", 7)
        models.saw("a", 5)
        models.unplace("a")
        tx.commit()
    with store.transaction(write=False) as tx:
        assert {one.version: (one.state, one.seen) for one in SqlModels(tx).all()} == {
            "a": (ModelState.KEPT, 7),
            "b": (ModelState.LIVE, 0),
            "c": (ModelState.KEPT, 0),
        }


def test_the_history_is_read_as_it_was_written(store: SqlStore) -> None:
    moves = [
        ModelMove(NOW, "wang", ModelAction.REGISTER, "a"),
        ModelMove(NOW, "wang", ModelAction.PROMOTE, "a", "", "the first"),
        ModelMove(NOW + timedelta(seconds=1), "li", ModelAction.ROLLBACK, "b", "a"),
    ]
    for move in moves:
        with store.transaction(write=True) as tx:
            SqlModels(tx).moved(move)
            tx.commit()
    with store.transaction(write=False) as tx:
        assert SqlModels(tx).moves() == moves


def test_rollbacks_take_back_promotions_one_by_one() -> None:
    def moves(*told: tuple[ModelAction, str]) -> list[ModelMove]:
        return [ModelMove(NOW, "x", action, version) for action, version in told]

    promote, back = ModelAction.PROMOTE, ModelAction.ROLLBACK
    assert served_before(moves()) == ""
    assert served_before(moves((ModelAction.ADOPT, "a"))) == ""
    first = ((ModelAction.ADOPT, "a"), (promote, "b"), (ModelAction.SHADOW, "x"), (promote, "c"))
    assert served_before(moves(*first)) == "b"
    assert served_before(moves(*first, (back, "b"))) == "a"
    assert served_before(moves(*first, (back, "b"), (back, "a"))) == ""
    assert served_before(moves(*first, (back, "b"), (promote, "d"))) == "b"


@pytest.fixture
def desk(tmp_path: Path, any_store: str) -> Desk:
    return Desk(tmp_path / "city", store=any_store)


def registered(desk: Desk, seed: int) -> str:
    from app.training import keep_model

    model = trained(seed)
    keep_model(desk.system, model, promote=False, by="wang")
    return model.version


def test_promotions_and_rollbacks_are_audited_and_remembered(desk: Desk) -> None:
    one, two = registered(desk, 1), registered(desk, 2)
    registry = desk.system.registry
    with pytest.raises(Refused, match="no model served before"):
        registry.rollback("li")
    assert registry.promote(one, "li") == ""
    assert registry.promote(two, "li", "better") == one
    assert registry.promote(two, "li") == two, "again: nothing moves"
    assert registry.placed(ModelState.LIVE) == two
    assert (desk.system.models / "live").read_text(encoding="utf-8").strip() == two
    assert registry.rollback("li", "odd") == (two, one)
    assert [(move.action.value, move.version, move.before) for move in registry.moves()] == [
        ("register", one, ""),
        ("register", two, ""),
        ("promote", one, ""),
        ("promote", two, one),
        ("rollback", one, two),
    ]
    with desk.system.store.unit_of_work(write=False) as uow:
        told = [entry for _, entry in uow.audit.entries() if entry.action.startswith("model.")]
        assert uow.audit.verify() == ""
    assert [entry.action for entry in told][-1] == "model.rollback"
    assert dict(told[-1].detail) == {"before": two, "reason": "odd"}


def test_a_shadow_is_another_than_the_live_one(desk: Desk) -> None:
    one, two = registered(desk, 1), registered(desk, 2)
    registry = desk.system.registry
    registry.promote(one, "li")
    with pytest.raises(Refused, match="serves"):
        registry.shadow(one, "li")
    with pytest.raises(Refused, match="no model is shadow"):
        registry.stop_shadow("li")
    assert registry.shadow(two, "li") == ""
    assert registry.shadow(two, "li") == two
    assert registry.row("shadow").version == two
    assert registry.stop_shadow("li") == two
    assert registry.placed(ModelState.SHADOW) == ""


def test_a_shadow_begun_and_stopped_is_one_document_each(desk: Desk) -> None:
    one, two = registered(desk, 1), registered(desk, 2)
    app = typer.Typer()
    register(app)

    def shadow(*arguments: str) -> object:
        result = CliRunner().invoke(app, ["shadow", *arguments, "--json", "--settings", str(desk.folder / "fenban.toml")])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    assert shadow(one) == {"shadow": one, "before": None}
    assert shadow(two) == {"shadow": two, "before": one}
    assert shadow("--stop") == {"shadow": None, "stopped": two}


def test_a_model_is_named_by_the_beginning_of_its_version(desk: Desk) -> None:
    one, _ = registered(desk, 1), registered(desk, 2)
    registry = desk.system.registry
    assert registry.row(one[:-2]).version == one
    with pytest.raises(Refused, match="2 models begin so"):
        registry.row(one[:3])
    with pytest.raises(Refused, match="there is no model"):
        registry.row("live")


def test_a_file_that_is_not_the_registered_one_never_serves(desk: Desk) -> None:
    one, two = registered(desk, 1), registered(desk, 2)
    registry = desk.system.registry
    registry.path(one).write_bytes(registry.path(two).read_bytes())
    with pytest.raises(HaltForPerson, match="not the file that was registered"):
        registry.promote(one, "li")
    registry.path(one).unlink()
    drop_files(desk)
    with pytest.raises(HaltForPerson, match="not on this machine"):
        registry.promote(one, "li")


def drop_files(desk: Desk) -> None:
    with desk.system.store.transaction(write=True) as tx:
        SqlModelFiles(tx).keep([])
        tx.commit()


def held(desk: Desk) -> set[str]:
    with desk.system.store.transaction(write=False) as tx:
        return set(SqlModelFiles(tx).held())


def test_a_file_goes_through_the_store_to_a_machine_that_lacks_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "PART", 1000)
    version, registry = registered(desk, 1), desk.system.registry
    path = registry.path(version)
    written = path.read_bytes()
    with desk.system.store.transaction(write=False) as tx:
        assert SqlModelFiles(tx).held() == {version: -(-len(written) // 1000)}
        assert b"".join(SqlModelFiles(tx).read(version)) == written
    path.unlink()
    assert registry.load(registry.row(version)).version == version
    assert path.read_bytes() == written
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_what_the_store_holds_in_part_or_spoilt_is_not_taken(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "PART", 1000)
    version, registry = registered(desk, 1), desk.system.registry
    registry.path(version).unlink()
    for spoil in ("UPDATE model_files SET bytes = ? WHERE part = 1", "DELETE FROM model_files WHERE part > 0 AND ? IS NOT NULL"):
        with desk.system.store.transaction(write=True) as tx:
            tx.run(spoil, (b"x" * 1000,))
            tx.commit()
        with pytest.raises(HaltForPerson, match="nor in the store"):
            registry.load(registry.row(version))
        assert list(registry.path(version).parent.iterdir()) == []


def test_the_store_holds_the_files_that_may_be_asked_for(desk: Desk) -> None:
    versions = [registered(desk, seed) for seed in (1, 2)]
    registry = desk.system.registry
    for version in versions:
        registry.promote(version, "li")
    versions += [registered(desk, seed) for seed in (3, 4, 5)]
    registry.shadow(versions[2], "li")
    versions += [registered(desk, 6)]
    latest = {row.version for row in registry.rows()[: model_files.LATEST]}
    assert held(desk) == {versions[0], versions[1], versions[2], versions[5], *latest}
    drop_files(desk)
    registry.rollback("li")
    assert versions[0] in held(desk), "a model from before comes into the store when it is moved"


def test_a_file_too_large_or_another_is_not_put_there(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files, "LARGEST", 10)
    version, registry = registered(desk, 1), desk.system.registry
    assert held(desk) == set()
    monkeypatch.undo()
    registry.path(version).write_bytes(b"another")
    model_files.share(desk.system, registry.row(version), registry.path(version))
    assert held(desk) == set()


def test_models_from_before_the_registry_are_adopted_once(desk: Desk) -> None:
    from classify.model import save_model

    one, two = trained(1), trained(2)
    folder = desk.system.models
    for model in (one, two):
        save_model(model, folder / f"{model.version}.model")
    (folder / "live").write_text(two.version + "\n", encoding="utf-8")
    (folder / "broken.model").write_bytes(b"nonsense")
    for _ in range(2):
        registry = Registry(desk.system)
        assert {found.version: found.state.value for found in registry.rows()} == {one.version: "kept", two.version: "live"}
        assert registry.row("live").sha256 == file_hash(registry.path(two.version))
        assert len(registry.moves()) == 2


def test_a_folder_whose_live_model_is_gone_is_said(desk: Desk) -> None:
    from classify.model import save_model

    model = trained(1)
    save_model(model, desk.system.models / f"{model.version}.model")
    (desk.system.models / "live").write_text("20260101-00000000\n", encoding="utf-8")
    with pytest.raises(HaltForPerson, match="names a model that is not there"):
        desk.system.registry.rows()
