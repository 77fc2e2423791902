"""What every tenant holds from the start, and an optional set of customers to try things with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from tallystick.simulator.entities import ACTIVE, MATERIAL_CODE, RECURRING_SERVICE
from tallystick.simulator.jsontext import money
from tallystick.simulator.newlines import NewLine, create_line
from tallystick.simulator.world import World

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_NAMES = (
    "Alder & Ash", "Birchwood Dental", "Cedar Logistics", "Dogwood Legal", "Elm Street Books",
    "Fir Engineering", "Ginkgo Foods", "Hazel Clinic", "Ivy Hotels", "Juniper Travel",
)  # fmt: skip
_SERVICES = (
    ("Microsoft 365 Business Basic", "6.00", "4.80"),
    ("Microsoft 365 Business Premium", "22.00", "17.60"),
    ("Exchange Online Plan 1", "4.00", "3.20"),
)


def furnish(world: World) -> None:
    """The records no tenant is without: own company 0, currencies, codes, places, people."""
    resource = world.add(
        "Resources",
        {
            "firstName": "API",
            "lastName": "User",
            "userName": "api-user",
            "isActive": True,
            "resourceType": "Employee",
            "userType": 17,
        },
    )
    world.add(
        "Companies",
        {
            "companyName": "The Managed Service Provider",
            "companyType": 1,
            "isActive": True,
            "phone": "000",
            "ownerResourceID": resource,
            "createDate": _BEGINNING,
        },
        record_id=0,
    )
    for name, description, internal in (("USD", "US Dollar", True), ("EUR", "Euro", False)):
        world.add(
            "Currencies",
            {
                "name": name,
                "description": description,
                "exchangeRate": Decimal(1),
                "isActive": True,
                "isInternalCurrency": internal,
                "currencyNegativeFormat": "-1.1",
                "currencyPositiveFormat": "1.1",
                "displaySymbol": 1,
                "lastModifiedDateTime": _BEGINNING,
            },
        )
    for name, use in (("Cloud subscriptions", 4), ("Cloud consumption", MATERIAL_CODE)):
        world.add(
            "BillingCodes",
            {
                "name": name,
                "isActive": True,
                "useType": use,
                "billingCodeType": 1,
                "unitCost": money(0),
                "unitPrice": money(0),
            },
        )
    world.add(
        "InternalLocations",
        {
            "name": "Headquarters",
            "isDefault": True,
            "country": "United States",
            "timeZone": "(UTC-05:00) Eastern Time (US & Canada)",
        },
    )
    world.add(
        "OrganizationalLevelAssociations",
        {"isActive": True, "organizationalLevel1ID": 1, "organizationalLevel2ID": 1},
    )
    world.udf_fields["Companies"] = [_udf("Tenant ID"), _udf("Customer Segment")]
    world.udf_fields["Contracts"] = [_udf("Agreement Reference")]


def _udf(name: str) -> dict[str, object]:
    return {"name": name, "label": name, "type": "string", "length": 100}


def first(world: World, name: str) -> int:
    """The id of the first record of that entity."""
    for record in world.table(name):
        return int(record["id"])
    raise LookupError(name)


def populate(world: World, companies: int) -> None:
    """``companies`` customers with one monthly contract of three services each."""
    this_year = world.clock.today().year
    services = []
    if companies:
        for name, price, cost in _SERVICES:
            services.append(add_service(world, name, Decimal(price), Decimal(cost)))
    for number in range(companies):
        name = _NAMES[number % len(_NAMES)]
        if number >= len(_NAMES):
            name = f"{name} {number // len(_NAMES) + 1}"
        company = add_company(world, name)
        contract = world.add(
            "Contracts",
            {
                "companyID": company,
                "contractName": f"{name} cloud",
                "contractNumber": f"CLOUD-{number + 1:05d}",
                "contractType": RECURRING_SERVICE,
                "contractPeriodType": 2,
                "startDate": date(this_year, 1, 1),
                "endDate": date(this_year + 1, 12, 31),
                "status": ACTIVE,
                "timeReportingRequiresStartAndStopTimes": 0,
            },
        )
        for offset, service in enumerate(services):
            create_line(
                world,
                NewLine(contract_id=contract, service_id=service, units=5 * (offset + 1)),
            )


def add_company(world: World, name: str) -> int:
    return world.add(
        "Companies",
        {
            "companyName": name,
            "companyType": 1,
            "isActive": True,
            "phone": "555-0100",
            "ownerResourceID": first(world, "Resources"),
            "createDate": world.clock.now(),
            "currencyID": first(world, "Currencies"),
        },
    )


def add_service(world: World, name: str, unit_price: Decimal, unit_cost: Decimal | None) -> int:
    """A monthly service, with its price list entry."""
    service = world.add(
        "Services",
        {
            "name": name,
            "unitPrice": money(unit_price),
            "unitCost": money(unit_cost),
            "periodType": 2,
            "billingCodeID": first(world, "BillingCodes"),
            "isActive": True,
            "createDate": world.clock.now(),
            "lastModifiedDate": world.clock.now(),
        },
    )
    list_price(world, service)
    return service


def list_price(world: World, service: int) -> None:
    world.add(
        "PriceListServices",
        {
            "currencyID": first(world, "Currencies"),
            "serviceID": service,
            "unitPrice": None,
            "usesInternalCurrencyPrice": True,
        },
    )
