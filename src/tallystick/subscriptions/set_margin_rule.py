"""Set a margin rule for somebody, or end one. What changes by it is asked before (``pricing``)."""

from __future__ import annotations

import re
from dataclasses import replace

from tallystick.catalog.price_asked import By
from tallystick.catalog.price_words import RuleScope
from tallystick.catalog.record_margin_rule import NewRule, record_margin_rule
from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.identity.people import reseller_name
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.subscriptions.queries import get_customer, get_subscription

_ID = re.compile(r"[1-9][0-9]{0,17}\Z", re.ASCII)


def set_margin_rule(new: NewRule, *, by: By) -> int:
    """Answer its id. Raises NotAllowed, InvalidInput; then nothing is stored.

    No subscription's price is changed: that is an operation on each (*Update price margin*).
    """
    new, name = check_target(new, by.context)
    return record_margin_rule(new, target_name=name, by=by)


def check_target(new: NewRule, context: Context) -> tuple[NewRule, str]:
    """The rule with its target as it is stored, and the target's name. Raises InvalidInput."""
    match new.scope:
        case RuleScope.EVERYBODY:
            return new, ""
        case RuleScope.OFFER_KIND:
            if new.target not in {kind.value for kind in OfferKind}:
                raise InvalidInput.one("target", f"“{new.target[:30]}” is not an offer kind")
            return new, OfferKind(new.target).label
    if not _ID.match(new.target):
        raise InvalidInput.one("target", "must be chosen")
    number = int(new.target)
    return replace(new, target=str(number)), _name(new.scope, number, context)


def _name(scope: RuleScope, number: int, context: Context) -> str:
    try:
        if scope is RuleScope.SUBSCRIPTION:
            view = get_subscription(context, number)
            return f"{view.customer.name} · {view.name}"
        if scope is RuleScope.CUSTOMER:
            return get_customer(context, number).name
    except NotFound as problem:
        raise InvalidInput.one("target", str(problem)) from None
    name = None if context.reseller_id else reseller_name(context.tenant_id, number)
    if name is None:
        raise InvalidInput.one("target", "There is no such reseller.")
    return name
