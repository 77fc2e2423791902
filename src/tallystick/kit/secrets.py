"""Secrets: masked wherever they are printed, sealed wherever they are stored.

AES-256-GCM with the place of the secret as additional data: a sealed value moved to another row
or field does not open. Which key seals and which ones open is the ``key_ring``'s.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_BYTES = 32  # AES-256
_TO_STANDARD = str.maketrans("-_", "+/")


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
    """A stored secret does not open: its key is not here, or it was changed or moved."""


class WrongKey(ValueError):
    """The text is not a key. The sentence says what is wrong with it, and never quotes it."""


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
                f"A stored secret does not open with the key {self.key_id} it was sealed with: it "
                "was damaged, or belongs to another connection. Nothing was changed. Enter the "
                "credentials again."
            ) from None
        return Secret(plain.decode())

    def text(self) -> str:
        """As the file and the variable have it."""
        return base64.urlsafe_b64encode(self.key).decode()


def key_from_text(text: str) -> SealingKey:
    """A key from 32 bytes in base64, URL-safe or not. Raises WrongKey."""
    try:
        raw = base64.b64decode(text.strip().translate(_TO_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise WrongKey("must be 32 bytes in URL-safe base64 (44 characters)")
    return SealingKey(key_id=hashlib.sha256(b"tallystick key id" + raw).hexdigest()[:8], key=raw)


def new_key() -> SealingKey:
    """One that nobody has had before."""
    return key_from_text(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode())
