"""The end of each chain, signed and kept outside the database: what nobody can write anew inside.

A line of JSON a head: tenant, number, hash, moment, key and signature (docs/audit-chain.md).
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection as database

from tallystick.kit.signing_key import PublicKey, SigningKey

WHAT = "tallystick audit head"
ENDS = """
    SELECT c.tenant_id, c.number, c.hash FROM audit_chain c
    JOIN (SELECT tenant_id, max(number) AS number FROM audit_chain GROUP BY tenant_id) last
        USING (tenant_id, number) ORDER BY c.tenant_id
"""
_READABLE = 0o644


class WrongHeads(Exception):
    """A file of heads cannot be believed. The sentence names the line."""


@dataclass(frozen=True, slots=True)
class Head:
    """At this moment the tenant's chain ended with this record and this hash."""

    tenant_id: int
    number: int
    hash: bytes
    at: datetime

    def content(self) -> bytes:
        """What is signed."""
        at = self.at.astimezone(UTC).isoformat()
        return json.dumps([WHAT, 1, self.tenant_id, self.number, self.hash.hex(), at]).encode()


def ends(*, now: datetime) -> Sequence[Head]:
    """Of every tenant that has records."""
    with database.cursor() as cursor:
        cursor.execute(ENDS)
        return [Head(tenant, number, bytes(last), now) for tenant, number, last in cursor]


def write_heads(path: Path, *, key: SigningKey, now: datetime) -> int:
    """Add the ends that have moved since the file's last ones; answers how many.

    On the disk when this returns. Raises OSError, WrongHeads; then the file is as it was.
    """
    known = {head.tenant_id: head for head in read_heads(path, keys=[key.public])}
    moved = [
        head
        for head in ends(now=now)
        if head.tenant_id not in known or known[head.tenant_id].number != head.number
    ]
    if not moved:
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _READABLE)
    with os.fdopen(handle, "ab") as file:
        file.write(b"".join(_line(head, key) for head in moved))
        file.flush()
        os.fsync(handle)
    return len(moved)


def read_heads(path: Path, *, keys: Collection[PublicKey]) -> Sequence[Head]:
    """In the order they were written; none when there is no file. Raises WrongHeads, OSError.

    A head that none of the keys has signed is not believed, and nor is its file. A last line that
    was not written to its end is left out.
    """
    if not path.exists():
        return []
    *lines, rest = path.read_bytes().split(b"\n")
    if rest:
        lines.append(rest)
    by_id = {key.key_id: key for key in keys}
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(_read(line, by_id))
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            if number == len(lines) and rest:
                break
            why = str(error) if isinstance(error, WrongSignature) else "is not a head"
            raise WrongHeads(f"{path}, line {number}: {why}") from None
    return found


class WrongSignature(ValueError):
    """None of the keys has signed it."""


def _read(line: bytes, keys: dict[str, PublicKey]) -> Head:
    values = json.loads(line)
    head = Head(
        tenant_id=int(values["tenant_id"]),
        number=int(values["number"]),
        hash=bytes.fromhex(values["hash"]),
        at=datetime.fromisoformat(values["at"]),
    )
    key = keys.get(values["key"])
    if key is None:
        raise WrongSignature(f"is signed with the key {str(values['key'])[:40]}, not known here")
    if not key.verifies(base64.b64decode(values["signature"], validate=True), head.content()):
        raise WrongSignature("its signature is not valid: the head was changed")
    return head


def _line(head: Head, key: SigningKey) -> bytes:
    values = {
        "tenant_id": head.tenant_id,
        "number": head.number,
        "hash": head.hash.hex(),
        "at": head.at.astimezone(UTC).isoformat(),
        "key": key.public.key_id,
        "signature": base64.b64encode(key.sign(head.content())).decode(),
    }
    return json.dumps(values).encode() + b"\n"
