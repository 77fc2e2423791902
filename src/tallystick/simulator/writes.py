"""Create, update and delete records, with each entity's own rules.

PATCH leaves omitted fields alone, PUT sets every omitted writable field to null (official).
Read-only fields that are sent are ignored, as SOAP does (official for SOAP, inference for REST).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tallystick.simulator import errors
from tallystick.simulator.adjust import Adjustment, adjust, shorten
from tallystick.simulator.entities import (
    ACTIVE,
    BLOCK_HOURS,
    ENTITIES,
    INCIDENT,
    MATERIAL_CODE,
    PERIOD_MONTHS,
    RECURRING_SERVICE,
    RETAINER,
)
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity
from tallystick.simulator.jsontext import money
from tallystick.simulator.newlines import NewLine, plan_line, settle_line
from tallystick.simulator.seeds import list_price
from tallystick.simulator.values import (
    check_required,
    check_values,
    read_body,
    read_typed,
)
from tallystick.simulator.world import World

_ADJUSTMENTS = ("ContractServiceAdjustments", "ContractServiceBundleAdjustments")
_LINES = ("ContractServices", "ContractServiceBundles")
#: What a record cannot be made without, whatever a tenant's recorded metadata says is required.
_INDISPENSABLE = {
    "Contracts": ("startDate", "endDate"),
    "ContractServices": ("contractID", "serviceID"),
    "ContractServiceBundles": ("contractID", "serviceBundleID"),
    "ContractServiceAdjustments": ("effectiveDate",),
    "ContractServiceBundleAdjustments": ("effectiveDate",),
}
_DEFAULTS: dict[str, dict[str, Any]] = {
    "Companies": {"isActive": True, "isTaxExempt": False, "isClientPortalActive": False},
    "Contracts": {"isDefaultContract": False, "isCompliant": False},
    "Services": {"isActive": True},
    "ServiceBundles": {"isActive": True},
    "ContractCharges": {"isBillableToCompany": True, "isBilled": False, "status": 1},
}


def create(
    world: World, entity: Entity, body: Any, *, parent_id: int | None, request_seq: int | None
) -> int | None:
    """Create a record; answers its id, or what the tenant answers for an adjustment.

    Raises Refusal and changes nothing.
    """
    values = {
        name: value
        for name, value in read_body(entity, body).items()
        if name == "userDefinedFields" or entity.fields[name].settable_on_create
    }
    if parent_id is not None:
        if world.find(entity.parent, parent_id) is None:
            parent_type = entity.parent[:-1]
            raise Refusal(errors.REFERENCE.format(field=entity.parent_field, type=parent_type))
        values[entity.parent_field] = parent_id
    check_required(entity, values, indispensable=_INDISPENSABLE.get(entity.name, ()))
    if entity.name in _ADJUSTMENTS:
        effect = adjust(world, read_adjustment(entity, values), request_seq=request_seq)
        wants_id = world.knobs["adjustment_item_id"] == "integer"
        return int(effect["adjustment_id"]) if wants_id else None
    values.pop("id", None)
    check_values(world, entity, values)
    if entity.name in _LINES:
        return _create_line(world, entity, body, values)
    values = {**_DEFAULTS.get(entity.name, {}), **values}
    _finish(world, entity, values, None)
    now = world.clock.now()
    for stamp in ("createDate", "createDateTime", "lastModifiedDate", "lastActivityDate"):
        if stamp in entity.fields:
            values[stamp] = now
    for author in ("createdByResourceID", "creatorResourceID"):
        if author in entity.fields:
            values[author] = world.api_user_id
    record_id = world.add(entity.name, values)
    if entity.name == "Services":
        list_price(world, record_id)
    return record_id


def read_adjustment(entity: Entity, values: dict[str, Any]) -> Adjustment:
    """The adjustment a body asks for. A bundle adjustment changes quantity only (official)."""
    is_bundle = entity.name == "ContractServiceBundleAdjustments"
    kind = "Bundle" if is_bundle else ""
    return Adjustment(
        effective_on=values["effectiveDate"],
        unit_change=values.get("unitChange") or 0,
        unit_price=None if is_bundle else values.get("adjustedUnitPrice"),
        unit_cost=values.get("adjustedUnitCost"),
        line_id=values.get(f"contractService{kind}ID"),
        contract_id=values.get("contractID"),
        service_id=values.get(f"service{kind}ID"),
        allow_repeat=values.get(f"allowRepeatService{kind}") is True,
        is_bundle=is_bundle,
    )


def _create_line(world: World, entity: Entity, body: Any, values: dict[str, Any]) -> int:
    """Put a service on a contract, with no units yet (a contract must be of type 7: official).

    ``adjustedPrice`` is not in the model but is sent and honoured live, so it is read here too.
    """
    is_bundle = entity.name == "ContractServiceBundles"
    contract = world.find("Contracts", values["contractID"])
    assert contract is not None  # noqa: S101 - the reference was checked
    check_open(world, contract)
    service_id = values["serviceBundleID" if is_bundle else "serviceID"]
    service = world.find("ServiceBundles" if is_bundle else "Services", service_id)
    assert service is not None  # noqa: S101 - the reference was checked
    check_period_type(contract, service)
    price: Decimal | None = None
    for key, value in body.items():
        if str(key).lower() == "adjustedprice":
            price = read_typed(ENTITIES[entity.name].fields["unitPrice"], value)
    line = plan_line(
        world,
        NewLine(
            contract_id=contract["id"],
            service_id=service_id,
            unit_price=price,
            unit_cost=values.pop("unitCost", None),
            is_bundle=is_bundle,
        ),
    )
    line_id = settle_line(world, line, values)
    world.rebuild(line)
    world.note(contract["id"], f"Service added: {service['name']}", "No units yet.")
    return line_id


def check_open(world: World, contract: dict[str, Any]) -> None:
    """A contract that services can be put on. Raises Refusal."""
    if contract["contractType"] != RECURRING_SERVICE:
        raise Refusal(errors.CONTRACT_NOT_RECURRING)
    if contract["status"] != ACTIVE and world.knobs["inactive_contract"] == "refuse":
        raise Refusal(errors.CONTRACT_INACTIVE)


def check_period_type(contract: dict[str, Any], service: dict[str, Any]) -> None:
    """A service's period type must match the contract's (a public client's rule)."""
    wanted, have = contract["contractPeriodType"], service["periodType"]
    if wanted in PERIOD_MONTHS and have in PERIOD_MONTHS and wanted != have:
        raise Refusal(errors.PERIOD_TYPE_MISMATCH)


def update(world: World, entity: Entity, body: Any, *, parent_id: int | None, replace: bool) -> int:
    """Update the record whose id is in the body; answers the id. Raises Refusal."""
    values = read_body(entity, body)
    record_id = values.pop("id", None)
    if record_id is None:
        raise Refusal(errors.ID_REQUIRED)
    record = world.find(entity.name, record_id)
    if record is None or (parent_id is not None and record[entity.parent_field] != parent_id):
        raise Refusal(errors.NOT_FOUND_UPDATE)
    values = {
        name: value
        for name, value in values.items()
        if name == "userDefinedFields" or entity.fields[name].settable_on_update
    }
    if replace:
        missing = {
            field.name: None
            for field in entity.fields.values()
            if field.settable_on_update and field.name not in values
        }
        values = {**missing, **values}
    if entity.name in _LINES:
        # Official: everything is read-only on update but the price, which the REST model lacks,
        # and the invoice description.
        values = {k: v for k, v in values.items() if k == "invoiceDescription"}
    _check_still_required(entity, values)
    check_values(world, entity, values)
    _finish(world, entity, values, record)
    if "userDefinedFields" in values:
        values["userDefinedFields"] = _merged_udfs(record, values["userDefinedFields"])
    before = dict(record)
    world.table(entity.name).update(record_id, values)
    if entity.name == "Contracts":
        _follow_contract(world, before, record)
    if "lastModifiedDate" in entity.fields:
        record["lastModifiedDate"] = world.clock.now()
    return int(record_id)


def _check_still_required(entity: Entity, values: dict[str, Any]) -> None:
    missing = [
        errors.REQUIRED.format(field=name)
        for name, value in values.items()
        if name in entity.fields and entity.fields[name].required and value in (None, "")
    ]
    if missing:
        raise Refusal(missing)


def _merged_udfs(record: dict[str, Any], sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    have = {udf["name"]: udf for udf in record.get("userDefinedFields") or ()}
    return list({**have, **{udf["name"]: udf for udf in sent}}.values())


def _follow_contract(world: World, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Rows follow the contract's dates; shortening it deletes what lies behind the new end."""
    if (before["startDate"], before["endDate"]) == (after["startDate"], after["endDate"]):
        return
    if after["endDate"] < before["endDate"]:
        try:
            shorten(world, after["id"], after["endDate"])
        except Refusal:
            world.table("Contracts").update(after["id"], before)
            raise
    for line in world.lines_of(after["id"]):
        world.rebuild(line)


def delete(world: World, entity: Entity, record_id: int, *, parent_id: int | None) -> int:
    """Delete a record; answers its id. A missing one is an error 500 (live). Raises Refusal."""
    record = world.find(entity.name, record_id)
    if record is None or (parent_id is not None and record[entity.parent_field] != parent_id):
        raise Refusal(errors.NOT_FOUND)
    if record.get("isBilled"):
        raise Refusal(errors.CHARGE_BILLED)
    world.table(entity.name).remove(record_id)
    return record_id


# What else an entity checks or fills in, before it is stored; ``None`` is the record on create.

Finish = Callable[[World, dict[str, Any], dict[str, Any] | None], None]


def _finish(
    world: World, entity: Entity, values: dict[str, Any], record: dict[str, Any] | None
) -> None:
    finish = _FINISH.get(entity.name)
    if finish is not None:
        finish(world, values, record)


def _finish_service(world: World, values: dict[str, Any], record: dict[str, Any] | None) -> None:
    name = values.get("name")
    if name is None:
        return
    for other in world.table("Services"):
        if other["name"].lower() == name.lower() and other is not record:
            raise Refusal(errors.SERVICE_NAME_TAKEN.format(name=name))


def _finish_contract(_: World, values: dict[str, Any], record: dict[str, Any] | None) -> None:
    whole = {**(record or {}), **values}
    for name in _INDISPENSABLE["Contracts"]:
        if whole[name] is None:
            raise Refusal(errors.REQUIRED.format(field=name))
    if whole["endDate"] < whole["startDate"]:
        raise Refusal(errors.END_BEFORE_START)


def _finish_charge(world: World, values: dict[str, Any], record: dict[str, Any] | None) -> None:
    """Official: only what is not billed is changed; a product or a Material Cost Code is needed;
    and a block, retainer or incident contract takes none (of other codes than its own)."""
    if record is not None and record["isBilled"]:
        raise Refusal(errors.CHARGE_BILLED)
    whole = {**(record or {}), **values}
    _check_charge_code(world, whole)
    contract = world.find("Contracts", whole["contractID"])
    if contract is not None and contract["contractType"] in (BLOCK_HOURS, RETAINER, INCIDENT):
        raise Refusal(errors.CHARGE_CONTRACT_TYPE)
    quantity = whole.get("unitQuantity") or Decimal(0)
    values["extendedCost"] = money(quantity * (whole.get("unitCost") or Decimal(0)))
    values["billableAmount"] = money(quantity * (whole.get("unitPrice") or Decimal(0)))
    values["internalCurrencyBillableAmount"] = values["billableAmount"]
    values["internalCurrencyUnitPrice"] = money(whole.get("unitPrice"))


def _check_charge_code(world: World, charge: dict[str, Any]) -> None:
    if charge.get("productID") is None and charge.get("billingCodeID") is None:
        raise Refusal(errors.CHARGE_NEEDS_CODE)
    code = world.find("BillingCodes", charge.get("billingCodeID") or 0)
    if code is not None and code["useType"] != MATERIAL_CODE:
        raise Refusal(errors.CHARGE_CODE_TYPE)


_FINISH: dict[str, Finish] = {
    "Services": _finish_service,
    "Contracts": _finish_contract,
    "ContractCharges": _finish_charge,
}
