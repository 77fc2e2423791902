"""Questions about margin rules: each context sees its own ones, and no other's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q

from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_book import rule_of
from tallystick.catalog.price_models import MarginRuleRow
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound


class Standing(StrEnum):
    """Whether a margin rule counts today."""

    COUNTS = "counts"
    LATER = "later"
    ENDED = "ended"
    REPLACED = "replaced"

    @property
    def label(self) -> str:
        return {
            Standing.COUNTS: "Counts",
            Standing.LATER: "From a later day",
            Standing.ENDED: "Ends the rule",
            Standing.REPLACED: "Replaced",
        }[self]

    @property
    def tone(self) -> str:
        return {Standing.COUNTS: "green", Standing.LATER: "blue"}.get(self, "secondary")


@dataclass(frozen=True, slots=True)
class RuleView:
    id: int
    rule: MarginRule
    target_name: str
    standing: Standing
    recorded_at: datetime


def list_margin_rules(
    context: Context,
    *,
    today: date,
    counting: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RuleView]:
    """This context's own rules, newest first; ``counting``: without those that are over.

    Raises InvalidInput.
    """
    limit = check_limit(limit)
    newer = MarginRuleRow.objects.filter(
        Q(effective_from__gt=OuterRef("effective_from"))
        | Q(effective_from=OuterRef("effective_from"), pk__gt=OuterRef("pk")),
        tenant_id=OuterRef("tenant_id"),
        scope=OuterRef("scope"),
        target=OuterRef("target"),
        effective_from__lte=today,
        reseller_id=context.reseller_id,
    )
    rows = (
        MarginRuleRow.objects.filter(tenant_id=context.tenant_id, reseller_id=context.reseller_id)
        .annotate(is_replaced=Exists(newer))
        .order_by("-pk")
    )
    if counting:
        rows = rows.filter(is_replaced=False)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_rule(row, today, replaced=row.is_replaced) for row in found[:limit]], more)


def get_margin_rule(context: Context, rule_id: int, *, today: date) -> RuleView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = MarginRuleRow.objects.filter(
        tenant_id=context.tenant_id, reseller_id=context.reseller_id, pk=rule_id
    ).first()
    if row is None:
        raise NotFound("There is no such margin rule.")
    newer = MarginRuleRow.objects.filter(
        Q(effective_from__gt=row.effective_from)
        | Q(effective_from=row.effective_from, pk__gt=row.pk),
        tenant_id=row.tenant_id,
        reseller_id=row.reseller_id,
        scope=row.scope,
        target=row.target,
        effective_from__lte=today,
    )
    return _rule(row, today, replaced=newer.exists())


def _rule(row: MarginRuleRow, today: date, *, replaced: bool) -> RuleView:
    rule = rule_of(row)
    if replaced:
        standing = Standing.REPLACED
    elif rule.effective_from > today:
        standing = Standing.LATER
    elif rule.ends:
        standing = Standing.ENDED
    else:
        standing = Standing.COUNTS
    return RuleView(row.pk, rule, row.target_name, standing, row.recorded_at)
