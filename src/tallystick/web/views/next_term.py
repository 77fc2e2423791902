"""What a subscription becomes with its next term: schedule it, change it, take it back."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.finish import Asked
from tallystick.operations.offer_price import measure_of
from tallystick.operations.renew import NewPrice
from tallystick.operations.schedule import Plan, schedule, take_back_scheduled
from tallystick.operations.schedule_ahead import schedule_ahead
from tallystick.subscriptions.rules import read_quantity
from tallystick.subscriptions.scheduled import ScheduledView, scheduled_of
from tallystick.subscriptions.status import EndOfTerm
from tallystick.web import ahead, forms
from tallystick.web.visit import Visit, screen
from tallystick.web.words import plain_amount

SCHEDULED = "Scheduled. Nothing is sent before, and then it is by itself."
DUE = "Said. Its term is over, so it is recorded by itself within ten minutes, if it was not now."


@screen("GET", "POST")
def next_term(visit: Visit, subscription_id: int) -> HttpResponse:
    """Nothing is sent before its day, and then by itself; or only say what that will be."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    scheduled = scheduled_of([row.subscription.id]).get(row.subscription.id)
    if scheduled is not None and not scheduled.with_next_term:
        scheduled = None
    values = _values(visit, row, scheduled)
    token = forms.token_of(visit.request.POST)
    if visit.request.method != "POST":
        return _form(visit, row, scheduled, values, token)
    box = _box(visit, row, scheduled, values)

    def record(asked: Asked) -> Recorded:
        plan = _plan(values, scheduled, accepted=ahead.accepts(visit, box))
        verb = schedule_ahead if ahead.only_looks(visit) else schedule
        return verb(subscription_id=subscription_id, plan=plan, today=visit.today, asked=asked)

    if visit.wants_part:
        return ahead.part(visit, subscription_id, record, box=box, by_itself=True)
    try:
        if ahead.only_looks(visit):
            panel = ahead.look(visit, subscription_id, record, by_itself=True)
            panel = replace(panel, box=box)
            return _form(visit, row, scheduled, values, token, panel=panel)
        record(visit.asked(forms.source_id(token, "next-term", *values.values())))
    except InvalidInput as problem:
        panel = ahead.Panel(box=box)
        return _form(visit, row, scheduled, values, token, problem, panel=panel)
    messages.success(visit.request, DUE if _is_over(visit, row) else SCHEDULED)
    return redirect("subscription", subscription_id=subscription_id)


@screen("GET", "POST")
def take_back(visit: Visit, subscription_id: int) -> HttpResponse:
    """It stays as it is."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    scheduled = scheduled_of([row.subscription.id]).get(row.subscription.id)
    if scheduled is None:
        raise NotFound("Nothing is scheduled for this subscription.")
    if visit.request.method == "POST":
        take_back_scheduled(subscription_id=subscription_id, today=visit.today, asked=visit.asked())
        messages.success(visit.request, "Taken back: nothing changes by itself. Nothing was sent.")
        return redirect("subscription", subscription_id=subscription_id)
    return visit.render(
        "web/operations/take_back.html", rail="subscriptions", row=row, scheduled=scheduled
    )


def _is_over(visit: Visit, row: Row) -> bool:
    """Then what is said happens at once."""
    last_day = row.subscription.commitment_ends_on
    return last_day is not None and last_day < visit.today


def _values(visit: Visit, row: Row, scheduled: ScheduledView | None) -> dict[str, str]:
    posted = visit.request.POST
    said = row.subscription.end_is_said
    known = {
        "end_of_term": row.subscription.end_of_term.value if said else "",
        "quantity": "",
        "unit_price": "",
        "unit_cost": "",
    }
    if scheduled is not None:
        known["quantity"] = str(scheduled.quantity or "")
        known["unit_price"] = plain_amount(scheduled.unit_price)
        known["unit_cost"] = plain_amount(scheduled.unit_cost)
    return {name: posted.get(name, value)[:60] for name, value in known.items()}


def _box(
    visit: Visit, row: Row, scheduled: ScheduledView | None, values: dict[str, str]
) -> ahead.Box | None:
    offer = scheduled.offer if scheduled is not None else None
    view = row.subscription if offer is None else measure_of(row.subscription, offer)
    return ahead.box_of(visit, view, values)


def _plan(values: dict[str, str], scheduled: ScheduledView | None, *, accepted: bool) -> Plan:
    """Raises InvalidInput. An offer that was scheduled for the same day stays scheduled."""
    try:
        then = EndOfTerm(values["end_of_term"])
    except ValueError:
        raise InvalidInput.one("end_of_term", "is needed: choose one of the three") from None
    quantity = values["quantity"].strip()
    ends = then is EndOfTerm.CANCEL
    return Plan(
        then=then,
        offer_id=scheduled.offer_id if scheduled is not None and not ends else None,
        quantity=read_quantity(quantity) if quantity else None,
        price=NewPrice.read(
            values["unit_price"].strip() or None,
            values["unit_cost"].strip() or None,
            accepted=accepted,
        ),
    )


def _form(
    visit: Visit,
    row: Row,
    scheduled: ScheduledView | None,
    values: dict[str, str],
    token: str,
    problem: InvalidInput | None = None,
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    return visit.render(
        "web/operations/next_term.html",
        rail="renewals",
        status=400 if problem else 200,
        row=row,
        scheduled=scheduled,
        token=token,
        thens=[(one.value, one.label, one.value == values["end_of_term"]) for one in EndOfTerm],
        fields=forms.fields(values, problem, focus="quantity"),
        errors=forms.other_errors(values, problem),
        is_over=_is_over(visit, row),
        wrong=problem is not None,
        panel=panel,
        label="Record it" if _is_over(visit, row) else "Schedule it",
        back="Back" if _is_over(visit, row) else "Do not schedule",
    )
