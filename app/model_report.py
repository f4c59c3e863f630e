"""``fenban report``: one page about a model, with its charts, to be read anywhere. It holds figures and words of the vocabulary, and
no text of any letter.
"""

from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from app.charts import Axis, Line, line_chart, percent
from app.documents import named
from app.drift import drift_figures
from app.frozen import FrozenTests, unseen
from app.judging import Suggested, figures, suggested
from app.reports import unit_names
from app.texts import language, text
from app.transactions import reading
from app.weighty import weighty
from app.wiring import System
from classify.model import Model
from domain.clock import SHANGHAI
from domain.models import FrozenLetter, FrozenTest, ModelRow
from store.drift import drifts

CONFUSED = 12
"""So many units stand in the table of confusions: those most often taken for another."""
BINS = 10
LEAST_CURVE = 10


def model_report(system: System, row: ModelRow) -> str:
    """The page as HTML. Raises HaltForPerson when the model's file is not here or damaged."""
    model = system.registry.load(row)
    target = system.settings.decide.target_precision
    tests = FrozenTests(system)
    test = tests.current()
    letters = unseen(tests.letters(test), test, row) if test is not None else []
    found = suggested(model, letters)
    names = unit_names(system)
    data: dict[str, Any] = {
        "language": language(),
        "text": text,
        "row": row,
        "facts": _facts(system, row, model, test),
        "letters": len(letters),
        "target": target,
        "names": {code: named(code, names) for code in set(names) | set(row.units)},
        "figures": figures(model, found, letters, target) if letters else None,
        "charts": _charts(system, row, model, found, letters, target, test),
        "confusion": _confusion(found, letters),
        "words": {unit: words for unit, words in weighty(model.data).items() if words},
        "drift": drift_figures(system, row, system.clock.now()),
        "made": f"{system.clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    }
    page = files("app").joinpath("model_report.html").read_text(encoding="utf-8")
    return (
        Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        .from_string(page)
        .render(data)
    )


def _facts(system: System, row: ModelRow, model: Model, test: FrozenTest | None) -> list[tuple[str, str]]:
    least = model.threshold(system.settings.decide.target_precision)
    return [
        (text("report.state"), text(f"model.{row.state}")),
        (text("report.trained"), f"{row.trained_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"),
        (text("report.registered_by"), row.registered_by),
        (text("report.learned"), text("model.learned").format(row.n_rows, len(row.units))),
        (text("report.until"), f"{row.learned_until.astimezone(SHANGHAI):%Y-%m-%d}" if row.learned_until else "–"),
        (text("report.threshold"), f"{least:.3f}" if least is not None else text("train.no_threshold")),
        (text("report.test"), f"{test.hash[:12]} ({test.letters})" if test is not None else "–"),
        (text("report.data"), row.data[:12] or "–"),
        (text("report.code"), row.code or "–"),
        (text("report.file"), row.sha256[:12]),
    ]


def _charts(
    system: System,
    row: ModelRow,
    model: Model,
    found: Suggested,
    letters: Sequence[FrozenLetter],
    target: float,
    test: FrozenTest | None,
) -> list[tuple[str, str, Markup]]:
    """(title, what it says, the chart) of each that there are figures for."""
    made: list[tuple[str, str, Markup]] = []
    if len(letters) >= LEAST_CURVE:
        made.append(_told("coverage", _coverage(found, letters, target, model.threshold(target))))
        made.append(_told("reliability", _reliability(found, letters)))
    learned = _learning(system, row, test)
    if learned is not None:
        made.append(_told("learning", learned))
    moved = _drift(system, row)
    if moved is not None:
        made.append(_told("drift", moved))
    return made


def _told(name: str, chart: Markup) -> tuple[str, str, Markup]:
    return text(f"report.{name}"), text(f"report.{name}_says"), chart


def _coverage(found: Suggested, letters: Sequence[FrozenLetter], target: float, least: float | None) -> Markup:
    judged = sorted(
        ((said[0].probability, said[0].unit == one.unit) for said, one in zip(found, letters, strict=True) if said), reverse=True
    )
    right, points = 0, []
    for at, (_, well) in enumerate(judged, 1):
        right += well
        if at >= LEAST_CURVE:
            points.append((at / len(letters), right / at))
    step = max(1, len(points) // 200)
    lowest = min([0.5, *(y for _, y in points)])
    lines = [
        Line(text("report.precision"), points[::step], dots=False),
        Line(text("report.target"), [(0.0, target), (1.0, target)], dots=False, dashed=True),
    ]
    if least is not None and (sure := [well for probability, well in judged if probability >= least]):
        lines.append(Line(text("report.at_threshold"), [(len(sure) / len(letters), sum(sure) / len(sure))], sizes=[6.0]))
    low = lowest - lowest % 0.1
    return line_chart(
        text("report.coverage"),
        lines,
        Axis(text("report.share"), 0.0, 1.0, percent),
        Axis(text("report.precision"), low, 1.0, percent),
    )


def _reliability(found: Suggested, letters: Sequence[FrozenLetter]) -> Markup:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for said, one in zip(found, letters, strict=True):
        if said:
            bins[min(int(said[0].probability * BINS), BINS - 1)].append((said[0].probability, said[0].unit == one.unit))
    filled = [own for own in bins if own]
    points = [(sum(p for p, _ in own) / len(own), sum(well for _, well in own) / len(own)) for own in filled]
    sizes = [3 + 9 * (len(own) / len(letters)) ** 0.5 for own in filled]
    lines = [
        Line(text("report.came_true"), points, sizes=sizes),
        Line(text("report.as_said"), [(0.0, 0.0), (1.0, 1.0)], dots=False, dashed=True),
    ]
    return line_chart(
        text("report.reliability"),
        lines,
        Axis(text("report.said"), 0.0, 1.0, percent),
        Axis(text("report.came_true"), 0.0, 1.0, percent),
    )


def _learning(system: System, row: ModelRow, test: FrozenTest | None) -> Markup | None:
    """Of this training where it was asked for, and the other models that were kept from the same test."""
    own = [(point["letters"], point) for point in row.metrics.get("curve", [])]
    if row.metrics.get("letters"):
        own.append((row.n_rows, row.metrics))
    others = [
        (one.n_rows, one.metrics)
        for one in system.registry.rows()
        if test is not None and one.test_set == test.hash and one.version != row.version and one.metrics.get("letters")
    ]
    if len(own) + len(others) < 2:
        return None
    most = max(letters for letters, _ in (*own, *others))
    lines = [
        Line(text(f"compare.{name}"), sorted((letters, point[name]) for letters, point in own))
        for name in ("top1", "top3")
        if own
    ]
    if others:
        lines.append(Line(text("report.others"), sorted((letters, point["top1"]) for letters, point in others), joined=False))
    low = min(value for line in lines for _, value in line.points)
    return line_chart(
        text("report.learning"),
        lines,
        Axis(text("report.letters"), 0.0, float(most), lambda value: f"{value:,.0f}"),
        Axis(text("report.right"), max(0.0, low - 0.05 - low % 0.05), 1.0, percent),
    )


def _drift(system: System, row: ModelRow) -> Markup | None:
    days = reading(system.store, lambda tx: drifts(tx, row.version))[-120:]
    parts = sorted({part for _, _, found in days for part in found.get("drift", {})})
    if not parts:
        return None
    lines = [
        Line(
            text(f"drift.{part}"),
            [(float(at), found["drift"][part]) for at, (_, _, found) in enumerate(days) if part in found.get("drift", {})],
        )
        for part in parts
    ]
    most = max(0.3, *(value for line in lines for _, value in line.points))
    last = max(1, len(days) - 1)
    return line_chart(
        text("report.drift"),
        [*lines, Line(text("report.matters"), [(0.0, 0.25), (float(last), 0.25)], dots=False, dashed=True)],
        Axis(text("report.day"), 0.0, float(last), lambda value: days[min(round(value), len(days) - 1)][0][5:]),
        Axis("PSI", 0.0, most, lambda value: f"{value:.2f}"),
    )


def _confusion(found: Suggested, letters: Sequence[FrozenLetter]) -> dict[str, Any]:
    """Of the units most often taken for another: whose letters they were (rows) and whom they were suggested for (columns)."""
    taken = Counter((str(one.unit), str(said[0].unit)) for said, one in zip(found, letters, strict=True) if said)
    wrong = Counter[str]()
    for (truth, first), count in taken.items():
        if truth != first:
            wrong[truth] += count
            wrong[first] += count
    units = sorted(unit for unit, _ in wrong.most_common(CONFUSED))
    most = max([count for (truth, first), count in taken.items() if truth in units and first in units], default=1)
    return {"units": units, "cells": {unit: {other: taken[unit, other] for other in units} for unit in units}, "most": most}
