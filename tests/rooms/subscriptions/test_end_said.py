"""The upgrade: of what stood before it is known who has said what happens when a term ends."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.db import connection

from factories import Tenancy, nobody_wakes, tenancy
from tallystick.kit.clock import DatabaseClock
from tallystick.ledger.models import Operation
from tallystick.operations.carry_out import carry_out
from tallystick.operations.note import set_end_of_term
from tallystick.operations.schedule import Plan, schedule
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")
UPGRADE = import_module("tallystick.subscriptions.migrations.0005_refused_changes")
LAST = date(2026, 12, 31)


def before_the_upgrade(of: Tenancy) -> None:
    Subscription.objects.filter(tenant_id=of.tenant_id).update(end_said_at=None)


def upgrade() -> None:
    with connection.cursor() as cursor:
        cursor.execute(UPGRADE.WAS_SAID)


def test_what_was_said_is_known_from_its_operations_and_the_rest_is_not_guessed() -> None:
    of = tenancy()
    _, ends, renews, planned = (of.subscription(commitment_ends_on=LAST) for _ in range(4))
    it = {"today": of.today(), "asked": of.asked()}
    for one, words in ((ends, ["cancel"]), (renews, ["cancel", "renew"])):
        for to in words:
            set_end_of_term(subscription_id=one, to=to, **it)
    schedule(subscription_id=planned, plan=Plan(quantity=8), **it)
    before_the_upgrade(of)
    upgrade()
    said = Subscription.objects.filter(tenant_id=of.tenant_id, end_said_at__isnull=False)
    assert set(said.values_list("pk", flat=True)) == {ends, renews}


def test_what_has_ended_before_the_upgrade_is_not_renewed_by_it() -> None:
    of = tenancy()
    one = of.subscription(commitment_ends_on=date(2026, 4, 30))
    for to in ("cancel", "renew"):
        set_end_of_term(subscription_id=one, to=to, today=of.today(), asked=of.asked())
    before_the_upgrade(of)
    upgrade()
    assert Subscription.objects.get(pk=one).end_said_at is not None
    assert not carry_out(one, now=DatabaseClock().now(), wake=nobody_wakes)
    assert not Operation.objects.filter(subscription_id=one, kind="renew").exists()
