"""The course of a saga, played with made-up plans against a made-up world: pure, no servers.

Whatever is refused, repeated, early, late or stuck for a while: a saga ends with all of its steps
done, or with every one that was done undone, in reverse order, each exactly once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.contracts import Event
from worker.reactions.state_machine import (
    LONGEST_ERROR,
    Course,
    Plan,
    SagaState,
    SagaStatus,
    Send,
    Step,
    Wait,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENDS = {SagaStatus.COMPLETED, SagaStatus.FAILED}


class Arrived(Event):
    """What waiting steps wait for."""

    type: ClassVar[str] = "test.Arrived"


def sends(name: str) -> Send:
    """A command that says its own name."""
    return Send(SimpleNamespace(name=name), lambda state: {"at": state.status.value})


def course_of(plan: Plan) -> Course:
    """A saga that has just started."""
    course = Course(plan, uuid4(), SagaState(start={}), NOW)
    course.start()
    return course


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of one to five steps: commands with and without undo, and waits."""
    steps = []
    for place in range(draw(st.integers(1, 5))):
        waits = draw(st.booleans()) and draw(st.booleans())
        what = Wait(Arrived, "key") if waits else sends(f"do {place}")
        undo = sends(f"undo {place}") if draw(st.booleans()) else None
        steps.append(Step(str(place), what, undo, within=draw(st.sampled_from([None, 5.0]))))
    last_words = [sends(word) if draw(st.booleans()) else None for word in ("bless", "mourn")]
    return Plan(tuple(steps), *last_words)


@dataclass
class World:
    """Runs what a saga sends, as the world would: `effects` are the commands that took effect."""

    course: Course
    draw: Callable[[st.SearchStrategy[bool]], bool]
    effects: list[str] = field(default_factory=list)
    seen: set[UUID] = field(default_factory=set)

    def until_the_end(self) -> None:
        """Let things happen until the saga has ended."""
        for _ in range(200):
            if self.course.state.status in ENDS:
                return
            self.happen()
        raise AssertionError(f"it does not end: {self.course.state}")

    def happen(self) -> None:
        """One thing that the saga waits for, and perhaps some that it does not."""
        state = self.course.state
        if self.sometimes():
            self.course.settled(uuid4(), "succeeded", None, None)  # somebody else's command
        if self.waiting_last and self.sometimes():
            self.course.arrived(self.course.plan.steps[-1].name, {})  # early
        if state.status is SagaStatus.STUCK:
            self.course.retry()
        elif state.waits_for is not None:
            self.settle()
        elif state.step is not None and self.sometimes() and self.sometimes():
            self.course.overdue(state.step)
        elif state.step is not None:
            self.course.arrived(state.step, {"came": True})

    def settle(self) -> None:
        """The command under way has an outcome; the saga hears of it once, or twice."""
        sent = self.course.sent[-1]
        assert sent.command_id == self.course.state.waits_for
        assert sent.command_id not in self.seen, "a command that was sent before is sent again"
        self.seen.add(sent.command_id)
        refused = self.sometimes()
        if not refused:
            self.effects.append(sent.name)
        times = 2 if self.sometimes() else 1
        for _ in range(times):
            outcome = "rejected" if refused else "succeeded"
            self.course.settled(sent.command_id, outcome, {}, "no" if refused else None)

    @property
    def waiting_last(self) -> bool:
        """Whether the last step waits for an event, which may then come early."""
        return isinstance(self.course.plan.steps[-1].what, Wait)

    def sometimes(self) -> bool:
        """Once in three or four."""
        return self.draw(st.booleans()) and self.draw(st.booleans())


@given(plans(), st.data())
def test_a_saga_does_all_of_its_steps_or_undoes_all_that_were_done(
    plan: Plan, data: st.DataObject
) -> None:
    world = World(course_of(plan), lambda strategy: data.draw(strategy))
    world.until_the_end()
    course = world.course
    commands = [f"do {one.name}" for one in plan.steps if isinstance(one.what, Send)]
    if course.state.status is SagaStatus.COMPLETED:
        assert world.effects == commands + (["bless"] if plan.completed else [])
        return
    last_word = ["mourn"] if plan.failed else []
    done = [name for name in world.effects if name.startswith("do ")]
    assert done == commands[: len(done)]
    reached = [one for one in plan.steps if one.name in course.state.results]
    # An event that came early for a step that was never reached is no step that was done.
    failed_at = plan.steps.index(plan.step((course.state.error or "").split(":")[0]))
    undone = [f"undo {one.name}" for one in reversed(plan.steps[:failed_at]) if one.undo]
    assert [one.name for one in plan.steps[:failed_at]] == [one.name for one in reached][:failed_at]
    assert world.effects == done + undone + last_word


@given(plans(), st.data())
def test_what_has_ended_sends_nothing_more(plan: Plan, data: st.DataObject) -> None:
    world = World(course_of(plan), lambda strategy: data.draw(strategy))
    world.until_the_end()
    course = world.course
    ended, sent = course.state.model_dump(), len(course.sent)
    for one in course.sent:
        course.settled(one.command_id, "succeeded", {}, None)
    for step in plan.steps:
        course.overdue(step.name)
        course.arrived(step.name, {})
    course.retry()
    assert (course.state.model_dump(), len(course.sent)) == (ended, sent)


@given(plans(), st.data())
def test_its_state_survives_being_written_and_read_between_any_two_things(
    plan: Plan, data: st.DataObject
) -> None:
    world = World(course_of(plan), lambda strategy: data.draw(strategy))
    for _ in range(200):
        if world.course.state.status in ENDS:
            return
        world.course.state = SagaState.model_validate_json(world.course.state.model_dump_json())
        world.happen()
    raise AssertionError("it does not end")


def test_a_deadline_counts_from_the_moment_that_its_step_began() -> None:
    course = course_of(Plan((Step("a", sends("do a"), within=5.0), Step("b", sends("do b")))))
    assert course.due_at == NOW + timedelta(seconds=5)
    course.settled(course.sent[-1].command_id, "succeeded", None, None)
    assert course.due_at is None


def test_results_are_there_for_the_steps_that_follow() -> None:
    known: list[dict[str, object]] = []

    def payload(state: SagaState) -> dict[str, str]:
        known.append(dict(state.results))
        return {}

    follows = Send(SimpleNamespace(name="do b"), payload)
    course = course_of(Plan((Step("a", sends("do a")), Step("b", follows))))
    course.settled(course.sent[-1].command_id, "succeeded", {"number": 7}, None)
    assert known == [{"a": {"number": 7}}]


def test_a_plan_that_lost_a_step_under_a_running_saga_says_so() -> None:
    course = course_of(Plan((Step("a", sends("do a")),)))
    course.plan = Plan((Step("b", sends("do b")),))
    with pytest.raises(LookupError, match=r"no such step any more \(step a\)"):
        course.settled(course.sent[-1].command_id, "succeeded", None, None)


def test_a_deadline_that_was_met_does_not_pass() -> None:
    steps = (Step("a", Wait(Arrived, "key"), within=5.0), Step("b", Wait(Arrived, "key")))
    course = course_of(Plan(steps))
    course.arrived("a", {})
    course.overdue("a")
    assert (course.state.status, course.state.step) == (SagaStatus.RUNNING, "b")


def test_what_is_taken_back_has_no_deadline() -> None:
    first = Step("a", sends("do a"), undo=sends("undo a"))
    course = course_of(Plan((first, Step("b", Wait(Arrived, "key"), within=5.0))))
    course.settled(course.sent[-1].command_id, "succeeded", None, None)
    assert course.due_at == NOW + timedelta(seconds=5)
    course.overdue("b")
    assert course.state.status is SagaStatus.COMPENSATING
    assert not course.due_at


def test_so_much_is_kept_of_a_refusal_that_commands_have_room_for_it() -> None:
    course = course_of(Plan((Step("a", sends("do a")),)))
    course.settled(course.sent[-1].command_id, "rejected", None, "no " * LONGEST_ERROR)
    assert course.state.error is not None
    assert course.state.error.startswith("a: no no")
    assert len(course.state.error) == LONGEST_ERROR


def test_a_refused_compensation_is_asked_for_again_under_an_id_of_its_own() -> None:
    first = Step("a", sends("do a"), undo=sends("undo a"))
    course = course_of(Plan((first, Step("b", sends("do b")))))
    for outcome in ("succeeded", "rejected", "rejected"):
        course.settled(course.sent[-1].command_id, outcome, None, "no")
    assert course.state.status is SagaStatus.STUCK
    course.retry()
    asked, again = course.sent[-2:]
    assert asked.name == again.name == "undo a"
    assert asked.command_id != again.command_id, "the first one's receipt says that it was refused"
