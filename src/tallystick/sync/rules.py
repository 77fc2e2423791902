"""What a decision is made from, besides the operations and the rows: frozen values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.policies import (
    BackDated,
    CancelRule,
    ChangeDay,
    PostedQuantity,
    PriceDay,
    SameDay,
    SameDayPolicy,
)
from tallystick.ledger.profile import Step, from_day, merged, until_day
from tallystick.ledger.settle import Proof


@dataclass(frozen=True, slots=True)
class MonthAmount:
    """What the line bills in one calendar month (its first day), and in no other."""

    month: date
    price: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Expected:
    """What was last proved of the line; None: nothing yet, or not a thing that is compared.

    ``since``: the day of the last proved change of units. ``first_on``: our first day on the line.
    """

    units: int | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    since: date | None
    adjusted_on: date | None
    # Day by day, from today or the head's day on; the values above are the last one's.
    steps: Sequence[Step] = ()
    first_on: date | None = None
    # Every day we have changed it for, where a second change on one is not simply added.
    used: frozenset[date] = frozenset()
    # Months that were proved on the line; and all of which some portion is billed already.
    months: Sequence[MonthAmount] = ()
    billed_months: frozenset[date] = frozenset()
    # What a call of the head still wants of later days, once its first have landed in part.
    owed: Sequence[Step] = ()

    def rates_on(self, day: date) -> tuple[Decimal | None, Decimal | None]:
        """Price and cost as they should be on a day, before anything new is asked; None: whatever
        they are. What was proved counts, and what is owed where nothing was."""
        price, cost = _rates(self.steps, day)
        if self.units is None or not self.owed:
            return price, cost
        owed_price, owed_cost = _rates(self.owed, day)
        return owed_price if price is None else price, owed_cost if cost is None else cost

    def after(self, proof: Proof) -> Expected:
        """The same once this has been proved: what ``ledger/settle`` makes of the lane."""
        day = proof.effective_on
        steps = merged([*until_day(self.steps, day), *from_day(proof.steps, day)])
        last = steps[-1]
        since = self.since
        if proof.moves_units and (proof.adjusted or self.units != last.units):
            since = day if since is None else max(day, since)
        return replace(
            self,
            units=last.units,
            unit_price=last.unit_price,
            unit_cost=last.unit_cost,
            since=since,
            adjusted_on=day if proof.adjusted else self.adjusted_on,
            steps=steps,
            first_on=self.first_on or day,
            used=self.used | {day} if proof.adjusted else self.used,
            owed=(),
        )


def _rates(steps: Sequence[Step], day: date) -> tuple[Decimal | None, Decimal | None]:
    now = next((step for step in steps if step.covers(day)), None)
    return (now.unit_price, now.unit_cost) if now else (None, None)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the connection is known to do and was told to do, for one subscription."""

    same_day: SameDay
    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule
    increase_day: ChangeDay = ChangeDay.OWN_DAY
    decrease_day: ChangeDay = ChangeDay.OWN_DAY
    posted_quantity: PostedQuantity = PostedQuantity.OWN_DAY
    price_day: PriceDay = PriceDay.PERIOD_START
    azure_amounts: AzureAmounts = AzureAmounts.CHARGE
    # Units the contract's price contains: so many fewer are billed.
    included_units: int = 0
    # The connection's; empty: not compared.
    price_currency: str = ""
    cost_currency: str = ""
