"""Subscribes the depot's read models: child processes load this; tests take `declared`."""

import os

from tests.rebuild.depot.declared import order_list, stock_list
from tests.rebuild.depot.models import Placed
from worker.event_log.subscribers import subscriptions
from worker.rebuild import part
from worker.refresh.invalidation_rules import invalidation_rule

if "DEPOT_RULE" in os.environ:
    invalidation_rule("depot.totals", on=[Placed], refresh={"query.depot_totals": 1.0})

if "DEPOT_PAUSE" in os.environ:  # a rebuild that takes its time, for tests of killing it
    part.WINDOW = 5

for _one in (order_list, stock_list):
    subscriptions.add(_one.name, _one)
