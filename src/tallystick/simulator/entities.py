"""Every entity the simulator answers for: fields, routes, rights, picklists.

Routes and verbs are those of Autotask's generated swagger (2020-2024). Entities with a parent have
no root write route, except the two adjustment entities, which can be posted at both places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tallystick.simulator.catalogue_contracts import CONTRACT_ENTITIES
from tallystick.simulator.catalogue_others import OTHER_ENTITIES
from tallystick.simulator.fields import Entity, parse

#: Contract period and service period types: integers in REST, "the only four values Autotask
#: defines" (two public clients, live).
PERIOD_MONTHS: Mapping[int, int] = {2: 1, 3: 3, 4: 6, 5: 12}
PERIOD_TYPES = {2: "Monthly", 3: "Quarterly", 4: "Semi-Annual", 5: "Yearly"}
RECURRING_SERVICE = 7
ACTIVE = 1
INACTIVE = 0
#: BillingCodes.useType of what charges are billed with, and of none of whose contracts a charge may
#: be (official page of ContractCharges).
MATERIAL_CODE = 3
BLOCK_HOURS, RETAINER, INCIDENT = 4, 6, 8

#: Labels in the order of the SOAP list; the numbers of the REST picklist were not seen (inference:
#: 1-based position; 1 is labor for one public client).
_BILLING_ITEM_LABELS = (
    "Labor", "Project Cost", "Ticket Cost", "Expense", "Subscription", "Setup Fee",
    "Recurring Services", "Recurring Services Adjustment", "Recurring Service Bundle",
    "Recurring Service Bundle Adjustment", "Milestone", "Contract Block", "Contract Retainer",
    "Contract Cost", "Contract Incident",
)  # fmt: skip
BILLING_ITEM_TYPES = dict(enumerate(_BILLING_ITEM_LABELS, start=1))

_COMMON_PICKLISTS: dict[str, Mapping[int, str]] = {
    "contractType": {
        1: "Time and Materials",
        3: "Fixed Price",
        BLOCK_HOURS: "Block Hours",
        RETAINER: "Retainer",
        RECURRING_SERVICE: "Recurring Service",
        INCIDENT: "Per Ticket",
    },
    "contractPeriodType": PERIOD_TYPES,
    "periodType": PERIOD_TYPES,
    "billingPreference": {
        1: "Immediately without review",
        2: "Manually",
        3: "On timesheet approval",
    },
    "timeReportingRequiresStartAndStopTimes": {0: "No", 1: "Yes"},
    "billingItemType": BILLING_ITEM_TYPES,
    "subType": BILLING_ITEM_TYPES,
    "chargeType": {1: "Operational", 2: "Capitalized"},
    "companyType": {
        1: "Customer",
        2: "Lead",
        3: "Prospect",
        4: "Dead",
        6: "Cancelation",
        7: "Vendor",
        8: "Partner",
    },
    "useType": {1: "General Allocation Code", MATERIAL_CODE: "Material Code", 4: "Service Code"},
    "displaySymbol": {1: "Currency symbol", 2: "Currency code"},
}
_PICKLISTS_OF: dict[str, dict[str, Mapping[int, str]]] = {
    "Contracts": {"status": {INACTIVE: "Inactive", ACTIVE: "Active"}},
    "ContractCharges": {"status": {1: "New", 7: "Delivered/Shipped Full"}},
}

_READ_UPDATE = frozenset({"PATCH", "PUT"})
_ALL = frozenset({"POST", "PATCH", "PUT"})
_CREATE = frozenset({"POST"})
_UNDER_CONTRACT: dict[str, Any] = {"parent": "Contracts", "parent_field": "contractID"}

_ROUTES: dict[str, dict[str, Any]] = {
    "Companies": {"root": _ALL, "has_udfs": True, "has_webhooks": True},
    "Contracts": {"root": _ALL, "has_udfs": True},
    "ContractServices": {**_UNDER_CONTRACT, "child_name": "Services", "child": _ALL},
    "ContractServiceUnits": {**_UNDER_CONTRACT, "child_name": "ServiceUnits"},
    "ContractServiceAdjustments": {
        **_UNDER_CONTRACT,
        "child_name": "ServiceAdjustments",
        "child": _CREATE,
        "root": _CREATE,
        "queried": False,
    },
    "ContractServiceBundles": {**_UNDER_CONTRACT, "child_name": "ServiceBundles", "child": _ALL},
    "ContractServiceBundleUnits": {**_UNDER_CONTRACT, "child_name": "ServiceBundleUnits"},
    "ContractServiceBundleAdjustments": {
        **_UNDER_CONTRACT,
        "child_name": "ServiceBundleAdjustments",
        "child": _CREATE,
        "root": _CREATE,
        "queried": False,
    },
    "ContractCharges": {
        **_UNDER_CONTRACT,
        "child_name": "Charges",
        "child": _ALL,
        "child_delete": True,
    },
    "ContractNotes": {**_UNDER_CONTRACT, "child_name": "Notes", "child": _ALL},
    "Services": {"root": _ALL},
    "ServiceBundles": {"root": _ALL, "root_delete": True},
    "ServiceBundleServices": {
        "parent": "ServiceBundles",
        "parent_field": "serviceBundleID",
        "child_name": "Services",
        "child": _CREATE,
        "child_delete": True,
    },
    "PriceListServices": {"root": _READ_UPDATE},
    "BillingItems": {"root": _READ_UPDATE},
    "BillingCodes": {},
    "Invoices": {"root": _READ_UPDATE},
    "Currencies": {"root": _READ_UPDATE},
    "InternalLocations": {},
    "OrganizationalLevelAssociations": {"root": _ALL},
    "Resources": {"root": _READ_UPDATE},
}

_SINGULARS = {
    "Companies": "Company",
    "Currencies": "Currency",
}


def _build() -> dict[str, Entity]:
    entities = {}
    for name, facts in {**CONTRACT_ENTITIES, **OTHER_ENTITIES}.items():
        picklists = {**_COMMON_PICKLISTS, **_PICKLISTS_OF.get(name, {})}
        entities[name] = Entity(
            name=name,
            singular=_SINGULARS.get(name, name[:-1]),
            fields=parse(facts, picklists),
            **_ROUTES[name],
        )
    return entities


ENTITIES: Mapping[str, Entity] = _build()
_BY_FOLDED = {name.lower(): entity for name, entity in ENTITIES.items()}
_CHILDREN = {
    (entity.parent.lower(), entity.child_name.lower()): entity
    for entity in ENTITIES.values()
    if entity.parent
}


def by_name(name: str) -> Entity | None:
    """The entity of a root route, in any letter case."""
    return _BY_FOLDED.get(name.lower())


def child_of(parent: str, child_name: str) -> Entity | None:
    """The entity of a child route such as ``Contracts/{id}/Services``, in any letter case."""
    return _CHILDREN.get((parent.lower(), child_name.lower()))


def all_entities() -> Iterable[Entity]:
    return ENTITIES.values()
