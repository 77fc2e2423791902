"""The handshake says what works and what a person must do, and never hammers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.connector.bench import CREDENTIALS, quick
from tests.connector.raw_server import Call, RawServer, page

from tallystick.connectors.autotask import handshake
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.wire import shared_http_client
from tallystick.kit.clock import SteppedClock

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
MONEY: list[dict[str, object]] = [
    {"id": 1, "name": "USD", "isActive": True, "isInternalCurrency": True},
    {"id": 2, "name": "EUR", "isActive": True, "isInternalCurrency": False},
    {"id": 3, "name": "DKK", "isActive": False, "isInternalCurrency": False},
]
DATE = {"Date": "Fri, 01 May 2026 12:00:05 GMT"}


def healthy(call: Call) -> None:
    if call.path.endswith("ThresholdInformation"):
        call.answer(
            200,
            {
                "externalRequestThreshold": 10000,
                "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": 124,
            },
        )
        return
    if "Currencies/query" in call.path:
        page(call, MONEY)
        return
    info = {"canQuery": True, "userAccessForQuery": "All"}
    info |= {"canCreate": True, "userAccessForCreate": "All"}
    info |= {"canUpdate": True, "userAccessForUpdate": "All"}
    if "Adjustments" in call.path:
        info = {"canQuery": False, "canCreate": True, "userAccessForCreate": "All"}
    call.answer(200, {"info": info}, headers=DATE)


def run(
    behaviour: Callable[[Call], None], *, now: datetime = NOW, answers_zone: bool = True
) -> tuple[dict[str, tuple[bool, str]], RawServer]:
    with (
        RawServer(behaviour, answers_zone=answers_zone) as server,
        shared_http_client(quick(server.origin)) as wire,
    ):
        checks = handshake.test(
            credentials=CREDENTIALS,
            gate=LocalGate(),
            http=wire,
            clock=SteppedClock(now),
            currencies=handshake.Currencies(price="EUR", cost="USD"),
        )
    return {check.name: (check.ok, check.words) for check in checks}, server


def test_all_is_well() -> None:
    checks, server = run(healthy)
    assert all(ok for ok, _ in checks.values()), checks
    assert list(checks) == [
        "reachable",
        "zone",
        "code",
        "secret",
        "read ContractServiceUnits",
        "read ContractServices",
        "read Contracts",
        "read Companies",
        "read Services",
        "read ContractCharges",
        "read BillingCodes",
        "create ContractServiceAdjustments",
        "create ContractServices",
        "create ContractCharges",
        "change ContractCharges",
        "cost currency",
        "price currency",
        "threshold",
        "clock",
    ]
    assert checks["threshold"][1] == "124 of 10000 requests used in the past 60 minutes."
    written = [call for call in server.calls if call.method != "GET" and "query" not in call.path]
    assert written == []


def test_wrong_credentials_stop_the_handshake_at_once() -> None:
    checks, server = run(lambda call: call.answer(401, b""))
    assert checks["secret"][0] is False
    assert "which of the two" in todo(lambda call: call.answer(401, b""), "secret")
    assert list(checks)[-1] == "secret"
    assert len(server.calls) == 2  # once, and once more after asking for the zone again


def todo(behaviour: Callable[[Call], None], name: str, **more: Any) -> str:
    currencies = handshake.Currencies(more.get("price", "EUR"), more.get("cost", "USD"))
    with RawServer(behaviour) as server, shared_http_client(quick(server.origin)) as wire:
        checks = handshake.test(
            credentials=CREDENTIALS,
            gate=LocalGate(),
            http=wire,
            clock=SteppedClock(NOW),
            currencies=currencies,
        )
    return next(check.todo for check in checks if check.name == name)


def test_a_wrong_integration_code_is_told_from_a_wrong_secret() -> None:
    def behave(call: Call) -> None:
        call.answer(500, {"errors": ["IntegrationCode is invalid."]})

    checks, server = run(behave)
    assert list(checks)[-1] == "code"
    assert "IntegrationCode is invalid" in checks["code"][1]
    assert "27 letters" in todo(behave, "code")
    assert len(server.calls) == 1


def test_each_currency_is_compared_with_autotasks() -> None:
    assert "cost currency to it" in todo(healthy, "cost currency", cost="EUR")
    assert todo(healthy, "price currency") == ""
    for price in ("DKK", "SEK"):
        assert "Activate it in Autotask" in todo(healthy, "price currency", price=price)


def test_currencies_that_cannot_be_read_are_not_held_against_it() -> None:
    def behave(call: Call) -> None:
        if "Currencies" in call.path:
            call.answer(500, {"errors": ["You may not."]})
        else:
            healthy(call)

    checks, _ = run(behave)
    assert checks["currency"][0] is True
    assert "Could not be checked" in checks["currency"][1]


def test_a_used_up_hour_is_told() -> None:
    def behave(call: Call) -> None:
        if call.path.endswith("ThresholdInformation"):
            used = {"externalRequestThreshold": 10000, "currentTimeframeRequestCount": 10000}
            call.answer(200, {**used, "requestThresholdTimeframe": 60})
        else:
            healthy(call)

    checks, _ = run(behave)
    assert checks["threshold"][0] is False
    assert "one for all" in todo(behave, "threshold")


def test_an_unknown_user_is_a_matter_of_the_zone() -> None:
    words = {"errors": ["Zone information could not be determined"]}
    checks, _ = run(lambda call: call.answer(500, words), answers_zone=False)
    assert checks["reachable"][0] is True
    assert checks["zone"][0] is False
    assert "could not be determined" in checks["zone"][1]


def test_nobody_there() -> None:
    checks, _ = run(lambda call: call.reset(), answers_zone=False)
    assert list(checks) == ["reachable"]
    assert checks["reachable"][0] is False


@pytest.mark.parametrize("access", ["None", "Restricted"])
def test_a_missing_or_partial_right_is_named(access: str) -> None:
    def partly(call: Call) -> None:
        if "/Contracts/" in call.path:
            call.answer(200, {"info": {"canQuery": True, "userAccessForQuery": access}})
        else:
            healthy(call)

    checks, _ = run(partly)
    assert checks["read Contracts"][0] is False
    assert "read Contracts" in checks["read Contracts"][1]
    assert checks["read Companies"][0] is True


def test_a_refused_right_comes_in_autotasks_words() -> None:
    words = "The logged in Resource does not have the adequate permissions."

    def partly(call: Call) -> None:
        if "Adjustments" in call.path:
            call.answer(500, {"errors": [words]})
        else:
            healthy(call)

    checks, _ = run(partly)
    assert checks["create ContractServiceAdjustments"] == (False, words)


def test_a_clock_that_is_far_off_is_told() -> None:
    checks, _ = run(healthy, now=NOW + timedelta(minutes=10))
    assert checks["clock"][0] is False
    assert "595 seconds" in checks["clock"][1]
