"""How a rule says no.

    Refusal       the command is understood, and the answer is no
    RefusalKind   which sort of no: what a caller, an HTTP status or a form decides by

Rules stand below the engine and know nothing of receipts: the executor catches a refusal and turns
it into a `rejected` receipt, never into a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class RefusalKind(StrEnum):
    """Which sort of refusal; the same in `Refusal`, in receipts and in SQL."""

    VALIDATION = "validation"
    """The payload is wrong by itself: `errors` names its fields."""
    NOT_FOUND = "not_found"
    """It names something that is not there."""
    CONFLICT = "conflict"
    """It is there already, or was changed by somebody else since the caller looked."""
    BUSINESS_RULE = "business_rule"
    """It is understood, and not allowed as things stand."""
    NOT_ALLOWED = "not_allowed"
    """This actor may not send it."""


class Refusal(Exception):
    """A rule says no: one sentence, and the figures behind it.

    `facts` are shown after the sentence and stored in the receipt's `data`, so they name what a
    caller needs to do better (`available=3, requested=5`). `errors` names the payload's fields at
    fault. `kind` is a RefusalKind or its text; ValueError for any other.
    """

    def __init__(
        self,
        sentence: str,
        *,
        kind: RefusalKind | str = RefusalKind.BUSINESS_RULE,
        errors: Mapping[str, str] | None = None,
        **facts: Any,
    ) -> None:
        super().__init__(sentence)
        self.kind = RefusalKind(kind)
        self.sentence, self.facts, self.errors = sentence, facts, dict(errors or {})

    def __str__(self) -> str:
        details = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.sentence} ({details})" if details else self.sentence
