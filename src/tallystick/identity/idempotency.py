"""A write that carries an Idempotency-Key is carried out once, however often it is asked.

1. In one transaction, try to take the key's lock. Somebody holds it: the same write is being
   carried out at this moment, and that is said; nobody waits.
2. An answer is stored for the key: give it again, or refuse the key for another request.
3. Otherwise carry the act out and store its answer in the same transaction. A crash leaves
   neither the act nor the answer; an answer that refused leaves nothing, so it can be corrected
   and asked again with the same key.

The unique (token, key) in the table guards what the lock promises.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from tallystick.identity.models import IdempotentRequest
from tallystick.kit.problem import Conflicting, InvalidInput

LONGEST_KEY = 200
KEPT_FOR = timedelta(days=7)
REFUSED_FROM = 400


class KeyReused(Conflicting):
    """The key belongs to another request."""

    title = "Idempotency key used for another request"


class KeyBusy(Conflicting):
    """The same request is being carried out at this moment."""

    title = "Request with this idempotency key in progress"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered. ``stores`` False: it was only asked what would happen."""

    status: int
    body: Any
    stores: bool = True

    @property
    def refuses(self) -> bool:
        return self.status >= REFUSED_FROM


def check_key(key: str) -> str:
    """1 to 200 visible ASCII characters. Raises InvalidInput."""
    if not 1 <= len(key) <= LONGEST_KEY or not all("!" <= char <= "~" for char in key):
        raise InvalidInput.one(
            "Idempotency-Key", f"must have 1 to {LONGEST_KEY} visible ASCII characters"
        )
    return key


def request_digest(method: str, address: str, body: bytes) -> bytes:
    """Keyed, because a body may carry a secret."""
    mac = salted_hmac("tallystick.idempotency", b"", algorithm="sha256")
    for part in (method.encode(), address.encode(), body):
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.digest()


def once(
    *, token_id: int, key: str, digest: bytes, now: datetime, act: Callable[[], Answer]
) -> tuple[Answer, bool]:
    """The answer, and whether it is an earlier one. Raises KeyReused, KeyBusy."""
    with transaction.atomic(durable=True):
        _take(token_id, key)
        earlier = answered_before(token_id=token_id, key=key, digest=digest)
        if earlier is not None:
            return earlier, True
        answer = act()
        if answer.refuses:
            transaction.set_rollback(True)
        elif answer.stores:
            IdempotentRequest.objects.create(
                token_id=token_id,
                key=key,
                request_digest=digest,
                status=answer.status,
                body=answer.body,
                created_at=now,
            )
        return answer, False


def answered_before(*, token_id: int, key: str, digest: bytes) -> Answer | None:
    """The stored answer of this request. Raises KeyReused."""
    stored = IdempotentRequest.objects.filter(token_id=token_id, key=key).first()
    if stored is None:
        return None
    if bytes(stored.request_digest) != digest or stored.status is None:
        raise KeyReused(
            "This Idempotency-Key was already used for another request. Nothing was changed. "
            "Use a new key for a new request."
        )
    return Answer(stored.status, stored.body)


def _take(token_id: int, key: str) -> None:
    name = hashlib.sha256(f"idempotency/{token_id}/{key}".encode()).digest()
    number = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        row = cursor.fetchone()
    if row is None or not row[0]:
        raise KeyBusy(
            "A request with this Idempotency-Key is being carried out at this moment. Nothing was "
            "changed by this one. Ask again in a moment to get its answer."
        )


def forget_old_keys(*, now: datetime) -> int:
    """Answers are kept for a week; a retry comes within hours. Answers how many were forgotten."""
    old = IdempotentRequest.objects.filter(created_at__lt=now - KEPT_FOR)
    return old.delete()[0]
