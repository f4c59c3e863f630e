"""Understanding a large batch in two processes: half of it here, half in a second one.

Python understands one letter at a time however many cores there are. The second process starts with the first large batch, is
used from the moment it is ready, holds no key and no connection, and ends with this process (its input ends then, also after a
kill) or after a minute without work. Whatever befalls it, its half is understood here instead: it is never needed.
"""

import os
import pickle
import select
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from domain.errors import RejectItem
from domain.ids import ChannelId
from domain.messages import Capture, Draft
from domain.ports import Parser
from ingest.personal import find_contacts

LEAST = 200
"""Captures for which a second process is worth its start: a mailbox that has much to bring, never a site read politely."""
IDLE_SECONDS = 60.0
_SILENCE_SECONDS = 60.0
_LENGTH = 8
_CHUNK = 1 << 20
_READY = b"ready"

Understood = Draft | str
"""The draft, or why the capture cannot be taken in."""


def understand(parsers: Mapping[ChannelId, Parser], capture: Capture) -> Understood:
    """What a capture says, with the sender's marks that only its text gives."""
    try:
        return _with_own_contacts(parsers[capture.channel].understand(capture))
    except RejectItem as error:
        return error.what


def _with_own_contacts(draft: Draft) -> Draft:
    """Where the channel gives no mark of the sender, what the letter calls the writer's own is the sender's."""
    sender = draft.sender
    if sender.phones or sender.id_numbers or sender.emails or sender.account:
        return draft
    own = find_contacts(draft.body_own)
    if not (own.phones or own.id_numbers or own.emails):
        return draft
    name = sender.name or (own.names[0] if own.names else "")
    return replace(draft, sender=replace(sender, name=name, phones=own.phones, id_numbers=own.id_numbers, emails=own.emails))


class Reader:
    """Understands batches, large ones with a second process where the machine has a core for it. For any number of threads."""

    def __init__(self, parsers: Mapping[ChannelId, Parser], *, cores: int | None = None) -> None:
        self._parsers = parsers
        self._cores = cores if cores is not None else len(os.sched_getaffinity(0))
        self._turn = threading.Lock()
        self._second: _Second | None = None

    def read(self, captures: Sequence[Capture]) -> list[Understood]:
        """One answer for each, in their order."""
        if len(captures) < LEAST or self._cores < 2 or not self._turn.acquire(blocking=False):
            return self._here(captures)
        try:
            return self._together(captures)
        finally:
            self._turn.release()

    def close(self) -> None:
        with self._turn:
            self._end()

    @property
    def second(self) -> int:
        """The second process's id once it is ready, else 0."""
        second = self._second
        return second.process.pid if second is not None and second.ready() else 0

    @property
    def started(self) -> bool:
        return self._second is not None

    def _here(self, captures: Sequence[Capture]) -> list[Understood]:
        return [understand(self._parsers, capture) for capture in captures]

    def _together(self, captures: Sequence[Capture]) -> list[Understood]:
        half = len(captures) // 2
        try:
            second = self._second = self._second or _Second(self._parsers)
            if second.ready():
                second.send(pickle.dumps(captures[half:], pickle.HIGHEST_PROTOCOL))
                mine = self._here(captures[:half])
                theirs: list[Understood] = pickle.loads(second.receive())  # noqa: S301 — our own process wrote it
                return mine + theirs
        except Exception:
            # Also a defect of ours, which is raised again below. An answer that nobody took must not be the next one's.
            self._end()
        except BaseException:
            self._end()
            raise
        return self._here(captures)

    def _end(self) -> None:
        if self._second is not None:
            self._second.close()
            self._second = None


class _Second:
    """The second process. Its methods raise OSError when it is gone or says nothing for a minute."""

    def __init__(self, parsers: Mapping[ChannelId, Parser]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.second_reader"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._to, self._from = self.process.stdin.fileno(), self.process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        self._ready = False
        self.send(pickle.dumps(dict(parsers), pickle.HIGHEST_PROTOCOL))

    def ready(self) -> bool:
        """Whether it has started; waits for nothing."""
        if not self._ready and select.select([self._from], [], [], 0)[0]:
            self._ready = self.receive() == _READY
        return self._ready

    def send(self, frame: bytes) -> None:
        rest = memoryview(len(frame).to_bytes(_LENGTH, "big") + frame)
        while rest:
            if not select.select([], [self._to], [], _SILENCE_SECONDS)[1]:
                raise TimeoutError
            rest = rest[os.write(self._to, rest[:_CHUNK]) :]

    def receive(self) -> bytes:
        return self._take(int.from_bytes(self._take(_LENGTH), "big"))

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def _take(self, size: int) -> bytes:
        taken = bytearray()
        while len(taken) < size:
            if not select.select([self._from], [], [], _SILENCE_SECONDS)[0]:
                raise TimeoutError
            chunk = os.read(self._from, min(size - len(taken), _CHUNK))
            if not chunk:
                raise BrokenPipeError
            taken += chunk
        return bytes(taken)


def _serve(work: BinaryIO, answers: BinaryIO) -> None:
    """The second process: understands what is sent until its input ends or nothing comes for a while."""
    parsers: Mapping[ChannelId, Parser] = pickle.loads(_frame(work))  # noqa: S301 — from the process that started this one
    _answer(answers, _READY)
    while select.select([work], [], [], IDLE_SECONDS)[0]:
        frame = _frame(work)
        if not frame:
            return
        captures: Sequence[Capture] = pickle.loads(frame)  # noqa: S301 — as above
        understood = [understand(parsers, capture) for capture in captures]
        _answer(answers, pickle.dumps(understood, pickle.HIGHEST_PROTOCOL))


def _frame(work: BinaryIO) -> bytes:
    return work.read(int.from_bytes(work.read(_LENGTH), "big"))


def _answer(answers: BinaryIO, frame: bytes) -> None:
    answers.write(len(frame).to_bytes(_LENGTH, "big") + frame)
    answers.flush()


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
