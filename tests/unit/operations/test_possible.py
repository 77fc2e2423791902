"""What can be done to a subscription now, and what a price moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.operations.acts import BY_WORD, Act
from tallystick.operations.possible import possible, why_not
from tallystick.subscriptions.commitment import Move, commitment
from tallystick.subscriptions.large_change import check_large_change, large_change
from tallystick.subscriptions.queries import CustomerView, SubscriptionView
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

LAST, NOW = date(2026, 12, 31), datetime(2026, 5, 10, tzinfo=UTC)
OFFER = OfferFacts(
    "CFQ1", "1", "M365", Segment.COMMERCIAL, Term.YEAR, BillingCycle.MONTHLY, OfferKind.NCE_LICENCE
)
VIEW = SubscriptionView(
    id=1,
    tenant_id=1,
    reseller_id=None,
    customer=CustomerView(1, "Contoso", "c"),
    offer_id=1,
    offer=OFFER,
    provider_id="s",
    friendly_name="",
    quantity=10,
    status=SubscriptionStatus.ACTIVE,
    starts_on=date(2026, 1, 1),
    commitment_ends_on=LAST,
    cancellable_until=None,
    unit_price=Decimal("15.2000"),
    unit_cost=Decimal("12.1000"),
    price_currency="EUR",
    cost_currency="USD",
    last_sequence=1,
)
AZURE = replace(VIEW, offer=replace(OFFER, kind=OfferKind.AZURE_PLAN))


def test_every_act_has_a_word_a_label_and_fields_and_none_is_missing() -> None:
    assert list(BY_WORD.values()) == list(Act)
    assert len({act.label for act in Act}) == len(Act)
    assert all(act.needs <= set(act.fields) for act in Act)


@pytest.mark.parametrize(
    ("view", "acts"),
    [
        (VIEW, {Act.REACTIVATE, Act.CONVERT_TRIAL}),
        (replace(VIEW, is_trial=True), {Act.REACTIVATE}),
        (
            replace(VIEW, status=SubscriptionStatus.SUSPENDED),
            {Act.QUANTITY, Act.SUSPEND, Act.CONVERT_TRIAL},
        ),
        (
            replace(VIEW, commitment_ends_on=None),
            {Act.REACTIVATE, Act.CONVERT_TRIAL, Act.RENEW, Act.END_OF_TERM},
        ),
        (
            replace(VIEW, price_currency=""),
            {Act.REACTIVATE, Act.CONVERT_TRIAL, Act.END_PROMOTION},
        ),
        (AZURE, {Act.REACTIVATE, Act.CONVERT_TRIAL, Act.PRICE, Act.END_PROMOTION}),
        (replace(VIEW, status=SubscriptionStatus.EXPIRED), set(Act)),
    ],
)
def test_what_cannot_be_done_says_why(view: SubscriptionView, acts: set[Act]) -> None:
    refused = {act: why for act in Act if (why := why_not(act, view))}
    assert set(refused) == acts
    assert all(why.endswith(".") for why in refused.values())


@pytest.mark.parametrize(
    ("added_on", "brief"),
    [
        (date(2026, 5, 8), "Microsoft takes back 4 of 10 now"),
        (date(2026, 4, 1), "More at any time, fewer not until 31 Dec 2026"),
    ],
)
def test_the_commitment_is_said_in_short_and_in_full(added_on: date, brief: str) -> None:
    at = datetime.combine(added_on, datetime.min.time(), UTC)
    held = commitment(
        kind=OfferKind.NCE_LICENCE,
        quantity=10,
        last_day=LAST,
        end_of_term=EndOfTerm.RENEW,
        cancellable_until=None,
        moves=[Move(datetime(2026, 1, 1, tzinfo=UTC), 6, True), Move(at, 10)],
        now=NOW,
    )
    found = {one.act: one for one in possible(VIEW, held)}
    assert found[Act.QUANTITY].brief == brief
    assert found[Act.QUANTITY].note == held.about_fewer()
    assert found[Act.CANCEL].brief == "Committed until 31 Dec 2026"
    assert found[Act.RENEW].note == ""


@pytest.mark.parametrize(
    ("view", "price", "cost", "said"),
    [
        (VIEW, "45.60", None, ""),  # three times, and no more
        (VIEW, "45.61", None, "unit price 15.20 to 45.61 EUR"),
        (VIEW, "5.06", None, "unit price 15.20 to 5.06 EUR"),
        (VIEW, "0", "1", "unit price 15.20 to 0.00 EUR and unit cost 12.10 to 1.00 USD"),
        (replace(VIEW, unit_price=None), "45.61", None, ""),  # a first price has no measure
        (replace(VIEW, unit_price=Decimal(0)), "1", None, "unit price 0.00 to 1.00 EUR"),
        (replace(VIEW, unit_price=Decimal(0), is_trial=True), "1", None, ""),
    ],
)
def test_a_move_by_more_than_a_factor_3_names_both_numbers(
    view: SubscriptionView, price: str, cost: str | None, said: str
) -> None:
    amounts = (Decimal(price), None if cost is None else Decimal(cost))
    assert large_change(view, *amounts) == said
    errors = check_large_change(view, *amounts, accepted=False)
    assert [error.field for error in errors] == (["accept_large_change"] if said else [])
    assert check_large_change(view, *amounts, accepted=True) == []
