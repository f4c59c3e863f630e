"""What a figure is: one object of accuracy.json, and one line of the printed table."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` as measured, in ``unit``; more is better unless ``less_is_better``.

    ``peer_value``: the peer's in the same run or, where ``peer`` is "to reach" or "allowed", what was asked for. ``goal``: the
    least ratio of ours over the peer's; of the peer's over ours where less is better.
    """

    figure: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float | None = None
    goal: float | None = None
    less_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        if not self.peer_value or not self.value:
            return None
        return self.peer_value / self.value if self.less_is_better else self.value / self.peer_value

    @property
    def short(self) -> bool:
        """Whether the goal is missed."""
        return self.goal is not None and (self.ratio is None or self.ratio < self.goal)

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {"figure": self.figure, "value": round(self.value, 4), "unit": self.unit}
        if self.peer and self.peer_value is not None:
            found |= {"peer": self.peer, "peer_value": round(self.peer_value, 4)}
            if self.ratio is not None:
                found["ratio"] = round(self.ratio, 3)
            if self.goal is not None:
                found["goal"] = self.goal
        return found

    def line(self) -> str:
        text = f"{self.figure:64} {self.value:>11.4f} {self.unit}"
        if self.peer and self.peer_value is not None:
            text += f"  ({self.peer}: {self.peer_value:.4f}"
            text += f", ratio {self.ratio:.3f}" if self.ratio is not None else ""
            text += (f", goal {self.goal:g}" + (" MISSED" if self.short else "")) if self.goal is not None else ""
            text += ")"
        return text


def beside(figure: str, value: float, unit: str, peer: str, peer_value: float, goal: float = 1.0) -> Figure:
    """Beside a peer that was measured in the same run; unless another ratio is given, not to be worse than it."""
    return Figure(figure, value, unit, peer, peer_value, goal)


def to_reach(figure: str, value: float, unit: str, least: float) -> Figure:
    """Beside what was asked for."""
    return Figure(figure, value, unit, "to reach", least, 1.0)


def allowed(figure: str, value: float, unit: str, most: float) -> Figure:
    """Beside the most that is allowed."""
    return Figure(figure, value, unit, "allowed", most, 1.0, less_is_better=True)
