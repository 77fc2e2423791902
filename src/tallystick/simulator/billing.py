"""Approve and post: what an administrator does in Autotask; the API cannot (metadata).

Billing items exist only after it (live): one for each period of a line, and one prorated
"Recurring Services Adjustment" for each change inside a period, plus or minus (support article),
and one for each billable charge, which is billed from then on (official page of ContractCharges).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.simulator.entities import BILLING_ITEM_TYPES
from tallystick.simulator.jsontext import money
from tallystick.simulator.lines import Billed, Line, UnitRow, rounded
from tallystick.simulator.world import World

_TYPE = {label: number for number, label in BILLING_ITEM_TYPES.items()}
_NOTHING = Billed(units=0, amount=Decimal(0), cost=Decimal(0))


def approve_and_post(world: World, contract_id: int, up_to: date) -> list[int]:
    """Post every row and charge of the contract dated on or before ``up_to``; answers the items.

    Posting again bills only what changed since; a charge is billed once. Raises
    LookupError for an unknown contract.
    """
    if world.find("Contracts", contract_id) is None:
        raise LookupError(f"there is no contract {contract_id}")
    now = world.clock.now()
    created: list[int] = []
    for line in world.lines_of(contract_id):
        before: UnitRow | None = None
        for row in line.rows:
            if row.span.starts_on > up_to:
                break
            if before is not None and before.span.period_start != row.span.period_start:
                before = None
            item = _bill(world, line, row, before, now)
            if item is not None:
                created.append(item)
            line.posted.setdefault(row.span.starts_on, now)
            before = row
        world.rebuild(line)
    return [*created, *_bill_charges(world, contract_id, up_to, now)]


def _bill_charges(world: World, contract_id: int, up_to: date, now: datetime) -> list[int]:
    """Billable charges appear in Approve and Post (official); billed ones stay as they are."""
    created = []
    for charge in world.table("ContractCharges"):
        if charge["contractID"] != contract_id or charge["datePurchased"] > up_to:
            continue
        if charge["isBilled"] or not charge["isBillableToCompany"]:
            continue
        world.table("ContractCharges").update(charge["id"], {"isBilled": True})
        created.append(world.add("BillingItems", _charge_item(world, charge, now)))
    return created


def _charge_item(world: World, charge: dict[str, Any], now: datetime) -> dict[str, Any]:
    contract = world.find("Contracts", charge["contractID"]) or {}
    amount = charge["billableAmount"]
    internal = money(rounded(amount * world.knobs["currency_scale"], world.knobs))
    return {
        "billingItemType": _TYPE["Contract Cost"],
        "subType": _TYPE["Contract Cost"],
        "companyID": contract.get("companyID"),
        "contractID": charge["contractID"],
        "contractChargeID": charge["id"],
        "itemDate": charge["datePurchased"],
        "itemName": charge["name"],
        "description": charge.get("description"),
        "quantity": charge["unitQuantity"],
        "rate": money(charge.get("unitPrice")),
        "extendedPrice": money(amount),
        "totalAmount": money(amount),
        "internalCurrencyExtendedPrice": internal,
        "internalCurrencyTotalAmount": internal,
        "internalCurrencyRate": money(charge.get("unitPrice")),
        "ourCost": charge["extendedCost"],
        "nonBillable": 0,
        "invoiceID": 0,
        "postedDate": now,
        "postedOnTime": now,
        "billingCodeID": charge.get("billingCodeID"),
    }


def _step(row: UnitRow, before: UnitRow | None, world: World) -> Billed:
    """What the row adds to the row before it in its period, for the days it lasts to its end."""
    span = row.span
    share = Decimal((span.period_until - span.starts_on).days) / Decimal(span.period_days)
    price = span.unit_price or Decimal(0)
    cost = span.unit_cost or Decimal(0)
    units, amount, whole_cost = span.units, span.units * price, span.units * cost
    if before is not None:
        units -= before.span.units
        amount -= before.span.units * (before.span.unit_price or Decimal(0))
        whole_cost -= before.span.units * (before.span.unit_cost or Decimal(0))
    return Billed(
        units=units,
        amount=rounded(amount * share, world.knobs),
        cost=rounded(whole_cost * share, world.knobs),
    )


def _bill(
    world: World, line: Line, row: UnitRow, before: UnitRow | None, now: datetime
) -> int | None:
    step = _step(row, before, world)
    start = row.span.starts_on
    is_posted = start in line.posted
    billed = line.billed.get(start, _NOTHING)
    is_base = before is None and not is_posted
    line.billed[start] = step
    if step == billed and not is_base:
        return None
    units, amount = step.units - billed.units, step.amount - billed.amount
    label = "Recurring Service Bundle" if line.is_bundle else "Recurring Services"
    if not is_base:
        label += " Adjustment"
    return world.add("BillingItems", _item(world, line, row, label, units, amount, step, now))


def _item(
    world: World,
    line: Line,
    row: UnitRow,
    label: str,
    units: int,
    amount: Decimal,
    step: Billed,
    now: datetime,
) -> dict[str, Any]:
    contract = world.find("Contracts", line.contract_id) or {}
    service = world.find("ServiceBundles" if line.is_bundle else "Services", line.service_id) or {}
    change = line.changes.get(row.span.starts_on)
    adjustment = change.adjustment_id if change is not None else None
    kind = "Bundle" if line.is_bundle else ""
    internal = money(rounded(amount * world.knobs["currency_scale"], world.knobs))
    return {
        "billingItemType": _TYPE[label],
        "subType": _TYPE[label],
        "companyID": contract.get("companyID"),
        "contractID": line.contract_id,
        "itemDate": row.span.starts_on,
        "itemName": service.get("name"),
        "description": label,
        "quantity": Decimal(units),
        "rate": money(row.span.unit_price),
        "extendedPrice": money(amount),
        "totalAmount": money(amount),
        "internalCurrencyExtendedPrice": internal,
        "internalCurrencyTotalAmount": internal,
        "internalCurrencyRate": money(row.span.unit_price),
        "ourCost": money(step.cost),
        "nonBillable": 0,
        "invoiceID": 0,
        "postedDate": now,
        "postedOnTime": now,
        "billingCodeID": service.get("billingCodeID"),
        f"service{kind}ID": line.service_id,
        f"contractService{kind}ID": line.id,
        f"contractService{kind}PeriodID": row.id,
        f"contractService{kind}AdjustmentID": adjustment,
    }
