"""The chain is held from the commit on, and a commit waits for nobody who waits for the chain."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

from django.db import connections, transaction

from factories import tenancy
from processes import as_owner
from tallystick.audit.chain import verify
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


LAST = "SELECT number, hash FROM audit_chain WHERE tenant_id = 1 ORDER BY number DESC LIMIT 1"


def test_the_last_link_is_found_by_its_index_whatever_is_known_of_the_table(db: None) -> None:
    """With what the function sets: no table is large enough here for the planner to care."""
    migration = import_module("tallystick.audit.migrations.0008_the_last_link_at_once")
    words = " ".join(migration.LINK.split())
    assert LAST.split(" WHERE ")[1].replace("1 ORDER", "NEW.tenant_id ORDER") in words
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as owner:
        found = owner.execute("SELECT proconfig FROM pg_proc WHERE proname = 'audit_link'")
        ((settings,),) = found.fetchall()
        assert "enable_sort=off" in settings
        for setting in settings:
            owner.execute(f"SET LOCAL {setting.replace('=', ' TO ')}")
        plan = [row[0] for row in owner.execute(f"EXPLAIN {LAST}")]
    assert any("Index Scan Backward" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan


def test_the_migration_can_be_taken_back_and_made_again(db: None) -> None:
    """Each form of the function links to what the other has linked."""
    of = tenancy()
    migration = import_module("tallystick.audit.migrations.0008_the_last_link_at_once")

    def add() -> None:
        subject = Subject(tenant_id=of.tenant_id)
        record(
            Event.UPDATE_SUBSCRIPTION,
            actor=of.context.actor,
            now=of.clock.now(),
            subject=subject,
            correlation_id=correlation_id(),
        )

    add()
    with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as owner:
        try:
            owner.execute(migration.BEFORE)
            owner.commit()
            add()
        finally:
            owner.execute(migration.LINK)
            owner.commit()
    add()
    linked = verify(of.tenant_id)
    assert (linked.bad, linked.records) == (
        None,
        AuditLog.objects.filter(tenant_id=of.tenant_id).count(),
    )
