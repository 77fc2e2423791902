"""Load companies, services, contracts and lines in one call; later items may name earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.simulator.entities import ACTIVE, ENTITIES, RECURRING_SERVICE
from tallystick.simulator.jsontext import money
from tallystick.simulator.newlines import NewLine, create_line
from tallystick.simulator.periods import ONE_DAY, add_months
from tallystick.simulator.seeds import first, list_price
from tallystick.simulator.values import read_body
from tallystick.simulator.world import World

_KINDS = ("companies", "services", "contracts", "lines")


class LoadError(ValueError):
    """Something in the call is missing, unknown or of the wrong form."""


def load(world: World, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Add everything asked for; answers the ids in the order asked, and those of the refs.

    ``{"companies": [ids], "services": [ids], "contracts": [ids], "lines": [ids], "refs": {}}``.
    Raises LoadError; what came before the bad item stays.
    """
    unknown = wanted.keys() - set(_KINDS)
    if unknown:
        raise LoadError(f"nothing called {', '.join(sorted(unknown))} can be loaded")
    refs: dict[str, dict[str, int]] = {kind: {} for kind in _KINDS}
    makers = {
        "companies": _company,
        "services": _service,
        "contracts": _contract,
        "lines": _line,
    }
    ids: dict[str, list[int]] = {}
    for kind in _KINDS:
        ids[kind] = []
        for item in wanted.get(kind) or ():
            try:
                made = makers[kind](world, _Item(item, kind), refs)
            except (KeyError, TypeError, ArithmeticError, LookupError, AttributeError) as why:
                raise LoadError(f"{kind}: cannot load {item!r}: {why}") from why
            ids[kind].append(made)
            if item.get("ref") is not None:
                refs[kind][str(item["ref"])] = made
    named = {ref: made for kind in _KINDS for ref, made in refs[kind].items()}
    return {**ids, "refs": named}


class _Item:
    """One item of the call; remembers which keys were read, so that misspelt ones are refused."""

    def __init__(self, values: Mapping[str, Any], kind: str) -> None:
        self._values = values
        self._kind = kind
        self._read = {"ref", "fields"}

    def get(self, name: str, default: Any = None) -> Any:
        self._read.add(name)
        value = self._values.get(name)
        return default if value is None else value

    def need(self, name: str) -> Any:
        value = self.get(name)
        if value is None:
            raise LoadError(f"{self._kind}: {name} is missing in {dict(self._values)!r}")
        return value

    def day(self, name: str) -> date | None:
        value = self.get(name)
        try:
            return value if value is None or isinstance(value, date) else date.fromisoformat(value)
        except ValueError as why:
            raise LoadError(f"{self._kind}: {name} is a day like 2026-05-03: {value!r}") from why

    def amount(self, name: str) -> Decimal | None:
        value = self.get(name)
        return None if value is None else Decimal(str(value))

    def fields(self, entity: str) -> dict[str, Any]:
        """Further API fields as given, typed."""
        unknown = self._values.keys() - self._read
        if unknown:
            raise LoadError(f"{self._kind}: there is no {', '.join(sorted(unknown))}")
        return read_body(ENTITIES[entity], self._values.get("fields") or {})


def _found(value: Any, refs: Mapping[str, int], world: World, entity: str) -> int:
    found = refs.get(str(value))
    if found is None:
        found = value if isinstance(value, int) and not isinstance(value, bool) else None
    if found is None and isinstance(value, str) and value.isdigit():
        found = int(value)
    if found is None or world.find(entity, found) is None:
        raise LoadError(f"{value!r} is neither a ref of this call nor an id of {entity}")
    return found


def _company(world: World, item: _Item, _: Mapping[str, Mapping[str, int]]) -> int:
    values = {
        "companyName": item.need("name"),
        "companyNumber": item.get("number"),
        "companyType": item.get("type", 1),
        "isActive": item.get("is_active", True),
        "currencyID": item.get("currency_id", first(world, "Currencies")),
        "phone": "555-0100",
        "ownerResourceID": first(world, "Resources"),
        "createDate": world.clock.now(),
    }
    return world.add("Companies", {**values, **item.fields("Companies")})


def _service(world: World, item: _Item, _: Mapping[str, Mapping[str, int]]) -> int:
    values = {
        "name": item.need("name"),
        "unitPrice": money(item.amount("unit_price") or Decimal(0)),
        "unitCost": money(item.amount("unit_cost")),
        "periodType": item.get("period_type", 2),
        "sku": item.get("sku"),
        "billingCodeID": first(world, "BillingCodes"),
        "isActive": item.get("is_active", True),
        "createDate": world.clock.now(),
        "lastModifiedDate": world.clock.now(),
    }
    service = world.add("Services", {**values, **item.fields("Services")})
    list_price(world, service)
    return service


def _contract(world: World, item: _Item, refs: Mapping[str, Mapping[str, int]]) -> int:
    company = _found(item.need("company"), refs["companies"], world, "Companies")
    starts_on = item.day("start") or world.clock.today().replace(month=1, day=1)
    ends_on = item.day("end") or add_months(starts_on, 24) - ONE_DAY
    if ends_on < starts_on:
        raise LoadError(f"contracts: {ends_on} is before {starts_on}")
    number = len(world.table("Contracts")) + 1
    values = {
        "companyID": company,
        "contractName": item.get("name", f"Contract {number}"),
        "contractNumber": item.get("number"),
        "contractType": item.get("type", RECURRING_SERVICE),
        "contractPeriodType": item.get("period_type", 2),
        "startDate": starts_on,
        "endDate": ends_on,
        "status": item.get("status", ACTIVE),
        "timeReportingRequiresStartAndStopTimes": 0,
        "setupFee": money(0),
    }
    return world.add("Contracts", {**values, **item.fields("Contracts")})


def _line(world: World, item: _Item, refs: Mapping[str, Mapping[str, int]]) -> int:
    contract = _found(item.need("contract"), refs["contracts"], world, "Contracts")
    service = _found(item.need("service"), refs["services"], world, "Services")
    from_on = item.day("from")
    if from_on is not None and not world.window_of(contract).holds(from_on):
        raise LoadError(f"lines: {from_on} is outside contract {contract}")
    extra = {
        "internalDescription": item.get("internal_description"),
        "invoiceDescription": item.get("invoice_description"),
    }
    new = NewLine(
        contract_id=contract,
        service_id=service,
        units=int(item.get("units", 0)),
        from_on=from_on,
        unit_price=item.amount("unit_price"),
        unit_cost=item.amount("unit_cost"),
        fields={**extra, **item.fields("ContractServices")},
    )
    return create_line(world, new)
