"""*Sync to Connection* on the order form: what is filled in, what is sent, one confirmation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from desk import Desk, desk
from factories import user
from tallystick.ledger.models import Operation
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.models import SubscriptionMapping
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")
ORDER = "/subscriptions/submit-order"
PART = {"HX-Request": "true"}


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(plain.replace("&#x27;", "'").split())


def visitor(at: Desk) -> Client:
    client = Client()
    client.force_login(user(at.of))
    return client


def order_of(at: Desk, *, mapped: bool) -> dict[str, str]:
    """A company with a contract of two services, one of them with a line; ours beside it."""
    at.load(
        companies=[{"ref": "c", "name": "Contoso"}],
        services=[
            {"ref": "s", "name": "Business Premium", "unit_price": "15.20", "unit_cost": "12.10"}
        ],
        contracts=[
            {
                "ref": "k",
                "company": "c",
                "name": "Cloud services",
                "start": "2026-01-01",
                "end": "2098-12-31",
                "period_type": 2,
            }
        ],
    )
    at.read()
    customer, offer = at.of.customer("Contoso"), at.of.offer()
    if mapped:
        choose_company(customer, at.connection_id, at.refs["c"], by=at.by())
        choose_service(offer, at.connection_id, at.refs["s"], by=at.by())
    return {
        "customer_id": str(customer),
        "offer_id": str(offer),
        "provider_id": f"ordered-{at.of.tenant_id}",
        "quantity": "3",
        "starts_on": "2026-05-01",
        "unit_price": "20.00",
        "price_currency": "EUR",
        "sync_to": str(at.connection_id),
        "token": "d" * 32,
    }


def test_what_is_filled_in_and_sent_is_shown_and_one_confirmation_maps_it() -> None:
    with desk() as at:
        order, client = order_of(at, mapped=True), visitor(at)
        own = f"{at.refs['k']}:own"
        before = Operation.objects.filter(tenant_id=at.of.tenant_id).count()
        for headers in ({}, PART):
            shown = client.post(ORDER, order | {"look": "yes", "place": own}, headers=headers)
            said = text(shown)
            assert "Contoso Autotask company" in said
            assert "Business Premium" in said
            assert "Cloud services, until 31 Dec 2098: a line of its own" in said
            assert "Autotask will get +3 units" in said
            assert "Confirm Sync" in said
        assert Operation.objects.filter(tenant_id=at.of.tenant_id).count() == before
        assert not Subscription.objects.filter(provider_id=order["provider_id"]).exists()
        for _ in range(2):
            done = client.post(ORDER, order | {"place": own, "confirm": "yes"})
            assert done["Location"].startswith("/subscriptions/")
        one = Subscription.objects.get(provider_id=order["provider_id"])
        assert SubscriptionMapping.objects.get(subscription=one).contract_id == at.refs["k"]
        kinds = Operation.objects.filter(subscription=one).order_by("sequence")
        assert list(kinds.values_list("kind", flat=True)) == ["purchase", "map"]


def test_what_is_not_mapped_yet_is_said_and_chosen_next() -> None:
    with desk() as at:
        order, client = order_of(at, mapped=False), visitor(at)
        said = text(client.post(ORDER, order | {"look": "yes"}, headers=PART))
        assert "Record the order: it is chosen next, in one flow." in said
        assert "Confirm Sync" not in said
        early = text(client.post(ORDER, order | {"look": "yes", "quantity": "x"}, headers=PART))
        assert "Fill in the order: then it is said where it is billed." in early
        none = client.post(ORDER, order | {"look": "yes", "sync_to": ""}, headers=PART)
        assert text(none) == ""
        done = client.post(ORDER, order | {"confirm": "yes", "place": f"{at.refs['k']}:own"})
        one = Subscription.objects.get(provider_id=order["provider_id"])
        assert done["Location"] == (
            f"/connectors/{at.connection_id}/subscription-mapping/{one.pk}/map"
        )
        assert "Recorded, and not mapped yet" in text(client.get(done["Location"]))
