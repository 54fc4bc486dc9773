"""Recovery of non-transactional steps: finished or cleaned up, never left half done.

A failed or killed CREATE INDEX CONCURRENTLY leaves an invalid index, which costs every write and
serves no read; a DETACH leaves a partition that is neither in nor out. `settle_step` looks at what
is there and either finishes it or drops it: right after a failure, or after a kill when the next
one takes the changeset lock (see `changeset_lock`).
"""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from worker.base.db import Connection
from worker.schema.errors import InvalidChange, Problem
from worker.schema.execute import SQL
from worker.schema.statements.effects import Effects, NonTransactional
from worker.schema.statements.names import ObjectName


def settle_step(work: Connection, effects: Effects) -> bool:
    """After a failure: finish the step or clean up after it; whether it took effect."""
    settle = _SETTLERS.get(effects.step) if effects.step else None
    return settle(work, effects) if settle else False


def check_step(work: Connection, effects: Effects) -> None:
    """Before: no index of that name may be there, so that any left-over is known as ours.

    One that is invalid serves nobody: a failed build of that name left it behind. It is dropped.
    Raises InvalidChange for a valid one, and for one that somebody is building now.
    """
    if effects.step is not NonTransactional.CREATE_INDEX:
        return
    index = effects.creates[0].name
    match _state(work, index):
        case (True, _):
            raise InvalidChange([Problem(f"there is an index {index} already", 1)])
        case (False, int(pid)):
            raise InvalidChange([Problem(f"process {pid} is building an index {index} now", 1)])
        case (False, None):
            _drop(work, index)


def _settle_create(work: Connection, effects: Effects) -> bool:
    index = effects.creates[0].name
    valid = _is_valid(work, index)
    if valid is False:
        _drop(work, index)
    return bool(valid)


def _settle_drop(work: Connection, effects: Effects) -> bool:
    index = effects.drops[0].name
    valid = _is_valid(work, index)
    if valid is False:
        _drop(work, index)
    return not valid


def _settle_reindex(work: Connection, effects: Effects) -> bool:
    """Whether all was rebuilt cannot be told: run it again, it does no harm."""
    left = work.execute(SQL["reindex_left"], {"name": str(effects.touches[0].name)}).fetchall()
    for schema, name in left:
        _drop(work, ObjectName(schema, name))
    return False


def _settle_detach(work: Connection, effects: Effects) -> bool:
    parent, partition = (str(target.name) for target in (*effects.alters, *effects.touches))
    row = work.execute(
        SQL["partition_state"], {"parent": parent, "partition": partition}
    ).fetchone()
    if row is not None and row[0]:
        work.execute(f"ALTER TABLE {parent} DETACH PARTITION {partition} FINALIZE".encode())
    return row is None or bool(row[0])


def _is_valid(work: Connection, index: ObjectName) -> bool | None:
    """None when there is no such index."""
    state = _state(work, index)
    return state[0] if state else None


def _state(work: Connection, index: ObjectName) -> tuple[bool, int | None] | None:
    """Whether an index is valid, and which process is building it; None when there is none."""
    query = SQL["index_state"]
    return work.execute(query, {"index": str(index)}).fetchone()


def _drop(work: Connection, index: ObjectName) -> None:
    name = sql.Identifier(index.schema, index.name)
    work.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(name))


_SETTLERS: dict[NonTransactional, Callable[[Connection, Effects], bool]] = {
    NonTransactional.CREATE_INDEX: _settle_create,
    NonTransactional.DROP_INDEX: _settle_drop,
    NonTransactional.REINDEX: _settle_reindex,
    NonTransactional.DETACH_PARTITION: _settle_detach,
}
