"""Logging: structlog for our own lines, the standard library for everybody else's.

Personal data and secrets stay out: we log names, ids and counts, never payloads. What an outage
has everybody say over and over is said a few times and counted (log_limit.py).

    in our programs (`cqrs`, `celery -A worker`)   structlog, as `configure` has it
    in an application that configured structlog    structlog, as that application has it
    in any other                                   `logging`: its handlers, its format, its levels

structlog brings rich and pygments along, a tenth of a second of CPU, and unless somebody configures
it, it prints on standard output past whatever the application does with its log: an application
that does not use it does not load it.
"""

from __future__ import annotations

import logging
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from celery.signals import setup_logging

from worker.base.log_limit import LogLimit
from worker.base.settings import get_settings

if TYPE_CHECKING:
    from structlog.typing import Processor


class Logger:
    """A logger whose lines go where this process has its log, looked up at each line."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, level: str) -> Any:
        structlog = sys.modules.get("structlog")
        if structlog is not None and structlog.is_configured():
            return getattr(structlog.get_logger(self._name), level)
        return partial(_write, logging.getLogger(self._name), level)


def _write(logger: logging.Logger, level: str, event: str, **facts: object) -> None:
    """A line of ours by `logging`: what happened is the message that others group by."""
    shown = ", ".join(f"{name}={value!r}" for name, value in facts.items())
    message = event.replace("%", "%%") + (" (%s)" if shown else "%s")
    write = getattr(logger, level)
    write(message, shown, stacklevel=2)


def get_logger(name: str) -> Logger:
    """The logger of a module: `log.warning("what happened", fact=...)`."""
    return Logger(name)


def configure(level: int = logging.WARNING) -> None:
    """One line per event on standard error: for people, or as JSON (`CQRS_LOG_JSON`)."""
    import structlog

    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if get_settings().log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler()
    handler.addFilter(LogLimit())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)


def of_celery_programs() -> None:
    """Give `celery worker` and `beat` on our app this logging. Other apps keep their own."""
    setup_logging.connect(_configure)


def _configure(loglevel: int | str | None = None, **_: object) -> None:
    """Celery asks for its logging here: ours, at the level of its command line."""
    configure(logging.getLevelName(loglevel) if isinstance(loglevel, str) else loglevel or 0)
