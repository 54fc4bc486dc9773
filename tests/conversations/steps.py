"""Random steps of a small world of users, seeded: what may succeed, and what may not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from tests.conversations.support import HASH
from worker.contracts import Actor, Envelope

Payload = dict[str, Any]
SYSTEM = Actor()


class World:
    """Draws commands over a few users, models, documents and sessions."""

    def __init__(self, seed: int, users: int = 12) -> None:
        self._random = random.Random(seed)
        self._users = [self._id() for _ in range(users)]
        self._made: dict[str, list[UUID]] = {}
        self._owners: dict[str, str] = {}

    def steps(self, count: int) -> Iterator[Envelope]:
        """So many commands; the first ones make the users."""
        for user_id in self._users:
            yield self._create(user_id)
        kinds = list(_WEIGHTS)
        for _ in range(count - len(self._users)):
            (kind,) = self._random.choices(kinds, list(_WEIGHTS.values()))
            yield Envelope(self._id(), kind, getattr(self, _method(kind))(kind), SYSTEM)

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)

    def _create(self, user_id: UUID) -> Envelope:
        payload = {
            "user_id": str(user_id),
            "email": f"{self._random.randrange(200)}@example.org",
            "name": f"User {self._random.randrange(100)}",
            "password": HASH,
            "subscription_tier": self._tier(),
        }
        return Envelope(self._id(), "user.create", payload, SYSTEM)

    def _tier(self) -> str:
        return self._random.choice(("free", "pro", "enterprise"))

    def _user(self) -> str:
        return str(self._random.choice(self._users))

    def _new(self, kind: str) -> str:
        made = self._made.setdefault(kind, [])
        made.append(self._id())
        del made[:-40]
        return str(made[-1])

    def _some(self, kind: str) -> str:
        made = self._made.get(kind)
        return str(self._random.choice(made) if made else self._id())

    def _owned(self, kind: str, name: str) -> Payload:
        """Something of a user: mostly of him whose it is."""
        made = self._some(kind)
        owner = self._owners.get(made) if self._random.random() < 0.9 else None
        return {name: made, "user_id": owner or self._user()}

    def user_create(self, _: str) -> Payload:
        user_id = self._id() if self._random.random() < 0.5 else self._random.choice(self._users)
        self._users.append(user_id)
        return dict(self._create(user_id).payload)

    def user_update(self, _: str) -> Payload:
        name = {"name": f"User {self._random.randrange(100)}"}
        email = {"email": f"{self._random.randrange(200)}@example.org"}
        changes = self._random.choice((name, email, name | email, {}))
        return {"user_id": self._user(), **changes}

    def user_change_tier(self, _: str) -> Payload:
        return {"user_id": self._user(), "subscription_tier": self._tier()}

    def user_delete(self, _: str) -> Payload:
        return {"user_id": self._user()}

    user_erase = user_delete

    def model_register(self, kind: str) -> Payload:
        made, owner = self._new(kind.split(".")[0]), self._user()
        self._owners[made] = owner
        quality = f"{self._random.randrange(10_001) / 10_000:.4f}"
        return {"model_id": made, "user_id": owner, "quality": quality}

    def model_use(self, kind: str) -> Payload:
        return self._owned(kind.split(".")[0], "model_id")

    def document_upload(self, _: str) -> Payload:
        made, owner = self._new("document"), self._user()
        self._owners[made] = owner
        size = self._random.randrange(1, 1_000_000)
        named = {"name": "a.txt", "content_type": "text/plain", "size_bytes": size}
        return {"document_id": made, "user_id": owner, **named}

    def document_mark(self, kind: str) -> Payload:
        error = {"error": "no text"} if kind.endswith("failed") else {}
        return {"document_id": self._some("document"), **error}

    def document_delete(self, _: str) -> Payload:
        return self._owned("document", "document_id")

    def conversation_start(self, _: str) -> Payload:
        made, owner = self._new("session"), self._user()
        self._owners[made] = owner
        return {"session_id": made, "user_id": owner}

    def conversation_record_turn(self, _: str) -> Payload:
        said = {
            "speaker": self._random.choice(("user", "clone")),
            "text": "so it goes " * self._random.randrange(1, 4),
            "latency_ms": self._random.randrange(2_000),
            "cost": f"{self._random.randrange(10_000) / 1_000_000:.6f}",
        }
        return self._owned("session", "session_id") | said

    def conversation_end(self, _: str) -> Payload:
        return self._owned("session", "session_id")


_WEIGHTS = {
    "user.create": 1,
    "user.update": 3,
    "user.change_tier": 2,
    "user.delete": 0.15,
    "user.erase": 0.15,
    "voice_model.register": 3,
    "voice_model.activate": 4,
    "voice_model.delete": 1,
    "face_model.register": 3,
    "face_model.activate": 4,
    "face_model.delete": 1,
    "document.upload": 4,
    "document.mark_processing": 6,
    "document.mark_processed": 4,
    "document.mark_failed": 3,
    "document.delete": 1,
    "conversation.start": 8,
    "conversation.record_turn": 45,
    "conversation.end": 4,
}


def _method(kind: str) -> str:
    what, verb = kind.split(".")
    if what.endswith("_model"):
        return "model_register" if verb == "register" else "model_use"
    return "document_mark" if verb.startswith("mark") else f"{what}_{verb}"
