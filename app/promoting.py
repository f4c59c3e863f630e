"""Letting a model serve, once nothing speaks against it or a person overrules what does."""

from app.gate import Verdict, verdict
from app.wiring import System
from domain.errors import Refused
from domain.models import ModelRow


class NotPromoted(Refused):
    """``objections``: what speaks against the model, a line each."""

    def __init__(self, version: str, objections: tuple[str, ...]) -> None:
        super().__init__(
            f"{version} is not promoted: {len(objections)} reasons speak against it",
            remedy="train a better one, or overrule them: fenban promote MODEL --anyway REASON",
        )
        self.objections = objections


def let_serve(system: System, row: ModelRow, by: str, anyway: str = "") -> tuple[str, Verdict]:
    """(the version that served until now, what was said for and against). The model serves from now on, in every process.

    ``anyway``: a person's reason to overrule what speaks against it; both are kept. Raises NotPromoted where something speaks
    against it and there is no such reason.
    """
    said = verdict(system, row, system.registry.load(row))
    if said.objections and not anyway:
        raise NotPromoted(row.version, said.objections)
    overruled = f"{anyway} (overruled: {'; '.join(said.objections)})" if said.objections else anyway
    return system.registry.promote(row.version, by, overruled), said
