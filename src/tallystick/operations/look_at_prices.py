"""Whom a margin rule or the price lists of a day would change, page by page. Stores nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_runs import Choice
from tallystick.catalog.rule_queries import get_margin_rule
from tallystick.identity.context import Context
from tallystick.kit.paging import LARGEST_PAGE, Page
from tallystick.ledger.price_steps import steps_after
from tallystick.ledger.queries import known_source_ids, price_steps
from tallystick.operations.repriced import Repriced, Totals, by_list, by_rule
from tallystick.operations.repriced_together import all_alike
from tallystick.subscriptions.pricing import compared, listed_on

RULE_SOURCE = "margin_rule"
LIST_SOURCE = "price_list"


@dataclass(frozen=True, slots=True)
class ByRule:
    """A margin rule of this context, recorded or only proposed, from a day."""

    rule: MarginRule
    whom: str
    on: date


@dataclass(frozen=True, slots=True)
class ByList:
    """The price lists, promotions and rules that count on a day."""

    on: date


What = ByRule | ByList


def rule_to_apply(context: Context, rule_id: int, *, today: date) -> ByRule:
    """A recorded rule of this context's own, from its first day or today. Raises NotFound."""
    found = get_margin_rule(context, rule_id, today=today)
    whom = found.target_name or found.rule.scope.label
    return ByRule(found.rule, whom, max(found.rule.effective_from, today))


def rule_source_id(rule: MarginRule, subscription_id: int) -> str:
    """A rule is applied to a subscription once."""
    return f"{rule.number}/{subscription_id}"


def look_at_prices(
    what: What, context: Context, *, cursor: str | None = None, limit: int = LARGEST_PAGE
) -> Page[Repriced]:
    """What would be recorded and what is left, of the next ``limit`` subscriptions.

    A page may hold fewer than were looked at, or none; the last one has no ``next_cursor``.
    Raises InvalidInput naming the cursor.
    """
    match what:
        case ByRule():
            return _by_rule(what, context, cursor, limit)
        case ByList():
            return _by_list(what, context, cursor, limit)


def total_of(what: What, context: Context, choice: Choice) -> Totals:
    """Of all pages."""
    totals, cursor = Totals(), None
    while True:
        page = look_at_prices(what, context, cursor=cursor)
        totals.add(page.items, choice)
        if (cursor := page.next_cursor) is None:
            return totals


def _by_rule(what: ByRule, context: Context, cursor: str | None, limit: int) -> Page[Repriced]:
    page = compared(what.rule, context, on=what.on, cursor=cursor, limit=limit)
    later = _priced_after([one.subscription_id for one in page.items], what.on)
    ids = [rule_source_id(what.rule, one.subscription_id) for one in page.items]
    applied = known_source_ids(context.tenant_id, RULE_SOURCE, ids)
    found = [
        by_rule(
            one,
            own=one.subscription.reseller_id == context.reseller_id,
            on=what.on,
            later=later.get(one.subscription_id),
        )
        for one, source_id in zip(page.items, ids, strict=True)
        if source_id not in applied
    ]
    return Page(all_alike([one for one in found if one is not None]), page.next_cursor)


def _by_list(what: ByList, context: Context, cursor: str | None, limit: int) -> Page[Repriced]:
    page = listed_on(context, on=what.on, cursor=cursor, limit=limit)
    later = _priced_after([one.subscription.id for one in page.items], what.on)
    found = [by_list(one, on=what.on, later=later.get(one.subscription.id)) for one in page.items]
    return Page(all_alike([one for one in found if one is not None]), page.next_cursor)


def _priced_after(subscription_ids: Collection[int], day: date) -> dict[int, date]:
    """The last later day from which a price is recorded; of those that have one."""
    later = {one: steps_after(of, day) for one, of in price_steps(subscription_ids).items()}
    return {one: steps[-1].on for one, steps in later.items() if steps}
