"""Passwords: Argon2id, salted, with the parameters that RFC 9106 names where memory is dear.

The hash is made where the command is sent, or else in the worker. What has the form of a hash with
these very parameters counts as one: nobody can log in by it who does not know its password.
"""

from __future__ import annotations

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from models.conversations.commands import CreateUser

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hashed(c: CreateUser) -> dict[str, str]:
    """The command's password as its hash; a hash as it is."""
    made = c.password if _is_hash(c.password) else _hasher.hash(c.password)
    return {"password": made}


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; of a user who was forgotten none is."""
    try:
        return password_hash is not None and _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _is_hash(text: str) -> bool:
    if not text.startswith("$argon2id$"):
        return False
    try:
        return extract_parameters(text) == RFC_9106_LOW_MEMORY
    except InvalidHashError:
        return False
