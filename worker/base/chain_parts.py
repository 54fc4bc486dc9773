"""Long chains, sealed in parts, so that a link costs the same however many follow it.

Celery sends with every link all that follows it, and reads and writes all of it in each process on
the way: the work for a chain grows with the square of its length. Sealed, what is far away is a
text that nobody looks into until its turn comes.

    the rest of a chain, its next link last:   part ... part part │ link ... link
                                                  sealed texts      in the clear, LINKS to 2 LINKS
"""

from __future__ import annotations

import zlib
from base64 import b85decode, b85encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kombu.utils.json import dumps, loads

TASK = "cqrs.open_chain_part"
"""The task of a part: what it would do if somebody ran it like a link (see commands/canvas.py)."""
UNREADABLE = (ValueError, TypeError, KeyError, zlib.error)
"""What opening a part raises that nobody has sealed."""
LARGEST = 64 * 1024 * 1024
"""Bytes of a part in the clear: what is sealed small could be as large as one likes."""
LINKS = 25
"""Links of a part, and at least so many in the clear."""


def sealed(chain: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rest of a chain with its far links in parts; a short one as it is."""
    parts = [link for link in chain if is_part(link)]
    links = [link for link in chain if not is_part(link)]
    if len(links) <= 2 * LINKS:
        return list(chain)
    far, near = links[:-LINKS], links[-LINKS:]
    first = len(far) % LINKS or LINKS
    starts = [0, *range(first, len(far), LINKS)]
    return [
        *parts,
        *(_part(far[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)),
        *near,
    ]


def opened(chain: Sequence[Mapping[str, Any]] | None) -> list[Mapping[str, Any]] | None:
    """The rest of a chain with its next link in the clear."""
    if not chain or not is_part(chain[-1]):
        return list(chain) if chain is not None else None
    return [*chain[:-1], *links_in(chain[-1])]


def all_links(chain: Iterable[Mapping[str, Any]] | None) -> list[Mapping[str, Any]]:
    """Every link of the rest of a chain, those in its parts too."""
    return [one for link in chain or () for one in (links_in(link) if is_part(link) else [link])]


def is_part(link: Mapping[str, Any]) -> bool:
    """Whether this stands for more than one link."""
    return link.get("task") == TASK


def links_in(part: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What is sealed in a part."""
    return unsealed(part["kwargs"]["links"])


def unsealed(text: str) -> list[Mapping[str, Any]]:
    """The links of a sealed text. Raises UNREADABLE."""
    opener = zlib.decompressobj()
    clear = opener.decompress(b85decode(text), LARGEST)
    if opener.unconsumed_tail:
        raise ValueError(f"more than {LARGEST} bytes")
    links: list[Mapping[str, Any]] = loads(clear.decode())
    return links


def _part(links: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    text = b85encode(zlib.compress(dumps(list(links)).encode(), 1)).decode()
    return {
        "task": TASK,
        "args": (),
        "kwargs": {"links": text},
        "options": {},
        "subtask_type": None,
        "immutable": False,
    }
