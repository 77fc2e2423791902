"""The only place that makes identifiers."""

from __future__ import annotations

import base64
import secrets
import uuid


def correlation_id() -> str:
    """A new id that ties together everything that belongs to one act."""
    return uuid.uuid4().hex


def holder_id() -> int:
    """A random positive 62-bit number that names one worker process."""
    return secrets.randbits(62)


def message_id() -> str:
    """A new id of a message, the same each time it is sent: ``msg_`` and 32 characters."""
    return "msg_" + uuid.uuid4().hex


def webhook_secret() -> str:
    """A new key to sign webhooks with: ``whsec_`` and 32 bytes in base64 (Standard Webhooks)."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def api_token() -> str:
    """A new API token: ``ts_`` and 43 URL-safe characters (256 bits)."""
    return "ts_" + secrets.token_urlsafe(32)


def address_name() -> str:
    """A name for an address that nobody can guess and that is no secret: 22 characters."""
    return secrets.token_urlsafe(16)


def link_token() -> str:
    """The secret part of a link that works once: 43 URL-safe characters (256 bits)."""
    return secrets.token_urlsafe(32)


def recovery_code() -> str:
    """``k7m2q-9xw4t-hb3yn``: characters that cannot be mistaken for each other (74 bits)."""
    text = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(15))
    return f"{text[:5]}-{text[5:10]}-{text[10:]}"


def totp_secret() -> str:
    """160 random bits in base 32, as authenticator apps take them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()
