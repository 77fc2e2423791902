"""A key that signs what others verify: Ed25519, in a file of its own or a variable."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tallystick.kit.secrets import WrongKey

_BYTES = 32
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What verifies. ``key_id`` stands beside each signature."""

    key_id: str
    raw: bytes = field(repr=False)

    def text(self) -> str:
        return base64.b64encode(self.raw).decode()

    def verifies(self, signature: bytes, content: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs; its bytes are never shown."""

    public: PublicKey
    _seed: bytes = field(repr=False)

    def sign(self, content: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self._seed).sign(content)


def signing_key(text: str) -> SigningKey:
    """From 32 bytes in base64. Raises WrongKey; the sentence never quotes it."""
    seed = _decoded(text)
    raw = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return SigningKey(_public(raw), seed)


def public_key(text: str) -> PublicKey:
    """As ``PublicKey.text`` gives it. Raises WrongKey."""
    return _public(_decoded(text))


def signing_key_of(path: Path) -> SigningKey:
    """The file's, which is made with a new key when it is not there. Raises WrongKey, OSError."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
            with os.fdopen(handle, "wb") as file:
                file.write(base64.b64encode(os.urandom(_BYTES)) + b"\n")
                file.flush()
                os.fsync(handle)
    return signing_key(path.read_text())


def _public(raw: bytes) -> PublicKey:
    return PublicKey(hashlib.sha256(b"tallystick public key" + raw).hexdigest()[:8], raw)


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _BYTES:
        raise WrongKey("must be 32 bytes in base64 (44 characters)")
    return raw
