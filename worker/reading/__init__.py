"""The read path's workshop: parameters, filters, what a query reads with, what the cache keeps.

`worker.query`, `worker.cache` and `worker.consistency` are its doors.
"""
