"""The form that states what an Azure plan came to in a month; and the months that are kept."""

from __future__ import annotations

from django.http import HttpResponse

from tallystick.catalog.terms import OfferKind
from tallystick.identity.roles import Right
from tallystick.kit.days import add_months
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.finish import Asked
from tallystick.operations.kept_months import kept_months
from tallystick.operations.state_amounts import Stated, state_amounts
from tallystick.web import ahead, forms
from tallystick.web.visit import Visit, screen


@screen("GET", "POST")
def azure_amounts(visit: Visit, subscription_id: int) -> HttpResponse:
    """Record a month's amounts, or only say what that would do."""
    visit.context.require(Right.OPERATE)
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    if row.subscription.offer.kind is not OfferKind.AZURE_PLAN:
        raise NotFound("Only an Azure plan has amounts of a month.")
    posted = visit.request.POST
    last = add_months(visit.today.replace(day=1), -1)
    values = {
        "month": posted.get("month", f"{last:%Y-%m}")[:60],
        "price": posted.get("price", "")[:60],
        "cost": posted.get("cost", "")[:60],
        "currency": posted.get("currency", row.subscription.price_currency)[:60],
    }
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, row, values, token)

    def record(asked: Asked) -> Recorded:
        typed = {name: value.strip() for name, value in values.items()}
        stated = Stated(typed["month"], typed["price"], typed["cost"], typed["currency"].upper())
        try:
            return state_amounts(
                subscription_id=subscription_id, stated=stated, today=visit.today, asked=asked
            )
        except Conflicting as problem:
            raise InvalidInput.one("month", str(problem)) from None

    if visit.wants_part:
        return ahead.part(visit, subscription_id, record)
    try:
        if ahead.only_looks(visit):
            panel = ahead.look(visit, subscription_id, record)
            return _form(visit, row, values, token, panel=panel)
        done = record(visit.asked(forms.source_id(token, *values.values())))
    except InvalidInput as problem:
        return _form(visit, row, values, token, problem)
    words = f"Recorded: Azure amounts of {values['month'].strip()}."
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
        "web/operations/azure_amounts.html",
        rail="subscriptions",
        status=400 if problem else 200,
        row=row,
        token=token,
        panel=panel,
        fields=forms.fields(values, problem, focus="price"),
        errors=forms.other_errors(values, problem),
        wrong=problem is not None,
        months=kept_months(visit.context, row.subscription.id),
    )
