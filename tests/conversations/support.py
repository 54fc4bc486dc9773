"""What tests of conversations do: send as somebody, let everything follow, look at every table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.profiles import RFC_9106_LOW_MEMORY

from worker import acting_as
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope, Receipt, uuid7
from worker.testing import System

PASSWORD = "correct horse battery staple"
HASH = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY).hash(PASSWORD)
"""Made once: it is meant to be slow."""
ADMIN = Actor("root", frozenset({"admin"}))
PROCESSOR = Actor("reader", frozenset({"processor"}))


def user(user_id: UUID) -> Actor:
    """The user himself."""
    return Actor(f"user:{user_id}", frozenset())


def run(name: str, actor: Actor = ADMIN, /, **payload: Any) -> Receipt:
    """Run a command off the wire in this process, on the real database."""
    wire = {field: v if isinstance(v, int) else str(v) for field, v in payload.items()}
    (outcome,) = execute([Envelope(uuid7(), name, wire, actor)]).outcomes
    assert isinstance(outcome, Receipt), outcome
    return outcome


def done(name: str, actor: Actor = ADMIN, /, **payload: Any) -> Any:
    """The same for a command that takes effect; its data."""
    receipt = run(name, actor, **payload)
    assert receipt.succeeded, receipt.error
    return receipt.data


@dataclass(frozen=True)
class Service:
    """The conversation service of one test."""

    system: System

    def user(self, **changes: Any) -> UUID:
        """A new user."""
        user_id = changes.pop("user_id", uuid7())
        payload = {"email": f"{user_id}@example.org", "name": "Ada Byron", "password": HASH}
        done("user.create", user_id=user_id, **(payload | changes))
        return UUID(str(user_id))

    def model(self, kind: str, user_id: UUID, *, active: bool = True, quality: str = "0.9") -> UUID:
        """A model of a user's: `voice` or `face`."""
        model_id = uuid7()
        done(f"{kind}_model.register", user_id=user_id, model_id=model_id, quality=quality)
        if active:
            done(f"{kind}_model.activate", user_id=user_id, model_id=model_id)
        return model_id

    def document(self, user_id: UUID, **changes: Any) -> UUID:
        """A document that has come in."""
        payload = {"name": "letters.pdf", "content_type": "application/pdf", "size_bytes": 1_000}
        data = done("document.upload", user_id=user_id, **(payload | changes))
        return UUID(data["document_id"])

    def session(self, user_id: UUID, *said: str) -> UUID:
        """A session in which this was said, user and clone in turn."""
        session_id = UUID(done("conversation.start", user_id=user_id)["session_id"])
        for number, text in enumerate(said):
            self.say(user_id, session_id, text, ("user", "clone")[number % 2])
        return session_id

    def say(self, user_id: UUID, session_id: UUID, text: str, speaker: str = "user") -> None:
        """A turn."""
        turn = {"text": text, "speaker": speaker, "latency_ms": 120, "cost": "0.000150"}
        done("conversation.record_turn", user_id=user_id, session_id=session_id, **turn)

    def catch_up(self) -> None:
        """Let everything happen that follows."""
        self.system.catch_up()

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        """What a statement gives, as the owner."""
        return self.system.rows(sql, parameters)


def as_(actor: Actor) -> Any:
    """Ask or send as somebody."""
    return acting_as(actor.name, roles=actor.roles)
