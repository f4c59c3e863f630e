"""A promotion reaches running processes: between two batches each looks which model serves, and takes it up."""

from typing import TYPE_CHECKING

import structlog

from app.city_files import problems_in
from domain.errors import FenbanError, HaltForPerson, RetryLater
from domain.models import ModelState

if TYPE_CHECKING:
    from app.wiring import System

log = structlog.get_logger("fenban")

LOOK_SECONDS = 2.0
"""How often a process asks the store which model serves."""


class ModelWatch:
    """``generation`` rises with every model taken up; ``trouble`` says why the one that serves was not, nothing when it was."""

    def __init__(self, system: "System") -> None:
        self._system = system
        self._look_at = 0.0
        self.generation = 0
        self.trouble: tuple[str, ...] = ()

    def look(self) -> None:
        """Takes up the model that serves now, where this process has loaded another; what is wrong with it changes nothing."""
        now = self._system.clock.monotonic()
        if "model" not in self._system.__dict__ or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        try:
            serves = self._system.registry.placed(ModelState.LIVE)
        except RetryLater:
            return
        except HaltForPerson as error:
            self._tell(error)
            return
        if serves != self._system.serving:
            self._take_up(serves)
        else:
            self.trouble = ()

    def _take_up(self, version: str) -> None:
        system = self._system
        fresh = type(system)(system.settings, clock=system.clock)
        try:
            row = system.registry.row(version)
            fresh.__dict__.update(
                model=system.registry.load(row),
                directory=system.directory,
                rulebook=system.rulebook,
                calendar=system.calendar,
            )
            built = {name: getattr(fresh, name) for name in ("model", "classifier", "threshold", "decider")}
        except FenbanError as error:
            self._tell(error)
            return
        # In one step: a thread that builds something meanwhile has all of the one or all of the other.
        system.__dict__.update(built)
        system.serving = version
        system.registry.mirror(version)
        self.trouble = ()
        self.generation += 1
        log.info("model_taken_up", model=version)

    def _tell(self, error: FenbanError) -> None:
        said = problems_in(error)
        if said != self.trouble:
            log.error("model_not_taken_up", what=said, text="the earlier model stays in use")
        self.trouble = said
