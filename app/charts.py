"""Charts as plain SVG, made where the figures are: they need no script, no network, and print as they show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 22, 30, 44
COLOURS = ("#1f5fa8", "#b3541e", "#2e7d4f", "#7a4fa3", "#8a6d00")
STEPS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """``dots`` alone where ``joined`` is False; ``sizes`` of the dots, 3 where none is given."""

    name: str
    points: Sequence[tuple[float, float]]
    joined: bool = True
    dots: bool = True
    dashed: bool = False
    sizes: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """From ``low`` to ``high``, its steps written by ``told``."""

    name: str
    low: float
    high: float
    told: Callable[[float], str]


def percent(value: float) -> str:
    return f"{value:.0%}"


def line_chart(title: str, lines: Sequence[Line], x: Axis, y: Axis) -> Markup:
    """Lines over two axes, each named above beside a stroke of its colour; ``title`` is what a screen reader says."""
    parts = [*_grid(x, y)]
    for at, line in enumerate(lines):
        colour = COLOURS[at % len(COLOURS)]
        places = [(_across(x, a), _up(y, b)) for a, b in line.points]
        if line.joined and len(places) > 1:
            path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
            dash = ' stroke-dasharray="5 4"' if line.dashed else ""
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        if line.dots:
            sizes = line.sizes or [3.0] * len(places)
            parts += [
                f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{size:.1f}" fill="{colour}" fill-opacity="0.75"/>'
                for (a, b), size in zip(places, sizes, strict=True)
            ]
        if line.name and len(lines) > 1:
            beside = LEFT + at * (WIDTH - LEFT - RIGHT) // len(lines)
            parts.append(f'<line x1="{beside}" y1="12" x2="{beside + 16}" y2="12" stroke="{colour}" stroke-width="3"/>')
            parts.append(f'<text x="{beside + 21}" y="16">{escape(line.name)}</text>')
    return Markup('<svg viewBox="0 0 {0} {1}" role="img" aria-label="{2}">{3}</svg>').format(
        WIDTH, HEIGHT, title, Markup("".join(parts))
    )


def _grid(x: Axis, y: Axis) -> list[str]:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for step in range(STEPS + 1):
        a, b = x.low + (x.high - x.low) * step / STEPS, y.low + (y.high - y.low) * step / STEPS
        across, up = _across(x, a), _up(y, b)
        parts.append(f'<line x1="{LEFT}" y1="{up:.1f}" x2="{right}" y2="{up:.1f}" class="grid"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{up + 4:.1f}" text-anchor="end">{escape(y.told(b))}</text>')
        parts.append(f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{escape(x.told(a))}</text>')
    parts.append(f'<line x1="{LEFT}" y1="{bottom}" x2="{right}" y2="{bottom}" class="axis"/>')
    parts.append(f'<text x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 8}" text-anchor="middle" class="name">{escape(x.name)}</text>')
    middle = (TOP + bottom) / 2
    turned = f'transform="rotate(-90 12 {middle:.0f})"'
    parts.append(f'<text x="12" y="{middle:.0f}" {turned} text-anchor="middle" class="name">{escape(y.name)}</text>')
    return parts


def _across(x: Axis, value: float) -> float:
    span = (x.high - x.low) or 1.0
    return LEFT + (min(max(value, x.low), x.high) - x.low) / span * (WIDTH - LEFT - RIGHT)


def _up(y: Axis, value: float) -> float:
    span = (y.high - y.low) or 1.0
    return HEIGHT - BOTTOM - (min(max(value, y.low), y.high) - y.low) / span * (HEIGHT - TOP - BOTTOM)
