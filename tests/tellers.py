"""A source that tells, and the events it tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from factories import START, Tenancy, number
from tallystick.kit.ids import correlation_id
from tallystick.ledger.models import Operation
from tallystick.sources.add_source import Added, add_events_source
from tallystick.sources.intake.event import NeutralEvent
from tallystick.sources.intake.read_event import read_event
from tallystick.sources.intake.take import Taken, take_in
from tallystick.subscriptions.models import Subscription


@dataclass
class Teller:
    """A marketplace of this tenancy. Events have moments a minute apart."""

    of: Tenancy
    added: Added
    uri: str
    told: int = 0
    nudged: list[int] = field(default_factory=list)

    def event(self, type: str, subject: str, after: dict[str, Any], **more: Any) -> dict[str, Any]:
        """``minute``, ``id``, ``sequence`` and what belongs into ``data`` may be given."""
        self.told += 1
        minute = more.pop("minute", self.told)
        top = {key: more.pop(key) for key in ("id", "sequence", "time") if key in more}
        return {
            "specversion": "1.0",
            "id": f"e-{self.told}",
            "source": self.uri,
            "type": f"subscription.{type}",
            "subject": subject,
            "time": moment(minute),
            **top,
            "data": {"effective_from": "2026-05-03", "after": after, **more},
        }

    def bought(self, subject: str, quantity: int = 10, **more: Any) -> dict[str, Any]:
        after = {
            "quantity": quantity,
            "unit_price": "15.20",
            "unit_cost": "12.10",
            "currency": "EUR",
            "starts_on": "2026-01-01",
            "term_end": "2026-12-31",
        }
        who = {"id": f"c-{self.of.tenant_id}", "name": "Alder & Ash"}
        what = {
            "product_id": "CFQ7TTC0LCHC",
            "sku_id": "0002",
            "name": "Microsoft 365 Business Premium",
            "term": "P1Y",
            "billing_plan": "monthly",
        }
        return self.event("created", subject, after, customer=who, product=what, **more)

    def quantity(self, subject: str, quantity: int, **more: Any) -> dict[str, Any]:
        return self.event("quantity_changed", subject, {"quantity": quantity}, **more)

    def tell(self, *said: dict[str, Any], now: datetime | None = None) -> list[Taken]:
        return take_in(
            self.added.source_id,
            [self.read(one) for one in said],
            context=self.of.context,
            now=now or self.of.clock.now(),
            wake=self.nudge,
            correlation_id=correlation_id(),
        )

    def read(self, said: dict[str, Any]) -> NeutralEvent:
        event = read_event(said, uri=self.uri)
        assert isinstance(event, NeutralEvent), event
        return event

    def nudge(self, lane_ids: Sequence[int]) -> None:
        self.nudged += lane_ids

    def subject(self) -> str:
        """An id of a subscription that nobody has."""
        return f"s-{self.of.tenant_id}-{number()}"

    def held(self, subject: str) -> Subscription:
        return Subscription.objects.get(tenant_id=self.of.tenant_id, provider_id=subject)

    def ledger(self, subject: str) -> list[tuple[Any, ...]]:
        """What was recorded, without what differs from one test to another."""
        rows = Operation.objects.filter(
            subscription__provider_id=subject, tenant_id=self.of.tenant_id
        )
        return [
            (one.sequence, one.kind, one.before, one.after, one.effective_on, one.source_id)
            for one in rows.order_by("sequence")
        ]


def teller(of: Tenancy) -> Teller:
    uri = f"urn:marketplace:{of.tenant_id}:{number()}"
    added = add_events_source(
        name=f"Marketplace {number()}",
        uri=uri,
        context=of.context,
        keys=settings.SEALING_KEYS,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )
    return Teller(of, added, uri)


def moment(minute: float) -> str:
    at = START - timedelta(days=1) + timedelta(minutes=minute)
    return at.isoformat().replace("+00:00", "Z")


def a_late_one(told: Teller) -> int:
    """An event that waits for a person; its id here."""
    subject = told.subject()
    told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
    return told.tell(told.quantity(subject, 12, minute=40))[0].id
