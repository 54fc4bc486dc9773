"""Bad input: every command with each field missing, wrong and extreme: all errors at once, by
field, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.support import ADMIN, HASH, Service
from worker.commands.decoding import commands as declared
from worker.commands.decoding import find_command, prepare
from worker.commands.errors import InvalidCommand
from worker.commands.executor import execute
from worker.contracts import Actor, Envelope, Receipt, uuid7

Payload = dict[str, Any]
ID = str(uuid7())
LONG = "x" * 30_000
BAD: dict[str, tuple[Any, ...]] = {
    "id": ("me", 1, None, "", [], "\0"),
    "email": ("nobody", "a@b", "", None, 5, f"{LONG}@x.yz", "a\0@b.cd"),
    "name": ("", "   ", None, 5, LONG, "a\0b"),
    "password": ("short", "", None, 5, LONG, "1234567\0"),
    "subscription_tier": ("gold", "", None, 5),
    "quality": ("1.0001", "-0.1", "0.12345", "NaN", "Infinity", "much", None, "1e30"),
    "content_type": ("text", "", None, 5, "text/" + LONG, "te xt/plain"),
    "size_bytes": (0, -1, 1.5, "much", None, 10**30),
    "error": ("", "  ", None, 5, LONG, "a\0b"),
    "speaker": ("nobody", "", None, 5),
    "text": ("", None, 5, LONG, "a\0b"),
    "latency_ms": (-1, 1.5, "slow", None, 10**30),
    "cost": ("-0.000001", "0.0000001", "NaN", "Infinity", "much", None, "1e30"),
}
_VERBS: dict[str, Payload] = {"register": {"quality": "0.9"}, "activate": {}, "delete": {}}
GOOD: dict[str, Payload] = {
    "user.create": {
        "user_id": ID,
        "email": "ada@example.org",
        "name": "Ada",
        "password": HASH,
        "subscription_tier": "pro",
    },
    "user.update": {"user_id": ID, "email": "ada@example.org", "name": "Ada"},
    "user.change_tier": {"user_id": ID, "subscription_tier": "pro"},
    "user.delete": {"user_id": ID},
    "user.erase": {"user_id": ID},
    "document.upload": {
        "document_id": ID,
        "user_id": ID,
        "name": "a.txt",
        "content_type": "text/plain",
        "size_bytes": 1,
    },
    "document.mark_processing": {"document_id": ID},
    "document.mark_processed": {"document_id": ID},
    "document.mark_failed": {"document_id": ID, "error": "no text"},
    "document.delete": {"document_id": ID, "user_id": ID},
    "conversation.start": {"session_id": ID, "user_id": ID},
    "conversation.record_turn": {
        "session_id": ID,
        "user_id": ID,
        "turn_id": ID,
        "speaker": "user",
        "text": "hello",
        "latency_ms": 1,
        "cost": "0.1",
    },
    "conversation.end": {"session_id": ID, "user_id": ID},
    "conversation.end_if_silent": {"session_id": ID, "watch_id": ID},
}
for _kind in ("voice", "face"):
    for _verb, _more in _VERBS.items():
        GOOD[f"{_kind}_model.{_verb}"] = {"model_id": ID, "user_id": ID} | _more
MAY_BE_LEFT_OUT = {
    "user.create": {"user_id", "subscription_tier"},
    "user.update": {"email", "name"},
    "document.upload": {"document_id"},
    "conversation.start": {"session_id"},
    "conversation.record_turn": {"turn_id", "cost"},
    "conversation.end_if_silent": {"watch_id"},
    "voice_model.register": {"model_id"},
    "face_model.register": {"model_id"},
}
MAY_BE_NULL = {("user.update", "email"), ("user.update", "name")}


def cases() -> list[tuple[str, Payload, set[str]]]:
    """Payloads, and the fields that are wrong in each."""
    found: list[tuple[str, Payload, set[str]]] = []
    for name, good in GOOD.items():
        optional = MAY_BE_LEFT_OUT.get(name, set())
        if good.keys() - optional:
            found.append((name, {}, good.keys() - optional))
        found.append((name, good | {"surprise": 1}, {"surprise"}))
        bad = {field: BAD.get(field, BAD["id"]) for field in good}
        for field, values in bad.items():
            if field not in optional:
                found.append((name, {f: v for f, v in good.items() if f != field}, {field}))
            found += [
                (name, good | {field: value}, {field})
                for value in values
                if not (value is None and (name, field) in MAY_BE_NULL)
            ]
        found.append((name, {field: values[0] for field, values in bad.items()}, set(good)))
    return found


def test_every_command_of_the_domain_is_tried() -> None:
    prefixes = ("user.", "voice_model.", "face_model.", "document.", "conversation.")
    assert GOOD.keys() == {spec.name for spec in declared if spec.name.startswith(prefixes)}
    for name, good in GOOD.items():
        assert prepare(find_command(name), good).wire.keys() == good.keys()


def test_the_worker_refuses_it_by_field_all_at_once_and_stores_nothing(service: Service) -> None:
    given = cases()
    envelopes = [
        Envelope(uuid7(), name, payload, Actor() if "silent" in name else ADMIN)
        for name, payload, _ in given
    ]
    outcomes = [
        o for n in range(0, len(given), 100) for o in execute(envelopes[n : n + 100]).outcomes
    ]

    assert len(given) > 300
    for (name, payload, wrong), receipt in zip(given, outcomes, strict=True):
        assert isinstance(receipt, Receipt), (name, payload)
        assert receipt.status == "rejected", (name, payload, receipt)
        assert receipt.errors.keys() == wrong, (name, payload, receipt.errors)
    tables = [table for (table,) in service.rows(
        "SELECT 'command.' || c.relname FROM pg_class AS c"
        " WHERE c.relnamespace = 'command'::regnamespace AND c.relkind = 'r'"
    )]  # fmt: skip
    for table in (*tables, "cqrs.events", "cqrs.subject_keys", "cqrs.audit_log"):
        assert service.rows(f"SELECT count(*) FROM {table}") == [(0,)], table


def test_nothing_of_it_is_sent() -> None:
    for name, payload, wrong in cases():
        with pytest.raises(InvalidCommand) as error:
            prepare(find_command(name), payload)
        assert error.value.errors.keys() == wrong, (name, payload)
