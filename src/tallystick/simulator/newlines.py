"""Put a service or a bundle on a contract: the line, its record and its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.simulator.lines import Line, rounded
from tallystick.simulator.periods import DayChange
from tallystick.simulator.world import World


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be. ``from_on`` is the first day of ``units`` (default: the contract's start);
    rates left out are those of the service."""

    contract_id: int
    service_id: int
    units: int = 0
    from_on: date | None = None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    is_bundle: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


def plan_line(world: World, new: NewLine) -> Line:
    """The line without an id, not yet part of the world."""
    service = world.find("ServiceBundles" if new.is_bundle else "Services", new.service_id)
    if service is None:
        raise LookupError(f"there is no service {new.service_id}")
    list_price = service["unitPrice"]
    price = list_price if new.unit_price is None else rounded(new.unit_price, world.knobs)
    cost = service["unitCost"] if new.unit_cost is None else rounded(new.unit_cost, world.knobs)
    return Line(
        id=0,
        contract_id=new.contract_id,
        service_id=new.service_id,
        is_bundle=new.is_bundle,
        unit_price=price,
        unit_cost=cost,
        list_price=list_price,
        latest_price=price,
        latest_cost=cost,
        vendor_company_id=service.get("vendorCompanyID"),
    )


def settle_line(world: World, line: Line, fields: dict[str, Any] | None = None) -> int:
    """Give a planned line its id and record. Its rows are built by ``World.rebuild``."""
    name = "ContractServiceBundles" if line.is_bundle else "ContractServices"
    line.id = world.add(
        name,
        {
            "contractID": line.contract_id,
            "serviceBundleID" if line.is_bundle else "serviceID": line.service_id,
            **(fields or {}),
        },
    )
    world.register(line)
    world.show_prices(line)
    return line.id


def create_line(world: World, new: NewLine) -> int:
    """Create the line with its units and rows; answers its id. Raises LookupError."""
    line = plan_line(world, new)
    window = world.window_of(new.contract_id)
    if new.units:
        start = new.from_on or window.starts_on
        is_period_start = start in set(window.period_starts())
        line.changes[start] = DayChange(
            on=start, units=new.units, given=new.units, used=not is_period_start
        )
    settle_line(world, line, new.fields)
    world.rebuild(line)
    return line.id
