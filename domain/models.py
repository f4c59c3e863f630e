"""The registry's vocabulary: models, what became of them, the letters they are tested on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.ids import Number, UnitCode


class ModelState(StrEnum):
    """At most one model is live and at most one is shadow."""

    KEPT = "kept"
    SHADOW = "shadow"
    LIVE = "live"


class ModelAction(StrEnum):
    REGISTER = "register"
    ADOPT = "adopt"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    SHADOW = "shadow"
    STOP = "stop"


SERVES = frozenset({ModelAction.ADOPT, ModelAction.PROMOTE})
"""After these a model serves; ``rollback`` takes the last of them back."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model. Only ``state`` and ``seen`` ever change.

    ``sha256``: of its file. ``data``: hash of the letters it learned from; ``code``: version of the program and hash of its
    learning code. ``test_set``: the letters it was kept from; ``learned_until``: no letter written later was learned, None
    where times are not known. ``settings`` and ``metrics`` hold plain JSON values, no letter's text. ``seen``: the last decision that it gave
    its opinion on as a shadow.
    """

    version: str
    sha256: str
    registered_at: datetime
    registered_by: str
    trained_at: datetime
    n_rows: int
    units: tuple[UnitCode, ...]
    state: ModelState = ModelState.KEPT
    data: str = ""
    code: str = ""
    test_set: str = ""
    learned_until: datetime | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    seen: int = 0


@dataclass(frozen=True, slots=True)
class ModelMove:
    """One line of the registry's history. ``before``: the version that had the place until then; ``reason``: what the person
    said, or what spoke against it and was overruled."""

    at: datetime
    actor: str
    action: ModelAction
    version: str
    before: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FrozenLetter:
    """A letter of a frozen test, which no model learns from. ``key``: hash of its text; ``group``: of its matter.

    ``number`` and ``version`` name a letter of the store, whose text stays there alone; ``subject`` and ``body`` are masked, of
    a letter that came from a file.
    """

    key: str
    group: str
    unit: UnitCode
    at: datetime | None = None
    number: Number | None = None
    version: int = 1
    subject: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class FrozenTest:
    """``hash`` covers every letter's key, group and unit. ``since``: when its first letter was written; None without times."""

    hash: str
    made_at: datetime
    made_by: str
    letters: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a shadow would have suggested first for a letter that the live model decided about."""

    model: str
    number: Number
    version: int
    unit: UnitCode
    probability: float
    at: datetime
