"""Where a message leads: the address people open, and the page that says more."""

from __future__ import annotations

from collections.abc import Collection

CONNECTORS = "/connectors"
RENEWALS = "/renewals"
WAITING = "/renewals?show=needs"
NOTIFICATIONS = "/notifications"


def to_subscription(subscription_id: int) -> str:
    return f"/subscriptions/{subscription_id}"


def to_connection(connection_id: int) -> str:
    return f"{CONNECTORS}/{connection_id}"


def to_source(source_id: int) -> str:
    return f"{CONNECTORS}/sources/{source_id}"


def to_event(source_id: int, event_id: int) -> str:
    """Where a person decides on what a source told."""
    return f"{to_source(source_id)}/events/{event_id}"


def to_out_of_sync(connection_ids: Collection[int]) -> str:
    """The list of them; of several connections: their cards, which count them."""
    if len(connection_ids) != 1:
        return CONNECTORS
    (connection_id,) = connection_ids
    return f"{CONNECTORS}/{connection_id}/subscription-mapping?badge=out_of_sync"
