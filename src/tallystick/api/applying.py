"""Apply a margin rule, or the price lists of a day, to the subscriptions they change."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, Caller, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_applying import (
    ApplyIn,
    ApplyListIn,
    LeftOut,
    PriceRunOut,
    PricesAheadOut,
)
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.bootstrap.gap_charge import gaps_of
from tallystick.bootstrap.prices_ahead import look_ahead_at_prices
from tallystick.catalog.price_runs import get_price_run, left_of
from tallystick.operations.apply_prices import apply_prices
from tallystick.operations.look_at_prices import (
    ByList,
    What,
    look_at_prices,
    rule_to_apply,
    total_of,
)
from tallystick.subscriptions.rules import check_applied_day

router = Router(tags=["Prices"])
_ANSWERS = {**answers(202, PriceRunOut), 200: PricesAheadOut}


@router.post(
    "/margin-rules/{int:rule_id}/apply",
    auth=OPERATE,
    response=_ANSWERS,
    summary="Apply a margin rule",
)
def apply_margin_rule(
    request: HttpRequest, rule_id: int, body: ApplyIn, asked: Query[Paging]
) -> Status[PricesAheadOut | PriceRunOut]:
    """One *Update price margin* for each subscription whose price or cost the rule changes, once.

    From its first day, or today when that has passed. A few are recorded before the answer, more
    in the background. ``dry_run`` (200) says which, the money a month, and of up to 200 of a page
    what Autotask would get from which day; it stores nothing.
    """
    no_other(request, Paging)
    who = caller(request)
    return _apply(request, rule_to_apply(who.context, rule_id, today=who.today), body, asked, who)


@router.post(
    "/prices/apply", auth=OPERATE, response=_ANSWERS, summary="Apply the price lists of a day"
)
def apply_price_list(
    request: HttpRequest, body: ApplyListIn, asked: Query[Paging]
) -> Status[PricesAheadOut | PriceRunOut]:
    """One *Update price margin* for each subscription whose recorded amounts are others.

    Billed from that very day. What is locked, or cannot be priced, is left with its reason.
    """
    no_other(request, Paging)
    who = caller(request)
    check_applied_day(body.on, today=who.today)
    return _apply(request, ByList(body.on), body, asked, who)


@router.get("/price-runs/{int:run_id}", auth=READ, response=answers(200, PriceRunOut))
def price_run(request: HttpRequest, run_id: int) -> PriceRunOut:
    """How far a margin rule or price list is."""
    return PriceRunOut.of(get_price_run(caller(request).context, run_id))


@router.get("/price-runs/{int:run_id}/left", auth=READ, response=answers(200, PageOut[LeftOut]))
def price_run_left(request: HttpRequest, run_id: int, asked: Query[Paging]) -> PageOut[LeftOut]:
    """What it left as it was, and why."""
    no_other(request, Paging)
    page = left_of(
        caller(request).context, run_id, cursor=checked(asked.cursor, int), limit=asked.limit
    )
    return PageOut(items=[LeftOut.of(one) for one in page.items], next_cursor=page.next_cursor)


def _apply(
    request: HttpRequest, what: What, body: ApplyIn, asked: Paging, who: Caller
) -> Status[PricesAheadOut | PriceRunOut]:
    if not body.dry_run:
        return Status(
            202,
            PriceRunOut.of(apply_prices(what, choice=body.choice, asked=who.asked(), gaps=gaps_of)),
        )
    stores_nothing(request)
    page = look_at_prices(what, who.context, cursor=checked(asked.cursor, int), limit=asked.limit)
    totals = total_of(what, who.context, body.choice)
    ahead = look_ahead_at_prices(page.items, what, asked=who.asked())
    return Status(200, PricesAheadOut.look(totals, page.items, page.next_cursor, ahead))
