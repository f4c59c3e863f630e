"""What a model learns from: a letter and whose it was. Apart from the training, so that who only names it loads none of that."""

from dataclasses import dataclass
from datetime import datetime

from domain.ids import UnitCode


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A masked letter and the unit that answered it. ``reply``: that unit's answer, read in training only. ``group``: the
    matter it belongs to; letters of one group never stand on both sides of a split. ``number`` and ``version``: of a letter of the
    store, empty for one of a file. ``partial``: somebody named the unit without having answered: a label for it, which says
    nothing against the others."""

    subject: str
    body: str
    unit: UnitCode
    at: datetime | None = None
    reply: str = ""
    group: str = ""
    number: str = ""
    version: int = 1
    partial: bool = False
