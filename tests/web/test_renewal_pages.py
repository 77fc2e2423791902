"""Renewals and commitments on pages, asked without a browser."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from tallystick.kit.clock import DatabaseClock

pytestmark = pytest.mark.usefixtures("db")


def today() -> date:
    return DatabaseClock().now().date()


def page(of: Tenancy, address: str) -> str:
    client = Client()
    client.force_login(user(of))
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_terms_that_end_stand_with_what_happens_then() -> None:
    of = tenancy()
    of.subscription(
        customer_id=of.customer("Juniper & Sons"), commitment_ends_on=today() + timedelta(days=1)
    )
    said = page(of, "/renewals")
    assert "Juniper &amp; Sons" in said
    assert "tomorrow" in said
    assert "Juniper" not in page(of, "/renewals?then=cancel")
    assert "Juniper" not in page(of, "/renewals?show=over")
    assert "No term ends in this time" in page(sibling(of), "/renewals")


def test_a_term_that_ended_without_a_renewal_is_found() -> None:
    of = tenancy()
    of.subscription(commitment_ends_on=today() - timedelta(days=3))
    assert "ended 3 days ago" in page(of, "/renewals?show=over")
    assert "No term ends in this time" in page(of, "/renewals")


def test_the_forms_say_what_is_committed() -> None:
    of = tenancy()
    held = of.subscription(commitment_ends_on=today() + timedelta(days=200))
    assert "These licences are committed" in page(of, f"/subscriptions/{held}/change-quantity")
    assert "It is committed until" in page(of, f"/subscriptions/{held}/cancel")
    assert "Fewer licences now" in page(of, f"/subscriptions/{held}")


def test_without_a_commitment_nothing_is_said() -> None:
    of = tenancy()
    held = of.subscription()
    assert "committed" not in page(of, f"/subscriptions/{held}/change-quantity")
    assert "Fewer licences now" not in page(of, f"/subscriptions/{held}")
