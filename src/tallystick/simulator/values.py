"""Read the fields of a write body: types, lengths, picklists, references, what is required."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tallystick.simulator import errors
from tallystick.simulator.adjust import read_moment_day
from tallystick.simulator.errors import Refusal
from tallystick.simulator.fields import Entity, Field, Kind
from tallystick.simulator.jsontext import money
from tallystick.simulator.world import World

_INT32 = range(-(2**31), 2**31)
_INT64 = range(-(2**63), 2**63)
_TABLE_OF_REFERENCE = {
    "Company": "Companies",
    "Contract": "Contracts",
    "ContractService": "ContractServices",
    "Service": "Services",
    "ServiceBundle": "ServiceBundles",
    "Currency": "Currencies",
    "Resource": "Resources",
    "BillingCode": "BillingCodes",
    "OrganizationalLevelAssociation": "OrganizationalLevelAssociations",
}


def read_body(entity: Entity, body: Any) -> dict[str, Any]:
    """The known fields of a body, typed, under their proper names. Unknown keys are ignored.

    Raises Refusal for values of the wrong type, as the JSON reader of the API does.
    """
    if not isinstance(body, dict):
        raise Refusal(errors.PARSE.format(character=str(body)[:1], path=""))
    values: dict[str, Any] = {}
    for key, value in body.items():
        field = entity.field(str(key))
        if field is not None:
            values[field.name] = read_typed(field, value)
        elif str(key).lower() == "userdefinedfields" and entity.has_udfs:
            values["userDefinedFields"] = _read_udfs(value)
    return values


def _read_udfs(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        return []
    return [
        {"name": str(item["name"]), "value": None if item.get("value") is None else item["value"]}
        for item in value
        if isinstance(item, dict) and "name" in item
    ]


def read_typed(field: Field, value: Any) -> Any:
    """One value of a body as the field's kind; "" counts as null except for text."""
    if value is None or (value == "" and field.kind is not Kind.STRING):
        return None
    match field.kind:
        case Kind.INT:
            return _read_integer(field, value, _INT32)
        case Kind.LONG:
            return _read_integer(field, value, _INT64)
        case Kind.BOOL:
            if not isinstance(value, bool):
                raise Refusal(errors.BOOLEAN_NEEDED.format(field=field.name))
            return value
        case Kind.STRING:
            if isinstance(value, bool | list | dict):
                raise Refusal(errors.PARSE.format(character=str(value)[:1], path=field.name))
            return str(value)
        case Kind.MONEY:
            return money(_read_number(field, value))
        case Kind.DOUBLE:
            return _read_number(field, value)
        case Kind.DATE | Kind.DATETIME:
            try:
                if field.kind is Kind.DATE:
                    return read_moment_day(str(value))
                moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
            except ValueError:
                raise Refusal(errors.BAD_DATE.format(value=value, path=field.name)) from None
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _read_integer(field: Field, value: Any, allowed: range) -> int:
    if isinstance(value, bool):
        raise Refusal(errors.PARSE.format(character=str(value)[0].lower(), path=field.name))
    try:
        number = Decimal(str(value))
        if number != number.to_integral_value() or int(number) not in allowed:
            raise ValueError
    except (ArithmeticError, ValueError):
        raise Refusal(errors.BAD_INTEGER.format(value=value, path=field.name)) from None
    return int(number)


def _read_number(field: Field, value: Any) -> Decimal:
    if isinstance(value, bool):
        raise Refusal(errors.PARSE.format(character=str(value)[0].lower(), path=field.name))
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise Refusal(errors.BAD_NUMBER.format(value=value, path=field.name)) from None
    if not number.is_finite() or abs(number) >= Decimal(10) ** 15:
        raise Refusal(errors.BAD_NUMBER.format(value=value, path=field.name))
    return number


def check_required(
    entity: Entity, values: dict[str, Any], *, indispensable: Collection[str] = ()
) -> None:
    """All missing required fields at once, as separate errors. Raises Refusal.

    ``indispensable`` are required whatever the tenant's metadata says of them.
    """
    missing = [
        errors.REQUIRED.format(field=name)
        for name in dict.fromkeys((*_required_on_create(entity), *indispensable))
        if values.get(name) in (None, "")
    ]
    if missing:
        raise Refusal(missing)


def _required_on_create(entity: Entity) -> list[str]:
    return [
        field.name
        for field in entity.fields.values()
        if field.required and field.settable_on_create and field.name != "id"
    ]


def check_values(world: World, entity: Entity, values: dict[str, Any]) -> None:
    """Lengths, picklists and references of the given values. Raises Refusal."""
    for name, value in values.items():
        field = entity.fields.get(name)
        if field is None or value is None:
            continue
        if field.length and isinstance(value, str) and len(value) > field.length:
            raise Refusal(errors.TOO_LONG.format(field=name, length=field.length))
        if field.picklist and value not in field.picklist:
            raise Refusal(errors.NOT_IN_PICKLIST.format(value=value, field=name))
        table = _TABLE_OF_REFERENCE.get(field.reference)
        if table is not None and world.find(table, value) is None:
            if field.reference == "BillingCode":
                raise Refusal(errors.BILLING_CODE)
            raise Refusal(errors.REFERENCE.format(field=name, type=field.reference))
