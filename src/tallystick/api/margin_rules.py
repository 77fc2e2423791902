"""Margin rules: never edited; a newer one of the same scope and target takes the place."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, Caller, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Day, PageOut, Paging, checked
from tallystick.api.schemas_rules import AffectedOut, RuleIn, RuleOut
from tallystick.catalog.price_words import MarginMethod
from tallystick.catalog.record_margin_rule import NewRule, check_new_rule
from tallystick.catalog.rule_queries import get_margin_rule, list_margin_rules
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.subscriptions.pricing import affected_by
from tallystick.subscriptions.set_margin_rule import check_target, set_margin_rule

router = Router(tags=["Prices"])
_ONE = "/margin-rules/{int:rule_id}"


class RuleFilter(Paging):
    """``counting``: without those that are over."""

    counting: bool = False


@router.get("/margin-rules", auth=READ, response=answers(200, PageOut[RuleOut]))
def margin_rules(request: HttpRequest, asked: Query[RuleFilter]) -> PageOut[RuleOut]:
    """Your own, newest first."""
    no_other(request, RuleFilter)
    who = caller(request)
    page = list_margin_rules(
        who.context,
        today=who.today,
        counting=asked.counting,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    items = [RuleOut.of(view) for view in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post("/margin-rules", auth=OPERATE, response=answers(201, RuleOut))
def post_margin_rule(request: HttpRequest, body: RuleIn) -> Status[RuleOut]:
    """Stores the rule; no subscription's price is changed by it alone."""
    who = caller(request)
    return Status(201, _set(body.new(who.today), who))


@router.post(
    "/margin-rules/affected",
    auth=READ,
    response=answers(200, PageOut[AffectedOut]),
    summary="Whom would this rule change?",
)
def affected(request: HttpRequest, body: RuleIn, asked: Query[Paging]) -> PageOut[AffectedOut]:
    """Price before and after, on the rule's first day or today. Stores nothing.

    ``limit`` subscriptions are looked at a page: it may hold fewer, or none, and not be the last.
    """
    no_other(request, Paging)
    who = caller(request)
    new = body.new(who.today)
    try:
        if errors := check_new_rule(new, today=who.today):
            raise InvalidInput(errors)
        new, _ = check_target(new, who.context)
    except InvalidInput as problem:
        raise _as_here(problem) from None
    page = affected_by(
        new.as_rule(who.context.actor.name),
        who.context,
        on=max(new.effective_from, who.today),
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    items = [AffectedOut.of(one) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get(_ONE, auth=READ, response=answers(200, RuleOut))
def margin_rule(request: HttpRequest, rule_id: int) -> RuleOut:
    who = caller(request)
    return RuleOut.of(get_margin_rule(who.context, rule_id, today=who.today))


@router.delete(_ONE, auth=OPERATE, response=answers(200, RuleOut))
def delete_margin_rule(request: HttpRequest, rule_id: int, from_on: Day | None = None) -> RuleOut:
    """From a day on (today without one) the next wider rule counts. Answers what says so."""
    no_other(request, {"from_on"})
    who = caller(request)
    rule = get_margin_rule(who.context, rule_id, today=who.today).rule
    ending = NewRule(
        scope=rule.scope,
        target=rule.target,
        method=MarginMethod.NONE,
        percent=Decimal(0),
        markup_limit=False,
        discount_limit=False,
        effective_from=from_on or max(rule.effective_from, who.today),
    )
    return _set(ending, who)


def _set(new: NewRule, who: Caller) -> RuleOut:
    try:
        rule_id = set_margin_rule(new, by=who.by())
    except InvalidInput as problem:
        raise _as_here(problem) from None
    return RuleOut.of(get_margin_rule(who.context, rule_id, today=who.today))


def _as_here(problem: InvalidInput) -> InvalidInput:
    """The room's fields by their names in the API."""
    names = {"effective_from": "effective_from_on"}
    return InvalidInput(
        [FieldError(names.get(one.field, one.field), one.message) for one in problem.errors]
    )
