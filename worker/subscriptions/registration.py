"""What becomes of a subscription when code that declares it begins to run: under which name it goes
on, whose read model it keeps, which types it has named.

    its former name has checkpoints? ─ yes ─▶ they are renamed, as they are
                 │ no
                 ▼
    its read model is kept by another? ─ yes ─▶ it does not run, and `cqrs status` says why
                 │ no
                 ▼
    a checkpoint at the beginning, if it has none; the types that it names are noted

- A renamed projection goes on where it was (`renamed_from=`). Without that it would begin at 0 over
  a table that holds everything already, and count it twice: a read model has one owner.
- A former name is never begun anew: a worker of the release before finds nothing to do under it.
- The types are noted so that a rebuild can tell that one was renamed in code, or its fold lost: it
  would be built without those events (`lost_types`), and so that a runner stops before the first
  of them that it has not handled, instead of passing it over (`unnamed_types`). A process that has
  loaded some of the domains only says nothing of the subscriptions of others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.event_log import stored_types
from worker.event_log.subscribers import Keeper, Subscriber
from worker.subscriptions import read_tables
from worker.subscriptions.checkpoints import SQL
from worker.subscriptions.errors import NotRegistered
from worker.subscriptions.read_tables import KeepsTable


@runtime_checkable
class Renamed(Protocol):
    """A subscription that had other names, the oldest first."""

    @property
    def renamed_from(self) -> Sequence[str]: ...


@runtime_checkable
class Forgetful(Protocol):
    """A subscription that is to do without types of events that it once named."""

    @property
    def forgets(self) -> Collection[str]: ...


def register(connection: Connection, subscribers: Sequence[Subscriber]) -> dict[str, NotRegistered]:
    """Let these subscriptions begin, or go on; those that must not, by name, and why."""
    refused = _rename(connection, subscribers)
    refused |= _claim(connection, [one for one in subscribers if one.name not in refused])
    taken = [one for one in subscribers if one.name not in refused]
    if taken:
        connection.execute(SQL["add"], read_tables.first(taken))
        named = [
            {"subscription": one.name, "type": type_}
            for one in taken
            for type_ in sorted(one.event_types)
        ]
        connection.execute(SQL["note_types"], {"named": to_json(named)})
    return refused


def must_register(connection: Connection, subscriber: Subscriber) -> None:
    """The same for one subscription. Raises NotRegistered."""
    for refused in register(connection, [subscriber]).values():
        raise refused


def disowned(connection: Connection, subscribers: Iterable[Subscriber]) -> dict[str, str]:
    """Those whose read model another one keeps, and what to do about it; nothing is written."""
    wanted = dict(_read_models(subscribers))
    rows = connection.execute(SQL["owners"], {"models": list(wanted)})
    return {
        wanted[model]: _owned(model, owner)
        for model, owner in rows
        if owner != wanted[model] and owner not in _former_names(subscribers, wanted[model])
    }


def lost_types(
    connection: Connection, subscriber: Subscriber, forgotten: Iterable[str] = ()
) -> list[str]:
    """Types of events that it has named, that the log holds, and that it does not name now."""
    named = [*stored_types(subscriber.event_types), *forgotten]
    what = {"subscription": subscriber.name, "types": named}
    return [type_ for (type_,) in connection.execute(SQL["lost_types"], what)]


def unnamed_types(
    connection: Connection, subscribers: Sequence[Subscriber]
) -> dict[str, frozenset[str]]:
    """Types of events that each of them has named, and neither names now nor says to forget."""
    found: dict[str, set[str]] = {one.name: set() for one in subscribers}
    for name, type_ in connection.execute(SQL["former_types"], {"names": list(found)}):
        found[name].add(type_)
    return {
        one.name: frozenset(
            found[one.name].difference(stored_types(one.event_types), _forgets(one))
        )
        for one in subscribers
    }


def _forgets(subscriber: Subscriber) -> Collection[str]:
    return subscriber.forgets if isinstance(subscriber, Forgetful) else ()


def forget_types(connection: Connection, subscriber: Subscriber) -> None:
    """Its read model was built of what it names now."""
    what = {"subscription": subscriber.name, "types": stored_types(subscriber.event_types)}
    connection.execute(SQL["forget_types"], what)


def _rename(connection: Connection, subscribers: Iterable[Subscriber]) -> dict[str, NotRegistered]:
    busy = {}
    for one in subscribers:
        for former in one.renamed_from if isinstance(one, Renamed) else ():
            what = {"former": former, "name": one.name}
            row = connection.execute(SQL["rename"], what).fetchone()
            if row is not None and row[0] == "busy":
                why = f"it is being rebuilt under its former name {former}: it goes on after that"
                busy[one.name] = NotRegistered(one.name, why)
            if row is not None and row[0] == "renamed":
                connection.execute(SQL["rename_sagas"], what)
    return busy


def _claim(connection: Connection, subscribers: Iterable[Subscriber]) -> dict[str, NotRegistered]:
    wanted = list(_read_models(subscribers))
    if not wanted:
        return {}
    models, names = map(list, zip(*wanted, strict=True))
    rows = connection.execute(SQL["claim"], {"models": models, "names": names})
    return {name: NotRegistered(name, _owned(model, owner)) for name, model, owner in rows}


def _read_models(subscribers: Iterable[Subscriber]) -> Iterator[tuple[str, str]]:
    """Read models, and who is to keep each. Tables that several keep together are none."""
    for one in subscribers:
        if isinstance(one, KeepsTable) and isinstance(one, Keeper):
            for model in one.keeps:
                yield model, one.name


def _former_names(subscribers: Iterable[Subscriber], name: str) -> Sequence[str]:
    found = (
        one.renamed_from for one in subscribers if one.name == name and isinstance(one, Renamed)
    )
    return next(found, ())


def _owned(model: str, owner: str) -> str:
    return (
        f"{owner} keeps {model}, and a read model has one owner: if it is the same projection under"
        f" another name, declare it with renamed_from={owner!r}, else give it a table of its own"
    )
