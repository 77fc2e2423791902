"""Add a promotion, correct it, or take it back. What was once said is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.catalog.price_asked import By, require_csp
from tallystick.catalog.price_models import Promotion
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.identity.roles import Right
from tallystick.kit.money import round_money
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound

LONGEST_ID = 100
LONGEST_NAME = 300
MOST_MONTHS = 60
HUNDRED = Decimal(100)
LARGEST_FIXED = Decimal(1_000_000_000)


@dataclass(frozen=True, slots=True)
class NewPromotion:
    """``percent`` or ``fixed`` (per unit per billing cycle, in ``currency``), never both.

    Without segment, term or billing cycle it is for all of the product and sku. Both days count.
    """

    promotion_id: str
    name: str
    product_id: str
    sku_id: str
    available_from: date
    available_to: date
    percent: Decimal | None = None
    fixed: Decimal | None = None
    currency: str = ""
    months: int | None = None
    segment: Segment | None = None
    term: Term | None = None
    billing_cycle: BillingCycle | None = None


def check_promotion(new: NewPromotion) -> list[FieldError]:
    """What is wrong with it."""
    errors = [
        FieldError(field, f"must have 1 to {LONGEST_ID} characters")
        for field in ("promotion_id", "product_id", "sku_id")
        if not 1 <= len(getattr(new, field)) <= LONGEST_ID
    ]
    if not 1 <= len(new.name) <= LONGEST_NAME:
        errors.append(FieldError("name", f"must have 1 to {LONGEST_NAME} characters"))
    if new.available_to < new.available_from:
        errors.append(FieldError("available_to", "is before the first day"))
    if (new.percent is None) == (new.fixed is None):
        errors.append(FieldError("percent", "or a fixed amount must be given, and not both"))
    errors += _check_amount("percent", new.percent, HUNDRED)
    errors += _check_amount("fixed", new.fixed, LARGEST_FIXED)
    if (new.fixed is None) != (not new.currency):
        errors.append(FieldError("currency", "is needed with a fixed amount, and only with one"))
    if new.months is not None and not 1 <= new.months <= MOST_MONTHS:
        errors.append(FieldError("months", f"must be between 1 and {MOST_MONTHS}"))
    return errors


def _check_amount(field: str, amount: Decimal | None, most: Decimal) -> list[FieldError]:
    if amount is None:
        return []
    if not amount.is_finite() or not 0 < amount <= most:
        return [FieldError(field, f"must be above 0 and at most {most}")]
    if amount != round_money(amount):
        return [FieldError(field, "must have at most four decimals")]
    return []


def add_promotion(new: NewPromotion, *, by: By) -> int:
    """Answer its id. Raises NotAllowed, InvalidInput, Conflicting."""
    require_csp(by.context, Right.OPERATE)
    if errors := check_promotion(new):
        raise InvalidInput(errors)
    with transaction.atomic():
        row = _store(new, by)
        _note(Event.CREATE_PROMOTION, row, by)
    return row.pk


def correct_promotion(promotion_pk: int, new: NewPromotion, *, by: By) -> int:
    """In the earlier one's place; answers the new id. Raises as ``add_promotion``, NotFound."""
    require_csp(by.context, Right.OPERATE)
    if errors := check_promotion(new):
        raise InvalidInput(errors)
    with transaction.atomic():
        _replace(promotion_pk, by)
        row = _store(new, by)
        _note(Event.UPDATE_PROMOTION, row, by)
    return row.pk


def withdraw_promotion(promotion_pk: int, *, by: By) -> None:
    """Nobody gets it any more, as if it had never been there. Raises NotAllowed, NotFound."""
    require_csp(by.context, Right.OPERATE)
    with transaction.atomic():
        _note(Event.DELETE_PROMOTION, _replace(promotion_pk, by), by)


def _store(new: NewPromotion, by: By) -> Promotion:
    try:
        with transaction.atomic():
            return Promotion.objects.create(
                tenant_id=by.context.tenant_id,
                promotion_id=new.promotion_id,
                name=new.name,
                product_id=new.product_id,
                sku_id=new.sku_id,
                segment=new.segment.value if new.segment else "",
                term=new.term.value if new.term else "",
                billing_cycle=new.billing_cycle.value if new.billing_cycle else "",
                percent=new.percent,
                fixed=new.fixed,
                currency=new.currency,
                months=new.months,
                available_from=new.available_from,
                available_to=new.available_to,
                recorded_at=by.now,
                actor=by.context.actor.name[:200],
            )
    except IntegrityError:
        raise Conflicting(
            f"The promotion “{new.promotion_id}” is already there for this offer. Nothing was "
            "stored; correct the one that is there."
        ) from None


def _replace(promotion_pk: int, by: By) -> Promotion:
    row = (
        Promotion.objects.select_for_update(no_key=True)
        .filter(tenant_id=by.context.tenant_id, pk=promotion_pk, replaced_at__isnull=True)
        .first()
    )
    if row is None:
        raise NotFound("There is no such promotion. Nothing was changed.")
    row.replaced_at = by.now
    row.save(update_fields=["replaced_at"])
    return row


def _note(event: Event, row: Promotion, by: By) -> None:
    off = f"{row.percent} %" if row.percent is not None else f"{row.fixed} {row.currency}"
    by.note(
        event,
        f"{row.name}: {off} off, for orders from {row.available_from} to {row.available_to}",
        {
            "promotion": row.pk,
            "promotion_id": row.promotion_id,
            "product_id": row.product_id,
            "sku": row.sku_id,
            "months": row.months,
        },
    )
