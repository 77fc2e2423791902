"""Standard Webhooks: who sent a call, proved over its raw body. Pure.

Of https://github.com/standard-webhooks/standard-webhooks: HMAC-SHA256 over ``id.timestamp.body``,
the header a list of ``v1,<base64>`` so that a sender can rotate its secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tallystick.kit.secrets import Secret

TOLERANCE = timedelta(minutes=5)
PREFIX = "whsec_"
LONGEST_HEADER = 2000
_LARGEST_TIMESTAMP = 10**11


def is_signed(headers: Mapping[str, str], body: bytes, *, secret: Secret, now: datetime) -> bool:
    """Signed with this secret, and not long ago: a recorded call cannot be sent again for ever."""
    sent_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not sent_id or max(map(len, (sent_id, timestamp, signatures))) > LONGEST_HEADER:
        return False
    sent_at = _moment(timestamp)
    if sent_at is None or abs(now - sent_at) > TOLERANCE:
        return False
    expected = sign(sent_id, timestamp, body, secret=secret)
    return any(hmac.compare_digest(expected, one) for one in signatures.encode().split())


def sign(sent_id: str, timestamp: str, body: bytes, *, secret: Secret) -> bytes:
    """What the header says of this call."""
    signed = b".".join((sent_id.encode(), timestamp.encode(), body))
    mac = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return b"v1," + base64.b64encode(mac)


def key_of(secret: Secret) -> bytes:
    """Raises ValueError: it is not ``whsec_`` and base64."""
    text = secret.reveal()
    if not text.startswith(PREFIX):
        raise ValueError("a signing secret begins with whsec_")
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a signing secret is whsec_ and base64") from None


def _moment(timestamp: str) -> datetime | None:
    if not (timestamp.isascii() and timestamp.isdigit()) or int(timestamp) > _LARGEST_TIMESTAMP:
        return None
    return datetime.fromtimestamp(int(timestamp), UTC)
