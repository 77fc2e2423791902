"""What one-off charges bill of days already, so that the same days are never charged twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Q

from tallystick.ledger.kinds import OperationKind, Resolution
from tallystick.ledger.models import Delivery
from tallystick.ledger.state import State

_NOT_BILLED = Q(state=State.NOT_APPLICABLE.value) | Q(
    state=State.RESOLVED.value, cause_code=Resolution.SKIP.value
)


def charged_between(lane_id: int, since: date, until: date) -> Decimal:
    """The amount, by the day, of those that are billed or on their way; ``until`` is the day
    after. Below 0: credits."""
    charges = Delivery.objects.filter(
        lane_id=lane_id, operation__kind=OperationKind.ONE_OFF_CHARGE.value
    ).exclude(_NOT_BILLED)
    total = Decimal(0)
    for after in charges.values_list("operation__after", flat=True):
        begins, ends = (date.fromisoformat(after[name]) for name in ("since", "until"))
        days = (min(ends, until) - max(begins, since)).days
        if days > 0:
            total += Decimal(after["price"]) * days / (ends - begins).days
    return total
