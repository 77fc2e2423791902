"""What a tenant decides about prices: settings, stated rates, offers that are not locked."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.models import Offer
from tallystick.catalog.price_asked import By, require_csp
from tallystick.catalog.price_models import ExchangeRate, PriceSettingsRow
from tallystick.catalog.price_words import PromotionLowers
from tallystick.catalog.priced import PriceSettings
from tallystick.identity.roles import Right
from tallystick.kit.problem import FieldError, InvalidInput, NotFound

LARGEST_RATE = Decimal(1_000_000)
MOST_DECIMALS = 8
_MARKET = re.compile(r"([A-Z]{2})?\Z", re.ASCII)


def price_settings(tenant_id: int) -> PriceSettings:
    row = PriceSettingsRow.objects.filter(tenant_id=tenant_id).first()
    if row is None:
        return PriceSettings()
    return PriceSettings(
        PromotionLowers(row.promotion_lowers), row.reservations_over_erp, row.market
    )


def change_price_settings(new: PriceSettings, *, by: By) -> None:
    """Raises NotAllowed, InvalidInput. Nothing is recorded when nothing changes."""
    require_csp(by.context, Right.OPERATE)
    if not _MARKET.match(new.market):
        raise InvalidInput.one("market", "must be a country's two letters, like DE, or empty")
    with transaction.atomic():
        before = price_settings(by.context.tenant_id)
        if before == new:
            return
        values = _values(new)
        PriceSettingsRow.objects.update_or_create(
            tenant_id=by.context.tenant_id, defaults=dict(values)
        )
        words = f"Promotions lower: {new.promotion_lowers.label.lower()}"
        by.note(
            Event.UPDATE_PRICE_SETTINGS, words, {"before": _values(before), "after": dict(values)}
        )


def state_rate(*, base: str, quote: str, rate: Decimal, from_on: date, by: By) -> int:
    """One ``base`` is ``rate`` of ``quote`` from a day on. Raises NotAllowed, InvalidInput."""
    require_csp(by.context, Right.OPERATE)
    errors = []
    if base == quote:
        errors.append(FieldError("quote", "must be another currency"))
    if not (rate.is_finite() and 0 < rate <= LARGEST_RATE):
        errors.append(FieldError("rate", f"must be above 0 and at most {LARGEST_RATE}"))
    elif -int(rate.normalize().as_tuple().exponent) > MOST_DECIMALS:
        errors.append(FieldError("rate", f"must have at most {MOST_DECIMALS} decimals"))
    if errors:
        raise InvalidInput(errors)
    with transaction.atomic():
        row = ExchangeRate.objects.create(
            tenant_id=by.context.tenant_id,
            base=base,
            quote=quote,
            rate=rate,
            from_on=from_on,
            recorded_at=by.now,
            actor=by.context.actor.name[:200],
        )
        by.note(
            Event.CREATE_EXCHANGE_RATE,
            f"1 {base} is {rate:f} {quote} from {from_on}",
            {"exchange_rate": row.pk},
        )
    return row.pk


def mark_price_lock(offer_id: int, *, locked: bool, by: By) -> None:
    """What is not locked follows the price list day by day. Raises NotAllowed, NotFound."""
    require_csp(by.context, Right.OPERATE)
    with transaction.atomic():
        offer = (
            Offer.objects.select_for_update(no_key=True)
            .filter(tenant_id=by.context.tenant_id, pk=offer_id)
            .first()
        )
        if offer is None:
            raise NotFound("There is no such offer. Nothing was changed.")
        if offer.price_unlocked is not locked:
            return
        offer.price_unlocked = not locked
        offer.save(update_fields=["price_unlocked"])
        words = "keeps its price to the end of the commitment" if locked else "follows the list"
        by.note(Event.UPDATE_PRICE_LOCK, f"{offer.name} {words}", {"offer": offer.pk})


def _values(settings: PriceSettings) -> dict[str, object]:
    return {
        "promotion_lowers": settings.promotion_lowers.value,
        "reservations_over_erp": settings.reservations_over_erp,
        "market": settings.market,
    }
