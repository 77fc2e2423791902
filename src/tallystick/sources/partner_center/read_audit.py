"""One record of Partner Center's activity log: which subscriptions it touched, and when. Pure.

What a record of ``update_subscription`` holds was seen in no public sample: it may have the old
value, the new one, both or none. So a record only says where to look; what is so is read there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.sources.moments import Moment, vendor_moment
from tallystick.sources.partner_center.read_subscription import Said

# Of 78 operation types those that may change a subscription.
CHANGING: Final = frozenset(
    {
        "update_subscription",
        "upgrade_subscription",
        "convert_trial_subscription",
        "create_order",
        "update_order",
        "create_new_commerce_migration",
        "create_transfer",
        "update_transfer",
        "manage_overage",
    }
)
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Touched:
    """``subjects`` empty: anything of this customer. ``done`` False: under way, look again."""

    id: str
    customer_id: str
    customer_name: str
    subjects: frozenset[str]
    at: Moment
    day: str
    done: bool


def read_audit(found: Mapping[str, Any]) -> Touched | None:
    """None when it touches no subscription, failed, or cannot be read."""
    said = Said(found)
    operation = said.text("operationType").lower()
    status = said.text("operationStatus").lower()
    customer_id = said.text("customerId").lower()
    if operation not in CHANGING or status not in {"succeeded", "progress"} or not customer_id:
        return None
    try:
        at = vendor_moment(said.text("operationDate"))
    except ValueError:
        return None
    return Touched(
        id=said.text("id") or _fingerprint(found),
        customer_id=customer_id,
        customer_name=said.text("customerName"),
        subjects=frozenset(_subjects(said)),
        at=at,
        day="".join(said.text("operationDate").split())[:10],
        done=status == "succeeded",
    )


def _fingerprint(found: Mapping[str, Any]) -> str:
    """The records of 2017 have no id."""
    text = json.dumps(found, sort_keys=True)
    return "record-" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _subjects(said: Said) -> Iterator[str]:
    is_subscription = said.text("resourceType").lower() == "subscription"
    for name in ("resourceNewValue", "resourceOldValue"):
        value = said.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        if isinstance(value, Mapping):
            if is_subscription and Said(value).text("id"):
                yield Said(value).text("id").lower()
            yield from _named(value)
    data = said.get("customizedData")
    for pair in data if isinstance(data, list) else []:
        if isinstance(pair, Mapping):
            key, value = Said(pair).text("key"), Said(pair).text("value")
            if key.lower().partition("-")[0] == "subscriptionid" and value:
                yield value.lower()


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    """Every ``SubscriptionId`` in it."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if found := Said(value).text("subscriptionId"):
            yield found.lower()
        for part in value.values():
            yield from _named(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part, depth + 1)
