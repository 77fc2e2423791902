"""The Offer Mapping list: offers somebody holds, services, and between them the suggestion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.models import Offer
from tallystick.catalog.queries import facts_of
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.port import Service
from tallystick.directory.queries import all_services, services_by_id
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.mappings.choose import why_not, why_unmappable
from tallystick.mappings.kinds import Ours
from tallystick.mappings.match import CLEAR, Candidate, Matcher
from tallystick.mappings.models import Exclusion, OfferMapping
from tallystick.mappings.show import Show, check_show
from tallystick.mappings.stakes import NOTHING, Stake, stakes_by
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import visible


@dataclass(frozen=True, slots=True)
class SuggestedService:
    service_id: int
    service_name: str
    score: Decimal
    reason: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer, who holds it, and what it is in Autotask."""

    offer_id: int
    offer: OfferFacts
    stake: Stake
    service_id: int | None = None
    service_name: str = ""
    service_wrong: str = ""  # why what it is mapped to does not fit any more
    excluded_because: str = ""
    unmappable: str = ""
    suggestion: SuggestedService | None = None


def list_offer_rows(
    context: Context,
    connection_id: int,
    *,
    show: str = "",
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[OfferRow]:
    """Only offers somebody holds, by name. Raises NotFound, InvalidInput."""
    limit = check_limit(limit)
    connection = get_connection(context, connection_id)
    rows = _shown(_offers(context), connection.id, check_show(show))
    for word in search.replace("\x00", "").split():
        rows = rows.filter(name__icontains=word)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(name__gte=name).exclude(name=name, pk__lte=pk)
    found = list(rows.order_by("name", "pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].name, found[limit - 1].pk]) if found[limit:] else None
    return Page(_with_theirs(context, connection, found[:limit]), more)


def offer_row(context: Context, connection_id: int, offer_id: int) -> OfferRow | None:
    """One row anew; None when nobody here holds it. Raises NotFound (connection)."""
    connection = get_connection(context, connection_id)
    found = list(_offers(context).filter(pk=offer_id))
    return next(iter(_with_theirs(context, connection, found)), None)


def not_mapped_offers(context: Context, connection_id: int) -> Sequence[OfferRow]:
    """All that are neither mapped nor excluded and could be: hundreds, never more."""
    connection = get_connection(context, connection_id)
    rows = _shown(_offers(context), connection.id, Show.NOT_MAPPED).order_by("name", "pk")
    found = _with_theirs(context, connection, list(rows))
    return [row for row in found if not row.unmappable]


def _offers(context: Context) -> QuerySet[Offer]:
    held = visible(context).filter(offer_id=OuterRef("pk"))
    return Offer.objects.filter(Exists(held), tenant_id=context.tenant_id)


def _shown(rows: QuerySet[Offer], connection_id: int, show: Show | None) -> QuerySet[Offer]:
    mapped = Exists(
        OfferMapping.objects.filter(connection_id=connection_id, offer_id=OuterRef("pk"))
    )
    excluded = Exists(
        Exclusion.objects.filter(
            connection_id=connection_id, kind=Ours.OFFER.value, ours_id=OuterRef("pk")
        )
    )
    if show is Show.MAPPED:
        return rows.filter(mapped)
    if show is Show.EXCLUDED:
        return rows.filter(excluded)
    if show is Show.NOT_MAPPED:
        return rows.filter(~mapped, ~excluded)
    return rows


def _with_theirs(
    context: Context, connection: ConnectionView, found: Sequence[Offer]
) -> list[OfferRow]:
    ids = [row.pk for row in found]
    mapped = {
        row.offer_id: row
        for row in OfferMapping.objects.filter(connection_id=connection.id, offer_id__in=ids)
    }
    reasons = dict(
        Exclusion.objects.filter(
            connection_id=connection.id, kind=Ours.OFFER.value, ours_id__in=ids
        ).values_list("ours_id", "reason")
    )
    offers = {row.pk: facts_of(row) for row in found}
    open_offers = {
        pk: offer for pk, offer in offers.items() if pk not in mapped and pk not in reasons
    }
    suggested = _suggested(connection.id, open_offers)
    services = services_by_id(connection.id, [row.service_id for row in mapped.values()])
    held = Subscription.objects.filter(pk__in=visible(context).values("pk"), offer_id__in=ids)
    stakes = stakes_by("offer_id", held)
    rows = []
    for pk, offer in offers.items():
        mapping = mapped.get(pk)
        service = services.get(mapping.service_id) if mapping else None
        rows.append(
            OfferRow(
                offer_id=pk,
                offer=offer,
                stake=stakes.get(pk, NOTHING),
                service_id=mapping.service_id if mapping else None,
                service_name=mapping.service_name if mapping else "",
                service_wrong=why_not(offer, service) if service else "",
                excluded_because=reasons.get(pk, ""),
                unmappable="" if mapping else why_unmappable(offer),
                suggestion=suggested.get(pk),
            )
        )
    return rows


def _suggested(
    connection_id: int, offers: Mapping[int, OfferFacts]
) -> Mapping[int, SuggestedService]:
    """Among the services that fit and are free; the matcher is made once for each cycle."""
    taken = set(
        OfferMapping.objects.filter(connection_id=connection_id).values_list(
            "service_id", flat=True
        )
    )
    free = [one for one in all_services(connection_id) if one.id not in taken] if offers else []
    matchers: dict[tuple[str, str], Matcher] = {}
    found = {}
    for pk, offer in offers.items():
        kind = (offer.billing_cycle.value, offer.kind.value)
        if kind not in matchers:
            matchers[kind] = _matcher(offer, free)
        best = matchers[kind].best(offer.name, number=offer.sku_id)
        if best is not None:
            score = Decimal(f"{best.score:.2f}")
            clear = score >= Decimal(f"{CLEAR:.2f}")
            found[pk] = SuggestedService(best.id, best.name, score, best.reason, clear)
    return found


def _matcher(offer: OfferFacts, services: Sequence[Service]) -> Matcher:
    fitting = [service for service in services if not why_not(offer, service)]
    return Matcher(Candidate(id=service.id, name=service.name) for service in fitting)
