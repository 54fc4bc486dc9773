"""Logging: structlog for our own lines, the standard library for everybody else's.

Personal data and secrets stay out: we log names, ids and counts, never payloads.
"""

from __future__ import annotations

import logging
import sys

import structlog
from celery.signals import setup_logging

from worker.base.settings import get_settings


def configure(level: int = logging.WARNING) -> None:
    """One line per event on standard error: for people, or as JSON (`CQRS_LOG_JSON`)."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if get_settings().log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[structlog.typing.Processor] = [
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
