"""The right to be forgotten: personal values are sealed before anything is stored.

    command, checked ─▶ sealed by its subject's key ─▶ handler ─▶ rows, events, audit, read models,
                                                                  views, cache, receipts: sealed
    query ─▶ answer, sealed (so it is kept and recorded) ─▶ opened for whoever may ask
    `work.forget(subject)` ─▶ the key goes, in the command's own transaction ─▶ nobody opens it

What is promised: once that has committed, no table, no cache and no copy of the log gives the value
back; nothing is rewritten, so a rebuild finds what it found before. A forgotten subject gets no
other key: commands with personal fields of his are refused.

Keys stand in `cqrs.subject_keys`, one a subject, and are asked for anew each time: no process keeps
one. AES-256 in GCM, with the subject as associated data, so that a sealed value opens for its own
subject alone. A copy of the database from before holds the key: backups have to go in their time.
`cryptography` is imported here when something is sealed or opened (`cqrs-worker[personal]`).
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from worker.base import db
from worker.base.db import Connection
from worker.base.sql import statement
from worker.contracts.personal import ERASED, Sealed, digest, personal_fields

PREFIX = "sealed:1:"
"""How a sealed value begins."""
_NONCE = 12

Keys = Mapping[str, bytes | None]
"""Keys by subject; None for one that was forgotten."""


def keys_of(connection: Connection, subjects: Collection[str]) -> dict[str, bytes | None]:
    """The keys of these subjects, as far as they have one, or had."""
    if not subjects:
        return {}
    asked = {"subjects": sorted(subjects)}
    rows = connection.execute(statement("worker.base", "subject_keys"), asked).fetchall()
    return {subject: None if key is None else bytes(key) for subject, key in rows}


def new_key() -> bytes:
    """A key for a subject that has none."""
    return os.urandom(32)


def seal(key: bytes, subject: str, value: str) -> Sealed:
    """A value that the subject's key alone opens."""
    nonce = os.urandom(_NONCE)
    cipher = _cipher(key).encrypt(nonce, value.encode(), subject.encode())
    sealed = Sealed(PREFIX + urlsafe_b64encode(nonce + cipher).decode())
    sealed.digest = digest(value)
    return sealed


def unseal(key: bytes | None, subject: str, value: str) -> str:
    """What was sealed for this subject; `ERASED` if its key is gone, or is another's.

    What was never sealed, since it is older than the field's declaration, stays as it is.
    """
    from cryptography.exceptions import InvalidTag

    if not value.startswith(PREFIX):
        return value
    if key is None:
        return ERASED
    try:
        whole = urlsafe_b64decode(value.removeprefix(PREFIX))
        return str(_cipher(key).decrypt(whole[:_NONCE], whole[_NONCE:], subject.encode()), "utf-8")
    except (InvalidTag, ValueError):
        return ERASED


def reveal(data: Any) -> None:
    """Open what is personal in rows that were read, in place: by keys of the primary. Raises
    ServerUnavailable."""
    rows = list(_rows(data))
    subjects = {str(row.__dict__[of]) for row in rows for of in personal_fields(type(row)).values()}
    if not subjects:
        return
    keys = db.read("sender", lambda connection: keys_of(connection, subjects))
    for row in rows:
        values = row.__dict__  # a row is immutable to others
        for field, of in personal_fields(type(row)).items():
            if isinstance(values[field], str):
                subject = str(values[of])
                values[field] = unseal(keys.get(subject), subject, values[field])


def _rows(data: Any) -> Iterator[BaseModel]:
    """The rows with personal fields in an answer, those inside others too."""
    if isinstance(data, BaseModel):
        if personal_fields(type(data)):
            yield data
        for value in data.__dict__.values():
            if isinstance(value, BaseModel | list | tuple):
                yield from _rows(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from _rows(value)


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)
