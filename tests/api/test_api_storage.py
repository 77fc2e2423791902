"""A database without room: what the front doors say, and that nothing is half-stored."""

from __future__ import annotations

import pytest
from api_calls import Api
from django.test import Client

from factories import user
from full_disk import no_room_for
from tallystick.ledger.models import Operation

pytestmark = pytest.mark.usefixtures("db")


def test_it_is_said_in_words_by_both_front_doors(api: Api) -> None:
    subscription_id = api.of.subscription(quantity=10)
    visitor = Client()
    visitor.force_login(user(api.of))
    form = f"/subscriptions/{subscription_id}/change-quantity"
    change = {"kind": "update_quantity", "quantity": 12}
    with no_room_for("ledger_operation", "subscription_id", subscription_id):
        said = api.post(f"/subscriptions/{subscription_id}/operations", change)
        page = visitor.post(form, {"quantity": "12", "effective_on": "2026-05-10"})

    assert said.status == 507
    assert said.body["type"] == "urn:tallystick:problem:storage-full"
    assert "Nothing was recorded" in said.body["detail"]
    assert page.status_code == 507
    assert "The database&#x27;s storage is full" in page.content.decode()
    assert "Nothing was recorded" in page.content.decode()
    assert Operation.objects.filter(subscription_id=subscription_id).count() == 1
    assert api.post(f"/subscriptions/{subscription_id}/operations", change).status == 201
