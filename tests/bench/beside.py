"""What a process of ``fenban run`` does beside the way of a letter: linking, the search index, drift, and a shadow model's opinion."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from app.drift import DriftWatch
from app.shadow import Shadow
from app.training import keep_model
from app.wiring import System
from classify.labelled import LabelledText
from classify.train import train
from domain.ids import UnitCode
from tests.bench.messages import labelled


class Part(Protocol):
    def step(self) -> float: ...

    def close(self) -> None: ...


@contextmanager
def parts_beside(system: System, training: int) -> Iterator[None]:
    """They run until the end, each in a thread, resting as it rests in ``fenban run``. ``training``: letters that the shadow learns."""
    rows = [LabelledText(subject, body, UnitCode(unit)) for subject, body, unit in labelled(training, seed=8)]
    model = train(rows, units=None, seed=2, trained_at=system.clock.now())
    keep_model(system, model, promote=False)
    system.registry.shadow(model.version, "bench")
    stop = threading.Event()
    parts: list[Part] = [system.linker(alone=False), system.indexer(), DriftWatch(system), Shadow(system)]
    threads = [threading.Thread(target=_loop, args=(part, system, stop), daemon=True) for part in parts]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for part in parts:
            part.close()


def _loop(part: Part, system: System, stop: threading.Event) -> None:
    while not stop.is_set():
        system.clock.wait(part.step(), stop)
