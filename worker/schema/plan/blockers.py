"""What blocks a change: PostgreSQL refuses to drop or retype what others use. All are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.plan.facts import CatalogueFacts
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import Blocker
from worker.schema.statements.effects import ColumnChange, ColumnEffect, Target


def blockers(operations: Sequence[ParsedOperation], facts: CatalogueFacts) -> Iterator[Blocker]:
    """What blocks which operation.

    Dependents that the change itself drops or changes beforehand do not count: they may not depend
    on it any more by then.
    """
    changed: set[str] = set()
    for operation in operations:
        effects = operation.effects
        changed |= facts.identities_of(effects.drops)
        for target in () if effects.cascade else effects.drops:
            what = f"cannot drop {target}"
            users = [user for user in facts.dependents_of(target) if user.blocks_drop]
            yield from _blocker(operation.number, what, users, changed)
            yield from _inside(operation.number, what, target, facts, changed)
        for column in effects.columns:
            users = _blocking_users(column, effects.cascade, facts)
            what = f"the operation {column}"
            yield from _blocker(operation.number, what, users, changed, _way_out(column))
        changed |= facts.identities_of((*effects.alters, *effects.touches))


def _inside(
    number: int, what: str, target: Target, facts: CatalogueFacts, changed: set[str]
) -> Iterator[Blocker]:
    """A schema is dropped when it is empty."""
    if target.kind == "schema":
        left = [
            str(each)
            for each in facts.contents.get(target.name.schema, ())
            if not changed.intersection(facts.identities_of([each]))
        ]
        if left:
            yield Blocker(number, what, tuple(left))


_HOLD_A_TYPE = frozenset(
    {"view", "materialized view", "rule", "function", "policy", "trigger", "generated column"}
)


def _blocking_users(
    column: ColumnChange, cascade: bool, facts: CatalogueFacts
) -> list[DependentObject]:
    """A retype is refused while views and the like use the column; a drop, unless it cascades.

    Who uses a composite type as a whole does not block a change to one attribute.
    """
    if column.effect is ColumnEffect.RENAME or (column.effect is ColumnEffect.DROP and cascade):
        return []
    users = facts.direct_users(column) if column.of_type else facts.users(column)
    if column.effect is ColumnEffect.DROP:
        return users
    return [user for user in users if _HOLD_A_TYPE.intersection(user.links)]


_RETYPE = (
    "Command operations run before query operations, so a view cannot be dropped first. As command"
    " operations: rename the column, add one of the new type under the old name, fill it from the"
    " renamed one. As query operations: drop and create what uses it. The renamed column goes with"
    " the next changeset"
)


def _way_out(column: ColumnChange) -> str:
    return _RETYPE if column.effect is ColumnEffect.RETYPE and not column.of_type else ""


def _blocker(
    number: int, what: str, users: Iterable[DependentObject], changed: set[str], way_out: str = ""
) -> Iterator[Blocker]:
    names = tuple(
        dict.fromkeys(
            f"{user.kind} {user.name}" for user in users if not changed.intersection(user.path[1:])
        )
    )
    if names:
        yield Blocker(number, what, names, way_out)
