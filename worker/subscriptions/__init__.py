"""Subscriptions: who reads the log in order, from a checkpoint, exactly once; and projections.

    runner ─▶ checkpoints: who lags ─▶ batch ─▶ projection: load, fold, write ─▶ checkpoint moved
                                         └─ a bad event ─▶ bisect ─▶ dead letter, its stream parked

runner.py has the promises, batch.py the failures, dead_letters.py how a parked stream goes on,
partitions.py how several workers share a projection, read_tables.py which table is live.
"""
