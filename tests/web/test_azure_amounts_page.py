"""The form of an Azure plan's month, and the box for the gap of a price."""

from __future__ import annotations

from datetime import date

import pytest
from test_operation_forms import PART, recorded, text, visitor

from azure_world import keep, plan_on
from harness import World
from tallystick.connections.models import Connection
from tallystick.ledger.models import Operation
from tallystick.operations.suspend import suspend

FORM = {"month": "2026-04", "price": "130.00", "cost": "95.00", "currency": "eur"}


def test_a_month_is_looked_at_and_recorded(world: World) -> None:
    plan = plan_on(world)
    client = visitor(world.tenancy)
    address = f"/subscriptions/{plan.line.subscription_id}/azure-amounts"
    assert "No amounts are kept yet." in text(client.get(address))
    said = text(client.post(address, FORM, headers=PART))
    assert "Autotask will get a charge of 130.00 EUR (cost 95.00 EUR), dated 30 Apr 2026." in said
    assert "The bill of April 2026 +130.00 EUR." in said
    before = len(recorded(plan.line.subscription_id))
    assert "dated 30 Apr 2026" in text(client.post(address, FORM | {"look": "yes"}))
    assert len(recorded(plan.line.subscription_id)) == before

    done = client.post(address, FORM)
    assert done.status_code == 302
    assert recorded(plan.line.subscription_id)[before:] == ["azure_amounts"]
    assert "Apr 2026 130.00 EUR 95.00 EUR Recorded" in text(client.get(address))
    again = client.post(address, FORM)
    assert again.status_code == 400
    assert "recorded already, with the same amounts" in text(again)
    shown = text(client.get(f"/subscriptions/{plan.line.subscription_id}"))
    assert "Azure amounts of 2026-04 (price 130.00)" in shown
    world.work()
    shown = text(client.get(f"/subscriptions/{plan.line.subscription_id}"))
    assert "Azure amounts" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"month": "April"}, "is not a month"),
        ({"price": "a lot"}, "Price"),
        ({"currency": "?"}, "Currency"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    world: World, changes: dict[str, str], words: str
) -> None:
    plan = plan_on(world)
    address = f"/subscriptions/{plan.line.subscription_id}/azure-amounts"
    answer = visitor(world.tenancy).post(address, FORM | changes)
    assert answer.status_code == 400
    assert words in text(answer)


def test_months_that_were_held_are_offered_when_a_plan_is_reactivated(world: World) -> None:
    plan, of = plan_on(world), world.tenancy
    client = visitor(of)
    it = plan.line.subscription_id
    address = f"/subscriptions/{it}/change/reactivate"
    suspend(subscription_id=it, today=of.today(), asked=of.asked())
    assert "No amounts are held." in text(client.get(address))
    keep(plan, date(2026, 3, 1), "130.00")
    keep(plan, date(2026, 4, 1), "140.00")
    said = text(client.get(address))
    assert "Held while it was suspended: 2026-03 (130.00 EUR), 2026-04 (140.00 EUR)." in said
    wrong = client.post(address, {"effective_on": "2026-05-10", "months": "2026-02"})
    assert wrong.status_code == 400
    assert "Held months 2026-02 has no amounts that are held" in text(wrong)
    form = {"effective_on": "2026-05-10", "months": "2026-03, 2026-04"}
    assert client.post(address, form).status_code == 302
    assert recorded(it)[-3:] == ["reactivate", "azure_amounts", "azure_amounts"]
    other = world.line(units=3)
    suspend(subscription_id=other.subscription_id, today=of.today(), asked=of.asked())
    page = client.get(f"/subscriptions/{other.subscription_id}/change/reactivate").content.decode()
    assert 'name="months"' not in page


def test_only_an_azure_plan_has_them(world: World) -> None:
    line = world.line()
    address = f"/subscriptions/{line.subscription_id}/azure-amounts"
    assert visitor(world.tenancy).get(address).status_code == 404


def test_the_box_brings_the_charge_of_the_gap(world: World) -> None:
    line = world.line(units=10, period_type=5)
    client = visitor(world.tenancy)
    address = f"/subscriptions/{line.subscription_id}/price-margin"
    assert "Charge the gap once." in text(client.get(address))
    form = {"unit_price": "18.30", "effective_on": "2026-05-10", "gap_charge": "yes"}
    refused = client.post(address, form | {"price_from": "own_day"})
    assert refused.status_code == 400
    assert "there is nothing to charge" in text(refused)
    assert client.post(address, form | {"price_from": "own_day"}).status_code == 400
    before = Operation.objects.filter(subscription=line.subscription_id).count()
    other = world.line(units=10)
    monthly = f"/subscriptions/{other.subscription_id}/price-margin"
    Connection.objects.filter(pk=world.connection_id).update(price_day="next_period")
    before = len(recorded(other.subscription_id))
    assert "The gap is charged once." in text(client.post(monthly, form, follow=True))
    kinds = recorded(other.subscription_id)[before:]
    assert kinds == ["update_price_margin", "one_off_charge"]


def test_the_billing_code_of_charges_is_a_setting(world: World) -> None:
    client = visitor(world.tenancy)
    address = f"/connectors/{world.connection_id}/settings"
    assert "Billing code of charges" in text(client.get(address))
    assert client.post(address, {"charge_code": "29 683"}).status_code == 400
    assert client.post(address, {"charge_code": "29683"}).status_code == 302
    assert Connection.objects.get(pk=world.connection_id).charge_code == 29683
