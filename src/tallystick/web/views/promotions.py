"""Promotions and what they lower: added, corrected, taken back; and the price settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.catalog.price_asked import require_csp
from tallystick.catalog.price_queries import get_promotion, list_promotions
from tallystick.catalog.price_settings import change_price_settings, price_settings
from tallystick.catalog.price_words import PromotionLowers
from tallystick.catalog.priced import PriceSettings
from tallystick.catalog.record_promotion import (
    NewPromotion,
    add_promotion,
    correct_promotion,
    withdraw_promotion,
)
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_amount, parse_currency, parse_percent
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.web.addresses import Address
from tallystick.web.forms import Field
from tallystick.web.visit import Visit, screen
from tallystick.web.words import error_sentence

_LABELS = {
    "name": "Name",
    "promotion_id": "Promotion id",
    "product_id": "Product id",
    "sku_id": "SKU id",
    "segment": "Segment",
    "term": "Term",
    "billing_cycle": "Billing cycle",
    "percent": "Per cent off",
    "fixed": "Or an amount off",
    "currency": "Currency of the amount",
    "months": "Months",
    "available_from": "Available from",
    "available_to": "Available to",
}
Word = TypeVar("Word", Segment, Term, BillingCycle)


@screen("GET", "POST")
def promotions(visit: Visit) -> HttpResponse:
    """Newest first. A POST changes what promotions lower, and the other settings."""
    require_csp(visit.context)
    if visit.request.method == "POST":
        require_csp(visit.context, Right.OPERATE)
        return _save_settings(visit)
    address = Address.read(visit.request.GET, ("q",))
    page = list_promotions(visit.context, search=address.value("q"), cursor=address.cursor or None)
    part = "_promotions" if visit.wants_part else "promotions"
    return visit.render(
        f"web/prices/{part}.html",
        rail="prices",
        rows=page.items,
        address=address,
        settings=price_settings(visit.context.tenant_id),
        lowers=[(one.value, one.label) for one in PromotionLowers],
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET", "POST")
def promotion(visit: Visit, promotion_id: int | None = None) -> HttpResponse:
    """A new one, or a correction of one."""
    require_csp(visit.context, Right.OPERATE)
    posted = visit.request.POST
    shown = _shown(visit, promotion_id)
    if visit.request.method != "POST":
        return _form(visit, promotion_id, shown)
    values = {name: posted.get(name, "").replace("\x00", "").strip()[:300] for name in _LABELS}
    try:
        new = _read(values)
        if promotion_id is None:
            add_promotion(new, by=visit.by())
        else:
            correct_promotion(promotion_id, new, by=visit.by())
    except InvalidInput as problem:
        return _form(visit, promotion_id, values, problem.errors)
    except Conflicting as problem:
        return _form(visit, promotion_id, values, [FieldError("promotion_id", f": {problem}")])
    messages.success(visit.request, f"Saved: {new.name}.")
    return redirect("promotions")


@screen("POST")
def promotion_delete(visit: Visit, promotion_id: int) -> HttpResponse:
    """As if it had never been there."""
    withdraw_promotion(promotion_id, by=visit.by())
    messages.success(visit.request, "The promotion was taken back.")
    return redirect("promotions")


def _save_settings(visit: Visit) -> HttpResponse:
    posted = visit.request.POST
    lowers = posted.get("promotion_lowers", "")
    try:
        if lowers not in {one.value for one in PromotionLowers}:
            raise InvalidInput.one("promotion_lowers", "must be chosen")
        new = PriceSettings(
            PromotionLowers(lowers),
            reservations_over_erp=posted.get("reservations_over_erp") == "yes",
            market=posted.get("market", "").strip().upper()[:10],
        )
        change_price_settings(new, by=visit.by())
    except InvalidInput as problem:
        labels = {"market": "Market", "promotion_lowers": "What promotions lower"}
        for one in problem.errors:
            messages.error(visit.request, error_sentence(labels[one.field], one))
    else:
        messages.success(visit.request, "Saved.")
    return redirect("promotions")


def _shown(visit: Visit, promotion_id: int | None) -> dict[str, str]:
    if promotion_id is None:
        return dict.fromkeys(_LABELS, "") | {"available_from": visit.today.isoformat()}
    new = get_promotion(visit.context, promotion_id).promotion
    return {name: "" if (value := getattr(new, name)) is None else _text(value) for name in _LABELS}


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(values: Mapping[str, str]) -> NewPromotion:
    """Raises InvalidInput with every field that cannot be read."""
    errors: list[FieldError] = []

    def day(name: str) -> date:
        try:
            return parse_day(values[name])
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
            return date.min

    def word(name: str, kind: type[Word]) -> Word | None:
        return next((one for one in kind if one.value == values[name]), None)

    percent = fixed = None
    currency = ""
    try:
        percent = parse_percent(values["percent"]) if values["percent"] else None
    except ValueError as error:
        errors.append(FieldError("percent", str(error)))
    try:
        fixed = parse_amount(values["fixed"]) if values["fixed"] else None
    except ValueError as error:
        errors.append(FieldError("fixed", str(error)))
    try:
        currency = parse_currency(values["currency"]) if values["currency"] else ""
    except ValueError as error:
        errors.append(FieldError("currency", str(error)))
    months = values["months"]
    if months and not (months.isascii() and months.isdigit() and len(months) <= 3):  # noqa: PLR2004 - no promotion runs longer
        errors.append(FieldError("months", "must be a whole number, like 12"))
    new = NewPromotion(
        promotion_id=values["promotion_id"],
        name=values["name"],
        product_id=values["product_id"],
        sku_id=values["sku_id"],
        available_from=day("available_from"),
        available_to=day("available_to"),
        percent=percent,
        fixed=fixed,
        currency=currency,
        months=int(months) if months and not errors else None,
        segment=word("segment", Segment),
        term=word("term", Term),
        billing_cycle=word("billing_cycle", BillingCycle),
    )
    if errors:
        raise InvalidInput(errors)
    return new


def _form(
    visit: Visit,
    promotion_id: int | None,
    values: Mapping[str, str],
    errors: Sequence[FieldError] = (),
) -> HttpResponse:
    wrong = {one.field for one in errors}
    return visit.render(
        "web/prices/promotion.html",
        rail="prices",
        status=400 if errors else 200,
        promotion_id=promotion_id,
        fields={
            name: Field(
                name=name,
                label=label,
                value=values[name],
                errors=[error_sentence(label, one) for one in errors if one.field == name],
                focus=name == next((one for one in _LABELS if one in wrong), ""),
            )
            for name, label in _LABELS.items()
        },
        wrong=bool(errors),
        segments=[(one.value, one.label) for one in Segment],
        terms=[(one.value, one.label) for one in Term],
        cycles=[(one.value, one.label) for one in BillingCycle],
    )
