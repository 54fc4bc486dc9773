"""`prepare=` makes something else of secret fields: of those alone, and once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tasks.conversations.commands import create_user
from tests.conversations.support import HASH
from worker.commands.decoding import decode, prepare
from worker.commands.errors import BrokenFunction
from worker.contracts import Actor, Envelope, uuid7

USER = {"email": "ada@example.org", "name": "Ada", "password": HASH}


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (lambda c: {"name": "Eve"}, "changes secret fields alone"),
        (lambda c: {"password": c.password + "!"}, "leaves what it has made as it is"),
    ],
    ids=["another field", "again and again"],
)
def test_a_function_that_does_more_is_refused(made: Any, why: str) -> None:
    spec = replace(create_user.spec, prepare=made)
    with pytest.raises(TypeError, match=why):
        prepare(spec, USER)


def test_who_may_not_send_costs_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[str, Any]] = []

    def hashed(c: Any) -> Mapping[str, Any]:
        asked.append(c)
        raise RuntimeError("too early")

    spec = replace(create_user.spec, prepare=hashed)
    monkeypatch.setattr("worker.commands.decoding.find_command", lambda _: spec)
    guest = Actor("guest", frozenset())
    refused = decode(Envelope(uuid7(), spec.name, {**USER, "subscription_tier": "pro"}, guest))
    invalid = decode(Envelope(uuid7(), spec.name, {**USER, "email": "nobody"}, guest))
    assert (refused.refusal is not None, invalid.refusal is not None, asked) == (True, True, [])

    broken = decode(Envelope(uuid7(), spec.name, USER, guest))
    assert isinstance(broken.fault, BrokenFunction)
    assert len(asked) == 1
