"""`cqrs submit FILE.jsonl`: commands from a file, in order where order is asked for.

Each line is `{"id", "command", "key"?, "after"?, "payload"}`. Lines with one `key` run in the order
of the file; a line with `after` waits for the earlier lines of those keys; all else runs at once.
Lines are enqueued in PostgreSQL, some hundreds in a transaction, and at most `window` of them are
under way at a time. Safe to run again: the same ids have their receipts already.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import typer
from rich.table import Table

from worker.base import db, migrate
from worker.base.actor import acting_as, current_actor
from worker.base.registry import load_domains
from worker.base.settings import get_settings
from worker.cli.console import JsonFlag, bars, explained, out, print_json
from worker.commands import after_commit, receipts
from worker.commands.batches import in_parts
from worker.commands.decoding import find_command, prepare
from worker.commands.enqueue import write_commands
from worker.commands.errors import CommandIdReused, InvalidCommand
from worker.contracts import Actor, Envelope, Receipt, Status

CHUNK = 250
"""Lines written in one transaction."""
SILENCE = 2.0
"""Seconds of silence after which the workers are woken again."""
EXIT_CODES = (("malformed", 2), ("invalid", 2), ("id reused", 2), ("dead", 4), ("rejected", 3))
"""What each outcome of a line makes of the exit code, the worst first."""
_FIELDS = {"id", "command", "key", "after", "payload"}

app = typer.Typer()


@app.command("submit")
@explained
def submit(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    window: Annotated[int, typer.Option(min=1, help="Most commands under way at a time.")] = 1_000,
    refused: Annotated[
        Path | None, typer.Option(help="Where the refused lines go; default: in CQRS_HOME.")
    ] = None,
    actor: Annotated[str, typer.Option(help="Who sends.")] = "system",
    role: Annotated[list[str] | None, typer.Option(help="A role of the actor; repeatable.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Submit a file of commands, one JSON object a line; see the README for its fields.

    Exit code 0 if every line succeeded, 2 if a line is no command (malformed, invalid, an id that
    stands for another payload), else 4 if a command is dead, else 3 if one was rejected.
    """
    migrate.require()
    load_domains()
    path = refused or get_settings().home / f"{file.stem}-refused.jsonl"
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    roles = role or (["system"] if actor == "system" else [])
    with acting_as(actor, roles=roles), _progress(len(lines), as_json) as advance:
        submission = Submission(window=window, tell=lambda done, _: advance(done))
        report = submission.run(lines)
    report.write_refusals(path)
    _print_report(report, path, as_json)
    if code := report.exit_code:
        raise typer.Exit(code)


@contextmanager
def _progress(total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    started = time.monotonic()
    with bars(quiet) as progress:
        task = progress.add_task("submitting", total=total, rate="")

        def advance(count: int) -> None:
            done = progress.tasks[task].completed + count
            rate = done / max(0.001, time.monotonic() - started)
            progress.update(task, advance=count, rate=f"{rate:,.0f}/s")

        yield advance


def _print_report(report: Report, path: Path, as_json: bool) -> None:
    total = sum(report.outcomes.values())
    if as_json:
        print_json(
            {
                "outcomes": dict(report.outcomes),
                "lines": total,
                "seconds": round(report.seconds, 3),
                "refused_file": str(path),
            }
        )
        return
    table = Table("outcome", "commands")
    for outcome, count in sorted(report.outcomes.items()):
        table.add_row(outcome, f"{count:,}")
    out.print(table)
    out.print(f"{total:,} lines in {report.seconds:.1f} s ({total / report.seconds:,.0f} a second)")
    if report.refusals:
        out.print(f"refused lines and their reasons: {path}")


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that did not succeed, and why."""

    line: int
    id: str | None
    command: str | None
    status: str
    error: str
    errors: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The refusal as plain JSON values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Report:
    """What became of a file: how many lines came to what, and those that did not succeed."""

    outcomes: Counter[str] = field(default_factory=Counter)
    refusals: list[RefusedLine] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """That of the worst outcome; see EXIT_CODES."""
        return next((code for outcome, code in EXIT_CODES if self.outcomes[outcome]), 0)

    def refuse(self, refusal: RefusedLine) -> None:
        """Count a line that did not succeed."""
        self.outcomes[refusal.status] += 1
        self.refusals.append(refusal)

    def write_refusals(self, path: Path) -> None:
        """Write the refused lines with their reasons, one JSON object a line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for refusal in sorted(self.refusals, key=lambda one: one.line):
                file.write(json.dumps(refusal.to_json(), ensure_ascii=False) + "\n")


class MalformedLine(ValueError):
    """A line is not a command; the message says what is wrong with it."""


def parse(text: str, last: dict[str, UUID], actor: Actor) -> Envelope:
    """A line as a command; `last` maps each key to its latest line so far.

    Raises MalformedLine, or InvalidCommand with every wrong field.
    """
    value = _object(text)
    name, payload = value.get("command"), value.get("payload")
    if not isinstance(name, str) or not isinstance(payload, dict):
        raise MalformedLine("`command` must be a name and `payload` an object")
    key, after = value.get("key"), value.get("after", [])
    if not isinstance(key, str | None) or not _names(after):
        raise MalformedLine("`key` must be a text and `after` a list of keys")
    waits_for = tuple(dict.fromkeys(last[other] for other in after if other in last))
    command_id = _id(value)
    ready = prepare(find_command(name), payload, command_id)
    return Envelope(
        command_id, name, ready.wire, actor, waits_for, key, fingerprint=ready.fingerprint
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise MalformedLine(f"is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise MalformedLine("is not a JSON object")
    if unknown := sorted(set(value) - _FIELDS):
        raise MalformedLine(f"has fields that mean nothing here: {', '.join(unknown)}")
    return value


def _names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _id(value: Mapping[str, Any]) -> UUID:
    try:
        return UUID(str(value.get("id")))
    except ValueError:
        raise MalformedLine(f"`id` must be a UUID (is {value.get('id')!r})") from None


class Submission:
    """One run over a file."""

    def __init__(self, *, window: int, tell: Callable[[int, Report], None]) -> None:
        self.window = window
        self.tell = tell
        self.report = Report()
        self.under_way: dict[UUID, tuple[int, Envelope]] = {}
        self._last: dict[str, UUID] = {}
        self._actor = current_actor()
        self._quiet_since = time.monotonic()

    def run(self, lines: Iterable[str]) -> Report:
        """Submit every line and wait for its receipt; returns the report."""
        started = time.monotonic()
        for part in in_parts(list(self._commands(lines)), min(CHUNK, self.window)):
            while len(self.under_way) + len(part) > self.window:
                self._wait()
            self._write(part)
            self._collect()
        while self.under_way:
            self._wait()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _commands(self, lines: Iterable[str]) -> Iterator[tuple[int, Envelope]]:
        for number, text in enumerate(lines, 1):
            if text.strip():
                envelope = self._parsed(number, text)
                if envelope is not None:
                    yield number, envelope

    def _parsed(self, number: int, text: str) -> Envelope | None:
        try:
            envelope = parse(text, self._last, self._actor)
        except MalformedLine as error:
            self.report.refuse(RefusedLine(number, None, None, "malformed", str(error)))
        except InvalidCommand as error:
            self.report.refuse(
                RefusedLine(number, None, error.name, "invalid", str(error), error.errors)
            )
        else:
            if envelope.key is not None:
                self._last[envelope.key] = envelope.id
            return envelope
        return None

    def _write(self, part: list[tuple[int, Envelope]]) -> None:
        with db.sender() as connection, connection.transaction():
            reused = write_commands(connection, [envelope for _, envelope in part])
        for (number, envelope), other_payload in zip(part, reused, strict=True):
            if other_payload:
                error = CommandIdReused(envelope.id, envelope.name)
                self.report.refuse(
                    RefusedLine(number, str(envelope.id), envelope.name, "id reused", str(error))
                )
            elif envelope.id in self.under_way:
                self.report.outcomes["repeated"] += 1
            else:
                self.under_way[envelope.id] = (number, envelope)
        after_commit.wake_queue_consumer()

    def _wait(self) -> None:
        if self._collect():
            self._quiet_since = time.monotonic()
            return
        if time.monotonic() - self._quiet_since > SILENCE:
            self._quiet_since = time.monotonic()
            after_commit.wake("cqrs.drain", force=True)
        time.sleep(0.02)

    def _collect(self) -> int:
        if not self.under_way:
            return 0
        with db.sender() as connection:
            so_far = receipts.find(connection, list(self.under_way))
        done = [receipt for receipt in so_far.values() if receipt.status.final]
        for receipt in done:
            self._count(receipt)
        self.tell(len(done), self.report)
        return len(done)

    def _count(self, receipt: Receipt) -> None:
        number, envelope = self.under_way.pop(receipt.command_id)
        if receipt.status is Status.SUCCEEDED:
            self.report.outcomes[receipt.status] += 1
            return
        self.report.refuse(
            RefusedLine(
                number,
                str(envelope.id),
                envelope.name,
                str(receipt.status),
                receipt.error or "",
                receipt.errors,
            )
        )
