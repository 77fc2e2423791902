"""The form that makes a subscription another offer: choose it, then say price, day and line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.http import HttpResponse

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.queries import list_offers
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.mappings.places import places_for
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.change_offer import NewOffer, change_offer, offer_of
from tallystick.operations.finish import Asked
from tallystick.operations.offer_price import measure_of, price_of_offer
from tallystick.operations.schedule import change_offer_from
from tallystick.web import ahead, forms
from tallystick.web.line_choices import is_number, line_choices, read_line
from tallystick.web.visit import Visit, screen
from tallystick.web.words import plain_amount, terms

SHOWN_AT_ONCE = 200
Offer = tuple[int, OfferFacts]


@screen("GET", "POST")
def change(visit: Visit, subscription_id: int) -> HttpResponse:
    """Record it, schedule it for a later day, or only say what that would do."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    posted = visit.request.POST
    offer = _offer(row, posted.get("offer_id") or visit.request.GET.get("offer", ""))
    if offer is None:
        return _choose(visit, row)
    values = _values(visit, row, offer)
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, row, offer, values, token)

    box = ahead.box_of(visit, measure_of(row.subscription, offer[1]), values)

    def record(asked: Asked, *, looks: bool = True) -> Recorded:
        verb = change_offer if looks else change_offer_from
        return verb(
            subscription_id=subscription_id,
            to=NewOffer.read(
                offer[0],
                quantity=values["quantity"],
                unit_price=values["unit_price"].strip() or None,
                unit_cost=values["unit_cost"].strip() or None,
                accepted=ahead.accepts(visit, box),
            ),
            line=read_line(values["line"]),
            effective_on=values["effective_on"],
            today=visit.today,
            asked=asked,
        )

    if visit.wants_part:
        return ahead.part(visit, subscription_id, record, box=box)
    try:
        if ahead.only_looks(visit):
            panel = replace(ahead.look(visit, subscription_id, record), box=box)
            return _form(visit, row, offer, values, token, panel=panel)
        source = forms.source_id(token, "offer", offer[0], *values.values())
        done = record(visit.asked(source), looks=False)
    except InvalidInput as problem:
        return _form(visit, row, offer, values, token, problem, panel=ahead.Panel(box=box))
    words = f"Recorded: {offer[1].label()}, from {values['effective_on']}."
    return forms.recorded(visit, row, done, words=words)


def _offer(row: Row, text: str) -> Offer | None:
    """None: none chosen, or none that is known."""
    if not is_number(text):
        return None
    try:
        return int(text), offer_of(row.subscription, int(text))
    except InvalidInput:
        return None


def _choose(visit: Visit, row: Row) -> HttpResponse:
    view = row.subscription
    search = visit.request.GET.get("q", "")[:100]
    page = list_offers(tenant_id=visit.context.tenant_id, search=search, limit=SHOWN_AT_ONCE)
    same = [one for one in page.items if one[1].kind is view.offer.kind and one[0] != view.offer_id]
    product = view.offer.product_id
    ordered = sorted(same, key=lambda one: (one[1].product_id != product, one[1].label()))
    return visit.render(
        "web/operations/choose_offer.html",
        rail="subscriptions",
        row=row,
        offers=[(str(one), f"{facts.name} ({terms(facts)})") for one, facts in ordered],
        more=bool(page.next_cursor),
        search=search,
    )


def _values(visit: Visit, row: Row, offer: Offer) -> dict[str, str]:
    """What was typed, else what the price rules and the other billing cycle come to."""
    posted, view = visit.request.POST, row.subscription
    price = price_of_offer(visit.context, view, *offer, on=visit.today)
    values = {
        "quantity": posted.get("quantity", str(view.quantity)),
        "unit_price": posted.get("unit_price", plain_amount(price.unit_price)),
        "unit_cost": posted.get("unit_cost", plain_amount(price.unit_cost)),
        "effective_on": forms.first_day(posted, visit.today),
        "line": posted.get("line", ""),
    }
    return {name: value[:60] for name, value in values.items()}


def _lines(
    visit: Visit, row: Row, offer: Offer, values: Mapping[str, str]
) -> Sequence[tuple[str, str]]:
    """What there is to choose from; nothing while it is not mapped here."""
    if row.place is None or not visit.context.may(Right.MAP):
        return []
    try:
        day = parse_day(values["effective_on"])
    except ValueError:
        day = visit.today
    then = replace(row.subscription, offer_id=offer[0], offer=offer[1])
    places = places_for(visit.context, row.place.connection_id, [then], today=day)[then.id]
    return line_choices(places)


def _form(
    visit: Visit,
    row: Row,
    offer: Offer,
    values: dict[str, str],
    token: str,
    problem: InvalidInput | None = None,
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    return visit.render(
        "web/operations/change_offer.html",
        rail="subscriptions",
        status=400 if problem else 200,
        row=row,
        offer_id=offer[0],
        offer=offer[1],
        other_cycle=offer[1].billing_cycle is not row.subscription.offer.billing_cycle,
        token=token,
        panel=panel,
        lines=_lines(visit, row, offer, values),
        fields=forms.fields(values, problem, focus="quantity"),
        errors=forms.other_errors(values, problem),
        wrong=problem is not None,
    )
