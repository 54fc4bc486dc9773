"""The personal fields of a batch's commands, sealed before their handlers see them.

One look at the keys for the whole batch, and none for a batch without such fields. A subject that
has no key gets one; it is kept with the first command of his that succeeds, in its transaction, so
that a refused command leaves none behind. See worker/base/personal.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.base import db, personal
from worker.commands.decoding import Decoded
from worker.contracts import Command, Refusal
from worker.contracts.personal import personal_fields


@dataclass(frozen=True, slots=True)
class Sealing:
    """The keys of a batch: those that are new, by subject."""

    new: Mapping[str, bytes] = field(default_factory=dict)

    def new_keys_of(self, command: Decoded) -> dict[str, bytes]:
        """The new ones among a command's."""
        if not self.new or command.command is None:
            return {}
        of = {str(getattr(command.command, name)) for _, name in _filled(command.command)}
        return {subject: self.new[subject] for subject in of & self.new.keys()}


NOTHING = Sealing()


def seal(batch: Sequence[Decoded]) -> tuple[Sequence[Decoded], Sealing]:
    """The batch with its personal fields sealed. A forgotten subject's command is refused."""
    subjects = {
        str(getattr(one.command, of))
        for one in batch
        if one.command is not None
        for _, of in _filled(one.command)
    }
    if not subjects:
        return batch, NOTHING
    with db.writer() as connection:
        keys = personal.keys_of(connection, subjects)
    new = {subject: personal.new_key() for subject in subjects - keys.keys()}
    return [_sealed(one, {**keys, **new}) for one in batch], Sealing(new)


def _filled(command: Command) -> Iterator[tuple[str, str]]:
    """The personal fields that hold something, each with that of its subject."""
    for name, of in personal_fields(type(command)).items():
        if isinstance(getattr(command, name), str):
            yield name, of


def _sealed(decoded: Decoded, keys: personal.Keys) -> Decoded:
    command = decoded.command
    if command is None or not (filled := list(_filled(command))):
        return decoded
    values: dict[str, str] = {}
    for name, of in filled:
        subject = str(getattr(command, of))
        if (key := keys[subject]) is None:
            gone = Refusal("the personal data of this subject was erased", subject=subject)
            return replace(decoded, refusal=gone)
        values[name] = personal.seal(key, subject, getattr(command, name))
    return replace(decoded, command=command.model_copy(update=values))
