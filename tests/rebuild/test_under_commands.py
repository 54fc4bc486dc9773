"""Rebuilds while real workers run commands and keep the read model, and processes ask the query."""

from __future__ import annotations

import pytest

from bench.rebuild_commands import BEHIND, different, fill, make_shop, only
from bench.rebuild_load import NAME, Sender, Watch, in_thread, readers
from bench.system import scalar
from tests.support.workers import Workers, until
from worker.base.settings import get_settings
from worker.rebuild import Rebuilt, rebuild, state_machine

COMMANDS = "SELECT count(*) FROM cqrs.receipts WHERE completed_at IS NOT NULL"


@pytest.mark.timeout(240)
def test_nobody_who_sends_or_reads_notices_a_rebuild(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_machine, "GRACE", 0.0)
    shop = make_shop(customers=20, products=10)
    fill(shop, 3_000)
    only(NAME)
    workers.start(["commands"], concurrency=1)
    workers.start(["projections"], concurrency=1)
    before = scalar(COMMANDS)
    sender, watch = Sender(shop.watched, shop.products, rate=40, most=2_000), Watch()
    rebuilds: list[Rebuilt] = []
    with (
        in_thread(watch.run, watch.over),
        readers(get_settings(), shop.watched, 2) as seen,
        in_thread(sender.run, sender.over),
    ):
        until(lambda: scalar(COMMANDS) > before, 30)
        while len(rebuilds) < 3 or sender.sent < 100:
            rebuilds.append(rebuild(NAME))
    until(lambda: scalar(COMMANDS) >= before + sender.sent, 60)
    until(lambda: scalar(BEHIND) == 0, 60)
    assert [done.differing for done in rebuilds] == [0] * len(rebuilds)
    assert [each.failed for each in seen] == [[], []]
    assert [each.half_built for each in seen] == [[], []]
    assert all(len(each.taken) > 5 for each in seen)
    assert different() == 0
