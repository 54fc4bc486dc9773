"""How a rule says no.

    Refusal     the command is understood, and the answer is no

Rules stand below the engine and know nothing of receipts: the executor catches a refusal and turns
it into a `rejected` receipt, never into a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A rule says no: one sentence, and the figures behind it.

    `facts` are shown after the sentence and stored in the receipt's `data`, so they name what a
    caller needs to do better (`available=3, requested=5`). `errors` names the payload's fields at
    fault.
    """

    def __init__(
        self, sentence: str, *, errors: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.facts, self.errors = sentence, facts, dict(errors or {})

    def __str__(self) -> str:
        details = ", ".join(f"{name} {value}" for name, value in self.facts.items())
        return f"{self.sentence} ({details})" if details else self.sentence
