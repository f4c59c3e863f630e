"""``fenban models``, ``promote``, ``rollback``: which models there are, and which one serves."""

import getpass
from typing import Annotated, Any

import typer

from app.cli.base import ByOption, JsonOption, SettingsOption, emit, open_system, say, show
from app.texts import text
from domain.clock import SHANGHAI
from domain.models import ModelMove, ModelRow, ModelState

ModelArgument = Annotated[
    str, typer.Argument(metavar="MODEL", help="版本或其开头，或 live、shadow / its version or how that begins, or live, shadow")
]


def register(app: typer.Typer) -> None:
    app.command("models")(models)
    app.command("promote")(promote)
    app.command("rollback")(rollback)


def models(
    history: Annotated[bool, typer.Option("--history", help="启用、回退的经过 / what became of them, oldest first")] = False,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """列出模型：哪个在用，学自什么，效果如何。 / Lists the models: which one serves, what they learned from, how good they are."""
    with open_system(settings) as system:
        registry = system.registry
        rows, moves = registry.rows(), registry.moves() if history or as_json else []
    if as_json:
        emit(models_document(rows, moves))
    elif history:
        for move in moves:
            told = f"{text('model.' + move.action)} {move.version}" + (f" ← {move.before}" if move.before else "")
            show(f"{move.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {move.actor}  {told}  {move.reason}".rstrip())
    else:
        for row in rows:
            show(_line(row))
        if not rows:
            say(text("list.empty"))


def models_document(rows: list[ModelRow], moves: list[ModelMove]) -> dict[str, Any]:
    """What ``fenban models --json`` prints."""
    placed = {row.state: row.version for row in rows}
    return {
        "live": placed.get(ModelState.LIVE),
        "shadow": placed.get(ModelState.SHADOW),
        "models": [model_document(row) for row in rows],
        "history": [
            {
                "at": move.at.astimezone(SHANGHAI).isoformat(),
                "by": move.actor,
                "action": move.action.value,
                "version": move.version,
                "before": move.before or None,
                "reason": move.reason,
            }
            for move in moves
        ],
    }


def model_document(row: ModelRow) -> dict[str, Any]:
    return {
        "version": row.version,
        "state": row.state.value,
        "sha256": row.sha256,
        "registered_at": row.registered_at.astimezone(SHANGHAI).isoformat(),
        "registered_by": row.registered_by,
        "trained_at": row.trained_at.astimezone(SHANGHAI).isoformat(),
        "letters": row.n_rows,
        "units": list(row.units),
        "data": row.data,
        "code": row.code,
        "test_set": row.test_set or None,
        "learned_until": row.learned_until.astimezone(SHANGHAI).isoformat() if row.learned_until else None,
        "settings": dict(row.settings),
        "metrics": dict(row.metrics),
    }


def _line(row: ModelRow) -> str:
    state = text(f"model.{row.state}")
    return f"{row.version}  {state}  {row.registered_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}  {row.registered_by}  " + text(
        "model.learned"
    ).format(row.n_rows, len(row.units))


def promote(model: ModelArgument, by: ByOption = None, as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """启用一个模型；正在运行的进程自动换用。 / Lets a model serve; running processes take it up by themselves."""
    with open_system(settings) as system:
        version = system.registry.row(model).version
        before = system.registry.promote(version, by or getpass.getuser())
    _tell_moved(version, before, as_json)


def rollback(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="理由，记入审计 / the reason, kept")] = "",
    by: ByOption = None,
    as_json: JsonOption = False,
    settings: SettingsOption = None,
) -> None:
    """换回之前在用的模型。 / Brings back the model that served before."""
    with open_system(settings) as system:
        before, version = system.registry.rollback(by or getpass.getuser(), reason)
    _tell_moved(version, before, as_json)


def _tell_moved(version: str, before: str, as_json: bool) -> None:
    if as_json:
        emit({"live": version, "before": before or None})
    elif version == before:
        say(text("model.serves_already").format(version))
    else:
        say(text("model.serves").format(version, before or text("model.none")))
