"""The form that changes a quantity."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse

from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.change_quantity import change_quantity as record_change
from tallystick.operations.change_quantity import large_change_with
from tallystick.operations.commitments import commitment_of
from tallystick.operations.finish import Asked
from tallystick.web import ahead, forms
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def change_quantity(visit: Visit, subscription_id: int) -> HttpResponse:
    """Record another quantity from a day on, or only say what that would do."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    posted = visit.request.POST
    values = {
        "quantity": posted.get("quantity", str(row.subscription.quantity))[:60],
        "effective_on": forms.first_day(posted, visit.today),
    }
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, row, values, token)
    moves = large_change_with(visit.context, row.subscription, today=visit.today, **values)
    box = ahead.box_for(visit, moves)

    def record(asked: Asked) -> Recorded:
        return record_change(
            subscription_id=subscription_id,
            quantity=values["quantity"],
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
        done = record(visit.asked(forms.source_id(token, *values.values())))
    except InvalidInput as problem:
        return _form(visit, row, values, token, problem, panel=ahead.Panel(box=box))
    words = f"Recorded: quantity {values['quantity'].strip()}, from {values['effective_on']}."
    return forms.recorded(visit, row, done, words=words)


def _form(
    visit: Visit,
    row: Row,
    values: dict[str, str],
    token: str,
    problem: InvalidInput | None = None,
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    return visit.render(
        "web/operations/change_quantity.html",
        rail="subscriptions",
        status=400 if problem else 200,
        row=row,
        token=token,
        panel=panel,
        fields=forms.fields(values, problem, focus="quantity"),
        errors=forms.other_errors(values, problem),
        note=commitment_of(row.subscription, now=visit.now).about_fewer(),
    )
