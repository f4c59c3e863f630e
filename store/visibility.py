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
    if not viewer.reads:
        return NOTHING
    conditions: list[str] = []
    parameters: list[object] = []
    if not viewer.sealed:
        conditions.append(f"{matter}.sealed = 0")
        conditions.append(f"NOT EXISTS (SELECT 1 FROM messages zm WHERE zm.matter = {matter}.id AND zm.sealed = 1)")
    elif not viewer.ordinary:
        conditions.append(
            f"({matter}.sealed = 1 OR EXISTS (SELECT 1 FROM messages zm WHERE zm.matter = {matter}.id AND zm.sealed = 1))"
        )
    if viewer.units is not None:
        if not viewer.units:
            return NOTHING
        listed = ", ".join("?" * len(viewer.units))
        conditions.append(
            f"EXISTS (SELECT 1 FROM assignments za WHERE za.matter = {matter}.id AND za.unit IN ({listed}) "
            "AND za.state <> 'withdrawn' AND za.withdrawn_at IS NULL)"
        )
        parameters += list(viewer.units)
        for unit in viewer.units:
            conditions.append(f"' ' || {matter}.excluded || ' ' NOT LIKE ?")
            parameters.append(_listed(unit))
    return " AND ".join(conditions) or "1 = 1", tuple(parameters)


def visible_assignments(viewer: Viewer, assignment: str = "za", matter: str = "t") -> Condition:
    """As ``visible_matters`` for a row of ``assignments`` beside its matter's: a unit sees its own part only."""
    condition, parameters = visible_matters(viewer, matter)
    if viewer.units is None:
        return condition, parameters
    listed = ", ".join("?" * len(viewer.units))
    if not viewer.units:
        return NOTHING
    # A part that was returned and decided away was recalled too: it is shown no more.
    own = f"{assignment}.unit IN ({listed}) AND {assignment}.state <> 'withdrawn' AND {assignment}.withdrawn_at IS NULL"
    return f"{condition} AND {own}", (*parameters, *viewer.units)


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
