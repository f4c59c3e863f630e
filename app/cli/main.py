"""``fenban``: every command, and how an error ends: one clear line with its remedy, exit 1; usage errors exit 2."""

import errno
import io
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from app.cli.base import WRONG, say, use_settings
from app.phrases import phrase, spoken, told
from domain.errors import BadSettings, FenbanError

PARTS = {
    "setup": ("init", "check", "upgrade", "units", "calendar"),
    "run": ("run", "collect", "work", "relay", "link"),
    "reports": ("status", "ledger", "show", "explain", "export"),
    "office": ("reveal", "review", "held", "filtered", "joined", "assignment"),
    "matter": ("matter",),
    "pool": ("pool",),
    "hot": ("hot",),
    "channel": ("channel",),
    "quarantine": ("quarantine", "parked"),
    "consume": ("consume", "feedback"),
    "topics": ("topics",),
    "doctor": ("doctor",),
    "analyst": ("train", "suggest"),
    "models": ("models", "compare", "shadow", "promote", "rollback", "report"),
    "keep": ("backup", "restore", "audit", "keys"),
    "console": ("console", "users"),
    "notices": ("notices",),
    "labels": ("labels",),
    "retrain": ("retrain",),
    "evaluate": ("evaluate",),
    "mail": ("mail",),
    "deadline": ("deadline",),
}
"""The modules of this package and the commands that each brings: of a known command no other module is imported."""

INTERRUPTED = 130
"""As a shell says of a command that Ctrl-C ended."""

_PART_OF = {command: part for part, commands in PARTS.items() for command in commands}


def build(parts: Iterable[str] = PARTS) -> typer.Typer:
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


def parts_for(arguments: Sequence[str]) -> Iterable[str]:
    """The part that the command line asks for; all of them where it names no command first, as help and mistakes do."""
    rest = list(arguments)
    while rest and (rest[0] == "--settings" or rest[0].startswith("--settings=")):
        del rest[: 1 if "=" in rest[0] else 2]
    part = _PART_OF.get(rest[0]) if rest else None
    return PARTS if part is None else (part,)


def common(
    settings: Annotated[Path | None, typer.Option("--settings", metavar="PATH", help="配置文件 / the settings file")] = None,
) -> None:
    use_settings(settings)


def main() -> None:
    """The console script."""
    os.umask(0o077)  # letters, even masked ones, are nobody else's on this machine
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal whose charset lacks a character shows ? and goes on
    try:
        build(parts_for(sys.argv[1:]))()
    except BadSettings as error:
        for problem in error.problems:
            say(spoken(problem))
        sys.exit(WRONG)
    except FenbanError as error:
        say(told(error))
        sys.exit(WRONG)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
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
