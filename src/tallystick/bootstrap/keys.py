"""Rotate the keys that seal credentials, while everything runs.

1. A new first key is written before anything is sealed with it; the older ones stay. Whoever reads
   a value that was sealed with it finds the key in the file (``kit/key_ring``).
2. What is under an older key is sealed anew, some connections a transaction.
3. An older key is removed by itself, later, and only when nothing is under it.

Killed anywhere, the next ``rotate`` finds values under an older key, and finishes with the key
there is instead of making another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction

from tallystick.bootstrap.accounts import COMMAND_LINE
from tallystick.bootstrap.desk import desk
from tallystick.connections.reseal import reseal, under_older_keys
from tallystick.connections.sealing import values_by_key as credentials_by_key
from tallystick.identity.second_factor import codes_by_key, reseal_codes
from tallystick.kit.ids import correlation_id
from tallystick.kit.key_ring import KeyFile, KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.kit.seal_lock import let_nobody_seal
from tallystick.kit.secrets import SealingKey, new_key
from tallystick.notify.invitation_mail import mails_by_key, reseal_mails
from tallystick.notify.sealing import (
    recipient_values_by_key,
    recipients_under_older_keys,
    reseal_recipients,
)
from tallystick.sources.sealing import (
    reseal_sources,
    sources_by_key,
    sources_under_older_keys,
)


@dataclass(frozen=True, slots=True)
class KeyRow:
    """``values``: sealed values that only this key opens."""

    key_id: str
    seals: bool
    values: int


@dataclass(frozen=True, slots=True)
class Shown:
    """Newest first. ``missing``: values under keys that this server does not have, by key id."""

    source: str
    rows: Sequence[KeyRow]
    missing: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Rotated:
    """``connections``, ``notifications`` and ``sources`` were sealed anew with the key ``key_id``,
    which was ``made`` for it or was there; ``not_opened`` are the names of those that did not open
    and were left as they are."""

    key_id: str
    made: bool
    connections: int
    not_opened: Sequence[str]
    notifications: int = 0
    sources: int = 0


def show() -> Shown:
    """The ring, and what it is still needed for."""
    ring, values = _ring(), values_by_key()
    rows = [
        KeyRow(key.key_id, number == 0, values.pop(key.key_id, 0))
        for number, key in enumerate(ring.all())
    ]
    return Shown(ring.source, rows, values)


def rotate(*, progress: Callable[[int], None]) -> Rotated:
    """Finish what an earlier rotation began, else make a new first key; seal everything with it.

    Raises Conflicting when there is nothing to finish and no key can be made here.
    """
    ring = _ring()
    with transaction.atomic():
        let_nobody_seal()
        left = (
            under_older_keys(ring)
            or _older(ring, codes_by_key())
            or _older(ring, mails_by_key())
            or recipients_under_older_keys(ring)
            or sources_under_older_keys(ring)
        )
        made = not left and _make_first(ring)
    done, notifications, sources, not_opened = 0, 0, 0, list[str]()
    by: dict[str, Any] = {
        "actor": COMMAND_LINE,
        "now": desk().now(),
        "correlation_id": correlation_id(),
    }
    for some in reseal(ring, **by):
        done += len(some.done)
        not_opened += some.not_opened
        progress(done)
    for some_done, names in reseal_recipients(ring, **by):
        notifications += some_done
        not_opened += names
    for one in reseal_sources(ring, **by):
        sources += one.opened
        not_opened += [] if one.opened else [one.name]
    reseal_codes(ring)
    reseal_mails(ring)
    return Rotated(ring.first().key_id, made, done, not_opened, notifications, sources)


def remove(key_id: str) -> None:
    """Take an older key off the ring; what was sealed with it can never be opened again.

    Raises InvalidInput when it is not on the ring; Conflicting while it is needed, when it is the
    first, or when it must be taken out of the variable by hand. Then nothing was changed.
    """
    ring = _ring()
    with transaction.atomic():
        let_nobody_seal()
        keys = ring.all()
        if key_id not in [key.key_id for key in keys]:
            raise InvalidInput.one("KEY_ID", f"“{key_id}” is no key of {ring.source}")
        if key_id == keys[0].key_id:
            raise Conflicting(
                f"The key {key_id} is the one that seals. Nothing was changed. Rotate first."
            )
        if needed := values_by_key().get(key_id, 0):
            raise Conflicting(
                f"Sealed values that only the key {key_id} opens: {needed}. Nothing was changed. "
                "Run tallystick keys rotate: it seals them with the first key."
            )
        if not isinstance(ring, KeyFile):
            number = [key.key_id for key in keys].index(key_id) + 1
            raise Conflicting(
                f"Nothing needs the key {key_id} any more, but {ring.source} cannot be changed "
                f"from here. Take its key number {number} out of it, and restart web and workers."
            )
        _write(ring, [key for key in keys if key.key_id != key_id])


def values_by_key() -> Counter[str]:
    """Sealed values by the key that opens them: of connections, sign-in codes, invitations on their
    way, notifications and sources."""
    kept = Counter(credentials_by_key()) + Counter(codes_by_key()) + Counter(mails_by_key())
    return kept + Counter(recipient_values_by_key()) + Counter(sources_by_key())


def _older(ring: KeyRing, by_key: Mapping[str, int]) -> bool:
    """Whether any of these is under a key that does not seal any more."""
    return bool({key.key_id for key in ring.all()[1:]} & set(by_key))


def _ring() -> KeyRing:
    ring: KeyRing = settings.SEALING_KEYS
    return ring


def _make_first(ring: KeyRing) -> bool:
    """False when the ring's first key was put there by hand already. Raises Conflicting."""
    if isinstance(ring, KeyFile):
        _write(ring, [new_key(), *ring.all()])
        return True
    if len(ring.all()) == 1:
        raise Conflicting(
            f"{ring.source} cannot be changed from here. Nothing was changed. Set it to a new key, "
            "a comma, and what it has now; restart web and workers; then run tallystick keys "
            "rotate again. tallystick keys rotate --new-key prints a new key."
        )
    return False


def _write(ring: KeyFile, keys: Sequence[SealingKey]) -> None:
    try:
        ring.write(keys)
    except OSError as error:
        raise Conflicting(
            f"{ring.source} could not be written: {error.strerror}. Nothing was changed."
        ) from error
