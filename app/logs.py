"""Structured logs on stderr. Callers log counts, ids and error lines, which by contract hold no personal data."""

import logging
import sys
import traceback
from contextlib import suppress
from pathlib import Path

import structlog

from app.settings import Log

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Lines:
    """Standard error, as it is when a line is written. A line that finds it closed or its disk full is lost, and nothing else:
    what logged it goes on."""

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def set_up_logs(settings: Log) -> None:
    """One JSON object a line, or readable lines for ``console``. Libraries' own loggers stay silent below warning."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if settings.format == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=_on_terminal())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.level]),
        logger_factory=lambda *_: Lines(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    for noisy in ("httpx", "httpcore", "imapclient", "alembic", "jieba"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _on_terminal() -> bool:
    with suppress(ValueError, AttributeError):
        return sys.stderr.isatty()
    return False


def where(error: BaseException) -> str:
    """The line of code that a defect was met in, without the values that stood there: those may quote a letter."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
