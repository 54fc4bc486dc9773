"""The one error of the embedded servers."""

from __future__ import annotations

from pathlib import Path

TAIL_LINES = 15


class ServerDidNotStart(Exception):
    """Says which server, why, what its log said last, and what to do about it.

    Fields: `server` (a name for people), `reason`, `log` (path, or None), `advice`.
    """

    def __init__(self, server: str, reason: str, *, advice: str, log: Path | None = None) -> None:
        self.server = server
        self.reason = reason
        self.advice = advice
        self.log = log
        super().__init__(f"{server} did not start: {reason}.{_quoted_tail(log)}\n{advice}")


def _quoted_tail(log: Path | None) -> str:
    lines = tail(log)
    if not lines:
        return ""
    return f"\nThe end of its log ({log}):\n" + "\n".join(f"    {line}" for line in lines)


def tail(log: Path | None) -> list[str]:
    """The last lines of a log; none if there is no log to read."""
    if log is None:
        return []
    try:
        return log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    except OSError:
        return []
