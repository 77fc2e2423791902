"""Where a lane's subscription is billed, for the engine, and what was last read about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tallystick.mappings.models import Billed, LeftPlace, NextPlace, SubscriptionMapping

REFERENCE = "tallystick:"
LONGEST_ID = 18  # digits


@dataclass(frozen=True, slots=True)
class Resolved:
    """``line_id`` None: a line of its own is to be created on the contract.

    ``reference``: what our own line carries in the billing system, so that it can be found again.
    """

    lane_id: int
    reference: str
    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    line_id: int | None
    contract_starts_on: date | None
    contract_ends_on: date | None
    contract_active: bool | None
    period_months: int | None
    checked_at: datetime | None
    own_line: bool


def resolve(lane_id: int) -> Resolved | None:
    """None when the lane's subscription is not mapped there any more."""
    row = _row(lane_id)
    if row is None:
        return None
    return Resolved(
        lane_id=lane_id,
        reference=f"{REFERENCE}{lane_id}",
        company_id=row.company_id,
        company_name=row.company_name or str(row.company_id),
        contract_id=row.contract_id,
        contract_name=row.contract_name or str(row.contract_id),
        service_id=row.service_id,
        service_name=row.service_name or str(row.service_id),
        line_id=row.line_id,
        contract_starts_on=row.contract_starts_on,
        contract_ends_on=row.contract_ends_on,
        contract_active=row.contract_active,
        period_months=row.period_months,
        checked_at=row.checked_at,
        own_line=row.own_line,
    )


def keep_facts(
    lane_id: int,
    *,
    starts_on: date | None,
    ends_on: date | None,
    active: bool,
    period_months: int | None,
    now: datetime,
) -> None:
    """Keep what the billing system said about the contract."""
    row = _row(lane_id)
    if row is None:
        return
    row.contract_starts_on, row.contract_ends_on = starts_on, ends_on
    row.contract_active, row.period_months, row.checked_at = active, period_months, now
    row.save(
        update_fields=[
            "contract_starts_on",
            "contract_ends_on",
            "contract_active",
            "period_months",
            "checked_at",
        ]
    )
    # Those that are billed on the same line.
    SubscriptionMapping.objects.filter(lane_id=lane_id, joined=True).update(
        contract_starts_on=starts_on,
        contract_ends_on=ends_on,
        contract_active=active,
        period_months=period_months,
        checked_at=now,
    )


def forget_facts(connection_id: int, contract_id: int) -> None:
    """What was read of the contract is out of date: the engine reads it again before it sends."""
    for table in (SubscriptionMapping, NextPlace, LeftPlace):
        table._default_manager.filter(connection_id=connection_id, contract_id=contract_id).update(
            checked_at=None
        )


def bind_line(lane_id: int, line_id: int) -> None:
    """The line of its own exists now."""
    for table in (SubscriptionMapping, NextPlace, LeftPlace):
        table._default_manager.filter(lane_id=lane_id, line_id__isnull=True).update(line_id=line_id)


def promised_lines(connection_id: int, by_reference: Mapping[str, int]) -> set[int]:
    """Those of these lines that were just made for a subscription and are not bound to it yet.

    ``by_reference``: the ids of lines, by what they carry in the billing system.
    """
    lanes = {
        int(number): line_id
        for reference, line_id in by_reference.items()
        if (number := reference.removeprefix(REFERENCE)) != reference and _is_id(number)
    }
    if not lanes:
        return set()
    return {
        lanes[lane_id]
        for table in (NextPlace, SubscriptionMapping)
        for lane_id in table._default_manager.filter(
            connection_id=connection_id, lane_id__in=lanes, line_id__isnull=True
        ).values_list("lane_id", flat=True)
    }


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= LONGEST_ID


def _row(lane_id: int) -> Billed | None:
    """Of those a line bills together, the one it was mapped for first."""
    own = SubscriptionMapping.objects.filter(lane_id=lane_id, joined=False).first()
    if own is not None:
        return own
    for table in (NextPlace, LeftPlace):
        row = table._default_manager.filter(lane_id=lane_id).first()
        if row is not None:
            return row
    return None
