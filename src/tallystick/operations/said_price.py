"""Who said the price that is recorded for a day: by name, when, and how. With it *Why is this
number?* answers for what was typed, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.catalog.because import read_because
from tallystick.identity.people import tenant_zone
from tallystick.kit.days import in_words
from tallystick.kit.money import at_least_cents
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.price_steps import SETS_PRICE, step_on
from tallystick.ledger.queries import price_steps
from tallystick.operations.finish import SCHEDULE
from tallystick.subscriptions.queries import SubscriptionView

_HOW = {
    "screen": "Typed by {actor}",
    "command": "Typed as a command by {actor}",
    "api": "Said through the API by {actor}",
    "csv": "From a file of {actor}",
    "import": "From a file of {actor}",
    SCHEDULE: "Recorded when its day had come by {actor}",
}


@dataclass(frozen=True, slots=True)
class SaidPrice:
    """``from_on``: its first day. ``made_by``: the rule, price list or promotion that made it;
    empty: somebody said it."""

    operation_id: int
    sequence: int
    kind: OperationKind
    unit_price: Decimal
    currency: str
    from_on: date
    recorded_at: datetime
    recorded_on: date
    actor: str
    source: str
    made_by: str

    def in_words(self) -> str:
        """*Typed by Ada Admin on 3 May 2026: unit price 16.40 EUR from 1 Jul 2026, operation 5
        (Update price margin).*"""
        how = _HOW.get(self.source, "Recorded by {actor}")
        if ":" in self.source:  # which source told it
            how = "Told by {actor}"
        if self.made_by:
            how = f"{self.made_by}. Recorded by {{actor}}"
        price = f"{at_least_cents(self.unit_price)} {self.currency}".rstrip()
        return (
            f"{how.format(actor=self.actor)} on {in_words(self.recorded_on)}: unit price {price} "
            f"from {in_words(self.from_on)}, operation {self.sequence} ({self.kind.label})."
        )


def said_price(view: SubscriptionView, *, on: date) -> SaidPrice | None:
    """The one that holds on that day; None where none is recorded. What left a price as it was did
    not say it. The caller may see the subscription."""
    held = step_on(price_steps([view.id])[view.id], on)
    if held is None or held.unit_price is None:
        return None
    rows = Operation.objects.filter(
        subscription_id=view.id,
        sequence__range=(view.others_until + 1, held.sequence),
        kind__in=SETS_PRICE,
        after__has_key="unit_price",
    )
    said = None
    for row in rows.order_by("-sequence"):
        if _amount(row.after) != held.unit_price:
            break
        said = row
        if _amount(row.before) != held.unit_price:
            break
    if said is None:
        return None
    because = read_because(said.after)
    zone = ZoneInfo(tenant_zone(view.tenant_id))
    return SaidPrice(
        operation_id=said.pk,
        sequence=said.sequence,
        kind=OperationKind(said.kind),
        unit_price=held.unit_price,
        currency=view.price_currency,
        from_on=said.effective_on,
        recorded_at=said.recorded_at,
        recorded_on=said.recorded_at.astimezone(zone).date(),
        actor=said.actor,
        source=said.source,
        made_by=because.by if because else "",
    )


def _amount(facts: Mapping[str, Any]) -> Decimal | None:
    text = facts.get("unit_price")
    return None if text is None else Decimal(text)
