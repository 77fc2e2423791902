"""Margin rules: those there are, and a new one, shown with whom it would change before it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.catalog.record_margin_rule import NewRule, check_new_rule
from tallystick.catalog.rule_queries import list_margin_rules
from tallystick.catalog.terms import OfferKind
from tallystick.identity.people import resellers_of
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words, parse_day
from tallystick.kit.money import parse_percent
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.operations.look_at_prices import ByRule, rule_to_apply
from tallystick.subscriptions.queries import list_customers
from tallystick.subscriptions.set_margin_rule import check_target, set_margin_rule
from tallystick.web.addresses import Address, choices
from tallystick.web.forms import Field
from tallystick.web.repricing import carry_out, look
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

SHOWN_AT_ONCE = 200
_LABELS = {
    "whom": "For",
    "method": "Rule",
    "percent": "Per cent",
    "effective_from": "From",
}
_LIMITS = ("markup_limit", "discount_limit")
_METHODS = [(one.value, f"{one.label}: {one.meaning}") for one in MarginMethod]


@screen("GET")
def margin_rules(visit: Visit) -> HttpResponse:
    """This context's own, newest first."""
    address = Address.read(visit.request.GET, ("show",))
    page = list_margin_rules(
        visit.context,
        today=visit.today,
        counting=address.value("show") != "all",
        cursor=address.cursor or None,
    )
    return visit.render(
        "web/prices/rules.html",
        rail="prices",
        is_csp=visit.context.reseller_id is None,
        rows=page.items,
        address=address,
        chips=choices(address, "show", [("all", "Replaced ones too")], every="That count"),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def margin_rule_new(visit: Visit) -> HttpResponse:
    """The first POST shows whom the rule would change, the second (``confirm``) sets it.

    ``confirm`` is *yes*, or *apply* to apply it, too.
    """
    visit.context.require(Right.OPERATE)
    posted = visit.request.POST
    values = {name: posted.get(name, now).strip()[:60] for name, now in _fresh(visit).items()}
    ticked = {name: posted.get(name) == "yes" for name in _LIMITS}
    if visit.request.method != "POST":
        return _form(visit, values, ticked)
    try:
        new = _rule(values, ticked)
        if errors := check_new_rule(new, today=visit.today):
            raise InvalidInput(errors)
        new, target_name = check_target(new, visit.context)
        if posted.get("confirm") == "apply":
            rule_id = set_margin_rule(new, by=visit.by())
            return carry_out(visit, rule_to_apply(visit.context, rule_id, today=visit.today))
        if posted.get("confirm") == "yes":
            set_margin_rule(new, by=visit.by())
            messages.success(visit.request, f"The rule counts from {in_words(new.effective_from)}.")
            return redirect("margin-rules")
    except InvalidInput as problem:
        return _form(visit, values, ticked, problem.errors)
    return _preview(visit, new, target_name, values, ticked)


def _preview(
    visit: Visit,
    new: NewRule,
    target_name: str,
    values: Mapping[str, str],
    ticked: Mapping[str, bool],
) -> HttpResponse:
    rule = new.as_rule(visit.context.actor.name)
    what = ByRule(rule, target_name or new.scope.label, max(new.effective_from, visit.today))
    return visit.render(
        "web/prices/rule_preview.html",
        rail="prices",
        rule=rule,
        whom=what.whom,
        values=values,
        ticked=[name for name, on in ticked.items() if on],
        **look(visit, what),
    )


def _fresh(visit: Visit) -> dict[str, str]:
    asked = visit.request.GET
    return {
        "whom": asked.get("whom", RuleScope.EVERYBODY.value)[:60],
        "method": "",
        "percent": "",
        "effective_from": visit.today.isoformat(),
    }


def _rule(values: Mapping[str, str], ticked: Mapping[str, bool]) -> NewRule:
    """Raises InvalidInput with every field that cannot be read."""
    errors = []
    scope, _, target = values["whom"].partition(":")
    if scope not in {one.value for one in RuleScope}:
        errors.append(FieldError("whom", "must be chosen"))
    if values["method"] not in {one.value for one in MarginMethod}:
        errors.append(FieldError("method", "must be chosen"))
    percent, day = Decimal(0), None
    try:
        if values["method"] != MarginMethod.NONE.value or values["percent"]:
            percent = parse_percent(values["percent"])
    except ValueError as error:
        errors.append(FieldError("percent", str(error)))
    try:
        day = parse_day(values["effective_from"])
    except ValueError as error:
        errors.append(FieldError("effective_from", str(error)))
    if errors or day is None:
        raise InvalidInput(errors)
    return NewRule(
        scope=RuleScope(scope),
        target=target,
        method=MarginMethod(values["method"]),
        percent=percent,
        markup_limit=ticked["markup_limit"],
        discount_limit=ticked["discount_limit"],
        effective_from=day,
    )


def _form(
    visit: Visit,
    values: Mapping[str, str],
    ticked: Mapping[str, bool],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    renamed = [
        FieldError("whom" if one.field == "target" else one.field, one.message) for one in errors
    ]
    wrong = {one.field for one in renamed}
    return visit.render(
        "web/prices/rule_new.html",
        rail="prices",
        status=400 if errors else 200,
        fields={
            name: Field(
                name=name,
                label=label,
                value=values[name],
                errors=[error_sentence(label, one) for one in renamed if one.field == name],
                focus=name == next((one for one in _LABELS if one in wrong), ""),
            )
            for name, label in _LABELS.items()
        },
        ticked=[name for name, on in ticked.items() if on],
        wrong=bool(errors),
        methods=_METHODS,
        whom=_whom(visit, values["whom"]),
    )


def _whom(visit: Visit, chosen: str) -> list[tuple[str, str]]:
    """Everybody, kinds, resellers and customers; and what was chosen on another page."""
    found = [(RuleScope.EVERYBODY.value, RuleScope.EVERYBODY.label)]
    found += [(f"{RuleScope.OFFER_KIND.value}:{kind.value}", kind.label) for kind in OfferKind]
    found += [
        (f"{RuleScope.RESELLER.value}:{pk}", f"Reseller {name}")
        for pk, name in resellers_of(visit.context)
    ]
    page = list_customers(visit.context, limit=SHOWN_AT_ONCE)
    found += [(f"{RuleScope.CUSTOMER.value}:{one.id}", one.name) for one in page.items]
    if chosen and chosen not in dict(found):
        is_one = chosen.startswith(f"{RuleScope.SUBSCRIPTION.value}:")
        found.insert(0, (chosen, "This subscription" if is_one else "The one chosen before"))
    return found
