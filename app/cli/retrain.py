"""``fenban retrain``: a new model from all labels, which serves unless it is worse."""

import getpass
import os

import typer

from app.cli.base import WRONG, ByOption, JsonOption, SettingsOption, emit, open_system, progress_bar, say, show
from app.phrases import phrase
from app.texts import text

NICE = 10
"""Letters go before learning."""


def register(app: typer.Typer) -> None:
    app.command("retrain")(retrain)


def retrain(by: ByOption = None, as_json: JsonOption = False, settings: SettingsOption = None) -> None:
    """用现有全部标注重新训练；不比在用的差才启用。 / Trains on every label there is; the model serves unless it is worse."""
    from app.retraining import retrain as run

    os.nice(NICE)
    with open_system(settings) as system, progress_bar("read") as tell:
        done = run(system, by=by or getpass.getuser(), progress=tell)
    if as_json:
        emit(
            {
                "version": done.version,
                "letters": done.letters,
                "units": done.units,
                "serves": done.serves,
                "before": done.before or None,
                "objections": list(done.objections),
                "notes": list(done.notes),
            }
        )
    else:
        show(text("retrain.done").format(done.version, done.letters, done.units))
        show(text("retrain.serves").format(done.before or "—") if done.serves else text("retrain.kept"))
        for objection in done.objections:
            say(f"  {phrase(objection)}")
        for note in done.notes:
            say(f"  ({phrase(note)})")
    if not done.serves:
        raise typer.Exit(WRONG)
