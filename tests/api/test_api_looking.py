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
from processes import as_owner
from tallystick.bootstrap import preview

QUANTITY = {"kind": "update_quantity", "quantity": 12}
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


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (ahead_of_one, {}),
        (ahead_of_one_said_otherwise, {"Idempotency_Key": "look-1"}),
        (ahead_of_many, {}),
    ],
)
def test_a_slow_autotask_holds_no_transaction_open(
    world: World, monkeypatch: pytest.MonkeyPatch, asked: Any, key: dict[str, str]
) -> None:
    monkeypatch.setattr(preview, "quick_wire", lambda: wire_to(world.simulator.origin))
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
        assert said.result(60).status == 200
    assert open_ones == (0,)
    assert line.states() == ["synced"], "nothing was recorded"
