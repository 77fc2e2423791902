"""Secrets: masked wherever they are printed, sealed wherever they are stored.

AES-256-GCM with the place of the secret as additional data: a sealed value moved to another row
or field does not open.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never prints itself; ``reveal()`` is the only way to read it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(•••)"

    __str__ = __repr__


class CannotOpen(Exception):
    """The stored secret does not open with the configured key, or was moved from elsewhere."""


@dataclass(frozen=True, slots=True)
class SealingKey:
    """The key that seals secrets at rest; ``key_id`` is stored beside each sealed value."""

    key_id: str
    key: bytes = field(repr=False)

    def seal(self, secret: Secret, *, place: str) -> bytes:
        """Seal for one place, such as ``connection/7/secret``."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.key).encrypt(nonce, secret.reveal().encode(), place.encode())
        return nonce + sealed

    def open(self, sealed: bytes, *, place: str) -> Secret:
        """Raises CannotOpen; the stored value is never overwritten because of it."""
        try:
            plain = AESGCM(self.key).decrypt(
                bytes(sealed[:_NONCE_BYTES]), bytes(sealed[_NONCE_BYTES:]), place.encode()
            )
        except InvalidTag:
            raise CannotOpen(
                "A stored secret does not open with this server's key. Nothing was changed. "
                "Start with the key it was stored with (TALLYSTICK_SECRET_KEY), "
                "or enter the credentials again."
            ) from None
        return Secret(plain.decode())


def key_from_text(text: str) -> SealingKey:
    """A key from 32 bytes in base64. Raises ValueError when it is not that."""
    raw = base64.urlsafe_b64decode(text.strip())
    if len(raw) != 32:  # noqa: PLR2004 - AES-256
        raise ValueError("TALLYSTICK_SECRET_KEY must be 32 bytes in URL-safe base64")
    return SealingKey(key_id=hashlib.sha256(b"tallystick key id" + raw).hexdigest()[:8], key=raw)


def key_at(path: Path) -> str:
    """The text of the key kept in ``path``, made on first use, readable by its owner only."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = base64.urlsafe_b64encode(os.urandom(32)).decode()
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(text)
        return text
