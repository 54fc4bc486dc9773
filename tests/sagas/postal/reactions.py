"""What happens of itself when a parcel is posted: letters go out, and it is seen on its way."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from uuid import UUID

from tests.sagas.postal.commands import (
    ParcelHandedOver,
    ParcelLabelled,
    ParcelPosted,
    hand_over,
    label_parcel,
    void_label,
)
from worker.commands.event_task import event_task
from worker.contracts import Message
from worker.event_log import StoredEvent
from worker.reactions import saga, send, step, wait
from worker.reactions.reaction import Then, reaction
from worker.reactions.state_machine import SagaState

OUTSIDE = "POSTAL_OUTSIDE"
"""Environment variable: the folder that stands for the world outside the database."""


class Letter(Message):
    """A letter to whoever posted a parcel."""

    parcel_id: UUID
    number: int
    mishap: str = ""


def outside() -> Path:
    """The world outside the database."""
    return Path(os.environ[OUTSIDE])


def first_time(what: str) -> bool:
    """Whether this mishap has not happened yet."""
    try:
        (outside() / what).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@event_task("postal.write_letter", Letter)
def write_letter(letter: Letter, task_id: UUID) -> dict[str, str]:
    """Writes a letter: one line outside the database."""
    if letter.mishap == "fail" and first_time(f"failed-{letter.number}"):
        raise RuntimeError("the post office is closed")
    with (outside() / "letters").open("a") as file:
        file.write(f"{task_id} {letter.parcel_id} {letter.number}\n")
    if letter.mishap == "kill" and first_time(f"killed-{letter.number}"):
        os.kill(os.getpid(), signal.SIGKILL)
    return {"written": str(letter.number)}


news = reaction("postal.news", purpose="writes letters about every parcel")


@news.on(ParcelPosted)
def _(event: StoredEvent, then: Then) -> None:
    if event.data["mishap"] == "kill reaction" and first_time("killed-reaction"):
        os.kill(os.getpid(), signal.SIGKILL)
    for number in range(event.data["letters"]):
        mishap, parcel = event.data["mishap"], event.data["parcel_id"]
        then.start(write_letter, parcel_id=parcel, number=number, mishap=mishap)


on_your_way = reaction("postal.on_your_way", purpose="hands over what has been labelled")


@on_your_way.on(ParcelLabelled)
def _(event: StoredEvent, then: Then) -> None:
    if event.data.get("mishap") != "left lying":
        then.run(hand_over, {"parcel_id": event.data["parcel_id"]}, key=event.stream)


def _parcel_with_mishap(s: SagaState) -> dict[str, str]:
    if s.start["mishap"] == "bug" and not (outside() / "fixed").exists():
        raise KeyError("a bug of the saga's")
    return {"parcel_id": s.start["parcel_id"], "mishap": s.start["mishap"]}


sending = saga(
    "postal.sending",
    ParcelPosted,
    key="parcel_id",
    steps=(
        step(
            "label",
            send(label_parcel, _parcel_with_mishap),
            undo=send(void_label, lambda s: {"parcel_id": s.start["parcel_id"]}),
        ),
        step("handed over", wait(ParcelHandedOver, key="parcel_id"), within=3_600.0),
    ),
)
