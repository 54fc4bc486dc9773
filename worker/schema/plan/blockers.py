"""What PostgreSQL will refuse, because others use what is dropped or retyped: all of them named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.schema.plan.catalogue import Catalogue
from worker.schema.plan.dependencies import Dependent
from worker.schema.plan.plan import Blocked
from worker.schema.plan.reading import ReadOperation
from worker.schema.statements.effects import ColumnChange, Target, Touch


def obstacles(operations: Sequence[ReadOperation], catalogue: Catalogue) -> Iterator[Blocked]:
    """Who is in the way of which operation.

    Dependents that the change itself drops or changes beforehand are given the benefit of the
    doubt: they may have let go.
    """
    changed: set[str] = set()
    for each in operations:
        effects = each.effects
        changed |= catalogue.identities_of(effects.drops)
        for target in () if effects.cascade else effects.drops:
            what = f"cannot drop {target}"
            users = [user for user in catalogue.on(target) if user.blocks_drop]
            yield from _in_the_way(each.number, what, users, changed)
            yield from _inside(each.number, what, target, catalogue, changed)
        for column in effects.columns:
            users = _users_in_the_way(column, effects.cascade, catalogue)
            what = f"the operation {column}"
            yield from _in_the_way(each.number, what, users, changed, _way_out(column))
        changed |= catalogue.identities_of((*effects.alters, *effects.touches))


def _inside(
    number: int, what: str, target: Target, catalogue: Catalogue, changed: set[str]
) -> Iterator[Blocked]:
    """A schema is dropped when it is empty."""
    if target.kind == "schema":
        standing = [
            str(each)
            for each in catalogue.contents.get(target.name.schema, ())
            if not changed.intersection(catalogue.identities_of([each]))
        ]
        if standing:
            yield Blocked(number, what, tuple(standing))


_HOLD_A_TYPE = frozenset(
    {"view", "materialized view", "rule", "function", "policy", "trigger", "generated column"}
)


def _users_in_the_way(column: ColumnChange, cascade: bool, catalogue: Catalogue) -> list[Dependent]:
    """A retype is refused while views and the like use the column; a drop, unless it cascades.

    Who uses a composite type as a whole is not in the way of a change to one attribute.
    """
    if column.touch is Touch.RENAME or (column.touch is Touch.DROP and cascade):
        return []
    users = catalogue.direct_users(column) if column.of_type else catalogue.users(column)
    if column.touch is Touch.DROP:
        return users
    return [each for each in users if _HOLD_A_TYPE.intersection(each.links)]


_RETYPE = (
    "Command operations run before query operations, so a view cannot be dropped first. As command"
    " operations: rename the column, add one of the new type under the old name, fill it from the"
    " renamed one. As query operations: drop and create what uses it. The renamed column goes with"
    " the next changeset"
)


def _way_out(column: ColumnChange) -> str:
    return _RETYPE if column.touch is Touch.RETYPE and not column.of_type else ""


def _in_the_way(
    number: int, what: str, found: Iterable[Dependent], changed: set[str], way_out: str = ""
) -> Iterator[Blocked]:
    names = tuple(
        dict.fromkeys(
            f"{each.kind} {each.name}" for each in found if not changed.intersection(each.path[1:])
        )
    )
    if names:
        yield Blocked(number, what, names, way_out)
