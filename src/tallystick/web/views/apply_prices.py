"""Apply a margin rule or the price lists of a day: whom it changes, then how far it is."""

from __future__ import annotations

import hashlib

from django.http import HttpResponse

from tallystick.catalog.price_runs import RunView, get_price_run, left_of
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput
from tallystick.operations.look_at_prices import ByList, rule_to_apply
from tallystick.subscriptions.rules import check_applied_day
from tallystick.web.addresses import Address
from tallystick.web.repricing import carry_out, look
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence


@screen("GET", "POST")
def margin_rule_apply(visit: Visit, rule_id: int) -> HttpResponse:
    """A rule that is set. A POST with ``confirm`` applies it, without shows the next ones."""
    visit.context.require(Right.OPERATE)
    what = rule_to_apply(visit.context, rule_id, today=visit.today)
    if visit.request.POST.get("confirm") == "apply":
        return carry_out(visit, what)
    return visit.render(
        "web/prices/rule_apply.html",
        rail="prices",
        rule=what.rule,
        whom=what.whom,
        **look(visit, what),
    )


@screen("GET", "POST")
def price_list_apply(visit: Visit) -> HttpResponse:
    """Choose a day, look whom it changes; a POST with ``confirm`` applies it."""
    visit.context.require(Right.OPERATE)
    posted = visit.request.method == "POST"
    asked = (visit.request.POST if posted else visit.request.GET).get("on", "").strip()[:40]
    shown: dict[str, object] = {}
    wrong = ""
    if asked:
        try:
            what = ByList(parse_day(asked))
            check_applied_day(what.on, today=visit.today)
            if visit.request.POST.get("confirm") == "apply":
                return carry_out(visit, what)
            shown = look(visit, what)
        except InvalidInput as problem:
            wrong = error_sentence("The day", problem.errors[0])
        except ValueError as error:
            wrong = f"The day: {error}."
    return visit.render(
        "web/prices/list_apply.html",
        rail="prices",
        status=400 if wrong else 200,
        is_csp=visit.context.reseller_id is None,
        asked=asked or visit.today.isoformat(),
        wrong=wrong,
        looked=bool(shown),
        **shown,
    )


@screen("GET")
def price_run(visit: Visit, run_id: int) -> HttpResponse:
    """How far it is, and what was left with its reason."""
    run = get_price_run(visit.context, run_id)
    address = Address.read(visit.request.GET, ())
    page = left_of(visit.context, run.id, cursor=address.cursor or None)
    return visit.render(
        "web/prices/run.html",
        rail="prices",
        run=run,
        mark=_mark(run),
        left=page.items,
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET")
def price_run_progress(visit: Visit, run_id: int) -> HttpResponse:
    """Asked every second while it runs; answers nothing when nothing has changed."""
    run = get_price_run(visit.context, run_id)
    if _mark(run) == visit.request.GET.get("was"):
        return HttpResponse(status=204)
    return visit.render("web/prices/_run.html", run=run, mark=_mark(run))


def _mark(run: RunView) -> str:
    told = f"{run.looked_at}|{run.recorded}|{run.left}|{run.state}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]
