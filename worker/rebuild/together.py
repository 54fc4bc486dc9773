"""Projections whose tables take their places together: one transaction switches all their views.

They are declared so (`moves_with=`), by any of them; whoever rebuilds one rebuilds all. Each is
built, follows and is compared by itself; then all checkpoints are held, and no reader sees one new
table beside an old one.
"""

from __future__ import annotations

from worker.event_log.subscribers import subscriptions
from worker.rebuild.errors import projection_named
from worker.subscriptions.projection import Projection


def moved_together(projection: Projection) -> list[Projection]:
    """A projection and those that move with it, itself first, the others by name.

    Raises UnknownProjection for one that is not declared.
    """
    found = {projection.name: projection}
    while new := {name for each in found.values() for name in _neighbours(each)} - found.keys():
        found |= {name: projection_named(name) for name in sorted(new)}
    others = sorted(found.keys() - {projection.name})
    return [projection, *(found[name] for name in others)]


def _neighbours(projection: Projection) -> set[str]:
    """Those that it names, and those that name it."""
    naming = {
        other.name
        for other in subscriptions
        if isinstance(other, Projection) and projection.name in other.moves_with
    }
    return naming | projection.moves_with
