"""Which letters a reader may see, as a condition of every query about them: the one place where access is decided."""

from collections.abc import Sequence

from domain.accounts import Viewer
from domain.ids import UnitCode
from store.codes import put_units

Condition = tuple[str, tuple[object, ...]]
NOTHING: Condition = ("1 = 0", ())


def visible_matters(viewer: Viewer, matter: str = "t") -> Condition:
    """The condition, and its parameters, that a row of ``matters`` (by its alias in the query) may be shown.

    Counts pass it too: a matter that may not be shown is not counted either. A unit sees a matter once a part of it was
    sent to it and was not taken back, and never one that it is excluded from.
    """
    if not viewer.reads or viewer.units == ():
        return NOTHING
    conditions = [_not_hidden(viewer, matter)]
    if viewer.units is not None:
        given = _given_to(viewer.units, "za")
        conditions.append((f"EXISTS (SELECT 1 FROM assignments za WHERE za.matter = {matter}.id AND {given[0]})", given[1]))
    return both(*conditions)


def visible_assignments(viewer: Viewer, assignment: str = "za", matter: str = "t") -> Condition:
    """As ``visible_matters`` for a row of ``assignments`` beside its matter's: a unit sees its own part only."""
    if viewer.units is None:
        return visible_matters(viewer, matter)
    if not viewer.reads or not viewer.units:
        return NOTHING
    # The row itself is the part that makes the matter visible: it need not be looked for.
    return both(_not_hidden(viewer, matter), _given_to(viewer.units, assignment))


def _not_hidden(viewer: Viewer, matter: str) -> Condition:
    """Sealed ones for who sees those; for units none that one of them is excluded from."""
    conditions: list[str] = []
    parameters: list[object] = []
    if not viewer.sealed:
        conditions.append(f"{matter}.sealed = 0")
        conditions.append(f"NOT EXISTS (SELECT 1 FROM messages zm WHERE zm.matter = {matter}.id AND zm.sealed = 1)")
    elif not viewer.ordinary:
        conditions.append(
            # Not EXISTS: beside an OR PostgreSQL would look for each matter anew.
            f"({matter}.sealed = 1 OR {matter}.id IN (SELECT zm.matter FROM messages zm WHERE zm.sealed = 1))"
        )
    for unit in viewer.units or ():
        conditions.append(f"({matter}.excluded = '' OR ' ' || {matter}.excluded || ' ' NOT LIKE ?)")
        parameters.append(_listed(unit))
    return " AND ".join(conditions) or "1 = 1", tuple(parameters)


def _given_to(units: Sequence[UnitCode], assignment: str) -> Condition:
    """A part of one of these units. One that was returned and decided away was recalled too: it is shown no more."""
    listed = ", ".join("?" * len(units))
    return (
        f"{assignment}.unit IN ({listed}) AND {assignment}.state <> 'withdrawn' AND {assignment}.withdrawn_at IS NULL",
        tuple(units),
    )


def visible_offers(viewer: Viewer, message: str = "m", matter: str = "t") -> Condition:
    """That a unit's handler may be shown a letter in the pool (认领): it is offered now, not sealed, and nobody is excluded from
    it. What else is or may be an accusation is never offered (``app.offers.enclosed``)."""
    if not viewer.reads or not viewer.units:
        return NOTHING
    return (
        f"{message}.state = 'in_review' AND {message}.sealed = 0 AND {matter}.sealed = 0 AND {matter}.excluded = '' AND EXISTS "
        f"(SELECT 1 FROM outbox zo WHERE zo.key = {message}.number AND zo.topic = 'fenban.pool' AND zo.type = 'offered' AND NOT "
        "EXISTS (SELECT 1 FROM outbox zl WHERE zl.key = zo.key AND zl.topic = zo.topic AND zl.sequence > zo.sequence))",
        (),
    )


def _listed(unit: UnitCode) -> str:
    return f"% {put_units([unit])} %"


def both(*conditions: Condition) -> Condition:
    """All of them."""
    parameters: list[object] = []
    for _, more in conditions:
        parameters += more
    return " AND ".join(f"({sql})" for sql, _ in conditions), tuple(parameters)


def among(column: str, values: Sequence[object]) -> Condition:
    """The column is one of the values."""
    return (f"{column} IN ({', '.join('?' * len(values))})", tuple(values)) if values else NOTHING
