"""A session in which nobody speaks for long ends by itself.

conversation.started ─▶ wait for its end, at most SILENCE ─▶ it ended: done
                                     └ deadline ─▶ conversation.end_if_silent
     nobody has spoken ─▶ conversation.ended
     somebody has      ─▶ conversation.watched ─▶ wait again, at most SILENCE

So it costs a message for each SILENCE, and none for each turn; a session ends between one and two
of them after its last turn.
"""

from __future__ import annotations

from typing import Any

from models.conversations.events import (
    ConversationEnded,
    ConversationStarted,
    ConversationWatched,
)
from models.conversations.rules import SILENCE
from tasks.conversations.commands import end_if_silent
from worker import SagaState, saga, send, step, wait


def _session(s: SagaState) -> dict[str, Any]:
    return {"session_id": s.start["session_id"]}


silence = saga(
    "conversations.silence",
    ConversationStarted,
    key="session_id",
    steps=(
        step("ended", wait(ConversationEnded, key="session_id"), within=SILENCE.total_seconds()),
    ),
    failed=send(end_if_silent, _session),
    purpose="ends a session in which nobody has spoken since it began",
)
further_silence = saga(
    "conversations.further_silence",
    ConversationWatched,
    key="watch_id",
    steps=(step("ended", wait(ConversationEnded, key="watch_id"), within=SILENCE.total_seconds()),),
    failed=send(end_if_silent, _session),
    purpose="ends a session in which nobody has spoken since it was last looked at",
)
