"""How a rule of this domain says no.

    Refusal     the command is understood, and the answer is no

Rules stand below the engine and know nothing of receipts: `tasks.banking.commands` turns a refusal
into a `rejected` one.
"""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """A rule says no: one sentence, and the figures behind it (`balance=3.00, requested=5.00`)."""

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__(sentence)
        self.sentence, self.facts = sentence, facts
