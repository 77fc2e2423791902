"""The form that changes what a unit is sold for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.http import HttpResponse

from tallystick.bootstrap.gap_charge import WithGap, record_with_gap
from tallystick.connections.overrides import how_billed
from tallystick.connections.policies import PriceDay
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.mappings.resolve import resolve
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import Asked
from tallystick.operations.update_price import update_price
from tallystick.operations.worth_knowing import prices_to_come
from tallystick.subscriptions.rules import no_price_margin
from tallystick.web import ahead, forms
from tallystick.web.visit import Visit, screen
from tallystick.web.words import plain_amount

A_YEAR = 12  # months: in a shorter period there is little to choose


@dataclass(frozen=True, slots=True)
class From:
    """One choice of the day a yearly contract's price begins, as its radio button shows it."""

    value: str
    label: str
    words: str
    chosen: bool


@screen("GET", "POST")
def price_margin(visit: Visit, subscription_id: int) -> HttpResponse:
    """Record another unit price from a day on, or only say what that would do."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    posted = visit.request.POST
    values = _values(visit, row)
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, row, values, token)
    if because := no_price_margin(row.subscription.offer.kind):
        problem = InvalidInput.one("subscription", because)
        return _form(visit, row, values, token, problem)
    box = ahead.box_of(visit, row.subscription, values)

    def record(asked: Asked) -> Recorded:
        return update_price(
            subscription_id=subscription_id,
            unit_price=values["unit_price"],
            unit_cost=values["unit_cost"].strip() or None,
            currency=values.get("currency", "").strip().upper(),
            price_from=_price_from(values.get("price_from", "")),
            effective_on=values["effective_on"],
            today=visit.today,
            asked=asked,
            accept_large_change=ahead.accepts(visit, box),
        )

    if visit.wants_part:
        return ahead.part(visit, subscription_id, record, box=box)
    try:
        if ahead.only_looks(visit):
            panel = replace(ahead.look(visit, subscription_id, record), box=box)
            return _form(visit, row, values, token, panel=panel)
        asked = visit.asked(forms.source_id(token, "price", *values.values()))
        done = _record(record, subscription_id, asked, gap_charge="gap_charge" in posted)
    except InvalidInput as problem:
        return _form(visit, row, values, token, problem, panel=ahead.Panel(box=box))
    words = f"Recorded: unit price {values['unit_price'].strip()}, from {values['effective_on']}."
    if done.charges:
        words += " The gap is charged once."
    return forms.recorded(visit, row, done.recorded, words=words, also=done.charges)


def _record(
    record: Callable[[Asked], Recorded], subscription_id: int, asked: Asked, *, gap_charge: bool
) -> WithGap:
    if gap_charge:
        return record_with_gap(record, subscription_id, asked=asked)
    return WithGap(record(asked), 0)


def _values(visit: Visit, row: Row) -> dict[str, str]:
    """What was typed, else what it is now; only the fields this subscription is asked for."""
    posted, view = visit.request.POST, as_of(row.subscription, visit.today)
    values = {
        "unit_price": posted.get("unit_price", plain_amount(view.unit_price)),
        "unit_cost": posted.get("unit_cost", ""),
        "effective_on": forms.first_day(posted, visit.today),
    }
    if not view.price_currency:
        values["currency"] = posted.get("currency", "")
    if _is_yearly(row):
        values["price_from"] = posted.get("price_from", _as_the_policy_says(visit, row))
    return {name: value[:60] for name, value in values.items()}


def _is_yearly(row: Row) -> bool:
    """By the contract's billing period; before that is known, by the offer's billing cycle."""
    found = resolve(row.lane.id) if row.lane is not None else None
    months = found.period_months if found else None
    return (months or row.subscription.offer.billing_cycle.months or 0) >= A_YEAR


def _as_the_policy_says(visit: Visit, row: Row) -> str:
    """For this subscription. Nothing is preset for a connection of another context."""
    if row.place is None:
        return PriceDay.PERIOD_START.value
    try:
        connection = get_connection(visit.context, row.place.connection_id)
    except NotFound:
        return ""
    view = row.subscription
    policies = how_billed(connection, customer_id=view.customer.id, subscription_id=view.id)
    return policies.price_day.value


def _price_from(text: str) -> PriceDay | None:
    """Raises InvalidInput."""
    try:
        return PriceDay(text) if text else None
    except ValueError:
        raise InvalidInput.one("price_from", "must be one of the three") from None


def _form(
    visit: Visit,
    row: Row,
    values: dict[str, str],
    token: str,
    problem: InvalidInput | None = None,
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    chosen = values.get("price_from")
    return visit.render(
        "web/operations/price_margin.html",
        rail="subscriptions",
        status=400 if problem else 200,
        row=row,
        token=token,
        panel=panel,
        not_applicable=no_price_margin(row.subscription.offer.kind),
        fields=forms.fields(values, problem, focus="unit_price"),
        errors=forms.other_errors(values, problem),
        wrong=problem is not None,
        gap_charge="gap_charge" in visit.request.POST,
        held=as_of(row.subscription, visit.today),
        to_come=prices_to_come(row.subscription, after=visit.today),
        begins=[
            From(one.value, _FROM[one], one.consequence, one.value == chosen) for one in PriceDay
        ]
        if chosen is not None
        else [],
    )


_FROM = {
    PriceDay.OWN_DAY: "From this day",
    PriceDay.PERIOD_START: "From the period's start",
    PriceDay.NEXT_PERIOD: "From the next period",
}
