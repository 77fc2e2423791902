"""Carry out what was decided for a row, each act by its own verb, in the caller's transaction."""

from __future__ import annotations

from datetime import date
from typing import assert_never

from tallystick.catalog.add_offer import OfferFacts, add_offer
from tallystick.catalog.terms import OfferKind
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.purchase import Order, purchase
from tallystick.sources.csv_cells import OfferKey, Row
from tallystick.sources.csv_decide import Act, Decision
from tallystick.sources.csv_errors import ImportRefused, LineError
from tallystick.sources.csv_known import Recorded
from tallystick.subscriptions.add_customer import add_customer


class Apply:
    """Knows which customers and offers are there already, and adds each missing one once."""

    def __init__(self, recorded: Recorded, *, today: date, asked: Asked) -> None:
        self._subscriptions = {key: known.id for key, known in recorded.subscriptions.items()}
        self._customers = {key: customer.id for key, customer in recorded.customers.items()}
        self._offers = {key: pk for key, (pk, _) in recorded.offers.items()}
        self._today = today
        self._asked = asked
        self.customers_added = 0
        self.offers_added = 0

    def one(self, row: Row, decision: Decision) -> None:
        """Raises ImportRefused when a verb refuses: somebody changed it since it was decided."""
        try:
            self._carry_out(row, decision)
        except InvalidInput as problem:
            raise ImportRefused(
                [LineError(error.field, error.message, row.line) for error in problem.errors]
            ) from None
        except (Conflicting, NotFound) as problem:
            raise ImportRefused([LineError("row", str(problem), row.line)]) from None

    def _carry_out(self, row: Row, decision: Decision) -> None:
        match decision.act:
            case Act.NOTHING:
                pass
            case Act.ADD:
                purchase(self._order(row), asked=self._asked)
            case Act.CHANGE_QUANTITY:
                change_quantity(
                    subscription_id=self._subscriptions[row.subscription_id.lower()],
                    quantity=row.quantity,
                    effective_on=decision.effective_on,
                    today=self._today,
                    asked=self._asked,
                )
            case Act.CANCEL:
                cancel(
                    subscription_id=self._subscriptions[row.subscription_id.lower()],
                    effective_on=decision.effective_on,
                    today=self._today,
                    asked=self._asked,
                )
            case _:
                assert_never(decision.act)

    def _order(self, row: Row) -> Order:
        return Order(
            customer_id=self._customer(row),
            offer_id=self._offer(row.offer_key, row.offer),
            provider_id=row.subscription_id,
            quantity=row.quantity,
            starts_on=row.starts_on,
            commitment_ends_on=row.ends_on,
            friendly_name=row.subscription,
            unit_price=row.unit_price,
            unit_cost=row.unit_cost,
            price_currency=row.currency if row.unit_price is not None else "",
            cost_currency=row.currency if row.unit_cost is not None else "",
            status=row.status,
            is_trial=row.trial is True,
        )

    def _customer(self, row: Row) -> int:
        key = row.customer_id.lower()
        if key not in self._customers:
            self._customers[key], new = add_customer(
                name=row.customer,
                external_id=row.customer_id,
                context=self._asked.context,
                now=self._asked.now,
                correlation_id=self._asked.correlation_id,
            )
            self.customers_added += new
        return self._customers[key]

    def _offer(self, key: OfferKey, name: str) -> int:
        if key not in self._offers:
            facts = OfferFacts(
                product_id=key.product_id,
                sku_id=key.sku_id,
                name=name,
                segment=key.segment,
                term=key.term,
                billing_cycle=key.billing_cycle,
                kind=OfferKind.NCE_LICENCE,
            )
            self._offers[key], new = add_offer(
                facts,
                tenant_id=self._asked.context.tenant_id,
                actor=self._asked.context.actor,
                now=self._asked.now,
                correlation_id=self._asked.correlation_id,
            )
            self.offers_added += new
        return self._offers[key]
