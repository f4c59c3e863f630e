"""Names for workers and pollers that outlive their process: a name is free again the moment its process is gone.

A process that was killed leaves claims and leases under its name; the next process on this machine takes the first free
name, and so its own things up again at once instead of waiting for them to expire.
"""

import fcntl
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from domain.errors import HaltForPerson

MOST = 256
LOCKS = Path("/proc/locks")


class Slot:
    """Holds ``<host>/<role>-<n>`` until closed or the process ends. Raises HaltForPerson when the folder cannot be written."""

    def __init__(self, folder: Path, role: str) -> None:
        self._file = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for n in range(1, MOST + 1):
                file = os.open(folder / f"{role}-{n}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    os.close(file)
                    continue
                self._file = file
                self.name = f"{socket.gethostname()}/{role}-{n}"
                return
        except OSError as error:
            raise HaltForPerson(
                f"{folder} cannot be written ({error.strerror})", remedy="free space or mend its rights"
            ) from None
        raise HaltForPerson(f"more than {MOST} {role} processes run on this machine", remedy="stop some")

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def held_slots(folder: Path, locks: Path = LOCKS) -> list[str]:
    """The names that processes of this machine hold now, ``collector-1``, where the kernel tells who holds locks; else none.
    Nothing is locked to find out: a process that just begins must not miss its name."""
    try:
        held = {line.split()[5].rpartition(":")[2] for line in locks.read_text().splitlines() if " FLOCK " in line}
        return sorted(file.stem for file in folder.glob("*.lock") if str(file.stat().st_ino) in held)
    except (OSError, IndexError):
        return []
