"""Training from many letters: 100,000 real ones over and over, and a stream of a million that were made up."""

import sys
from pathlib import Path

from tests.accuracy.figures import Figure, allowed
from tests.accuracy.letters import topics
from tests.accuracy.speed import child

MANY = 100_000
FEWER, STREAM = 250_000, 1_000_000


def figures(data: Path) -> list[Figure]:
    """Raises NoLetters."""
    topics(data)
    command = [sys.executable, "-m", "tests.accuracy.large_child"]
    many = child([*command, str(data), str(MANY)])
    fewer, stream = (child([*command, "made", str(count)]) for count in (FEWER, STREAM))
    name = f"training from {MANY:,} letters ({many['units']} units)"
    return [
        allowed(f"{name}: time", many["seconds"], "s of one core", 300),
        allowed(f"{name}: memory", many["megabytes"], "MB", 4000),
        Figure(f"stream of {STREAM:,} made-up letters ({stream['units']} units): time", stream["seconds"], "s of one core"),
        Figure(f"stream of {STREAM:,} made-up letters: speed", STREAM / stream["seconds"], "letters/s of one core"),
        Figure(
            f"stream of {STREAM:,} letters: memory", stream["megabytes"], "MB", f"of {FEWER:,}", fewer["megabytes"], 0.9, True
        ),
        Figure(f"stream of {STREAM:,} made-up letters: top-1 of further ones", stream["top1"], "of 1"),
    ]
