"""A shop on plain Celery, as it was before the engine: an app, tasks, a schedule."""

import json
import os

import redis
from celery import Celery, shared_task

app = Celery("shop", broker=os.environ["SHOP_BROKER"])
app.conf.beat_schedule = {"tick": {"task": "shop.tick", "schedule": 1.0}}
app.conf.beat_schedule_filename = "shop-beat"
store = redis.Redis.from_url(os.environ["SHOP_STORE"])


@app.task(name="shop.tick")
def tick():
    """Beat sends it every second."""
    store.incr("shop:ticks")


@app.task(name="shop.deliver")
def deliver(parcel):
    """Counts how often a parcel was delivered."""
    store.hincrby("shop:delivered", parcel, 1)


@shared_task(name="shop.label")
def label(receipt, text):
    """What a chain brings here from a command."""
    store.rpush("shop:labels", json.dumps([receipt["name"], text]))
