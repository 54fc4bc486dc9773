"""The bank on a database of its own, in this process and in workers that are started."""

from __future__ import annotations

import pytest

from tests.banking.support import Bank
from tests.conftest import Database
from worker.base import settings
from worker.base.registry import load_domains


@pytest.fixture
def bank(database: Database, monkeypatch: pytest.MonkeyPatch) -> Bank:
    """A database on which the banking domain is loaded."""
    now = settings.get_settings()
    domains = dict.fromkeys((*now.domains, "tasks.banking"))
    monkeypatch.setattr(settings, "_current", now.model_copy(update={"domains": tuple(domains)}))
    load_domains()
    return Bank(database)
