"""Renewals and commitments on pages, asked without a browser."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from factories import Tenancy, nobody_wakes, sibling, tenancy, user
from tallystick.kit.clock import DatabaseClock, SteppedClock
from tallystick.operations.carry_out import carry_out
from tallystick.operations.schedule import Plan, schedule
from tallystick.operations.suspend import suspend
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import EndOfTerm

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


def held_up(of: Tenancy) -> int:
    """Scheduled with another quantity, and suspended when its term was over."""
    ends = today() - timedelta(days=1)
    held = of.subscription(
        customer_id=of.customer("Juniper & Sons"),
        starts_on=date(2026, 1, 1),
        commitment_ends_on=ends,
    )
    plan = Plan(then=EndOfTerm.RENEW, quantity=8)
    before = ends - timedelta(days=30)
    schedule(subscription_id=held, plan=plan, today=before, asked=of.asked())
    suspend(subscription_id=held, effective_on=before, today=before, asked=of.asked())
    of.clock = SteppedClock(DatabaseClock().now())
    carry_out(held, now=of.clock.now(), wake=nobody_wakes)
    return held


def test_what_was_refused_on_its_day_stands_with_its_reason() -> None:
    of = tenancy()
    held = held_up(of)
    reason = "The quantity cannot be changed while it is suspended. Nothing was recorded or sent."
    for address in ("/renewals?show=needs", "/renewals?show=over", f"/subscriptions/{held}"):
        said = page(of, address)
        assert reason in said, address
        assert "Reactivate it if it is suspended" in said
    assert f'href="/subscriptions/{held}/change/reactivate"' in said
    assert f'href="/subscriptions/{held}/scheduled/take-back"' in said
    home = page(of, "/")
    assert "1 subscription waits for a word on what happens now, under Renewals." in home
    assert 'href="/renewals?show=needs"' in home
    assert "Nothing waits for you" in page(sibling(of), "/renewals?show=needs")


def test_a_term_nobody_has_spoken_of_is_decided_on_its_form() -> None:
    of = tenancy()
    ends = today() - timedelta(days=3)
    held = of.subscription(commitment_ends_on=ends)
    assert "Nobody has said what happens at the end." in page(of, "/renewals?show=needs")
    client = Client()
    client.force_login(user(of))
    address = f"/subscriptions/{held}/next-term"
    form = client.get(address).content.decode()
    assert "The term is over: what you say is recorded as of the day after" in form
    assert " checked" not in form, "nothing is guessed"
    nothing = client.post(address, {"token": "a" * 32})
    assert nothing.status_code == 400
    assert "choose one of the three" in nothing.content.decode()
    said = client.post(address, {"token": "b" * 32, "end_of_term": "renew", "quantity": "8"})
    assert said.status_code == 302
    assert Subscription.objects.get(pk=held).quantity == 8
    assert "Nothing waits for you" in page(of, "/renewals?show=needs")


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
