"""What counts for one subscription: its own word, else its customer's, else the connection's.

The one place where that is resolved; one query for a subscription, one for any number of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Q

from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.models import PolicyOverride
from tallystick.connections.policies import (
    INCLUDED_UNITS,
    OVERRIDABLE,
    POLICIES,
    BackDated,
    CancelRule,
    ChangeDay,
    InvoiceName,
    Mode,
    Policy,
    PostedQuantity,
    PriceDay,
    SameDayPolicy,
    SuspendRule,
)
from tallystick.connections.queries import ConnectionView
from tallystick.subscriptions.queries import SubscriptionView


class Says(StrEnum):
    """Who says how it is, the nearest first."""

    SUBSCRIPTION = "subscription"
    CUSTOMER = "customer"
    CONNECTION = "connection"

    @property
    def label(self) -> str:
        return {
            Says.SUBSCRIPTION: "for this subscription",
            Says.CUSTOMER: "for this customer",
            Says.CONNECTION: "as the connection says",
        }[self]


@dataclass(frozen=True, slots=True)
class HowBilled:
    """How the changes of one subscription are billed on one connection."""

    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule
    increase_day: ChangeDay
    decrease_day: ChangeDay
    posted_quantity: PostedQuantity
    price_day: PriceDay
    suspend_nce: SuspendRule
    suspend_other: SuspendRule
    azure_amounts: AzureAmounts
    mode: Mode
    invoice_name: InvoiceName
    # Units the contract's price contains: so many fewer are billed.
    included_units: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One policy as it counts, who says so; and what would count without that, by whose word."""

    name: str
    value: Policy
    by: Says
    otherwise: Policy
    otherwise_by: Says


@dataclass(frozen=True, slots=True)
class AllTold:
    """Every policy that can be overridden, in the order of ``POLICIES``; and the included units."""

    policies: tuple[Told, ...]
    included_units: int


def how_billed(connection: ConnectionView, *, customer_id: int, subscription_id: int) -> HowBilled:
    """One query."""
    return _as_billed(told(connection, customer_id=customer_id, subscription_id=subscription_id))


def how_billed_each(
    connection: ConnectionView, views: Sequence[SubscriptionView]
) -> Mapping[int, HowBilled]:
    """By subscription; one query for any number of them."""
    here = Q(customer_id__in={one.customer.id for one in views}) | Q(
        subscription_id__in=[one.id for one in views]
    )
    of_customers: dict[int, dict[str, str]] = {}
    of_subscriptions: dict[int, dict[str, str]] = {}
    for row in PolicyOverride.objects.filter(here, connection_id=connection.id):
        if row.customer_id is not None:
            of_customers.setdefault(row.customer_id, {})[row.policy] = row.value
        elif row.subscription_id is not None:
            of_subscriptions.setdefault(row.subscription_id, {})[row.policy] = row.value
    return {
        one.id: _as_billed(
            _all_told(
                connection,
                of_customers.get(one.customer.id, {}),
                of_subscriptions.get(one.id, {}),
            )
        )
        for one in views
    }


def _as_billed(found: AllTold) -> HowBilled:
    values: dict[str, Any] = {one.name: one.value for one in found.policies}
    return HowBilled(**values, included_units=found.included_units)


def told(
    connection: ConnectionView, *, customer_id: int, subscription_id: int | None = None
) -> AllTold:
    """Of a subscription, or of a customer when none is given. One query."""
    here = Q(customer_id=customer_id)
    if subscription_id is not None:
        here |= Q(subscription_id=subscription_id)
    of_customer: dict[str, str] = {}
    of_subscription: dict[str, str] = {}
    for row in PolicyOverride.objects.filter(here, connection_id=connection.id):
        (of_subscription if row.customer_id is None else of_customer)[row.policy] = row.value
    return _all_told(connection, of_customer, of_subscription)


def _all_told(
    connection: ConnectionView,
    of_customer: Mapping[str, str],
    of_subscription: Mapping[str, str],
) -> AllTold:
    return AllTold(
        policies=tuple(
            _told(name, getattr(connection, name), of_customer, of_subscription)
            for name in OVERRIDABLE
        ),
        included_units=int(of_subscription.get(INCLUDED_UNITS, 0)),
    )


def _told(
    name: str, own: Policy, of_customer: Mapping[str, str], of_subscription: Mapping[str, str]
) -> Told:
    """Pure: the nearest word counts."""
    known = POLICIES[name]
    said = [(Says.CONNECTION, own)]
    if name in of_customer:
        said.insert(0, (Says.CUSTOMER, known(of_customer[name])))
    if name in of_subscription:
        said.insert(0, (Says.SUBSCRIPTION, known(of_subscription[name])))
    by, value = said[0]
    otherwise_by, otherwise = said[min(1, len(said) - 1)]
    return Told(name, value, by, otherwise, otherwise_by)


def included_units(subscription_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """By connection and subscription, those that include some. One query."""
    rows = PolicyOverride.objects.filter(
        policy=INCLUDED_UNITS, subscription_id__in=subscription_ids
    ).values_list("connection_id", "subscription_id", "value")
    return {(connection, one): int(value) for connection, one, value in rows if one is not None}


def included_of(connection_id: int, subscription_id: int) -> int:
    """Of one subscription on one connection; 0 unless somebody has said otherwise."""
    return included_units([subscription_id]).get((connection_id, subscription_id), 0)
