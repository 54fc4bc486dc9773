"""Schema changes that span both sides: planned, recorded, executed as one, and rolled back.

    SchemaChange ──read──> operations ──plan──> SchemaPlan ──record──> changeset ──execute─┐
    (change)               (statements)         (plan)                 (history)  (execute)│
                                                                       under the changeset │ lock
      rebuilds, refreshes, purges <──dispatch── follow-up <──COMMIT── one transaction <────┘
      (read side)                    (at least once)

    change/      what an author writes: operations for both sides, files, versions
    statements/  from a statement's text to its effects and locks, by PostgreSQL's own parser
    catalogue/   what exists and who depends on it, by PostgreSQL's catalogue and the registry
    plan/        all that a change will do in this database, before it does anything
    observed/    what a change did, by two snapshots of what the server says; what follows from it
    trial/       the same on a copy of the schema, in a scratch database: `plan --try`
    execute/     the changeset lock, transaction, lock budget, recovery, rollback, follow-ups
    history/     changesets and deployments as they are recorded
    pictures/    the dependency graph as Mermaid, DOT and SVG
    changesets   the verbs over all of these; `command` and `tasks` make commands of them

What it promises:

- A changeset is recorded before anything runs and stays in the history, whatever becomes of it.
- It happens whole or not at all, down to SIGKILL; a step that cannot run in a transaction is
  finished or cleaned up.
- Nobody waits for its locks longer than `Limits.lock_timeout`; only one is executed at a time.
- What depends on what it changes is told beforehand, by the catalogue and the registry, as an
  estimate; what it owes is what the server says that it did: that is rebuilt, refreshed, purged.
- A changeset that is refused before it runs is recorded too, as `refused`, with the reason.

A release that adds a column is rolled out in this order, and nobody notices (test_under_load.py):
workers of the new code for `projections` and `maintenance`, beside the old ones; the changeset,
applied by the new code, which schedules the rebuild to the projection's new version (old workers
pass it on); when that version is live, workers of the new code for `commands`; the applications
that ask for the column last.

Everything takes a `Context`: how to connect, the read side, the limits.
"""

from worker.schema.catalogue.context import Context, Limits
from worker.schema.catalogue.dependencies import (
    Dependency,
    analyze_dependencies,
    column_users,
    registry_dependents,
)
from worker.schema.catalogue.read_side import ReadSide, RegistryDependent, RegistryDependentKind
from worker.schema.change.change import Operation, SchemaChange, Side
from worker.schema.change.files import read_file
from worker.schema.changesets import execute_changeset, plan_change, track, track_change
from worker.schema.execute.changeset_lock import recover
from worker.schema.execute.follow_up_dispatch import dispatch_follow_ups
from worker.schema.execute.refreshing import in_dependency_order, refresh_query_side
from worker.schema.execute.rollback import rollback_changeset
from worker.schema.history.deployments import (
    Deployment,
    begin_deployment,
    deployment,
    deployments,
    end_deployment,
    open_deployment,
)
from worker.schema.history.records import Changeset, history, load
from worker.schema.plan.plan import FollowUp, SchemaPlan
from worker.schema.statements.names import ObjectName
from worker.schema.trial.trial import Trial, try_change

__all__ = [
    "Changeset",
    "Context",
    "Dependency",
    "Deployment",
    "FollowUp",
    "Limits",
    "ObjectName",
    "Operation",
    "ReadSide",
    "RegistryDependent",
    "RegistryDependentKind",
    "SchemaChange",
    "SchemaPlan",
    "Side",
    "Trial",
    "analyze_dependencies",
    "begin_deployment",
    "column_users",
    "deployment",
    "deployments",
    "dispatch_follow_ups",
    "end_deployment",
    "execute_changeset",
    "history",
    "in_dependency_order",
    "load",
    "open_deployment",
    "plan_change",
    "read_file",
    "recover",
    "refresh_query_side",
    "registry_dependents",
    "rollback_changeset",
    "track",
    "track_change",
    "try_change",
]
