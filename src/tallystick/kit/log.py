"""Logging: structured lines, and nothing that looks like a secret.

Fields are allowed by the caller; this is the last net under them.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

from tallystick.kit.patient import Patient

_SECRET_NAME = re.compile(r"secret|password|token|authorization|apiintegrationcode|cookie", re.I)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x1b]")


def redact(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Any:
    """Mask values of fields named like secrets; flatten control characters (no forged lines)."""
    for key, value in event.items():
        if _SECRET_NAME.search(key):
            event[key] = "•••"
        elif isinstance(value, str):
            event[key] = _CONTROL.sub("␤", value)
    return event


def configure(*, level: str = "INFO", json: bool = False) -> None:
    """Set up logging once per process. httpx's own lines name full addresses: kept to warnings."""
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "hpack", "procrastinate"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # Refused requests are answered with a problem document; they are not news.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    plain = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,  # never local variables
    )
    renderer: Any = structlog.processors.JSONRenderer() if json else plain
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            renderer,
        ],
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Patient(sys.stderr))),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
    )


def logger(name: str) -> Any:
    return structlog.get_logger(name)
