"""Subscribes the depot's read models: child processes load this; tests take `declared`."""

from tests.rebuild.depot.declared import order_list, stock_list
from worker.subscribers import subscriptions

for _one in (order_list, stock_list):
    subscriptions.add(_one.name, _one)
