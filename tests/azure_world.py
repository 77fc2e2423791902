"""An Azure plan mapped to a line of the simulator, and its months."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from harness import Line, World
from tallystick.catalog.terms import OfferKind
from tallystick.operations.state_amounts import Stated, state_amounts
from tallystick.simulator.jsontext import money
from tallystick.subscriptions.models import AzureAmountRow, Subscription

AZURE_PLAN: dict[str, Any] = {
    "units": 1,
    "unit_price": None,
    "unit_cost": None,
    "billed_at": "0.00",
    "costs": "0.00",
    "kind": OfferKind.AZURE_PLAN,
}


@dataclass
class Plan:
    """``line``: 1 unit that rests at 0."""

    line: Line

    @property
    def world(self) -> World:
        return self.line.world

    def amounts(self, month: str, price: str, cost: str = "0.00", **more: Any) -> int:
        """State what a month came to; answers the operation's id."""
        of = self.world.tenancy
        return state_amounts(
            subscription_id=self.line.subscription_id,
            stated=Stated(month, price, cost, "EUR", **more),
            today=of.today(),
            asked=of.asked(),
        ).operation_id

    def charges(self) -> list[dict[str, Any]]:
        """Every charge of the contract, as Autotask has it."""
        simulator = self.world.simulator
        with simulator.lock:
            return [
                dict(one)
                for one in simulator.world.table("ContractCharges")
                if one["contractID"] == self.line.contract_id
            ]

    def charged(self) -> list[tuple[str, Decimal, Decimal]]:
        """Day, price and cost of each charge."""
        return [
            (one["datePurchased"].isoformat(), one["billableAmount"], one["extendedCost"])
            for one in self.charges()
        ]

    def post(self, up_to: date) -> None:
        self.world.simulator.approve_and_post(self.line.contract_id, up_to)

    def billed(self) -> dict[str, tuple[Decimal, Decimal]]:
        """What Autotask's billing items come to by month, price and cost."""
        simulator = self.world.simulator
        totals: dict[str, tuple[Decimal, Decimal]] = {}
        with simulator.lock:
            for item in simulator.world.table("BillingItems"):
                if item["contractID"] != self.line.contract_id:
                    continue
                month = f"{item['itemDate']:%Y-%m}"
                price, cost = totals.get(month, (Decimal(0), Decimal(0)))
                totals[month] = price + item["extendedPrice"], cost + (item["ourCost"] or 0)
        return {month: both for month, both in totals.items() if any(both)}

    def edit_charge(self, charge_id: int, **fields: Any) -> None:
        """As a person does in Autotask's screens; amounts as text."""
        typed = {
            name: money(Decimal(value)) if isinstance(value, str) else value
            for name, value in fields.items()
        }
        with self.world.simulator.lock:
            self.world.simulator.world.table("ContractCharges").update(charge_id, typed)

    def delete_charge(self, charge_id: int) -> None:
        with self.world.simulator.lock:
            self.world.simulator.world.table("ContractCharges").remove(charge_id)

    def strike(self, kind: str, *, method: str = "POST", **more: Any) -> int:
        """A fault strikes the next call about a charge."""
        return self.world.simulator.add_fault(kind, method=method, path="/Charges", **more)


def plan_on(world: World, **more: Any) -> Plan:
    """Settled: its first sync is done."""
    return Plan(world.line(**{**AZURE_PLAN, **more}))


def keep(plan: Plan, month: date, price: str, *, final: bool = True) -> None:
    """As an import keeps it."""
    of = plan.world.tenancy
    AzureAmountRow.objects.create(
        tenant_id=of.tenant_id,
        customer_id=Subscription.objects.get(pk=plan.line.subscription_id).customer_id,
        subscription_id=plan.line.subscription_id,
        month=month,
        kind="usage",
        price=Decimal(price),
        cost=Decimal(price),
        price_currency="EUR",
        cost_currency="EUR",
        final=final,
        source="May.csv",
        recorded_at=of.clock.now(),
        actor="Ada",
        correlation_id="c",
    )
