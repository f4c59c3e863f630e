"""What speaks against letting a model serve. A person may overrule it with a reason; what was overruled is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.frozen import FrozenTests, unseen
from app.judging import Beside, Suggested, beside, suggested
from app.shadow_figures import first_right, pairs
from app.wiring import System
from classify.compare import short_of
from classify.model import Model
from domain.errors import Refused
from domain.models import FrozenLetter, ModelRow, ModelState

WORSE = 0.1
"""A model is called worse where an equally good one would win so few of the letters that part the two no oftener than this."""
SHORT = 0.05
"""A unit's precision is called below the target where so few right letters would be chance no oftener than this."""
NAMED = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """``objections`` stand in the way; ``notes`` say what could not be told, and that less will go out by itself."""

    objections: tuple[str, ...]
    notes: tuple[str, ...]


def verdict(system: System, row: ModelRow, model: Model) -> Verdict:
    """What is to be said before ``row`` serves in place of the model that serves now."""
    live = next((one for one in system.registry.rows() if one.state is ModelState.LIVE), None)
    objections, notes = _of_units(system, model, live), []
    objections += _as_shadow(system, row, model) if live is not None else []
    test = FrozenTests(system).current()
    letters = unseen(FrozenTests(system).letters(test), test, row) if test is not None else []
    if not letters:
        return Verdict(tuple(objections), ("there is no letter to test the model on that it did not learn from",))
    found: Beside | None = None
    if live is not None and live.version != row.version:
        try:
            found = beside(system, live, row)
        except Refused as why:
            notes.append(f"it cannot be held against the model that serves: {why.what}")
    target = system.settings.decide.target_precision
    if found is not None and model.threshold(target) is None and found.models[0].threshold(target) is not None:
        notes.append(
            f"no threshold of it keeps {target:g}, as one of the model that serves does: every letter waits for a person until one does"
        )
    below = _below_target(model, letters, found, target)
    if live is None:
        # Without it nobody is even offered a unit: it is let in, and stops of units guard what it decides.
        notes += below
    else:
        objections += [*(_worse(found, live) if found is not None else []), *below]
    return Verdict(tuple(objections), tuple(notes))


def _of_units(system: System, model: Model, live: ModelRow | None) -> list[str]:
    directory = set(system.directory.units)
    strangers = sorted(set(model.units) - directory)
    lost = sorted(((set(live.units) if live is not None else set()) & directory) - set(model.units))
    found = []
    if strangers:
        found.append(f"it knows {len(strangers)} units that are not in the directory: {_some(strangers)}")
    if lost:
        found.append(f"it does not know {len(lost)} units that the model that serves knows: {_some(lost)}")
    return found


def _worse(found: Beside, live: ModelRow) -> list[str]:
    first = found.first
    if first.only_b >= first.only_a or first.chance_of_so_few > WORSE:
        return []
    return [
        f"it is worse than {live.version} on the frozen test: {first.only_a} letters right only there, {first.only_b} only here "
        f"(mid-p {first.mid_p:.3f})"
    ]


def _below_target(model: Model, letters: Sequence[FrozenLetter], found: Beside | None, target: float) -> list[str]:
    """Where letters would go out without a person and too often wrongly, of a unit or in all, unless it is so already."""
    own = _precisions(suggested(model, letters), letters, model.threshold(target))
    before = _precisions(found.a, found.letters, found.models[0].threshold(target)) if found is not None else {}
    said = []
    for unit, (right, sure) in own.items():
        serves_right, serves_sure = before.get(unit, (1, 1))
        if short_of(right, sure, target) <= SHORT and serves_right / serves_sure > right / sure:
            whose = unit or "all units together"
            what = f"{right} of {sure} that would go out without a person are right"
            said.append(f"the precision of {whose} falls below {target:g}: {what}")
    return said


def _precisions(found: Suggested, letters: Sequence[FrozenLetter], least: float | None) -> dict[str, tuple[int, int]]:
    """(right, sure enough to go out without a person) of each unit suggested so, and of all under the empty name."""
    firsts = [(said[0].unit, said[0].probability, letter.unit) for said, letter in zip(found, letters, strict=True) if said]
    return _sure(firsts, least)


def _sure(firsts: Sequence[tuple[str, float, str]], least: float | None) -> dict[str, tuple[int, int]]:
    """``firsts``: (unit suggested first, how surely, whose it was)."""
    counted: dict[str, list[int]] = {}
    for unit, probability, truth in firsts:
        if least is not None and probability >= least:
            for name in ("", unit):
                own = counted.setdefault(name, [0, 0])
                own[0] += unit == truth
                own[1] += 1
    return {name: (right, sure) for name, (right, sure) in counted.items()}


def _as_shadow(system: System, row: ModelRow, model: Model) -> list[str]:
    """What it thought of letters of late whose unit is known by now. Who decided is favoured there, a unit that got a letter may have kept
    it: where a person decided it is not, so only these letters say that a shadow is worse."""
    found = pairs(system, row.version)
    judged = first_right([pair for pair in found if pair.by_person])
    said = []
    if judged.only_b < judged.only_a and judged.chance_of_so_few <= WORSE:
        what = f"{judged.only_a} letters that persons decided right only with what was suggested, {judged.only_b} only with it"
        said.append(f"as a shadow it was worse: {what} (mid-p {judged.mid_p:.3f})")
    target = system.settings.decide.target_precision
    own = _sure([(pair.shadow, pair.probability, pair.right) for pair in found], model.threshold(target))
    lived = _sure([(pair.judged.unit, 1.0, pair.right) for pair in found if pair.judged.automatic], 1.0)
    for unit, (right, sure) in own.items():
        serves_right, serves_sure = lived.get(unit, (1, 1))
        if unit and short_of(right, sure, target) <= SHORT and serves_right / serves_sure > right / sure:
            said.append(f"as a shadow its precision for {unit} was below {target:g}: {right} of {sure} sure ones were right")
    return said


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:NAMED]) + (" …" if len(codes) > NAMED else "")
