"""The rest of a long chain, sealed in parts and opened again."""

from __future__ import annotations

import zlib
from base64 import b85encode
from typing import Any

import pytest

from worker.base import chain_parts
from worker.base.chain_parts import (
    LINKS,
    UNREADABLE,
    all_links,
    is_part,
    opened,
    sealed,
    unsealed,
)


def test_a_long_chain_is_sealed_in_parts_and_loses_nothing() -> None:
    links = [{"task": f"t{n}", "kwargs": {}, "options": {}} for n in range(10 * LINKS + 3)]

    rest: Any = sealed(links)
    assert sealed(rest) == rest
    assert all_links(rest) == links
    assert len(rest) < 2 * LINKS + 10

    seen = []
    while rest := opened(rest):
        assert not is_part(rest[-1])
        assert sum(not is_part(one) for one in rest) <= 2 * LINKS
        seen.append(rest.pop())
        rest = sealed(rest)
    assert seen == links[::-1]


@pytest.mark.parametrize("count", range(2 * LINKS - 1, 4 * LINKS + 2))
def test_no_length_is_sealed_wrongly(count: int) -> None:
    links = [{"task": f"t{n}"} for n in range(count)]
    rest = sealed(links)
    assert all_links(rest) == links
    assert all(len(all_links([one])) <= LINKS for one in rest)
    assert any(map(is_part, rest)) == (count > 2 * LINKS)


@pytest.mark.parametrize("text", ["", "~~~", "zzz", "é"])
def test_a_part_that_nobody_sealed_is_unreadable_and_no_more(text: str) -> None:
    with pytest.raises(UNREADABLE):
        unsealed(text)


def test_what_is_sealed_small_is_not_opened_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_parts, "LARGEST", 1_000)
    bomb = b85encode(zlib.compress(b"[" + b" " * 100_000 + b"]")).decode()
    with pytest.raises(UNREADABLE, match="more than 1000 bytes"):
        unsealed(bomb)
