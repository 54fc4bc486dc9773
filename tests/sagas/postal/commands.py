"""What can be done to a parcel. `mishap` asks for trouble in the reactions to it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from worker.commands.command import command
from worker.commands.state import State, Work
from worker.contracts import Command, Event, Refusal, uuid7


class PostParcel(Command):
    """Post a parcel."""

    parcel_id: UUID = Field(default_factory=uuid7)
    letters: int = 1
    mishap: str = ""


class LabelParcel(Command):
    """Put a label on a parcel."""

    parcel_id: UUID
    mishap: str = ""


class HandOver(Command):
    """Hand a parcel over to the carrier: somebody does that, when it suits them."""

    parcel_id: UUID


class VoidLabel(Command):
    """Take the label off again."""

    parcel_id: UUID


class ParcelEvent(Event):
    """Base of what happens to a parcel."""

    parcel_id: UUID


class ParcelPosted(ParcelEvent):
    """A parcel was posted."""

    type: ClassVar[str] = "postal.ParcelPosted"
    letters: int
    mishap: str


class ParcelLabelled(ParcelEvent):
    """It has a label."""

    type: ClassVar[str] = "postal.ParcelLabelled"
    mishap: str = ""


class ParcelHandedOver(ParcelEvent):
    """The carrier has it."""

    type: ClassVar[str] = "postal.ParcelHandedOver"


class LabelVoided(ParcelEvent):
    """Its label is void."""

    type: ClassVar[str] = "postal.LabelVoided"


def nothing(_: Command) -> tuple[()]:
    """These commands read nothing."""
    return ()


@command("postal.post", PostParcel, needs=nothing)
def post_parcel(c: PostParcel, state: State, work: Work) -> dict[str, Any]:
    """Posts a parcel."""
    posted = ParcelPosted(parcel_id=c.parcel_id, letters=c.letters, mishap=c.mishap)
    work.emit(f"parcel-{c.parcel_id}", posted)
    return {"parcel_id": c.parcel_id}


@command("postal.label", LabelParcel, needs=nothing)
def label_parcel(c: LabelParcel, state: State, work: Work) -> None:
    """Puts a label on a parcel."""
    if c.mishap == "refuse label":
        raise Refusal("the printer is out of paper")
    work.emit(f"parcel-{c.parcel_id}", ParcelLabelled(parcel_id=c.parcel_id, mishap=c.mishap))


@command("postal.hand_over", HandOver, needs=nothing)
def hand_over(c: HandOver, state: State, work: Work) -> None:
    """Hands a parcel over."""
    work.emit(f"parcel-{c.parcel_id}", ParcelHandedOver(parcel_id=c.parcel_id))


@command("postal.void_label", VoidLabel, needs=nothing)
def void_label(c: VoidLabel, state: State, work: Work) -> None:
    """Takes the label off."""
    work.emit(f"parcel-{c.parcel_id}", LabelVoided(parcel_id=c.parcel_id))
