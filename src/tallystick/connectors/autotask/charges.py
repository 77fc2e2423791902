"""Contract charges: their bodies, and how they are read.

Vendor facts (official page of ContractCharges, entity metadata): a charge needs ``name``,
``chargeType``, ``contractID``, ``datePurchased``, ``unitQuantity``, and a product or a billing
code that is a Material Cost Code; ``billableAmount`` is ``unitQuantity`` x ``unitPrice``; it is
changed or deleted only while ``isBilled`` is false. ``internalPurchaseOrderNumber`` holds 50
characters, can be queried, and is not the customer's: it carries our reference. A charge that is
changed keeps what is left out.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.bodies import JsonObject, Written, exact_money
from tallystick.connectors.autotask.client import (
    MOST_RECORDS,
    AutotaskClient,
    equal,
    one_of_texts,
)
from tallystick.connectors.autotask.fields import (
    day,
    flag,
    money_or_none,
    text_or_none,
    whole,
    whole_or_none,
)
from tallystick.kit.chunks import chunks
from tallystick.sync.charge_port import ChargeChange, ChargeCode, NewCharge, ShownCharge

LONGEST_REFERENCE = 50
LONGEST_NAME = 100
OPERATIONAL = 1  # chargeType, a list of the system's own (metadata)
MATERIAL_CODE = 3  # BillingCodes.useType

CHARGE_FIELDS = (
    "contractID",
    "internalPurchaseOrderNumber",
    "datePurchased",
    "billableAmount",
    "extendedCost",
    "isBilled",
    "isBillableToCompany",
)

Body = dict[str, Written]


def new_charge_body(new: NewCharge) -> Body:
    """One piece at the whole amount, billable. Raises ValueError for what Autotask cannot hold."""
    reference = new.reference
    if not reference.strip() or len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        raise ValueError("the reference must be 1 to 50 printable characters")
    body: Body = {
        "contractID": new.contract_id,
        "name": new.name[:LONGEST_NAME],
        "internalPurchaseOrderNumber": reference,
        "chargeType": OPERATIONAL,
        "billingCodeID": new.code_id,
        "datePurchased": new.day.isoformat(),
        "unitQuantity": 1,
        "unitPrice": exact_money(new.price),
        "isBillableToCompany": True,
    }
    if new.cost is not None:
        body["unitCost"] = exact_money(new.cost)
    return body


def changed_charge_body(change: ChargeChange) -> Body:
    """The amounts alone. Raises ValueError for what Autotask cannot hold."""
    body: Body = {"id": change.charge_id, "unitPrice": exact_money(change.price)}
    if change.cost is not None:
        body["unitCost"] = exact_money(change.cost)
    return body


def shown_charge(row: JsonObject) -> ShownCharge:
    """Read one row. Raises Unclear for a missing or mistyped field.

    What is not billable to the company bills nothing: its price is 0.
    """
    billable = flag(row, "isBillableToCompany")
    return ShownCharge(
        charge_id=whole(row, "id"),
        contract_id=whole(row, "contractID"),
        reference=(text_or_none(row, "internalPurchaseOrderNumber") or "").strip(),
        day=day(row, "datePurchased"),
        price=money_or_none(row, "billableAmount") if billable else Decimal(0),
        cost=money_or_none(row, "extendedCost"),
        billed=flag(row, "isBilled"),
    )


def _charge_code(row: JsonObject) -> ChargeCode:
    """Read one billing code. Raises Unclear."""
    if whole_or_none(row, "useType") != MATERIAL_CODE:
        raise Unclear("Autotask answered with a billing code that was not asked for.")
    return ChargeCode(whole(row, "id"), text_or_none(row, "name") or "")


def find_charges(
    client: AutotaskClient, references: Collection[str]
) -> dict[str, tuple[ShownCharge, ...]]:
    """Every charge that carries one of these, wherever it is now. Raises BillingError."""
    found: dict[str, list[ShownCharge]] = {reference: [] for reference in references}
    for some in chunks(sorted(references), MOST_RECORDS):
        answered = client.query(
            "ContractCharges",
            where=[one_of_texts("internalPurchaseOrderNumber", some)],
            fields=CHARGE_FIELDS,
        )
        for one in map(shown_charge, answered):
            if one.reference in found:  # the database compares without letter case
                found[one.reference].append(one)
    return {
        reference: tuple(sorted(charges, key=lambda one: one.charge_id))
        for reference, charges in found.items()
    }


def charge_codes(client: AutotaskClient) -> list[ChargeCode]:
    """The active Material Cost Codes. Raises BillingError."""
    rows = client.query(
        "BillingCodes",
        where=[equal("useType", MATERIAL_CODE), equal("isActive", True)],
        fields=("name", "useType"),
    )
    return sorted(map(_charge_code, rows), key=lambda one: one.code_id)
