"""For every event: which queries are affected, which views are refreshed, after what delay.

`DEFAULT_CONSISTENCY_RULES` is the table; each line of it is declared as an invalidation rule, which
`cqrs map` lists. Answers over projections go by the tags of their rows, at once; answers over views
go with the refresh of their view. The delay gathers events: however many come within it, a view is
refreshed once. `after=` asks for it at once.
"""

from __future__ import annotations

from typing import NamedTuple

from models.conversations import MATERIALIZED_VIEWS
from models.conversations import events as e
from worker import Event, invalidation_rule

SOON = 1.0
"""Seconds until what a user sees of himself is refreshed."""
LATER = 10.0
"""Seconds until figures over many users are."""
HOUR = 3_600.0

PROFILE, SESSION, DOCUMENT, STATISTICS, VOICE, FACE = (
    f"query.{name}" for name in MATERIALIZED_VIEWS
)
DELAYS = {
    PROFILE: SOON,
    SESSION: SOON,
    DOCUMENT: SOON,
    STATISTICS: LATER,
    VOICE: LATER,
    FACE: LATER,
}


class ConsistencyRule(NamedTuple):
    """After such an event these queries answer anew, and these views are refreshed."""

    event: type[Event]
    queries: tuple[str, ...]
    views: tuple[str, ...]


_PROFILE = ("user.get_profile", "user.list")
_STATISTICS = ("user.statistics",)
_DOCUMENTS = ("document.list",)
_SESSION = ("conversation.session_summary", "conversation.list")
_HISTORY = ("conversation.history",)
_VOICE = ("voice_model.summaries",)
_FACE = ("face_model.summaries",)
_USER = (PROFILE, STATISTICS)

DEFAULT_CONSISTENCY_RULES: tuple[ConsistencyRule, ...] = (
    ConsistencyRule(e.UserCreated, _PROFILE + _STATISTICS, _USER),
    ConsistencyRule(e.UserUpdated, _PROFILE, (PROFILE,)),
    ConsistencyRule(e.UserTierChanged, _PROFILE + _STATISTICS, _USER),
    ConsistencyRule(e.UserDeleted, _PROFILE + _STATISTICS, _USER),
    ConsistencyRule(
        e.UserErased,
        _PROFILE + _STATISTICS + _DOCUMENTS + _SESSION + _HISTORY + _VOICE + _FACE,
        tuple(DELAYS),
    ),
    ConsistencyRule(e.VoiceModelRegistered, _PROFILE + _VOICE, (PROFILE, VOICE)),
    ConsistencyRule(e.VoiceModelActivated, _PROFILE + _VOICE, (PROFILE, VOICE)),
    ConsistencyRule(e.VoiceModelDeleted, _PROFILE + _VOICE, (PROFILE, VOICE)),
    ConsistencyRule(e.FaceModelRegistered, _PROFILE + _FACE, (PROFILE, FACE)),
    ConsistencyRule(e.FaceModelActivated, _PROFILE + _FACE, (PROFILE, FACE)),
    ConsistencyRule(e.FaceModelDeleted, _PROFILE + _FACE, (PROFILE, FACE)),
    ConsistencyRule(e.DocumentUploaded, _PROFILE + _STATISTICS + _DOCUMENTS, (*_USER, DOCUMENT)),
    ConsistencyRule(e.DocumentProcessingStarted, _DOCUMENTS, (DOCUMENT,)),
    ConsistencyRule(e.DocumentProcessed, _DOCUMENTS, (DOCUMENT,)),
    ConsistencyRule(e.DocumentFailed, _DOCUMENTS, (DOCUMENT,)),
    ConsistencyRule(e.DocumentDeleted, _PROFILE + _STATISTICS + _DOCUMENTS, (*_USER, DOCUMENT)),
    ConsistencyRule(
        e.ConversationStarted,
        _PROFILE + _STATISTICS + _SESSION + _VOICE + _FACE,
        (*_USER, SESSION, VOICE, FACE),
    ),
    ConsistencyRule(
        e.ConversationTurnRecorded,
        _PROFILE + _STATISTICS + _SESSION + _HISTORY + _VOICE + _FACE,
        (*_USER, SESSION, VOICE, FACE),
    ),
    ConsistencyRule(e.ConversationEnded, _SESSION, (SESSION,)),
)

BY_TAGS = frozenset({"user.list", "conversation.session_summary", "conversation.list",
                     "conversation.history"})  # fmt: skip
"""Queries over projections: their rows' tags say it more closely than a rule could."""

for _rule in DEFAULT_CONSISTENCY_RULES:
    invalidation_rule(
        f"conversations.{_rule.event.type}",
        on=(_rule.event,),
        affects=sorted(set(_rule.queries) - BY_TAGS),
        refresh={view: DELAYS[view] for view in _rule.views},
    )

last_30_days = invalidation_rule("conversations.last_30_days", every={PROFILE: HOUR})
"""The profile counts days, so it changes with the clock."""
