"""The engine's face: what a domain, a web application and a test need, each from one place.

    from worker import command, lock, State, Work, Refusal        a domain's commands
    from worker import projection, query, invalidation_rule       what it shows
    from worker import reaction, saga, event_task                 what follows from its events
    from worker import acting_as, ask, Receipt, CqrsError         an application that calls it

`celery -A worker worker|beat|flower` finds `app`. A domain's models import `worker.contracts`
alone. Each name is loaded when it is first asked for: nobody pays for what he does not use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worker.base.actor import acting_as as acting_as
    from worker.base.actor import current_actor as current_actor
    from worker.base.errors import BadDeclarations as BadDeclarations
    from worker.base.errors import BadSettings as BadSettings
    from worker.base.errors import CqrsError as CqrsError
    from worker.base.errors import NotMigrated as NotMigrated
    from worker.base.errors import Permanent as Permanent
    from worker.base.errors import ServerUnavailable as ServerUnavailable
    from worker.base.errors import Transient as Transient
    from worker.base.rights import anyone as anyone
    from worker.base.rights import only as only
    from worker.base.settings import Settings as Settings
    from worker.base.settings import declare_section as declare_section
    from worker.base.settings import get_settings as get_settings
    from worker.base.settings import section as section
    from worker.base.time_zone import today as today
    from worker.commands.aggregate import Aggregate as Aggregate
    from worker.commands.aggregate import aggregate as aggregate
    from worker.commands.command import CommandTask as CommandTask
    from worker.commands.command import command as command
    from worker.commands.command_result import CommandResult as CommandResult
    from worker.commands.command_result import unsettled as unsettled
    from worker.commands.errors import CommandDead as CommandDead
    from worker.commands.errors import CommandIdReused as CommandIdReused
    from worker.commands.errors import InvalidCommand as InvalidCommand
    from worker.commands.errors import NoTransaction as NoTransaction
    from worker.commands.errors import NotReady as NotReady
    from worker.commands.errors import ReceiptTimeout as ReceiptTimeout
    from worker.commands.errors import UnknownCommand as UnknownCommand
    from worker.commands.errors import Unroutable as Unroutable
    from worker.commands.event_task import event_task as event_task
    from worker.commands.load_plan import FoldStreams as FoldStreams
    from worker.commands.load_plan import LoadRows as LoadRows
    from worker.commands.load_plan import draw as draw
    from worker.commands.load_plan import fold as fold
    from worker.commands.load_plan import lock as lock
    from worker.commands.load_plan import lock_via as lock_via
    from worker.commands.load_plan import read as read
    from worker.commands.state import LoadedRow as LoadedRow
    from worker.commands.state import State as State
    from worker.commands.state import Work as Work
    from worker.contracts import Actor as Actor
    from worker.contracts import Command as Command
    from worker.contracts import Event as Event
    from worker.contracts import Message as Message
    from worker.contracts import Money as Money
    from worker.contracts import ReadRow as ReadRow
    from worker.contracts import Receipt as Receipt
    from worker.contracts import Refusal as Refusal
    from worker.contracts import RefusalKind as RefusalKind
    from worker.contracts import Status as Status
    from worker.contracts import uuid7 as uuid7
    from worker.event_log import StoredEvent as StoredEvent
    from worker.ops.celery_app import app as app
    from worker.ops.schedule import ScheduleEntry as ScheduleEntry
    from worker.ops.schedule import domain_entries as domain_entries
    from worker.ops.schedule import engine_entries as engine_entries
    from worker.queries.answers import Answer as Answer
    from worker.queries.conditions import Conditions as Conditions
    from worker.queries.conditions import Given as Given
    from worker.queries.conditions import Op as Op
    from worker.queries.conditions import Order as Order
    from worker.queries.conditions import Where as Where
    from worker.queries.conditions import condition as condition
    from worker.queries.errors import EventParked as EventParked
    from worker.queries.errors import InvalidQuery as InvalidQuery
    from worker.queries.errors import NotAllowed as NotAllowed
    from worker.queries.errors import ReadModelBehind as ReadModelBehind
    from worker.queries.errors import UndeclaredInput as UndeclaredInput
    from worker.queries.errors import UnknownQuery as UnknownQuery
    from worker.queries.errors import UnreadableAnswer as UnreadableAnswer
    from worker.queries.filters import Filters as Filters
    from worker.queries.pages import Page as Page
    from worker.queries.query import Query as Query
    from worker.queries.query import ask as ask
    from worker.queries.query import query as query
    from worker.queries.reader import Reader as Reader
    from worker.reactions import SagaState as SagaState
    from worker.reactions import saga as saga
    from worker.reactions import send as send
    from worker.reactions import step as step
    from worker.reactions import wait as wait
    from worker.reactions.reaction import Then as Then
    from worker.reactions.reaction import reaction as reaction
    from worker.refresh.invalidation_rules import invalidation_rule as invalidation_rule
    from worker.subscriptions.projection import Projection as Projection
    from worker.subscriptions.projection import Row as Row
    from worker.subscriptions.projection import picked as picked
    from worker.subscriptions.projection import projection as projection
    from worker.subscriptions.projection import row_from as row_from
    from worker.subscriptions.projection import there as there

_HOMES = {
    "worker.ops.celery_app": "app",
    "worker.commands.command": "command CommandTask",
    "worker.commands.command_result": "CommandResult unsettled",
    "worker.commands.load_plan": "read lock lock_via draw fold LoadRows FoldStreams",
    "worker.commands.state": "State Work LoadedRow",
    "worker.commands.aggregate": "aggregate Aggregate",
    "worker.commands.event_task": "event_task",
    "worker.contracts": (
        "Actor Command Event Message Money ReadRow Receipt Refusal RefusalKind Status uuid7"
    ),
    "worker.base.actor": "acting_as current_actor",
    "worker.base.rights": "anyone only",
    "worker.base.settings": "Settings declare_section get_settings section",
    "worker.base.time_zone": "today",
    "worker.event_log": "StoredEvent",
    "worker.subscriptions.projection": "picked projection Projection Row row_from there",
    "worker.reactions.reaction": "Then reaction",
    "worker.reactions": "SagaState saga send step wait",
    "worker.refresh.invalidation_rules": "invalidation_rule",
    "worker.queries.query": "query ask Query",
    "worker.queries.reader": "Reader",
    "worker.queries.answers": "Answer",
    "worker.queries.conditions": "Conditions Given Op Order Where condition",
    "worker.queries.filters": "Filters",
    "worker.queries.pages": "Page",
    "worker.ops.schedule": "ScheduleEntry domain_entries engine_entries",
    "worker.base.errors": (
        "CqrsError Transient Permanent ServerUnavailable BadSettings NotMigrated BadDeclarations"
    ),
    "worker.commands.errors": (
        "InvalidCommand UnknownCommand Unroutable CommandIdReused CommandDead ReceiptTimeout"
        " NotReady NoTransaction"
    ),
    "worker.queries.errors": (
        "InvalidQuery UnknownQuery NotAllowed ReadModelBehind EventParked UndeclaredInput"
        " UnreadableAnswer"
    ),
}
"""Where each name lives; the imports above say the same to type checkers (a test compares)."""

_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = sorted(_HOME)


if not TYPE_CHECKING:  # to a type checker, every name would be there, as Any

    def __getattr__(name: str) -> Any:
        if (home := _HOME.get(name)) is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
