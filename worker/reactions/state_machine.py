"""The state machine of a saga: pure, from what happens to what is sent.

    running ──last step done──▶ completing ──▶ completed
       │ a step is refused, dead or overdue
       ▼
    compensating ──all undone──▶ failing ──▶ failed
       │
       └─ (and completing, failing) refused or dead ──▶ stuck ──retry──▶ where it was

Compensation sends the `undo` of each step that was done, the last first. `completing` and `failing`
send the saga's completion command, where it has one. What must not be refused (a compensation, a
completion command) and is refused all the same makes the saga `stuck`: it waits for a person, and
nothing of it is forgotten. Nothing here reads a clock or a database; `tests/sagas` plays it with
thousands of made-up histories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeAlias
from uuid import UUID, uuid5

from pydantic import BaseModel, Field

from worker.contracts import Command, Event

LONGEST_ERROR = 1_000
"""Characters that a saga keeps of a refusal: commands that say why must have room for it."""


class SagaStatus(StrEnum):
    """The status of a saga. The last two are its ends."""

    RUNNING = "running"
    COMPLETING = "completing"
    COMPENSATING = "compensating"
    FAILING = "failing"
    STUCK = "stuck"
    COMPLETED = "completed"
    FAILED = "failed"


class SagaState(BaseModel):
    """All that a saga knows; kept as JSON in `cqrs.sagas.state`.

    `start` is the data of the event that began it, `results` what each step's command returned or
    what event it waited for, `error` why it is compensating. `waits_for` is the id of the command
    under way, `sends` its name. `seen` holds the version up to which each stream has been taken in:
    no event counts twice, even if the checkpoint is set back, and none is passed over that comes
    late because it was parked.
    """

    start: dict[str, Any]
    results: dict[str, Any] = Field(default_factory=dict)
    status: SagaStatus = SagaStatus.RUNNING
    step: str | None = None
    waits_for: UUID | None = None
    sends: str | None = None
    undo: list[str] = Field(default_factory=list)
    error: str | None = None
    attempt: int = 0
    stuck_at: SagaStatus | None = None
    seen: dict[str, int] = Field(default_factory=dict)
    correlation_id: UUID | None = None


Payload: TypeAlias = Callable[[SagaState], Command | Mapping[str, Any]]


class Named(Protocol):
    """A command, as far as a plan is concerned: it has a name."""

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Send:
    """Send a command, with the payload that its saga's state gives."""

    command: Named
    payload: Callable[[SagaState], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for an event whose field `key` says which saga it belongs to."""

    event: type[Event]
    key: str


@dataclass(frozen=True, slots=True)
class SagaStep:
    """A step: what is done, how it is undone, and within how many seconds it must be done."""

    name: str
    what: Send | Wait
    undo: Send | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True)
class SagaPlan:
    """The steps of a kind of saga, in order, and its completion commands, for either end."""

    steps: tuple[SagaStep, ...]
    completed: Send | None = None
    failed: Send | None = None

    @property
    def waits(self) -> list[tuple[SagaStep, Wait]]:
        """The steps that wait for an event."""
        return [(step, step.what) for step in self.steps if isinstance(step.what, Wait)]

    @property
    def sends(self) -> list[Send]:
        """Every command that may be sent: of steps, of what undoes them, of either end."""
        named = [each for step in self.steps for each in (step.what, step.undo)]
        sent = [*named, self.completed, self.failed]
        return [each for each in sent if isinstance(each, Send)]

    def step(self, name: str | None) -> SagaStep:
        """The step of this name. Raises LookupError: the plan has changed under a running saga."""
        for step in self.steps:
            if step.name == name:
                return step
        raise LookupError(f"the plan has no such step any more (step {name})")

    def after(self, name: str) -> SagaStep | None:
        """The step that follows one, or None after the last."""
        place = self.steps.index(self.step(name)) + 1
        return self.steps[place] if place < len(self.steps) else None


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command that a saga sends."""

    command_id: UUID
    name: str
    payload: dict[str, Any]


@dataclass(slots=True)
class SagaMachine:
    """One saga while things happen to it. Collects what it sends and a line for each thing."""

    plan: SagaPlan
    saga_id: UUID
    state: SagaState
    now: datetime
    due_at: datetime | None = None
    sent: list[SentCommand] = field(default_factory=list)
    history: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    # ------------------------------------------------------------------ what may happen
    def start(self) -> None:
        """It begins."""
        self._note("started")
        self._go_to(self.plan.steps[0])

    def settled(self, command_id: UUID, status: str, data: Any, error: str | None) -> None:
        """A command has its receipt. One that is not waited for is noted and changes nothing."""
        details = {"command_id": str(command_id), "data": data, "error": error}
        if command_id != self.state.waits_for:
            self._note("late", **details, status=status)
            return
        self._note(status, **details)
        self.state.waits_for = self.state.sends = self.due_at = None
        if status == "succeeded":
            self._succeeded(data)
        else:
            self._refused(error)

    def arrived(self, step: str, data: dict[str, Any]) -> None:
        """An event that a step waits for; the step may be one that the saga has not reached."""
        if step in self.state.results or self.state.status is not SagaStatus.RUNNING:
            self._note("late", step=step)
            return
        self._note("arrived", step=step)
        if step == self.state.step:
            self._succeeded(data)
        else:
            self.state.results[step] = data

    def overdue(self, step: str) -> None:
        """The deadline of a waiting step has passed."""
        if self.state.status is SagaStatus.RUNNING and self.state.step == step:
            self._note("overdue", step=step)
            self._refused("nothing came in time")

    def retry(self) -> None:
        """Send again what was refused although it must not be."""
        if self.state.status is SagaStatus.STUCK and self.state.stuck_at is not None:
            self._note("retried")
            self.state.status, self.state.stuck_at = self.state.stuck_at, None
            self.state.attempt += 1
            self._send(self._current())

    # ------------------------------------------------------------------ where that leads
    def _succeeded(self, data: Any) -> None:
        match self.state.status:
            case SagaStatus.RUNNING:
                self._step_done(data)
            case SagaStatus.COMPENSATING:
                self._compensate_next()
            case SagaStatus.COMPLETING:
                self._end(SagaStatus.COMPLETED)
            case _:
                self._end(SagaStatus.FAILED)

    def _refused(self, error: str | None) -> None:
        if self.state.status is SagaStatus.RUNNING:
            self.state.error = f"{self.state.step}: {error}"[:LONGEST_ERROR]
            self.state.status = SagaStatus.COMPENSATING
            self._compensate_next()
        else:
            self._note("stuck", error=error)
            self.state.status, self.state.stuck_at = SagaStatus.STUCK, self.state.status

    def _step_done(self, data: Any) -> None:
        step = self.plan.step(self.state.step)
        self.state.results[step.name] = data
        if step.undo is not None:
            self.state.undo.append(step.name)
        following = self.plan.after(step.name)
        if following is None:
            self._complete(SagaStatus.COMPLETING, self.plan.completed, SagaStatus.COMPLETED)
        else:
            self._go_to(following)

    def _go_to(self, step: SagaStep) -> None:
        self.state.step = step.name
        self.due_at = self.now + timedelta(seconds=step.within) if step.within else None
        if isinstance(step.what, Send):
            self._send(step.what)
        elif step.name in self.state.results:  # it came early
            self._step_done(self.state.results[step.name])

    def _compensate_next(self) -> None:
        self.due_at = None
        if self.state.undo:
            self.state.step = self.state.undo.pop()
            self._send(self._current())
        else:
            self._complete(SagaStatus.FAILING, self.plan.failed, SagaStatus.FAILED)

    def _complete(self, status: SagaStatus, command: Send | None, end: SagaStatus) -> None:
        self.state.status, self.state.step, self.due_at = status, None, None
        if command is None:
            self._end(end)
        else:
            self._send(command)

    def _end(self, end: SagaStatus) -> None:
        self.state.status = end
        self._note(end.value)

    def _current(self) -> Send:
        """What has to be sent where the saga is: a compensation, or a completion command."""
        sends: Sequence[tuple[SagaStatus, Send | None]] = (
            (SagaStatus.COMPLETING, self.plan.completed),
            (SagaStatus.FAILING, self.plan.failed),
        )
        command = dict(sends).get(self.state.status) or self.plan.step(self.state.step).undo
        if command is None:
            raise LookupError(f"the plan has no undo any more (step {self.state.step})")
        return command

    def _send(self, send: Send) -> None:
        state = self.state
        place = f"{state.status}/{state.step or ''}/{state.attempt}"
        sent = SentCommand(uuid5(self.saga_id, place), send.command.name, send.payload(state))
        state.waits_for, state.sends = sent.command_id, sent.name
        self.sent.append(sent)
        self._note("sent", command_id=str(sent.command_id), command=sent.name)

    def _note(self, what: str, **details: Any) -> None:
        shown = {name: value for name, value in details.items() if value is not None}
        self.history.append((what, {"step": self.state.step, **shown}))
