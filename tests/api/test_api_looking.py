"""Looking ahead reads Autotask, and nobody is asked anything inside a transaction."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from api_calls import Said, api_of
from django.db import connections

from harness import World, eventually, wire_to
from price_desk import by, listed, ruled
from processes import as_owner
from tallystick.bootstrap import glance
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.identity.models import IdempotentRequest
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

QUANTITY = {"kind": "update_quantity", "quantity": 12}
PRICE = {
    "kind": "update_price_margin",
    "unit_price": "18.30",
    "effective_on": "2026-05-10",
    "gap_charge": True,
}
OPEN = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
   AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
"""


def ahead_of_one(line: Any) -> tuple[str, dict[str, Any]]:
    return f"/subscriptions/{line.subscription_id}/operations?preview=true", QUANTITY


def ahead_of_one_said_otherwise(line: Any) -> tuple[str, dict[str, Any]]:
    return f"/subscriptions/{line.subscription_id}/operations?preview=1", QUANTITY


def ahead_of_many(line: Any) -> tuple[str, dict[str, Any]]:
    one = {"subscription_id": line.subscription_id, "operation": QUANTITY}
    return "/operations/preview", {"operations": [one]}


def one_with_its_gap(line: Any) -> tuple[str, dict[str, Any]]:
    return f"/subscriptions/{line.subscription_id}/operations", PRICE


def several_with_a_gap(line: Any) -> tuple[str, dict[str, Any]]:
    one = {"subscription_id": line.subscription_id, "operation": PRICE}
    return "/operations", {"operations": [one]}


def priced(line: Any) -> tuple[Any, int]:
    """Its organisation, and a margin rule that changes its price."""
    of, offer = line.world.tenancy, Subscription.objects.get(pk=line.subscription_id).offer_id
    listed(of, offer)
    mark_price_lock(offer, locked=False, by=by(of))
    return of, ruled(of, "30")


def ahead_of_a_list(line: Any) -> tuple[str, dict[str, Any]]:
    of, _ = priced(line)
    return "/prices/apply", {"on": of.today().isoformat(), "dry_run": True}


def ahead_of_a_rule(line: Any) -> tuple[str, dict[str, Any]]:
    return f"/margin-rules/{priced(line)[1]}/apply", {"dry_run": True}


def a_list_with_gaps(line: Any) -> tuple[str, dict[str, Any]]:
    address, body = ahead_of_a_list(line)
    return address, {"on": body["on"], "gap_charge": True}


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (ahead_of_one, {}),
        (ahead_of_one_said_otherwise, {"Idempotency_Key": "look-1"}),
        (ahead_of_many, {}),
        (ahead_of_a_list, {}),
        (ahead_of_a_rule, {"Idempotency_Key": "look-1"}),
    ],
)
def test_a_slow_autotask_holds_no_transaction_open(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: Any, key: dict[str, str]
) -> None:
    said = while_autotask_is_slow(world, monkeypatch, asked, key)
    assert said.status == 200


@pytest.mark.parametrize("key", [{}, {"Idempotency_Key": "look-2"}])
@pytest.mark.parametrize("asked", [one_with_its_gap, several_with_a_gap, a_list_with_gaps])
def test_nor_where_what_is_recorded_depends_on_it(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: Any, key: dict[str, str]
) -> None:
    said = while_autotask_is_slow(world, monkeypatch, asked, key)
    assert said.status in {201, 202, 422}, said.text


@pytest.mark.usefixtures("looked_at")
@pytest.mark.parametrize("asked", [one_with_its_gap, several_with_a_gap])
def test_recorded_once_with_its_gap_whatever_is_lost(world: World, asked: Any) -> None:
    """The answer is kept after what it says was recorded: a call that died in between."""
    line, api = world.line(units=10, ends=date(2098, 12, 31)), api_of(world.tenancy)
    of_line = Operation.objects.filter(subscription_id=line.subscription_id)
    before = of_line.count()
    address, body = asked(line)
    refused = api.post(address, body, Idempotency_Key="gap-1")  # nothing is posted: no gap
    assert (refused.status, of_line.count()) == (422, before)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    done = api.post(address, body, Idempotency_Key="gap-1")
    assert (done.status, of_line.count()) == (201, before + 2), done.text
    assert api.post(address, body, Idempotency_Key="gap-1").body == done.body
    IdempotentRequest.objects.all().delete()
    again = api.post(address, body, Idempotency_Key="gap-1")
    assert (again.status, of_line.count()) == (201, before + 2), again.text


def while_autotask_is_slow(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: Any, key: dict[str, str]
) -> Said:
    """Asks, and looks meanwhile that no transaction is open."""
    monkeypatch.setattr(glance, "quick_wire", lambda: wire_to(world.simulator.origin))
    line = world.line(units=10, ends=date(2098, 12, 31))
    api = api_of(world.tenancy)
    address, body = asked(line)
    # Answered when the test has looked, or not at all: both are an answer to the caller.
    slow = world.simulator.add_fault("slow", seconds=3, path="ContractServiceUnits")

    def ask() -> Said:
        try:
            return api.post(address, body, **key)
        finally:
            connections.close_all()

    def is_asked() -> bool:
        return any(one["id"] == slow and one["hits"] for one in world.simulator.faults())

    with ThreadPoolExecutor(1) as thread:
        said = thread.submit(ask)
        eventually(lambda: is_asked() or said.done(), seconds=60)
        assert is_asked(), said.result().text
        with as_owner(os.environ["TALLYSTICK_TEST_DATABASE_URL"]) as owner:
            open_ones = owner.execute(OPEN).fetchone()
        answer = said.result(60)
    assert open_ones == (0,)
    assert answer.status != 200 or line.states() == ["synced"], "nothing was recorded"
    return answer
