"""What a batch of operations wants Autotask to show: pure.

Targets, never deltas: an operation stores the value after it, and the signed change is made in
one place (``plan``), at the last moment, from what was just observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.included import billed
from tallystick.connections.policies import CancelRule
from tallystick.ledger.amounts import about_of, first_of
from tallystick.ledger.kinds import AMOUNTS, PUT_BACK, Carrier, OperationKind
from tallystick.ledger.profile import amount_as_text, amount_from_text
from tallystick.ledger.state import State
from tallystick.sync.rules import Rules


@dataclass(frozen=True, slots=True)
class Due:
    """An unsettled delivery with its operation, as the engine thinks about it."""

    delivery_id: int
    operation_id: int
    sequence: int
    kind: OperationKind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    state: State
    effective_on: date
    recorded_at: datetime
    actor: str
    tries: int
    retry_at: datetime | None
    cause_code: str
    attempt_id: int | None
    accepted_units: int | None
    # Another day than it was asked for, by a policy: no rule about its day is applied again.
    moved: bool = False
    # Held for review: it is not sent, and nothing behind it.
    awaits_approval: bool = False
    # An amount that goes out otherwise than the policy says, or has begun to.
    carrier: Carrier | None = None
    # What the others have that are billed on the same line, as of this operation; 0: nobody is.
    others: int = 0
    # The operation's number, which ``sequence`` is not where the line bills several; 0: it is.
    operation_number: int = 0
    subscription_id: int = 0

    @property
    def number(self) -> int:
        """The operation's own, as people know it."""
        return self.operation_number or self.sequence

    @property
    def is_amount(self) -> bool:
        """Whether it is billed by its own amount, whatever the line bills."""
        return self.kind in AMOUNTS

    @property
    def about(self) -> str:
        """Of an amount: the month, or the operation."""
        return about_of(self.kind, self.number, self.after)

    @property
    def month(self) -> date:
        """Of Azure amounts: its first day."""
        return first_of(self.after["month"])

    def is_charge(self, rules: Rules) -> bool:
        """Whether it goes out as a charge of its own, and says nothing of the line."""
        if self.kind is OperationKind.AZURE_AMOUNTS and self.carrier is not Carrier.CHARGE:
            return self.carrier is None and rules.azure_amounts is AzureAmounts.CHARGE
        return self.is_amount

    @property
    def may_go(self) -> bool:
        """Whether it waits for nothing but its turn."""
        return self.state is State.PENDING and not self.awaits_approval

    @property
    def is_about_rates(self) -> bool:
        """Whether it leaves the units alone, whatever they are."""
        return speaks_of_rates_only(self.after)

    @property
    def stands_on_what_was_seen(self) -> bool:
        """Whether a person has seen what is there until its day, whatever was proved before. A
        price that is taken back stands on what we proved ourselves."""
        takes_a_price_back = self.kind is OperationKind.CORRECT and self.is_about_rates
        return self.kind in PUT_BACK and not takes_a_price_back

    @property
    def names_line(self) -> bool:
        """Whether it is about how the invoice calls the line, and about nothing it bills."""
        return self.kind is OperationKind.RENAME


@dataclass(frozen=True, slots=True)
class Target:
    """Units and rates a line must show from a day on; None: whatever it has, row by row."""

    units: int | None
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None

    @property
    def has_rate(self) -> bool:
        return self.unit_price is not None or self.unit_cost is not None

    def as_json(self) -> dict[str, Any]:
        return {
            "units": self.units,
            "unit_price": amount_as_text(self.unit_price),
            "unit_cost": amount_as_text(self.unit_cost),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        return cls(
            data["units"],
            amount_from_text(data["unit_price"]),
            amount_from_text(data["unit_cost"]),
        )

    def in_words(self) -> str:
        """``12 units`` or ``a unit price of 16.40``."""
        if self.units is not None:
            return f"{self.units} units"
        if self.unit_price is not None:
            return f"a unit price of {self.unit_price:f}"
        return f"a unit cost of {self.unit_cost or Decimal(0):f}"


def batch_of(due: Sequence[Due]) -> Sequence[Due]:
    """The head and what travels in the same call: the waiting ones of the same day behind it.

    What is sent again after it was proved not to have landed travels with the same companions,
    so that it is the same call, byte for byte.
    """
    head = due[0]
    if head.cause_code == NOT_LANDED and head.attempt_id is not None:
        return [one for one in due if one.attempt_id == head.attempt_id]
    if head.is_amount:
        return [head]
    batch: list[Due] = []
    for one in due:
        if not one.may_go or one.is_amount or one.effective_on != head.effective_on:
            break
        if one.names_line is not head.names_line:
            break
        if batch and PUT_BACK & {head.kind, one.kind}:
            break  # it travels alone
        batch.append(one)
    return batch


NOT_LANDED = "not_landed"


# What brings a line to everything we have: it may not leave a rate for a later period.
FIRST_SYNC = frozenset({OperationKind.MAP, OperationKind.PURCHASE, OperationKind.CONTINUE})


def is_first_sync(head: Due, expected_units: int | None) -> bool:
    """A change of offer is one where it moves to a line of which nothing has been proved."""
    moves_here = head.kind is OperationKind.CHANGE_OFFER and expected_units is None
    return moves_here or head.kind in FIRST_SYNC


def speaks_of_rates_only(after: Mapping[str, Any]) -> bool:
    """Of an operation's own ``after``; a name is a ``value``, and no rate."""
    return "value" not in after and after.get("units") is None and after.get("quantity") is None


def is_about_rates(batch: Sequence[Due]) -> bool:
    """Whether nothing in it speaks of units."""
    return all(one.is_about_rates for one in batch)


def target_of(batch: Sequence[Due], *, rules: Rules) -> Target:
    """The last value wins, of units and of each rate by itself."""
    target = Target(units=None)
    for one in batch:
        match one.kind:
            case (
                OperationKind.MAP
                | OperationKind.PURCHASE
                | OperationKind.CONTINUE
                | OperationKind.CHANGE_OFFER
                | OperationKind.UPDATE_QUANTITY
                | OperationKind.UPDATE_PRICE_MARGIN
                | OperationKind.SUSPEND
                | OperationKind.REACTIVATE
                | OperationKind.CONVERT_TRIAL
                | OperationKind.RENEW
                | OperationKind.END_PROMOTION
            ):
                target = _with(target, one, rules)
            case OperationKind.AZURE_AMOUNTS:
                # The first month's; the others are in the profile (``monthly``).
                target = target if target.has_rate else _of_month(one, rules)
            case (
                OperationKind.RENAME
                | OperationKind.SET_PURCHASE_ORDER
                | OperationKind.SET_END_OF_TERM
                | OperationKind.SCHEDULE_CHANGE
                | OperationKind.ONE_OFF_CHARGE
            ):
                pass  # not applicable, a charge or a name: nothing the line is billed by
            case (
                OperationKind.CANCEL
                | OperationKind.EXPIRE
                | OperationKind.DELETE
                | OperationKind.MOVE_TO_RESELLER
                | OperationKind.END
            ):
                if one.others or rules.cancel_rule is CancelRule.UNITS_ZERO:
                    target = replace(target, units=billed_units(one.others, rules))
                else:
                    target = replace(target, unit_price=Decimal(0))
            case OperationKind.RESTORE | OperationKind.CORRECT:
                # Billed units as they are: what is included was taken off when they were proved.
                target = Target.from_json(one.after["target"])
            case _:
                assert_never(one.kind)
    return target


def _of_month(one: Due, rules: Rules) -> Target:
    price = _rate(one.after, "price", one.after.get("price_currency"), rules.price_currency)
    cost = _rate(one.after, "cost", one.after.get("cost_currency"), rules.cost_currency)
    return Target(None, price, cost)


def billed_units(quantity: int, rules: Rules) -> int:
    """What is billed of a quantity: the units the contract's price contains are not."""
    return billed(quantity, rules.included_units)


def _with(target: Target, one: Due, rules: Rules) -> Target:
    """What the operation says, on top of what those before it said; with what the others have."""
    after = one.after
    # A suspended subscription keeps its quantity, whatever is billed of it.
    quantity = after.get("quantity") if after.get("units") is None else after["units"]
    price = _rate(after, "unit_price", after.get("price_currency"), rules.price_currency)
    cost = _rate(after, "unit_cost", after.get("cost_currency"), rules.cost_currency)
    return Target(
        units=target.units if quantity is None else billed_units(int(quantity) + one.others, rules),
        unit_price=target.unit_price if price is None else price,
        unit_cost=target.unit_cost if cost is None else cost,
    )


def _rate(
    after: Mapping[str, Any], name: str, currency: str | None, expected: str
) -> Decimal | None:
    """None also for an amount in another currency than the connection's: it is left as it is."""
    if currency and expected and currency != expected:
        return None
    return amount_from_text(after.get(name))
