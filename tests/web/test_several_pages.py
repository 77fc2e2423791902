"""Several operations on pages: chosen in the list, from a file, those that wait for approval."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from harness import World
from tallystick.connections.policies import Mode
from tallystick.identity.roles import Role
from tallystick.ledger.models import Delivery, Operation
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")
SEVERAL, FILE = "/subscriptions/several", "/subscriptions/import"


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(plain.replace("&#x27;", "'").split())


def kinds(of: Tenancy) -> list[str]:
    rows = Operation.objects.filter(tenant_id=of.tenant_id).exclude(kind__in=["purchase", "map"])
    return list(rows.order_by("pk").values_list("kind", flat=True))


def viewer(of: Tenancy) -> Client:
    context = type(of.context)(of.tenant_id, None, Role.VIEWER, of.context.actor)
    return visitor(Tenancy(of.tenant_id, context, clock=of.clock))


def test_those_chosen_are_looked_at_and_recorded_once(world: World) -> None:
    of, client = world.tenancy, visitor(world.tenancy)
    lines = [world.line(units=10, ends=date(2098, 12, 31)) for _ in range(2)]
    chosen = [str(one.subscription_id) for one in lines] + [str(of.subscription())]
    form = client.get(SEVERAL, {"act": "quantity", "subscription": chosen})
    assert "Change quantity: 3 subscriptions" in text(form)
    assert "Make the change at Microsoft too." in text(form)
    given = {
        "act": "quantity",
        "subscription": chosen,
        "quantity": "12",
        "effective_on": "2026-12-01",
        "token": "c" * 32,
    }
    looked = client.post(SEVERAL, given | {"look": "yes"})
    said = text(looked)
    assert said.count("+2 units from 1 Dec 2026") == 2
    assert "The subscription is not mapped" in said
    assert "+60.80 EUR in the period of the change; +60.80 EUR in the next" in said
    assert "Record all 3" in said
    assert kinds(of) == []
    for _ in range(2):
        assert client.post(SEVERAL, given).status_code == 302
    assert kinds(of) == ["update_quantity"] * 3
    page = text(client.get("/subscriptions"))
    assert "Recorded: change quantity, 3 subscriptions. Autotask is updated in the" in page


def test_one_that_cannot_be_recorded_holds_all_of_them(world: World) -> None:
    of, client = world.tenancy, visitor(world.tenancy)
    one, other = of.subscription(), of.subscription(quantity=12)
    given = {"act": "quantity", "subscription": [str(one), str(other)], "quantity": "12"}
    refused = client.post(SEVERAL, given)
    assert refused.status_code == 400
    assert "1 cannot be recorded. Nothing was recorded. The table says why." in text(refused)
    assert "Cannot be recorded: quantity is already 12: nothing to record" in text(refused)
    assert "Record all" not in text(refused)
    price = {"act": "price", "subscription": [str(one)], "unit_price": "152.00", "look": "yes"}
    looked = client.post(SEVERAL, price)
    assert "unit price 15.20 to 152.00 EUR is more than a factor 3" in text(looked)
    assert 'name="accept_large_change"' in looked.content.decode()
    ticked = client.post(SEVERAL, price | {"accept_large_change": "yes"})
    assert "Record all 1" in text(ticked)
    assert kinds(of) == []


@pytest.mark.usefixtures("looked_at")
def test_prices_that_wait_say_the_gap_and_charge_it_once(world: World) -> None:
    of, client = world.tenancy, visitor(world.tenancy)
    posted, still_open = (world.line(units=10, ends=date(2098, 12, 31)) for _ in range(2))
    world.simulator.approve_and_post(posted.contract_id, date(2026, 5, 31))
    given = {
        "act": "price",
        "subscription": [str(one.subscription_id) for one in (posted, still_open)],
        "unit_price": "18.30",
        "effective_on": "2026-05-10",
        "gap_charge": "yes",
        "token": "d" * 32,
    }
    said = text(client.post(SEVERAL, given | {"look": "yes"}))
    assert "March, April and May are posted, June is open." in said
    assert "The 22 days until 1 Jun 2026 are billed as they were: about 22.00 EUR less" in said
    assert "Charge the gaps once." in said
    only_open = given | {"subscription": given["subscription"][1:]}
    refused = client.post(SEVERAL, only_open)
    assert refused.status_code == 400
    assert "Cannot be recorded: there is nothing to charge" in text(refused)
    assert kinds(of) == []
    for _ in range(2):
        assert client.post(SEVERAL, given).status_code == 302
    assert sorted(kinds(of)) == ["one_off_charge", "update_price_margin", "update_price_margin"]
    assert "1 gap charged once." in text(client.get("/subscriptions"))


@pytest.mark.parametrize("act", ["suspend", "renew", "cancel", "end-of-term", "rename", "price"])
def test_every_act_has_its_form_for_several(act: str) -> None:
    of = tenancy()
    one = of.subscription(commitment_ends_on=date(2026, 12, 31))
    page = visitor(of).get(SEVERAL, {"act": act, "subscription": [str(one)]})
    assert page.status_code == 200
    assert kinds(of) == []


def test_what_is_not_chosen_well_is_said() -> None:
    of = tenancy()
    one, client = of.subscription(), visitor(of)
    assert client.get(SEVERAL, {"act": "suspend"}).status_code == 302
    assert client.get(SEVERAL, {"act": "explode", "subscription": ["1"]}).status_code == 404
    assert client.get(SEVERAL, {"act": "suspend", "subscription": ["x"]}).status_code == 400
    many = {"act": "suspend", "subscription": [str(one)] * 201}
    assert client.get(SEVERAL, many).status_code == 400
    chosen = {"act": "suspend", "subscription": [str(one)]}
    assert viewer(of).get(SEVERAL, chosen).status_code == 403
    assert visitor(sibling(of)).get(SEVERAL, chosen).status_code == 302  # nothing of theirs


def upload(content: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("operations.csv", content.encode(), content_type="text/csv")


def test_a_file_is_looked_at_and_confirmed_once() -> None:
    of = tenancy()
    client = visitor(of)
    one = Subscription.objects.get(pk=of.subscription())
    content = f"subscription_id,operation,quantity\n{one.provider_id},update_quantity,12\n"
    assert "update_quantity" in text(client.get(FILE))
    looked = client.post(FILE, {"file": upload(content)})
    assert "Update quantity 10 to 12" in text(looked)
    assert "Record 1 operation" in text(looked)
    assert kinds(of) == []
    held = re.search(r'name="held" value="([^"]*)"', looked.content.decode())
    assert held
    for _ in range(2):
        assert client.post(FILE, {"held": held[1], "confirm": "all"}).status_code == 302
    assert kinds(of) == ["update_quantity"]
    assert "1 row of this file had been recorded before" in text(client.get("/subscriptions"))
    wrong = client.post(FILE, {"file": upload(content.replace(",12", ",many"))})
    assert wrong.status_code == 400
    assert "Line 2: quantity: “many” is not a whole number" in text(wrong)
    assert client.post(FILE, {}).status_code == 400
    assert client.post(FILE, {"held": "nonsense", "confirm": "all"}).status_code == 400
    assert viewer(of).get(FILE).status_code == 403


def test_what_waits_is_shown_with_what_it_sends_and_approved_by_customer(world: World) -> None:
    of, client = world.tenancy, visitor(world.tenancy)
    lines = [world.line(units=10, ends=date(2098, 12, 31)) for _ in range(3)]
    address = f"/connectors/{world.connection_id}/approvals"
    assert "Nothing waits for approval" in text(client.get(address))
    world.policy(mode=Mode.REVIEW)
    rows = [Subscription.objects.get(pk=line.subscription_id) for line in lines]
    for row in rows:
        of.quantity(row.pk, 12, "2026-12-01")
    page = client.get(address)
    said = text(page)
    assert said.count("+2 units from 1 Dec 2026") == 3
    assert "+91.20 EUR in the period of the change" in said
    assert "3 operations of 3 subscriptions wait for approval." in said
    assert "Approve all" not in text(viewer(of).get(address))
    seen = re.search(r'name="seen_at" value="([^"]*)"', page.content.decode())
    assert seen
    approve = f"/connectors/{world.connection_id}/approve"
    common = {"back": "approvals", "seen_at": seen[1]}

    def left() -> set[int]:
        found = Delivery.objects.filter(awaits_approval=True, lane__subscription__in=rows)
        return set(found.values_list("lane__subscription", flat=True))

    answer = client.post(approve, common | {"customer": str(rows[0].customer_id)})
    assert (answer.status_code, answer["Location"]) == (302, address)
    assert left() == {rows[1].pk, rows[2].pk}
    client.post(approve, common | {"chosen": "1", "subscription": str(rows[1].pk)})
    assert left() == {rows[2].pk}
    nothing = client.post(approve, common | {"chosen": "1"})
    assert nothing["Location"] == address
    assert client.post(approve, common | {"customer": "x"}).status_code == 400
    one = client.get(f"{address}?customer={rows[2].customer_id}")
    assert text(one).count("+2 units") == 1
    client.post(approve, common)
    assert left() == set()
    for stranger in (sibling(of), tenancy()):
        assert visitor(stranger).get(address).status_code == 404
