"""What is true of a line, from its contract service's and its contract's row. Pure."""

from __future__ import annotations

from tallystick.connectors.autotask.bodies import JsonObject
from tallystick.connectors.autotask.fields import day_or_none, whole, whole_or_none
from tallystick.sync.port import Line, LineFacts

RECURRING_SERVICE = 7  # Contracts.contractType, official page of ContractServices
ACTIVE = 1  # Contracts.status, picklist seen live
MONTHS_OF_PERIOD = {2: 1, 3: 3, 4: 6, 5: 12}
"""``contractPeriodType`` in months: monthly, quarterly, semi-annual, yearly (seen live)."""


def line_facts(line: Line, service: JsonObject | None, contract: JsonObject | None) -> LineFacts:
    """What is true of one line, from its contract service's and its contract's row."""
    belongs = service is not None and whole(service, "contractID") == line.contract_id
    seen = contract or {}
    return LineFacts(
        line=line,
        exists=service is not None,
        belongs_to_contract=belongs,
        contract_found=contract is not None,
        contract_active=whole_or_none(seen, "status") == ACTIVE
        and whole_or_none(seen, "contractType") == RECURRING_SERVICE,
        contract_starts_on=day_or_none(seen, "startDate"),
        contract_ends_on=day_or_none(seen, "endDate"),
        period_months=period_months(seen),
        company_id=whole_or_none(seen, "companyID"),
        service_id=whole_or_none(service or {}, "serviceID"),
    )


def period_months(row: JsonObject, field: str = "contractPeriodType") -> int | None:
    """Months of a period type; it is an integer in REST, on some tenants written as text."""
    value = row.get(field)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:3])
    return MONTHS_OF_PERIOD.get(value) if isinstance(value, int) else None
