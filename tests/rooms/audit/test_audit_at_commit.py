"""The chain is held from the commit on, and a commit waits for nobody who waits for the chain."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.db import connections, transaction

from factories import tenancy
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Subject, record
from tallystick.identity.people import add_reseller
from tallystick.kit.ids import correlation_id
from tallystick.operations.move_to_reseller import move_to_reseller
from tallystick.subscriptions.models import Subscription


def test_a_row_that_is_locked_does_not_stop_whoever_points_to_it(db: None) -> None:
    """A subscription is bought while its customer moves: each holds what the other's commit asks
    for, the chain and the customer, unless the customer may be pointed to meanwhile."""
    of = tenancy()
    customer, offer = of.customer(), of.offer()
    reseller = add_reseller(of.tenant_id, "Reseller at the commit", now=of.clock.now())

    def buys() -> int:
        try:
            with transaction.atomic():
                # The chain is asked for first: this was the first thing to be queued.
                record(
                    Event.UPDATE_SUBSCRIPTION,
                    actor=of.context.actor,
                    now=of.clock.now(),
                    subject=Subject(tenant_id=of.tenant_id),
                    correlation_id=correlation_id(),
                )
                return of.subscription(customer_id=customer, offer_id=offer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        move_to_reseller(
            customer_id=customer, reseller_id=reseller, today=of.today(), asked=of.asked()
        )
        bought = thread.submit(buys).result(60)
    assert Subscription.objects.filter(pk=bought).exists()
    moved = AuditLog.objects.filter(tenant_id=of.tenant_id, event=Event.MOVE_CUSTOMER.value)
    assert moved.count() == 1
