"""The engine's errors: the drawing of the tree is whole; each survives its way to callers."""

from __future__ import annotations

import pickle
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from celery import states
from celery.backends.base import KeyValueStoreBackend

import worker
from worker.base import errors
from worker.base.app import app
from worker.base.errors import CqrsError
from worker.contracts import Receipt, Status, uuid7
from worker.ops.subscription_admin import UnknownSubscription
from worker.schema.errors import Problem

AT, ID, OTHER_ID = datetime(2026, 7, 1, 9, 30, tzinfo=UTC), uuid7(), uuid7()
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "HomeUnusable": ("/srv/cqrs", "Permission denied"),
    "RedisCluster": ("broker", "redis://h/0"),
    "AlreadyUp": ("/srv/cqrs",),
    "AnotherRebuild": ("orders.order_summaries", "one has begun"),
    "BadDeclarations": (("no such event (orders.Gone)", "no such view (query.gone)"),),
    "BadSettings": ("unknown setting CQRS_X",),
    "BelongsToSaga": (ID, OTHER_ID),
    "CacheAway": ("Redis", "redis://cache", "refused", "Start it."),
    "BrokenFunction": ("`needs`", "orders.create_order", "KeyError"),
    "CannotMakeDomain": ("it is there already", "shop"),
    "CannotPartition": ("orders.order_summaries", "two streams share a row"),
    "CannotStartThere": ("orders.order_summaries", 7, "rows were overwritten", (9, 12)),
    "ChangeFailed": (ID, "division by zero", "22012"),
    "ChangesetBusy": ("1, 'rename'", "it runs"),
    "CodeTooOld": ("orders.order_summaries", 3, 0),
    "CommandDead": (
        Receipt(ID, "orders.create_order", Status.DEAD, error="broke", completed_at=AT),
    ),
    "CommandIdReused": (ID, "orders.create_order"),
    "CostLimitReached": ("user:1", "orders.summary", 2.5, 0.5),
    "CqrsError": ("not run",),
    "DatabaseAway": ('relation "command.orders" does not exist', False),
    "DatabaseInConflict": ("deadlock detected",),
    "DatabaseIsNewer": ("Can't locate revision identified by '0099'",),
    "DeadCommandIsClosed": (ID, "retried", "ada"),
    "DeploymentOpen": ("spring", AT, "ada"),
    "EventParked": ("orders.order_summaries", 7, 1),
    "InTransaction": ("orders.order_summaries",),
    "InvalidChange": ([Problem("no such column", 1, 2, 3), Problem("empty")],),
    "InvalidCommand": ("orders.create_order", {"items": "is empty"}),
    "RestoredWithoutRoles": (),
    "NotAllowed": ("user:7", "orders.audit_log", "clerk", ""),
    "SecretsNotKept": (ID, ["pin"]),
    "UndeclaredInput": ("orders.mine", "who asks", "declare it"),
    "UnreadableAnswer": ("the database holds infinity in paid_at", "orders.summary"),
    "InvalidQuery": ("orders.summary", {"limit": "is 0"}),
    "DeadLetterIsClosed": (1, "discarded", "ada"),
    "MissingRoles": ("shop", ("GRANT cqrs_writer TO shop;",)),
    "MissingUndo": (ID, ["DROP TABLE query.t"]),
    "NewerChangesetCompleted": (ID, OTHER_ID, "rename"),
    "NoDeploymentOpen": (),
    "NoSuchPosition": (9, 7),
    "NoTransaction": ("psycopg connection",),
    "NoUniqueIndex": ("query.revenue",),
    "MaintenanceFailed": ("cqrs.maintenance.verify", {"orders.order_summaries": "disk full"}),
    "NotComparable": ("orders.order_summaries",),
    "UndeclaredSubscription": ("orders.order_summaries",),
    "NotMigrated": (None, "0001"),
    "NotReady": ((ID, OTHER_ID),),
    "OtherTableVersion": ("orders.order_summaries",),
    "OutOfRange": ("a batch has 1 to 50,000 events",),
    "PartitionsApart": ("orders.order_summaries", [7, 9]),
    "Permanent": ("no",),
    "QueryStopped": ("orders.summary", "took too long", "ask for less", 5.0),
    "ReadModelBehind": ("orders.order_summaries", 7, 9),
    "RebuildCancelled": ("orders.order_summaries",),
    "RebuildFailed": ("orders.order_summaries", "disk full"),
    "NewerEvent": ("orders.OrderCreated", 3, 2),
    "RebuildRunning": ("orders.order_summaries", 3),
    "RebuildUnfinished": ("orders.order_summaries", "time is up", 3),
    "ReceiptTimeout": (ID, 10.0),
    "RefreshFailed": ({"query.revenue": "division by zero", "query.by_day": None},),
    "RetryFailed": ({"id": 1, "stream": "order-1", "last_failed_at": AT}, 7, "KeyError: 'total'"),
    "SagaIsNotStuck": (ID, "running"),
    "SchemaError": ("no",),
    "ServerUnavailable": ("PostgreSQL", "postgresql://db", "refused", "Start it."),
    "ServersEnded": ("/srv/cqrs",),
    "Undecidable": ("no",),
    "UnreadableStream": ("account-1", 7, "banking.AccountOpened", "branch: is not known"),
    "UnstorableOutcome": ("orders.create_order", {"data.total": "is nan"}),
    "TooFarBehind": ("orders.order_summaries",),
    "TooManyDeadLetters": ("orders.order_summaries", "KeyError: 'total'"),
    "Transient": ("later",),
    "ChangesetLockLost": (ID,),
    "UnknownChangeset": (ID,),
    "UnknownCommand": ("orders.creat_order", "; did you mean orders.create_order?"),
    "Unroutable": ("orders.create_order", "no worker is known to take it"),
    "UnknownDeadCommand": (ID, "succeeded"),
    "UnknownDeadLetter": (1,),
    "UnknownObject": ("query.gone", "no such view"),
    "CannotTry": ("no pg_dump is installed", "install it"),
    "UnknownProjection": ("orders.order_summary", "it is a table"),
    "UnknownQuery": ("orders.sumary", "; did you mean orders.summary?"),
    "UnknownRelation": ("query.t", ["query.u"], ["query.t", "command.t"]),
    "UnknownSaga": ("order-1", [f"{ID} (orders.payment)"]),
    "UnknownSubscription": ("orders.order_summary", True),
    "UnknownView": ("query.revenu", ["query.revenue"], ""),
    "UnsafeReset": ("orders.order_summaries", "it would count twice", "Rebuild it."),
    "VersionRefused": ("1.2.0", "1.3.0", "the version is lower"),
    "CannotCarryOver": ("query.orders_v1", ["policy own"], "no such column"),
    "ViewInUse": ("query.order_summaries", ["query.revenue"], "columns change"),
    "WrongStatus": (ID, "completed", "it was executed already"),
    "NotRegistered": ("orders.order_summaries", "it is kept by another"),
    "TypeNotNamed": ("orders.order_summaries", "orders.OrderTagged", 7),
    "NotSentFor": ("the broker is full",),
    "TypesLost": ("orders.order_summaries", ["orders.OrderTagged"]),
    "VerificationRunning": ("orders.order_summaries",),
    "VerificationUnfinished": ("orders.order_summaries", 3, 7),
    "MigrationDiffers": ("orders.order_summaries", 1, ["7: total is 1, should be 2"]),
    "UnreadableEvent": ("orders.OrderCreated", 1, "no upcaster leads on"),
    "WrongStreamVersion": ("order-1", 3, 4),
}


def tree(kind: type[CqrsError]) -> Iterator[type[CqrsError]]:
    """An error class of the engine and all below it."""
    yield kind
    for below in kind.__subclasses__():
        if below.__module__.partition(".")[0] == "worker":
            yield from tree(below)


for module in pkgutil.walk_packages(worker.__path__, "worker."):
    if not module.name.endswith(("__main__", ".env")) and ".versions" not in module.name:
        import_module(module.name)
CLASSES = {kind.__name__: kind for kind in tree(CqrsError)}


def drawn() -> dict[str, str]:
    """The drawing in the docstring: each class with the one that it hangs on."""
    above, parents = ["CqrsError"], {}
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"^    ((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(branch[1]) // 4 + 1
            del above[depth:]
            parents[branch[2]] = above[-1]
            above.append(branch[2])
    return parents


def through_celery(error: CqrsError) -> BaseException:
    """An error as a caller gets it from a result backend that keeps JSON."""
    backend = KeyValueStoreBackend(app=app, url="memory", serializer="json")
    meta = backend.encode({"result": backend.prepare_exception(error), "status": states.FAILURE})
    result: BaseException = backend.meta_from_decoded(backend.decode(meta))["result"]
    return result


def test_the_drawing_of_the_tree_shows_every_error_and_where_it_hangs() -> None:
    parents = {
        name: next(base.__name__ for base in kind.__bases__ if issubclass(base, CqrsError))
        for name, kind in CLASSES.items()
        if kind is not CqrsError
    }
    assert drawn() == parents


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_error_survives_a_pickle_and_the_result_backend(name: str) -> None:
    error = CLASSES[name](*ARGUMENTS[name])
    for copy in (pickle.loads(pickle.dumps(error)), through_celery(error)):
        assert type(copy) is type(error)
        assert str(copy) == str(error)
        assert vars(copy).keys() == vars(error).keys()


def test_arguments_by_name_survive_too() -> None:
    error = UnknownSubscription(name="orders.order_summaries", known=True)
    assert error.args == ("orders.order_summaries", True)
    assert str(through_celery(error)) == str(error)
