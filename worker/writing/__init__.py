"""The write path's workshop: how a command travels, is decoded, run in a batch, and settled.

`worker.command`, `worker.unit_of_work` and `worker.receipts` are its doors.
"""
