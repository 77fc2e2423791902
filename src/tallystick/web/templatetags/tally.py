"""What the pages' templates can say: moments, days, amounts, icons, badges."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tallystick.catalog.add_offer import OfferFacts
from tallystick.connections.included import billed_in_words
from tallystick.kit.days import in_words
from tallystick.ledger.badge import Badge, BadgeKind
from tallystick.web import moments, words
from tallystick.web.addresses import Address

register = template.Library()
Context = Mapping[str, Any]


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is decoration and hidden from screen readers."""
    href = f"{static('vendor/tabler/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, href
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', href)


@register.simple_tag
def narrowed(address: Address, name: str, value: object) -> str:
    """The list's address with one more filter."""
    return address.with_filter(name, str(value))


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None, empty: str = "—") -> SafeString | str:
    """Relative, with the exact moment on hover."""
    if value is None:
        return empty
    zone = context["zone"]
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        moments.exact(value, zone=zone),
        moments.ago(value, now=context["now"], zone=zone),
    )


@register.simple_tag(takes_context=True)
def exact(context: Context, value: datetime) -> SafeString:
    """The exact moment."""
    text = moments.exact(value, zone=context["zone"])
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), text)


@register.simple_tag(takes_context=True)
def badge(context: Context, value: Badge) -> SafeString:
    """Word, icon and colour."""
    kind = value.kind
    title = ""
    if value.proved_at is not None and kind is not BadgeKind.NOT_MAPPED:
        title = f"Last proved {moments.exact(value.proved_at, zone=context['zone'])}"
    return format_html(
        '<span class="standing is-{}" title="{}">{}{}</span>',
        kind.tone,
        title,
        icon(kind.icon),
        words.badge_text(value, now=context["now"], zone=context["zone"]),
    )


@register.filter
def day(value: date | None) -> str:
    return "—" if value is None else in_words(value)


@register.filter
def amount(value: Decimal | None, currency: str = "") -> str:
    return words.amount(value, currency)


@register.filter
def signed(value: Decimal, currency: str = "") -> str:
    """``+45.60 EUR``."""
    return ("+" if value > 0 else "") + words.amount(value, currency)


@register.filter
def signed_units(value: int) -> str:
    """``+2 units``."""
    return f"{value:+d} unit{'' if abs(value) == 1 else 's'}"


@register.filter
def before(value: date) -> date:
    """The day before: the last one of what lasts until a day."""
    return value - timedelta(days=1)


@register.filter
def whole(value: int | None) -> str:
    return "—" if value is None else words.whole(value)


@register.filter
def billed(value: int, included: int) -> str:
    """``12``, or ``12, of which 2 are included: 10 billed``."""
    return words.whole(value) if included == 0 else billed_in_words(value, included)


@register.filter
def counted(value: int, noun: str) -> str:
    """``{{ 3|counted:"operation" }}``."""
    return words.counted(value, noun)


@register.filter
def terms(offer: OfferFacts) -> str:
    return words.terms(offer)


@register.filter
def pretty(value: Any) -> str:
    """Exactly what was stored, as indented JSON."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
