"""The small forms of what happens to a subscription: one view, told by ``operations/acts``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from django.http import Http404, HttpResponse

from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.acts import BY_WORD, Act
from tallystick.operations.commitments import commitment_of
from tallystick.operations.finish import Asked
from tallystick.operations.perform import perform
from tallystick.operations.possible import possible
from tallystick.operations.reactivate import held_of
from tallystick.operations.undo import undo_of
from tallystick.operations.worth_knowing import prices_to_come
from tallystick.subscriptions.rules import ACCEPT
from tallystick.web import ahead, change_fields, forms
from tallystick.web.visit import Visit, screen
from tallystick.web.words import amount


@screen("GET", "POST")
def change(visit: Visit, subscription_id: int, word: str) -> HttpResponse:
    """Record one act, or only say what that would do. ``word``: ``end-of-term``."""
    visit.context.require(Right.OPERATE)
    act = BY_WORD.get(word)
    if act not in change_fields.RECORDS:
        raise Http404
    row = subscription_row(visit.context, subscription_id, now=visit.now)
    view, posted = row.subscription, visit.request.POST
    fresh = change_fields.as_it_is(act, view, today=visit.today)
    values = {
        name: posted.get(name, now)[: change_fields.LONGEST + 1] for name, now in fresh.items()
    }
    token = forms.token_of(posted)
    if visit.request.method != "POST":
        return _form(visit, row, act, values, token)
    box = ahead.box_of(visit, view, values) if act.sets_price else None
    accepted = {ACCEPT: "yes"} if ahead.accepts(visit, box) else {}

    def record(asked: Asked) -> Recorded:
        return perform(act, view.id, {**values, **accepted}, today=visit.today, asked=asked)

    if visit.wants_part:
        return ahead.part(visit, view.id, record, box=box)
    try:
        if ahead.only_looks(visit):
            panel = replace(ahead.look(visit, view.id, record), box=box)
            return _form(visit, row, act, values, token, panel=panel)
        done = record(visit.asked(forms.source_id(token, act.word, *values.values())))
    except InvalidInput as problem:
        return _form(visit, row, act, values, token, problem, panel=ahead.Panel(box=box))
    return forms.recorded(visit, row, done, words=f"Recorded: {act.label.lower()}.")


def _hints(visit: Visit, row: Row, values: Mapping[str, str]) -> dict[str, str]:
    """Which months of a suspended Azure plan are held, to be chosen from."""
    held = held_of(visit.context, row.subscription.id) if "months" in values else ()
    if not held:
        return {}
    names = ", ".join(
        f"{one.month:%Y-%m} ({amount(one.total.price, one.total.price_currency)})" for one in held
    )
    return {"months": f"Held while it was suspended: {names}. Write those that are to be billed."}


def _to_come(visit: Visit, row: Row, act: Act) -> str:
    """Which later prices the new one would take the place of; a renewal's begins with the term."""
    if not act.sets_price:
        return ""
    last_day = row.subscription.commitment_ends_on if act is Act.RENEW else None
    after = visit.today if last_day in {None, date.max} else last_day + timedelta(days=1)
    return prices_to_come(row.subscription, after=after)


def _form(
    visit: Visit,
    row: Row,
    act: Act,
    values: dict[str, str],
    token: str,
    problem: InvalidInput | None = None,
    *,
    panel: ahead.Panel | None = None,
) -> HttpResponse:
    held = commitment_of(row.subscription, now=visit.now)
    here = next(one for one in possible(row.subscription, held) if one.act is act)
    fields = forms.fields(values, problem, focus=next(iter(values)))
    return visit.render(
        "web/operations/change.html",
        rail="subscriptions",
        status=400 if problem else 200,
        row=row,
        token=token,
        panel=panel,
        act=act,
        here=here,
        inputs=change_fields.inputs(act, fields, hints=_hints(visit, row, values)),
        to_come=_to_come(visit, row, act),
        undo=undo_of(OperationKind(act.value)),
        records=change_fields.RECORDS[act],
        at_once=change_fields.looks_at_once(act) and not problem,
        errors=forms.other_errors(values, problem),
        wrong=problem is not None,
    )
