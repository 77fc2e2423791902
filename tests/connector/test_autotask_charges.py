"""Contract charges: the very bytes, how a row is read, and what nothing proves."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.connector.bench import billing_of, soon
from tests.connector.raw_server import Call, RawServer

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.charges import (
    changed_charge_body,
    new_charge_body,
    shown_charge,
)
from tallystick.sync.charge_port import ChargeChange, ChargeCode, NewCharge, ShownCharge
from tallystick.sync.port import Applied, Refused

NEW = NewCharge(
    contract_id=7001,
    reference="tallystick:7:2026-05:1",
    name="Azure May 2026",
    day=date(2026, 5, 31),
    price=Decimal("130.5"),
    cost=Decimal(95),
    code_id=29,
)
CHANGE = ChargeChange(7001, 55, NEW.reference, Decimal("131"), None)
ROW = {
    "id": 55,
    "contractID": 7001,
    "internalPurchaseOrderNumber": " tallystick:7:2026-05:1 ",
    "datePurchased": "2026-05-31T00:00:00Z",
    "billableAmount": Decimal("130.5000"),
    "extendedCost": Decimal("95.0000"),
    "isBilled": False,
    "isBillableToCompany": True,
}


def test_a_new_charge_is_one_post_of_these_bytes() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 55})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.create_charge(NEW, deadline=soon())
    assert isinstance(answer, Applied)
    assert answer.created_id == 55
    (post,) = server.calls
    assert (post.method, post.path) == ("POST", "/ATServicesRest/V1.0/Contracts/7001/Charges")
    assert post.body == (
        b'{"contractID":7001,"name":"Azure May 2026",'
        b'"internalPurchaseOrderNumber":"tallystick:7:2026-05:1","chargeType":1,'
        b'"billingCodeID":29,"datePurchased":"2026-05-31","unitQuantity":1,"unitPrice":130.5000,'
        b'"isBillableToCompany":true,"unitCost":95.0000}'
    )
    assert post.body == billing.written(NEW).encode()


def test_a_changed_charge_is_one_patch_of_the_amounts() -> None:
    with (
        RawServer(lambda call: call.answer(200, {"itemId": 55})) as server,
        billing_of(server.origin) as billing,
    ):
        answer = billing.change_charge(CHANGE, deadline=soon())
    assert isinstance(answer, Applied)
    (patch,) = server.calls
    assert (patch.method, patch.path) == ("PATCH", "/ATServicesRest/V1.0/Contracts/7001/Charges")
    assert patch.body == b'{"id":55,"unitPrice":131.0000}' == billing.written(CHANGE).encode()


@pytest.mark.parametrize("reference", ["", "   ", "x" * 51, "a\nb"])
def test_a_reference_that_could_not_be_found_again_is_not_sent(reference: str) -> None:
    bad = NewCharge(7001, reference, "x", date(2026, 5, 31), Decimal(1), None, 29)
    with pytest.raises(ValueError, match="reference"):
        new_charge_body(bad)
    with RawServer(lambda call: call.answer(200, {})) as server:
        with billing_of(server.origin) as billing:
            assert isinstance(billing.create_charge(bad, deadline=soon()), Refused)
            assert billing.written(bad) == ""
        assert server.calls == []


def test_a_cost_that_is_not_said_is_not_sent() -> None:
    without = NewCharge(7001, "r", "n" * 101, date(2026, 5, 31), Decimal(1), None, 29)
    body = new_charge_body(without)
    assert "unitCost" not in body
    assert body["name"] == "n" * 100
    said = ChargeChange(1, 2, "r", Decimal(1), Decimal(2))
    assert changed_charge_body(said)["unitCost"] == Decimal(2)


def test_a_row_is_read_as_it_is() -> None:
    assert shown_charge(ROW) == ShownCharge(
        55,
        7001,
        "tallystick:7:2026-05:1",
        date(2026, 5, 31),
        Decimal("130.5"),
        Decimal("95"),
        billed=False,
    )


@pytest.mark.parametrize(
    ("changes", "price", "cost"),
    [
        ({"billableAmount": None, "extendedCost": None}, None, None),
        ({"isBillableToCompany": False}, Decimal(0), Decimal(95)),
        ({"isBillableToCompany": 0}, Decimal(0), Decimal(95)),
    ],
)
def test_what_is_hidden_is_unknown_and_what_is_not_billable_bills_nothing(
    changes: dict[str, Any], price: Decimal | None, cost: Decimal | None
) -> None:
    shown = shown_charge({**ROW, **changes})
    assert (shown.price, shown.cost) == (price, cost)


@pytest.mark.parametrize(
    "changes",
    [{"isBilled": None}, {"datePurchased": None}, {"contractID": "x"}, {"billableAmount": "1"}],
)
def test_a_row_that_is_not_understood_proves_nothing(changes: dict[str, Any]) -> None:
    with pytest.raises(Unclear):
        shown_charge({**ROW, **changes})


def answering(charges: list[dict[str, Any]], contracts: list[dict[str, Any]]) -> Any:
    def answer(call: Call) -> None:
        rows = charges if "ContractCharges" in call.path else contracts
        if "BillingCodes" in call.path:
            rows = [{"id": 30, "name": "B", "useType": 3}, {"id": 29, "name": "A", "useType": 3}]
        if call.path.endswith("/count"):
            call.answer(200, {"queryCount": len(rows)})
            return
        plain = json.loads(json.dumps(rows, default=float))
        details = {"count": len(rows), "requestCount": 500, "nextPageUrl": None}
        call.answer(200, {"items": plain, "pageDetails": details})

    return answer


def test_charges_are_found_by_our_reference_exactly() -> None:
    other = {**ROW, "id": 56, "internalPurchaseOrderNumber": "TALLYSTICK:7:2026-05:1"}
    with (
        RawServer(answering([other, ROW], [])) as server,
        billing_of(server.origin) as billing,
    ):
        found = billing.find_charges({NEW.reference: 7001})
    assert [one.charge_id for one in found[NEW.reference]] == [55]


def test_absent_is_only_said_of_a_contract_that_is_shown() -> None:
    contract = {"id": 7001, "companyID": 1}
    with RawServer(answering([], [contract])) as server, billing_of(server.origin) as billing:
        assert billing.find_charges({"r": 7001}) == {"r": ()}
    with (
        RawServer(answering([], [])) as server,
        billing_of(server.origin) as billing,
        pytest.raises(Unclear, match="no contract 7001"),
    ):
        billing.find_charges({"r": 7001})


def test_the_codes_in_use() -> None:
    with RawServer(answering([], [])) as server, billing_of(server.origin) as billing:
        assert list(billing.charge_codes()) == [ChargeCode(29, "A"), ChargeCode(30, "B")]


def test_a_code_of_another_use_was_not_asked_for() -> None:
    def wrong(call: Call) -> None:
        details = {"count": 1, "requestCount": 500, "nextPageUrl": None}
        item = {"id": 1, "name": "Labor", "useType": 1}
        call.answer(200, {"items": [item], "pageDetails": details})

    with (
        RawServer(wrong) as server,
        billing_of(server.origin) as billing,
        pytest.raises(Unclear, match="not asked for"),
    ):
        billing.charge_codes()
