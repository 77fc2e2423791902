"""The customers and Azure plans that a file of amounts speaks of, as far as the asker sees them."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.sources.azure_sheet import AmountRow
from tallystick.sources.csv_errors import Errors
from tallystick.subscriptions.models import Customer, Subscription

AZURE = frozenset(
    {
        OfferKind.AZURE_PLAN.value,
        OfferKind.AZURE_RESERVATION.value,
        OfferKind.SAVINGS_PLAN.value,
    }
)


class People:
    """The customers and plans of this context that the rows speak of."""

    def __init__(self, context: Context) -> None:
        self._scope = context.scope()
        self._by_id: dict[str, Customer] = {}
        self._by_name: dict[str, list[Customer]] = {}
        self._plans: dict[str, Subscription] = {}

    def meet(self, rows: Sequence[AmountRow]) -> None:
        """Read those of the next rows; the earlier ones are forgotten."""
        asked = {row.customer for row in rows}
        customers = Customer.objects.filter(**self._scope)
        self._by_id = {one.external_id: one for one in customers.filter(external_id__in=asked)}
        self._by_name = {}
        for one in customers.filter(name__in=asked - self._by_id.keys()):
            self._by_name.setdefault(one.name, []).append(one)
        plans = {row.subscription_id for row in rows if row.subscription_id}
        held = Subscription.objects.filter(**self._scope, provider_id__in=plans)
        self._plans = {one.provider_id: one for one in held.select_related("offer")}

    def of(self, row: AmountRow, errors: Errors) -> tuple[Customer, Subscription | None] | None:
        """Whose amount it is; None, and an error, when that is not known here."""
        customer = self._customer(row, errors)
        if customer is None or not row.subscription_id:
            return None if customer is None else (customer, None)
        plan = self._plans.get(row.subscription_id)
        if plan is None or plan.customer_id != customer.pk:
            words = f"“{row.subscription_id}” is not a subscription of this customer here"
        elif plan.offer.kind not in AZURE:
            words = f"“{row.subscription_id}” is not Azure: {OfferKind(plan.offer.kind).label}"
        else:
            return customer, plan
        errors.add(row.line, "subscription_id", words)
        return None

    def _customer(self, row: AmountRow, errors: Errors) -> Customer | None:
        if found := self._by_id.get(row.customer):
            return found
        named = self._by_name.get(row.customer, [])
        if len(named) == 1:
            return named[0]
        words = "is the name of several customers: write the id" if named else "is not known here"
        errors.add(row.line, "customer", f"“{row.customer[:60]}” {words}")
        return None
