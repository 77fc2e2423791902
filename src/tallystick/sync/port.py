"""What the engine asks of a billing system. A connector answers; the engine decides.

Everything here is neutral: a *line* is what bills one subscription (in Autotask: one contract
service of one recurring service contract), *units* is the number it bills, *amounts* are extended
(units x rate for the row), days are civil days, and a period is half-open ``[starts_on, until)``.
Charges are in ``charge_port``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tallystick.sync.charge_port import ChargeChange, Charges, NewCharge

# Asks for the facts of a contract on which the line is still to be created.
NO_LINE = 0


@dataclass(frozen=True, slots=True)
class Line:
    """The line of a contract that bills one subscription. Both ids are the billing system's."""

    contract_id: int
    line_id: int


@dataclass(frozen=True, slots=True)
class UnitRow:
    """What a line bills from ``starts_on`` until the day before ``until``.

    ``price`` and ``cost`` are extended amounts (units x rate, perhaps day-prorated) in the price
    and cost currency; ``None`` means the billing system did not show them, never zero.
    """

    starts_on: date
    until: date
    units: int
    price: Decimal | None
    cost: Decimal | None
    approved: bool


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What must be true before anything is sent to a line."""

    line: Line
    exists: bool
    belongs_to_contract: bool
    contract_found: bool
    contract_active: bool
    contract_starts_on: date | None
    contract_ends_on: date | None  # inclusive, as written by the vendor
    period_months: int | None  # 1 monthly, 3 quarterly, 6 semi-annual, 12 yearly
    company_id: int | None
    service_id: int | None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed change of a line from a day on. ``None`` for a rate leaves the line's own rate."""

    line: Line
    effective_on: date
    unit_change: int
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be created on a contract; ``reference`` is ours and can be looked up again."""

    contract_id: int
    service_id: int
    reference: str
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineName:
    """How the invoice is to call a line; empty: as its service is called."""

    line: Line
    name: str


class RefusalKind(StrEnum):
    """Refusals the engine treats differently; everything else is OTHER."""

    DUPLICATE_DAY = "duplicate_day"  # a second change on a day the line already has a change on
    OUTSIDE_CONTRACT = "outside_contract"  # the date is not between the contract's dates
    BELOW_ZERO = "below_zero"  # the result would be negative
    ZERO_UNITS = "zero_units"  # the result would be zero and the billing system will not have it
    APPROVED_PERIOD = "approved_period"  # the period is approved and posted
    OTHER = "other"


# What became of one write. A write is a single shot: exactly one of these comes back, always.


@dataclass(frozen=True, slots=True)
class Applied:
    """The billing system said yes. Not proof: only a read-back is."""

    said: str  # redacted excerpt of the answer
    created_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A definite no in the billing system's own words: nothing was changed."""

    reason: str
    kind: RefusalKind = RefusalKind.OTHER


@dataclass(frozen=True, slots=True)
class NotSent:
    """Definitely nothing left this machine, or nothing reached anybody who could act on it."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postponed:
    """Definitely not executed, for a passing reason of the whole connection."""

    reason: str
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class NoClearAnswer:
    """It was sent, or may have been, and nobody can say what became of it."""

    what: str


@dataclass(frozen=True, slots=True)
class AccessRefused:
    """The credentials were refused (401, twice): not executed; the whole connection must wait."""

    reason: str


Answer = Applied | Refused | NotSent | Postponed | NoClearAnswer | AccessRefused


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a look for a line by our reference; ``line_ids`` empty means proved absent."""

    line_ids: tuple[int, ...] = field(default=())


# What a call can be made for.
Written = Adjustment | NewLine | NewCharge | ChargeChange | LineName


class Billing(Charges, Protocol):
    """A billing system, for one connection. Safe to use from several threads."""

    def observe(
        self, lines: Collection[Line], *, since: date, until: date | None = None
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        """Read the unit rows of many lines that cover ``since`` or start after it, oldest first.

        ``until``: rows that start after that day are left out; None: none is.
        Every asked line has a key; no rows is an empty tuple. Complete or raises BillingError.
        """
        ...

    def describe(self, lines: Collection[Line]) -> Mapping[Line, LineFacts]:
        """Read what must be true before sending to these lines. Raises BillingError."""
        ...

    def written(self, what: Written) -> str:
        """The very text that the call for it sends, to be kept as evidence.

        The same facts always give the same text; empty for what cannot be sent at all.
        """
        ...

    def adjust(self, adjustment: Adjustment, *, deadline: float) -> Answer:
        """Send one adjustment, one shot. ``deadline`` is on ``kit.clock.monotonic``'s scale:
        at or after it nothing may be sent (NotSent)."""
        ...

    def find_line(self, *, contract_id: int, reference: str) -> Found:
        """Look for a line of ours by the reference we gave it. Complete or raises BillingError."""
        ...

    def create_line(self, new: NewLine, *, deadline: float) -> Answer:
        """Create a line with our reference and no units, one shot; as ``adjust``."""
        ...

    def shown_name(self, line: Line) -> str:
        """How the invoice calls the line now. Raises BillingError."""
        ...

    def name_line(self, name: LineName, *, deadline: float) -> Answer:
        """Write how the invoice calls the line, one shot; as ``adjust``."""
        ...

    def threshold(self) -> tuple[int, int]:
        """How many calls an hour may be made, and how many were made by everybody in the past
        hour. Raises BillingError."""
        ...


class BillingFor(Protocol):
    """Finds the billing system of a connection (wired in bootstrap)."""

    def __call__(self, connection_id: int) -> Billing: ...
