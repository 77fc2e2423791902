"""Where audit heads are kept and what signs them, from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from tallystick.audit.chain import Verified, verify_all
from tallystick.audit.heads import Head, read_heads, write_heads
from tallystick.audit.verify_file import FileVerified, verify_lines
from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.desk import desk
from tallystick.kit.home import home
from tallystick.kit.problem import InvalidInput
from tallystick.kit.secrets import WrongKey
from tallystick.kit.signing_key import (
    PublicKey,
    SigningKey,
    public_key,
    signing_key,
    signing_key_of,
)

KEY, HEADS = "TALLYSTICK_AUDIT_KEY", "TALLYSTICK_AUDIT_HEADS"


def audit_key() -> SigningKey:
    """The variable's, else the home's file's, which is made. Raises CannotStart."""
    try:
        if text := os.environ.get(KEY):
            return signing_key(text)
        return signing_key_of(home() / "audit.key")
    except WrongKey as error:
        named = KEY if os.environ.get(KEY) else home() / "audit.key"
        raise CannotStart(f"{named} {error}.") from None


def heads_file() -> Path:
    return Path(os.environ.get(HEADS) or home() / "audit-heads.jsonl")


def write_now(path: Path | None = None) -> int:
    """Answers how many have moved. Raises CannotStart, OSError, WrongHeads."""
    return write_heads(path or heads_file(), key=audit_key(), now=desk().now())


def verify_now(heads: Path | None, *, public: str, only: int | None = None) -> Iterator[Verified]:
    """Raises InvalidInput, CannotStart, OSError, WrongHeads."""
    yield from verify_all(_believed(heads, public), only=only)


def verify_export(export: Path, heads: Path | None, *, public: str) -> FileVerified:
    """Raises InvalidInput, CannotStart, OSError, WrongHeads, NotAnExport."""
    signed = _believed(heads, public)
    with export.open("rb") as lines:
        return verify_lines(lines, signed)


def _believed(heads: Path | None, public: str) -> Sequence[Head]:
    if heads is None:
        return []
    if not heads.is_file():
        raise InvalidInput.one("--heads", f"{heads} is not a file")
    return read_heads(heads, keys=[_public(public)])


def _public(text: str) -> PublicKey:
    if not text:
        return audit_key().public
    try:
        return public_key(text)
    except WrongKey as error:
        raise InvalidInput.one("--public-key", str(error)) from None
