"""What the engine asks of a billing system about charges.

A *charge* is an amount that a contract bills once, on a day (in Autotask: one contract charge).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tallystick.sync.port import Answer


@dataclass(frozen=True, slots=True)
class NewCharge:
    """An amount to be billed once; ``reference`` is ours and can be looked up again.

    ``cost`` None: none is said. ``code_id``: what the billing system books it under.
    """

    contract_id: int
    reference: str
    name: str
    day: date
    price: Decimal
    cost: Decimal | None
    code_id: int


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """Other amounts of a charge that is not billed yet."""

    contract_id: int
    charge_id: int
    reference: str
    price: Decimal
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ShownCharge:
    """A charge as the billing system shows it; ``None`` for an amount it does not show.

    ``price`` and ``cost`` are of the whole charge. ``billed``: it cannot be changed any more.
    """

    charge_id: int
    contract_id: int
    reference: str
    day: date
    price: Decimal | None
    cost: Decimal | None
    billed: bool


@dataclass(frozen=True, slots=True)
class ChargeCode:
    """What a charge can be booked under."""

    code_id: int
    name: str


class Charges(Protocol):
    """The part of ``Billing`` that is about charges; calls are answered as there."""

    def find_charges(self, wanted: Mapping[str, int]) -> Mapping[str, tuple[ShownCharge, ...]]:
        """Look for charges of ours by the references we gave them, each with its contract's id.

        Every reference has a key; nothing is proved absent. Complete or raises BillingError.
        """
        ...

    def charge_codes(self) -> Sequence[ChargeCode]:
        """What charges can be booked under, those in use. Raises BillingError."""
        ...

    def create_charge(self, new: NewCharge, *, deadline: float) -> Answer:
        """Create a charge with our reference, one shot; as ``adjust``."""
        ...

    def change_charge(self, change: ChargeChange, *, deadline: float) -> Answer:
        """Give a charge other amounts, one shot; as ``adjust``."""
        ...
