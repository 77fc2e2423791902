"""Which contract can bill a subscription, and what a person should know before it does. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tallystick.catalog.terms import BillingCycle
from tallystick.directory.port import Contract, Service
from tallystick.kit.days import in_words
from tallystick.mappings.choose import CYCLES, PERIODS

SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the contract is for: whose, billed how, from which day, since when it is held."""

    company_id: int
    cycle: BillingCycle
    from_on: date
    held_since: date

    @property
    def months(self) -> int:
        # An Azure plan has no cycle of its own and is billed month by month.
        return CYCLES.get(self.cycle, 1)


def why_not(contract: Contract, wanted: Wanted) -> str:
    """Why it cannot bill it from that day; empty when it can."""
    if contract.company_id != wanted.company_id:
        return f"{contract.name} belongs to another company in Autotask"
    if not contract.active:
        return f"{contract.name} is inactive in Autotask. Activate it there and refresh"
    if contract.period_months is not None and contract.period_months != wanted.months:
        has = PERIODS.get(contract.period_months, f"{contract.period_months} months")
        return (
            f"{contract.name} is billed {has} in Autotask, the subscription "
            f"{PERIODS[wanted.months]}. A contract's period cannot be changed: choose another"
        )
    if contract.starts_on is not None and contract.starts_on > wanted.from_on:
        return f"{contract.name} starts only on {in_words(contract.starts_on)}"
    if contract.ends_on is not None and contract.ends_on <= wanted.from_on:
        return f"{contract.name} ended on {in_words(contract.ends_on)}"
    return ""


def warnings(contract: Contract, wanted: Wanted) -> Sequence[str]:
    """What does not forbid it and will surprise somebody."""
    found = []
    if contract.ends_on is not None and contract.ends_on - wanted.from_on <= SOON:
        found.append(f"It ends on {in_words(contract.ends_on)}. What comes later is not billed.")
    starts = contract.starts_on
    yearly = contract.period_months == PERIOD_YEAR
    held = wanted.held_since
    if yearly and starts is not None and (starts.month, starts.day) != (held.month, held.day):
        found.append(
            f"Its year begins on {in_words(starts)}, the subscription's on {in_words(held)}: the "
            "first bill is for a part of a year."
        )
    return found


PERIOD_YEAR = 12


def watch(
    contract: Contract | None,
    service: Service | None,
    *,
    company_id: int,
    cycle: BillingCycle,
    today: date,
) -> str:
    """What will keep a mapped line from being billed, before an operation fails on it.

    Empty when nothing does. ``contract`` None: Autotask does not have it any more.
    """
    if contract is None:
        return GONE
    if contract.ends_on is not None and contract.ends_on < today:
        return _ended(contract.ends_on)
    wanted = Wanted(company_id, cycle, today, today)
    if contract.starts_on is None or contract.starts_on <= today:
        # What starts later is no fault; the day itself counts as the last one here.
        blocked = why_not(contract, wanted) if contract.ends_on != today else ""
        if blocked:
            return blocked + "."
    if service is not None and not service.active:
        return f"{service.name} is inactive in Autotask."
    return _ends_soon(contract, today)


def watch_contract(contract: Contract | None, *, company_id: int, today: date) -> str:
    """The same of a contract itself, whatever it bills."""
    if contract is None:
        return GONE
    if contract.ends_on is not None and contract.ends_on < today:
        return _ended(contract.ends_on)
    if contract.company_id != company_id:
        return "It belongs to another company in Autotask now."
    if not contract.active:
        return "It is inactive in Autotask. Activate it there and refresh."
    return _ends_soon(contract, today)


GONE = "Autotask has no such contract any more."


def _ended(last_day: date) -> str:
    return f"The contract ended on {in_words(last_day)}: nothing is billed any more."


def _ends_soon(contract: Contract, today: date) -> str:
    if contract.ends_on is not None and contract.ends_on - today <= SOON:
        return f"The contract ends on {in_words(contract.ends_on)}."
    return ""
