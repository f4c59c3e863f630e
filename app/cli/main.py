"""``fenban``: every command, and how an error ends: one clear line with its remedy, exit 1; usage errors exit 2."""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from app.cli.base import WRONG, say, use_settings
from app.phrases import phrase, spoken, told
from domain.errors import BadSettings, FenbanError

PARTS = (
    "setup",
    "run",
    "reports",
    "office",
    "pool",
    "channel",
    "quarantine",
    "consume",
    "topics",
    "doctor",
    "analyst",
    "keep",
    "console",
    "evaluate",
    "mail",
    "deadline",
)
ALONE = frozenset({"evaluate", "mail", "deadline"})
"""Commands that need no settings and no store: they are run without importing the rest, many files in a row perhaps."""


def build(parts: Sequence[str] = PARTS) -> typer.Typer:
    """The program with these parts' commands."""
    app = typer.Typer(
        name="fenban",
        help="分办：接收群众来信，准确、及时、不漏一件地交到责任单位。",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(common)
    for part in parts:
        import_module(f"app.cli.{part}").register(app)
    return app


def common(
    settings: Annotated[Path | None, typer.Option("--settings", metavar="PATH", help="配置文件 / the settings file")] = None,
) -> None:
    use_settings(settings)


def main() -> None:
    """The console script."""
    os.umask(0o077)  # letters, even masked ones, are nobody else's on this machine
    command = next(iter(sys.argv[1:]), "")
    try:
        build((command,) if command in ALONE else PARTS)()
    except BadSettings as error:
        for problem in error.problems:
            say(spoken(problem))
        sys.exit(WRONG)
    except FenbanError as error:
        say(told(error))
        sys.exit(WRONG)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(WRONG)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
            what, remedy = (
                "the disk is full: nothing more was taken in, and what was stored is safe",
                "free space and start again",
            )
            say(f"{phrase(what)} → {phrase(remedy)}")
            sys.exit(WRONG)
        raise
