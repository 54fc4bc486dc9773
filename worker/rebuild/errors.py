"""What can go wrong with a rebuild."""

from __future__ import annotations

from collections.abc import Sequence

from worker.errors import Permanent, Transient
from worker.projection import Projection
from worker.running.subscribers import subscriptions

TIME_IS_UP = "time is up"


class UnknownProjection(Permanent):
    """No projection has this name."""

    def __init__(self, name: str) -> None:
        close = subscriptions.closest(name)
        hint = f"; did you mean {close}?" if close else ""
        super().__init__(f"no projection has this name{hint} (projection {name})")
        self.name = name

    def __reduce__(self) -> tuple[type[UnknownProjection], tuple[str]]:
        """Rebuild from the field: an exception's default pickle would pass the message."""
        return type(self), (self.name,)


class NoSuchPosition(Permanent, ValueError):
    """A rebuild cannot begin behind a position that the log has not reached."""

    def __init__(self, position: int, last: int) -> None:
        super().__init__(f"no such position yet: 0 to {last} exist (is {position})")
        self.position, self.last = position, last

    def __reduce__(self) -> tuple[type[NoSuchPosition], tuple[int, int]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.position, self.last)


class RebuildRunning(Transient):
    """The projection is being rebuilt by somebody else at this moment."""

    def __init__(self, name: str) -> None:
        super().__init__(f"it is being rebuilt already: see `cqrs status` (projection {name})")
        self.name = name

    def __reduce__(self) -> tuple[type[RebuildRunning], tuple[str]]:
        """Rebuild from the field: an exception's default pickle would pass the message."""
        return type(self), (self.name,)


class RebuildCancelled(Permanent):
    """Somebody cancelled the rebuild; the live table is as it was."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the rebuild was cancelled (projection {name})")
        self.name = name

    def __reduce__(self) -> tuple[type[RebuildCancelled], tuple[str]]:
        """Rebuild from the field: an exception's default pickle would pass the message."""
        return type(self), (self.name,)


class RebuildFailed(Permanent):
    """A part could not be built; the live table is as it was. `reason` is the part's own error."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{reason} (rebuild of {name})")
        self.name, self.reason = name, reason

    def __reduce__(self) -> tuple[type[RebuildFailed], tuple[str, str]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.name, self.reason)


class RebuildUnfinished(Transient):
    """Time was up; what is built is kept, and the next call goes on from there."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why}; start the rebuild again and it goes on (projection {name})")
        self.name, self.why = name, why

    def __reduce__(self) -> tuple[type[RebuildUnfinished], tuple[str, str]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.name, self.why)


class ViewInUse(Permanent):
    """The view cannot change its columns, because others use them."""

    def __init__(self, view: str, dependants: Sequence[str], reason: str) -> None:
        super().__init__(f"{reason}: change these first, {', '.join(dependants)} (view {view})")
        self.view, self.dependants, self.reason = view, list(dependants), reason

    def __reduce__(self) -> tuple[type[ViewInUse], tuple[str, list[str], str]]:
        """Rebuild from the fields: an exception's default pickle would pass the message."""
        return type(self), (self.view, self.dependants, self.reason)


def projection_named(name: str) -> Projection:
    """The projection of a name. Raises UnknownProjection."""
    one = subscriptions.get(name)
    if not isinstance(one, Projection):
        raise UnknownProjection(name)
    return one
