"""Chords whose members are commands, in a result backend (see celery_internals.py)."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from celery import states
from celery.backends.base import Backend

from worker.base.celery_internals import chord_failed
from worker.base.chain_parts import all_links
from worker.base.errors import CqrsError
from worker.contracts import Status, is_receipt


class CommandChords(Backend):  # type: ignore[misc]  # celery has no types
    """What a result backend does about chords, where their members are commands.

    To Celery a refusal is a result like any other. A chord's body depends on its members: if one
    has not succeeded, it is not run, and everybody who is told so hears it by `chord_failed`.
    """

    def on_chord_part_return(self, request: Any, state: str, result: Any, **more: Any) -> None:
        """A member is done."""
        if state == states.SUCCESS and is_receipt(result) and result["status"] == Status.REJECTED:
            state = states.FAILURE
            result = CqrsError(f"{result['error']} (command {result['command_id']})")
        super().on_chord_part_return(request, state, result, **more)

    def chord_error_from_stack(self, callback: Any, exc: Any = None) -> Any:
        """A chord's body cannot be run."""
        error = exc if exc is not None else sys.exc_info()[1]
        told = super().chord_error_from_stack(callback, exc)
        chord_failed.send(sender=self, body=callback, error=error)
        return told

    def _fail_chain(self, chain: Any, *args: Any, **options: Any) -> None:
        super()._fail_chain(all_links(chain), *args, **options)


@cache
def with_chords(backend: type[Backend]) -> type[Backend]:
    """A backend of Celery's that knows chords of commands."""
    return type(backend.__name__, (CommandChords, backend), {"__module__": backend.__module__})
