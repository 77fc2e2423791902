"""Apply a margin rule, or the price lists of a day: one *Update price margin* each.

1. What was asked for is kept as a run, with what was excluded and which large moves are right.
2. Parts of at most so many subscriptions are looked at; what stands against a change is kept with
   its reason, everything else is recorded. A part and how far the run is are one transaction.
   Where gaps are charged, Autotask is looked at before that transaction, for the same part.
3. Killed in between, the run goes on where the last part ended; nothing is recorded twice.

A few are done at once; many in the background (``operations/jobs``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import transaction

from tallystick.catalog.because import because_of
from tallystick.catalog.price_runs import (
    Choice,
    Left,
    RunView,
    begin_run,
    get_price_run,
    go_on,
    look_at_run,
    open_run,
)
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.jobs import SLOW_QUEUE, defer
from tallystick.kit.problem import Problem
from tallystick.ledger.record import Origin, Recorded
from tallystick.ledger.wake import Wake
from tallystick.operations.at_once import Ask
from tallystick.operations.finish import Asked
from tallystick.operations.gaps import GapsOf, Known
from tallystick.operations.look_at_prices import (
    LIST_SOURCE,
    RULE_SOURCE,
    ByList,
    ByRule,
    What,
    look_at_prices,
    rule_source_id,
    total_of,
)
from tallystick.operations.record_repriced import record_repriced
from tallystick.operations.repriced import Repriced
from tallystick.subscriptions.pricing import number_reached
from tallystick.subscriptions.rules import check_applied_day

APPLY = "tallystick.apply_prices"
AT_ONCE = 50  # more are done by a worker
PART = 100  # subscriptions looked at in one transaction: so many rows are locked together
CSP_PRICE = "Your CSP's price for it"


def apply_prices(
    what: What,
    *,
    choice: Choice,
    asked: Asked,
    here: bool = False,
    gaps: GapsOf | None = None,
) -> RunView:
    """Begin it, or answer the one that is under way. ``what``: of a rule that is recorded.

    ``here``: the caller goes on with it (``apply_part``), however many there are. ``gaps``: who
    looks ahead, where the choice says that gaps are charged. Raises NotAllowed, InvalidInput
    naming ``on``; then nothing is stored.
    """
    context = asked.context
    context.require(Right.OPERATE)
    check_applied_day(what.on, today=civil_day(asked.now, tenant_zone(context.tenant_id)))
    few = here or total_of(what, context, choice).change <= AT_ONCE
    rule = what.rule if isinstance(what, ByRule) else None
    with transaction.atomic():
        run, new = begin_run(
            context,
            rule_id=rule.number if rule else None,
            counts_on=what.on,
            choice=choice,
            to_look_at=number_reached(context, rule),
            now=asked.now,
            correlation_id=asked.correlation_id,
        )
        if new and not few:
            wake_run(run.id)
    it: dict[str, Any] = {"now": asked.now, "wake": asked.wake, "gaps": gaps}
    while (new or here) and few and apply_part(run.id, **it):
        pass
    return get_price_run(context, run.id)


def wake_run(run_id: int) -> None:
    """A worker goes on with it."""
    defer(APPLY, key=f"apply_prices:{run_id}", queue=SLOW_QUEUE, run_id=run_id)


def apply_part(run_id: int, *, now: datetime, wake: Wake, gaps: GapsOf | None = None) -> bool:
    """Step 2 for the next part; answers whether there is more. Two at a time take turns."""
    known = _known_gaps(run_id, now=now, wake=wake, gaps=gaps)
    with transaction.atomic():
        run = open_run(run_id)
        if run is None:
            return False
        if known is not None and known.cursor != run.cursor:
            return True  # somebody else did that part meanwhile
        asked = Asked(run.context, Origin(""), run.correlation_id, now, wake)
        today = civil_day(now, tenant_zone(run.context.tenant_id))
        page = look_at_prices(what_of(run), run.context, cursor=run.cursor or None, limit=PART)
        recorded, left_out, left = 0, 0, []
        for one in page.items:
            if not one.left and one.view.id in run.choice.excluded:
                left_out += 1
            elif why := one.stands(run.choice) or _record(one, run, known, today, asked):
                left.append(Left(one.view.id, one.view.customer.name, one.view.name, why))
            else:
                recorded += 1
        go_on(
            run,
            cursor=page.next_cursor,
            looked_at=min(PART, max(run.to_look_at - run.looked_at, 0)),
            recorded=recorded,
            left_out=left_out,
            left=left,
            now=now,
        )
        return page.next_cursor is not None


def _known_gaps(run_id: int, *, now: datetime, wake: Wake, gaps: GapsOf | None) -> Known | None:
    """Of the next part, before its transaction; None where no gap is to be charged."""
    run = look_at_run(run_id)
    if run is None or not run.choice.gap_charge:
        return None
    if gaps is None:
        raise RuntimeError("this process was started without a way to look ahead")
    asked = Asked(run.context, Origin(""), run.correlation_id, now, wake)
    today = civil_day(now, tenant_zone(run.context.tenant_id))
    page = look_at_prices(what_of(run), run.context, cursor=run.cursor or None, limit=PART)
    changing = [
        one
        for one in page.items
        if not one.stands(run.choice) and one.view.id not in run.choice.excluded
    ]

    def record(one: Repriced, asked: Asked) -> Recorded:
        return record_repriced(one, by_list=run.rule is None, today=today, asked=asked)

    found = gaps([Ask(one.view.id, partial(record, one)) for one in changing], asked=asked)
    ids = [one.view.id for one in changing]
    seen = {one.view.id: one.view.last_sequence for one in changing}
    return Known(run.cursor, dict(zip(ids, found, strict=True)), seen)


def what_of(run: RunView) -> What:
    if run.rule is None:
        return ByList(run.counts_on)
    return ByRule(run.rule, run.whom, run.counts_on)


def _record(one: Repriced, run: RunView, known: Known | None, today: date, asked: Asked) -> str:
    """Why it could not be; empty when it is recorded, with its charge where it has a gap."""
    if known is not None and (why := known.stands(one.view.id)):
        return why
    try:
        with transaction.atomic():
            recorded = record_repriced(
                one,
                by_list=run.rule is None,
                today=today,
                asked=replace(asked, origin=_origin(run, one.view.id)),
                because=_because(one, run),
            )
            if known is not None:
                known.charge(one.view.id, recorded, asked)
    except Problem as problem:
        return str(problem)
    return ""


def _origin(run: RunView, subscription_id: int) -> Origin:
    if run.rule is None:
        return Origin(LIST_SOURCE, f"{run.id}/{subscription_id}")
    return Origin(RULE_SOURCE, rule_source_id(run.rule, subscription_id))


def _because(one: Repriced, run: RunView) -> dict[str, object]:
    """The rule by name where it is the seller's own: what a CSP takes is nobody else's to read."""
    if run.rule is None:
        return because_of(one.because, run.name, price_list_on=run.counts_on.isoformat())
    if one.view.reseller_id != run.context.reseller_id:
        return because_of(one.because, CSP_PRICE)
    return because_of(one.because, f"Margin rule: {run.name}", margin_rule=run.rule.number)
