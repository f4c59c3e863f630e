"""``fenban``: every command, and how an error ends: one clear line with its remedy, exit 1; usage errors exit 2."""

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli import analyst, consume, deadline, evaluate, keep, mail, office, quarantine, reports, run, setup
from app.cli.base import WRONG, say, use_settings
from domain.errors import BadSettings, FenbanError

app = typer.Typer(
    name="fenban",
    help="分办：接收群众来信，准确、及时、不漏一件地交到责任单位。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def common(
    settings: Annotated[Path | None, typer.Option("--settings", metavar="PATH", help="配置文件 / the settings file")] = None,
) -> None:
    use_settings(settings)


for part in (setup, run, reports, office, quarantine, consume, analyst, evaluate, keep, mail, deadline):
    part.register(app)


def main() -> None:
    """The console script."""
    try:
        app()
    except BadSettings as error:
        for problem in error.problems:
            say(problem)
        sys.exit(WRONG)
    except FenbanError as error:
        say(str(error))
        sys.exit(WRONG)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(WRONG)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
            say("the disk is full: nothing more was taken in, and what was stored is safe → free space and start again")
            sys.exit(WRONG)
        raise
