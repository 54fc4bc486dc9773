"""How a rule says no.

    Refusal     the command is understood, and the answer is no

Rules stand below the engine and know nothing of receipts: `worker.deciding` turns a refusal into a
`rejected` one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """A rule says no: one sentence, and the figures behind it.

    `facts` are shown after the sentence and stored in the receipt, so they name what a caller needs
    to do better (`available=3, requested=5`). `errors` names the payload's fields at fault.
    """

    def __init__(
        self, sentence: str, *, errors: Mapping[str, str] | None = None, **facts: Any
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.facts, self.errors = sentence, facts, dict(errors or {})
