"""What blocks a change: PostgreSQL refuses to drop or retype what others use. All are named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from worker.schema.catalogue.dependencies import DependentObject
from worker.schema.plan.facts import CatalogueFacts
from worker.schema.plan.operations import ParsedOperation
from worker.schema.plan.plan import Blocker
from worker.schema.statements import parse
from worker.schema.statements.effects import ColumnChange, ColumnEffect, Target


def blockers(operations: Sequence[ParsedOperation], facts: CatalogueFacts) -> Iterator[Blocker]:
    """What blocks which operation.

    Dependents that the change itself drops or changes beforehand do not count: they may not depend
    on it any more by then.
    """
    changed: set[str] = set()
    there = _Names(facts)
    for operation in operations:
        effects = operation.effects
        yield from there.taken(operation)
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


class _Names:
    """Which names are taken, operation by operation."""

    def __init__(self, facts: CatalogueFacts) -> None:
        self._facts = facts
        self._made: set[str] = set()
        self._free: set[str] = set()

    def taken(self, operation: ParsedOperation) -> Iterator[Blocker]:
        """What an operation makes although it is there; afterwards its names are taken too.

        Nothing is said of functions, whose overloads are told apart by types alone, nor of indexes.
        """
        effects = operation.effects
        made = [target for target in effects.creates if target.kind in _NAMED]
        for target in () if _if_not_exists(operation) else made:
            name = str(target.name)
            if name in self._made or (name not in self._free and self._is_there(target)):
                yield Blocker(operation.number, f"{target} exists already", ())
        gone = {str(target.name) for target in (*effects.drops, *effects.renames)}
        if effects.cascade:
            gone |= {each.name for each in self._facts.cascaded_from(operation)}
        self._free |= gone
        self._made = (self._made - gone) | {
            str(target.name) for target in (*made, *effects.becomes) if target.kind in _NAMED
        }

    def _is_there(self, target: Target) -> bool:
        return bool(self._facts.identities.get(str(target.name)))


_NAMED = frozenset({"table", "view", "materialized view", "sequence", "type", "domain"})


def _if_not_exists(operation: ParsedOperation) -> bool:
    (statement,) = parse(operation.operation.sql)
    return bool(getattr(statement.stmt, "if_not_exists", False))


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
