"""CREATE TABLE and ALTER TABLE: what they do, and how hard they lock."""

from __future__ import annotations

from collections.abc import Iterator

from pglast import ast
from pglast.enums import AlterTableType as At
from pglast.enums import ConstrType

from worker.schema.statements.effects import (
    ColumnChange,
    ColumnEffect,
    Effects,
    Lock,
    LockMode,
    NonTransactional,
    RelatedLock,
    Relationship,
    Target,
)
from worker.schema.statements.names import ObjectName
from worker.schema.statements.tree import (
    SyntaxNode,
    foreign_keys,
    lock_on,
    name_of,
    reads,
    shared,
    words,
)


def create_table(statement: SyntaxNode) -> Effects:
    """CREATE TABLE, also as a partition or child of another."""
    table = Target("table", name_of(statement.relation))
    parents = [name_of(parent) for parent in statement.inhRelations or ()]
    referenced = [name for name in foreign_keys(statement) if name != table.name]
    mentioned = reads(statement.tableElts)
    others = tuple(target for target in mentioned if target.name not in (*referenced, table.name))
    partition = statement.partbound is not None
    parent_mode = LockMode.ACCESS_EXCLUSIVE if partition else LockMode.SHARE_UPDATE_EXCLUSIVE
    return Effects(
        "CREATE TABLE",
        creates=(table,),
        touches=_tables([*referenced, *parents]),
        reads=others,
        locks=(
            *(Lock(name, LockMode.SHARE_ROW_EXCLUSIVE) for name in referenced),
            *(Lock(name, parent_mode, with_children=False) for name in parents),
            *shared(others),
        ),
        related_locks=tuple(
            RelatedLock(relationship, name, mode)
            for name in parents
            if partition
            for relationship, mode in _RELATED[At.AT_AttachPartition]
        ),
    )


def alter_table(statement: SyntaxNode) -> Effects:
    """ALTER TABLE, and ALTER VIEW, INDEX, SEQUENCE where PostgreSQL treats them alike."""
    kind = words(statement.objtype)
    table = name_of(statement.relation)
    commands = statement.cmds or ()
    own = max((_mode(command) for command in commands), default=LockMode.ACCESS_EXCLUSIVE)
    partners = [lock for command in commands for lock in _partners(command)]
    others = _tables([lock.name for lock in partners if lock.name != table])
    seen = any(command.subtype in _SEEN_BY_READERS for command in commands)
    shown = any(command.subtype in _OTHER_ROWS for command in commands)
    with_children = any(command.subtype not in _STAYS_HERE for command in commands)
    target = Target(kind, table)
    return Effects(
        f"ALTER {kind.upper()}",
        alters=(target,) if seen else (),
        touches=others if seen else (target, *others),
        contents=(target,) if shown else (),
        columns=tuple(each for command in commands for each in _column(target, command)),
        locks=(lock_on(statement.relation, own, with_children), *partners),
        related_locks=tuple(
            lock for command in commands for lock in _related_locks(target, command)
        ),
        cascade=any(command.behavior.name == "DROP_CASCADE" for command in commands),
        step=NonTransactional.DETACH_PARTITION if any(map(_detaches_alone, commands)) else None,
    )


def _tables(names: list[ObjectName]) -> tuple[Target, ...]:
    return tuple(Target("table", name) for name in dict.fromkeys(names))


_SHARE_UPDATE_EXCLUSIVE = frozenset(
    {
        At.AT_SetStatistics,
        At.AT_ClusterOn,
        At.AT_DropCluster,
        At.AT_SetOptions,
        At.AT_ResetOptions,
        At.AT_ValidateConstraint,
        At.AT_AttachPartition,
        At.AT_DetachPartitionFinalize,
    }
)
_SHARE_ROW_EXCLUSIVE = frozenset(
    {
        At.AT_EnableTrig,
        At.AT_EnableAlwaysTrig,
        At.AT_EnableReplicaTrig,
        At.AT_EnableTrigAll,
        At.AT_EnableTrigUser,
        At.AT_DisableTrig,
        At.AT_DisableTrigAll,
        At.AT_DisableTrigUser,
    }
)
_STAYS_HERE = frozenset(
    {
        At.AT_AttachPartition,
        At.AT_DetachPartition,
        At.AT_AddInherit,
        At.AT_DropInherit,
        At.AT_ChangeOwner,
        At.AT_SetRelOptions,
        At.AT_ResetRelOptions,
        At.AT_EnableRowSecurity,
        At.AT_DisableRowSecurity,
        At.AT_ForceRowSecurity,
        At.AT_NoForceRowSecurity,
    }
)
_OTHER_ROWS = frozenset(
    {
        At.AT_AlterColumnType,
        At.AT_AttachPartition,
        At.AT_DetachPartition,
        At.AT_DetachPartitionFinalize,
        At.AT_AddInherit,
        At.AT_DropInherit,
        At.AT_SetExpression,
        At.AT_EnableRowSecurity,
        At.AT_DisableRowSecurity,
        At.AT_ForceRowSecurity,
        At.AT_NoForceRowSecurity,
    }
)
_SEEN_BY_READERS = _OTHER_ROWS | {At.AT_AddColumn, At.AT_DropColumn, At.AT_DropExpression}
_HARMLESS_OPTIONS = (
    "autovacuum_",
    "toast.autovacuum_",
    "fillfactor",
    "parallel_workers",
    "vacuum_",
    "toast.vacuum_",
    "log_autovacuum",
    "n_distinct",
    "toast_tuple_target",
)


def _mode(command: SyntaxNode) -> LockMode:
    """The lock on the table itself, as PostgreSQL's AlterTableGetLockLevel decides it."""
    kind = command.subtype
    if kind in _SHARE_UPDATE_EXCLUSIVE or _detaches_alone(command) or _tunes(command):
        return LockMode.SHARE_UPDATE_EXCLUSIVE
    if kind in _SHARE_ROW_EXCLUSIVE or _adds_foreign_key(command):
        return LockMode.SHARE_ROW_EXCLUSIVE
    return LockMode.ACCESS_EXCLUSIVE


def _adds_foreign_key(command: SyntaxNode) -> bool:
    return bool(
        command.subtype == At.AT_AddConstraint and command.def_.contype == ConstrType.CONSTR_FOREIGN
    )


def _tunes(command: SyntaxNode) -> bool:
    """Storage parameters that PostgreSQL changes under a weak lock."""
    if command.subtype not in (At.AT_SetRelOptions, At.AT_ResetRelOptions):
        return False
    names = [".".join(filter(None, (each.defnamespace, each.defname))) for each in command.def_]
    return all(name.startswith(_HARMLESS_OPTIONS) for name in names)


def _detaches_alone(command: SyntaxNode) -> bool:
    return command.subtype == At.AT_DetachPartition and bool(command.def_.concurrent)


def _partners(command: SyntaxNode) -> Iterator[Lock]:
    """Locks of a sub-command on other tables."""
    for name in foreign_keys(command.def_):
        yield Lock(name, LockMode.SHARE_ROW_EXCLUSIVE)
    if isinstance(command.def_, ast.PartitionCmd) and command.def_.name is not None:
        weak = _detaches_alone(command)
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE if weak else LockMode.ACCESS_EXCLUSIVE
        yield Lock(name_of(command.def_.name), mode)
    if command.subtype == At.AT_AddInherit:
        yield Lock(name_of(command.def_), LockMode.SHARE_UPDATE_EXCLUSIVE, with_children=False)
    if command.subtype == At.AT_DropInherit:
        yield Lock(name_of(command.def_), LockMode.ACCESS_SHARE, with_children=False)


_HARDEST = LockMode.ACCESS_EXCLUSIVE
_HARD = LockMode.SHARE_ROW_EXCLUSIVE
_KEYS = ((Relationship.REFERENCED, _HARDEST), (Relationship.REFERENCING, _HARDEST))
_RELATED = {
    At.AT_DropColumn: (*_KEYS, (Relationship.SEQUENCES, _HARDEST)),
    At.AT_AlterColumnType: (*_KEYS, (Relationship.IDENTITY, _HARD)),
    At.AT_DropConstraint: ((Relationship.CONSTRAINT, _HARDEST),),
    At.AT_DropIdentity: ((Relationship.IDENTITY, _HARDEST),),
    At.AT_SetIdentity: ((Relationship.IDENTITY, _HARD),),
    At.AT_AttachPartition: (
        (Relationship.DEFAULT_PARTITION, _HARDEST),
        (Relationship.REFERENCED, _HARD),
        (Relationship.REFERENCING, _HARD),
    ),
    At.AT_DetachPartition: (
        (Relationship.DEFAULT_PARTITION, _HARDEST),
        (Relationship.REFERENCED, _HARD),
        (Relationship.REFERENCING, _HARDEST),
    ),
}


def _related_locks(table: Target, command: SyntaxNode) -> Iterator[RelatedLock]:
    """What is related to the table that a sub-command locks with it."""
    if table.kind == "type":
        yield RelatedLock(Relationship.TYPED, table.name, _HARDEST)
    elif not _detaches_alone(command):
        for relationship, mode in _RELATED.get(command.subtype, ()):
            yield RelatedLock(relationship, table.name, mode, command.name)


_COLUMNS = {At.AT_DropColumn: ColumnEffect.DROP, At.AT_AlterColumnType: ColumnEffect.RETYPE}


def _column(table: Target, command: SyntaxNode) -> Iterator[ColumnChange]:
    """ALTER TYPE speaks of attributes in the same words."""
    if command.subtype in _COLUMNS:
        effect, of_type = _COLUMNS[command.subtype], table.kind == "type"
        yield ColumnChange(table.name, command.name, effect, of_type)
