"""Sends what the test waits for: a chain into the shop, and a parcel that is due later."""

import sys

import shop
from celery import chain
from notes.commands import write_note

shop.deliver.apply_async(["late"], countdown=float(sys.argv[1]))
chain(
    write_note.s(author="ada", text="hello"), shop.label.s("fragile").set(queue="celery")
).apply_async()
