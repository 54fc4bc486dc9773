"""The causal cache: answers that say how far they go, and that no slow reader can put back."""

from worker.cache.causal import (
    LARGEST,
    LEASE,
    REMEMBERED,
    begin,
    give_up,
    invalidate,
    look,
    query_tag,
    source_tag,
    store,
)

__all__ = [
    "LARGEST",
    "LEASE",
    "REMEMBERED",
    "begin",
    "give_up",
    "invalidate",
    "look",
    "query_tag",
    "source_tag",
    "store",
]
