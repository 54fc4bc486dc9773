"""The runner's workshop: how subscriptions advance, what they step over, and how ops moves them.

`worker.subscription`, `worker.projection` and `worker.reaction` are its doors.
"""
