"""The only place that makes identifiers."""

from __future__ import annotations

import secrets
import uuid


def correlation_id() -> str:
    """A new id that ties together everything that belongs to one act."""
    return uuid.uuid4().hex


def holder_id() -> int:
    """A random positive 62-bit number that names one worker process."""
    return secrets.randbits(62)


def api_token() -> str:
    """A new API token: ``ts_`` and 43 URL-safe characters (256 bits)."""
    return "ts_" + secrets.token_urlsafe(32)
