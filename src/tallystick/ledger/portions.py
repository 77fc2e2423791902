"""What is billed of an amount so far, and where: read and kept. The caller holds the lane to write.

An amount is a target: what is billed of it already is the sum of its portions, whichever lane of
the subscription carried them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tallystick.ledger.amounts import (
    KeptPortion,
    SeenCharge,
    about_of,
    billed_so_far,
    first_of,
)
from tallystick.ledger.kinds import Carrier, OperationKind
from tallystick.ledger.models import Delivery, Lane, Operation, Portion


def portions_of(
    subscription_id: int, connection_id: int, *, about: str | None = None
) -> Sequence[KeptPortion]:
    """Of one amount, or of all; oldest first."""
    rows = Portion.objects.filter(
        lane__subscription_id=subscription_id, lane__connection_id=connection_id
    )
    if about is not None:
        rows = rows.filter(about=about)
    return [_kept(row) for row in rows.order_by("pk")]


def charges_of(lane_ids: Collection[int]) -> Mapping[int, Sequence[KeptPortion]]:
    """The charges that can still be changed, by lane; lanes without any are left out."""
    found: dict[int, list[KeptPortion]] = {}
    rows = Portion.objects.filter(
        lane__in=lane_ids, carrier=Carrier.CHARGE.value, compared=True, billed=False
    ).order_by("pk")
    for row in rows:
        found.setdefault(row.lane_id, []).append(_kept(row))
    return found


def keep_charge(lane: Lane, charge: KeptPortion, *, now: datetime) -> None:
    """It was read back, and is what is expected from now on."""
    Portion.objects.update_or_create(
        reference=charge.reference,
        defaults={
            "price": charge.price,
            "cost": charge.cost,
            "charge_id": charge.charge_id,
            "contract_id": charge.contract_id,
            "day": charge.day,
            "proved_at": now,
            "compared": True,
            "differs": False,
        },
        create_defaults={
            "tenant_id": lane.tenant_id,
            "lane": lane,
            "about": charge.about,
            "carrier": Carrier.CHARGE.value,
            "reference": charge.reference,
            "price": charge.price,
            "cost": charge.cost,
            "charge_id": charge.charge_id,
            "contract_id": charge.contract_id,
            "day": charge.day,
            "proved_at": now,
        },
    )


def keep_on_line(lane: Lane, batch: Sequence[Delivery], *, now: datetime) -> None:
    """The months of these deliveries were read back on the line."""
    for delivery in batch:
        operation = delivery.operation
        if operation.kind == OperationKind.AZURE_AMOUNTS.value:
            month = operation.after["month"]
            Portion.objects.update_or_create(
                lane=lane,
                about=month,
                carrier=Carrier.LINE.value,
                defaults={
                    "tenant_id": lane.tenant_id,
                    "price": Decimal(operation.after["price"]),
                    "cost": Decimal(operation.after["cost"]),
                    "day": first_of(month),
                    "proved_at": now,
                },
            )


def keep_by_hand(lane: Lane, operation: Operation) -> None:
    """A person has billed what was missing to this operation's amount."""
    about = about_of(OperationKind(operation.kind), operation.sequence, operation.after)
    known = portions_of(lane.subscription_id, lane.connection_id, about=about)
    price, cost = billed_so_far(known)
    Portion.objects.create(
        tenant_id=lane.tenant_id,
        lane=lane,
        about=about,
        carrier=Carrier.HAND.value,
        price=Decimal(operation.after["price"]) - price,
        cost=Decimal(operation.after["cost"]) - cost,
        day=operation.effective_on,
    )


def accept_seen(lane: Lane, *, about: str) -> int:
    """What was seen of an amount's charges counts from now on; answers how many differed."""
    accepted = 0
    for row in Portion.objects.filter(lane=lane, about=about, differs=True):
        row.compared = row.seen_price is not None
        row.price = row.seen_price or Decimal(0)
        row.cost = Decimal(0) if row.seen_price is None else row.seen_cost
        row.differs = False
        row.save()
        accepted += 1
    return accepted


def keep_seen(lane: Lane, seen: Collection[SeenCharge]) -> None:
    """These charges are not as expected; what is, is so when it is proved anew."""
    for one in seen:
        Portion.objects.filter(lane=lane, reference=one.reference).update(
            differs=True, seen_price=one.price, seen_cost=one.cost
        )


def keep_as_expected(lane: Lane, *, among: Collection[str], billed: Collection[str]) -> None:
    """These charges (by reference) were read and are as expected; some of them are billed."""
    ours = Portion.objects.filter(lane=lane)
    ours.filter(reference__in=among).update(differs=False)
    ours.filter(reference__in=billed).update(billed=True)


def forget_charge_drift(lane: Lane) -> None:
    """Once no charge of the lane is known to differ (saved with the lane)."""
    if lane.drift_charges and not Portion.objects.filter(lane=lane, differs=True).exists():
        lane.drift_charges = ""
        if lane.drift_units is None:
            lane.drift_since = None


def _kept(row: Portion) -> KeptPortion:
    return KeptPortion(
        lane_id=row.lane_id,
        about=row.about,
        carrier=Carrier(row.carrier),
        price=row.price,
        cost=row.cost,
        day=row.day,
        reference=row.reference,
        contract_id=row.contract_id,
        charge_id=row.charge_id,
        compared=row.compared,
    )
