"""What stands where a secret was: in rows that are kept for long, the fact that there was one."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

NOT_KEPT = {"cqrs": "this field is secret, and was not kept"}
"""Stands in a kept payload for what a secret field held."""
SEND_ANEW = "what its secret fields held was not kept: send it anew, under a new id"


def without(payload: Mapping[str, Any], fields: Container[str]) -> dict[str, Any]:
    """A payload without what these fields hold, but with the fact that they held something."""
    return {
        name: NOT_KEPT if name in fields and value not in (None, "") else value
        for name, value in payload.items()
    }


def not_kept(payload: Any) -> list[str]:
    """The fields of a payload whose secrets were not kept."""
    if not isinstance(payload, Mapping):
        return []
    return sorted(str(name) for name, value in payload.items() if value == NOT_KEPT)
