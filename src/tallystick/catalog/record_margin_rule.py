"""Record a margin rule. It is never edited: a newer one of the same scope takes its place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.margins import MarginRule, check_rule
from tallystick.catalog.price_asked import By
from tallystick.catalog.price_models import MarginRuleRow
from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput

FARTHEST = timedelta(days=5 * 366)
PROPOSED = 2**63  # newer than any that is recorded


@dataclass(frozen=True, slots=True)
class NewRule:
    """``target``: the id or the offer kind its scope names, empty for everybody."""

    scope: RuleScope
    target: str
    method: MarginMethod
    percent: Decimal
    markup_limit: bool
    discount_limit: bool
    effective_from: date

    def as_rule(self, recorded_by: str, number: int = PROPOSED) -> MarginRule:
        return MarginRule(
            number=number,
            scope=self.scope,
            target=self.target,
            method=self.method,
            percent=self.percent,
            markup_limit=self.markup_limit,
            discount_limit=self.discount_limit,
            effective_from=self.effective_from,
            recorded_by=recorded_by,
        )


def check_new_rule(new: NewRule, *, today: date) -> list[FieldError]:
    """What is wrong with it, apart from whether its target is there."""
    errors = check_rule(new.method, new.percent)
    if abs(new.effective_from - today) > FARTHEST:
        errors.append(FieldError("effective_from", "is more than five years away"))
    if (new.scope is RuleScope.EVERYBODY) != (not new.target):
        errors.append(FieldError("target", f"does not fit a rule for {new.scope.label.lower()}"))
    if new.method is MarginMethod.NONE and (new.markup_limit or new.discount_limit or new.percent):
        errors.append(FieldError("method", "that ends a rule has no percentage and no limits"))
    return errors


def record_margin_rule(new: NewRule, *, target_name: str, by: By) -> int:
    """Answer its id. Raises NotAllowed, InvalidInput; whether its target is there was asked."""
    context = by.context
    context.require(Right.OPERATE)
    if errors := check_new_rule(new, today=by.today):
        raise InvalidInput(errors)
    with transaction.atomic():
        row = MarginRuleRow.objects.create(
            tenant_id=context.tenant_id,
            reseller_id=context.reseller_id,
            scope=new.scope.value,
            target=new.target,
            target_name=target_name[:300],
            method=new.method.value,
            percent=new.percent,
            markup_limit=new.markup_limit,
            discount_limit=new.discount_limit,
            effective_from=new.effective_from,
            recorded_at=by.now,
            actor=context.actor.name[:200],
        )
        ends = new.method is MarginMethod.NONE
        words = new.as_rule(context.actor.name).in_words()
        whom = target_name or new.scope.label
        by.note(
            Event.END_MARGIN_RULE if ends else Event.CREATE_MARGIN_RULE,
            f"{whom}: {words} from {new.effective_from}",
            {
                "margin_rule": row.pk,
                "scope": new.scope.value,
                "target": new.target,
                "method": new.method.value,
                "percent": f"{new.percent:f}",
                "markup_limit": new.markup_limit,
                "discount_limit": new.discount_limit,
                "effective_from": new.effective_from.isoformat(),
            },
        )
    return row.pk
