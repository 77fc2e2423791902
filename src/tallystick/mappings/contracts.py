"""The contracts that bill mapped subscriptions: which need a person, and what could follow them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import (
    Count,
    DateField,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce

from tallystick.connections.queries import get_connection
from tallystick.directory.models import ContractEntry
from tallystick.directory.port import Contract
from tallystick.directory.queries import contracts_by_id, contracts_of
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_day_cursor, encode_cursor
from tallystick.mappings.contract_rules import SOON, watch_contract
from tallystick.mappings.models import NextPlace, SubscriptionMapping
from tallystick.subscriptions.queries import visible

NEVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Billing:
    """A contract and what it bills. ``watch``: what a person should know, empty when nothing.

    ``continuing``: how many of its subscriptions are to go on elsewhere. ``successor``: the only
    contract of its company that fits after it.
    """

    contract_id: int
    name: str
    company_id: int
    company_name: str
    contract: Contract | None
    subscriptions: int
    continuing: int
    watch: str
    successor: Contract | None


def list_contracts(
    context: Context,
    connection_id: int,
    *,
    today: date,
    attention: bool = False,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Billing]:
    """The one that ends first comes first. ``attention``: only those with something to know.

    Raises NotFound, InvalidInput.
    """
    limit = check_limit(limit)
    connection = get_connection(context, connection_id)
    rows = _mapped(context, connection.id)
    if attention:
        rows = _needing_a_person(rows, connection.id, today=today)
    for word in search.replace("\x00", "").split():
        rows = rows.filter(Q(contract_name__icontains=word) | Q(company_name__icontains=word))
    after = None
    if cursor:
        after = decode_day_cursor(cursor)
    found = _first(rows, connection.id, after=after, limit=limit + 1)
    more = None
    if len(found) > limit:
        day, last = found[limit - 1]
        more = encode_cursor([day.isoformat(), last])
    ids = [contract_id for _, contract_id in found[:limit]]
    return Page(_views(rows, connection.id, ids, today), more)


def count_needing_attention(context: Context, connection_id: int, *, today: date) -> int:
    """How many contracts that list has. Raises NotFound."""
    connection = get_connection(context, connection_id)
    rows = _needing_a_person(_mapped(context, connection.id), connection.id, today=today)
    return rows.values("contract_id").distinct().count()


Rows = QuerySet[SubscriptionMapping]
Place = tuple[date, int]  # in the list: the last day, then the id


def _mapped(context: Context, connection_id: int) -> Rows:
    """Those of the context, without a look at each subscription where the tenant says enough."""
    rows = SubscriptionMapping.objects.filter(
        connection_id=connection_id, tenant_id=context.tenant_id
    )
    if context.reseller_id is not None:
        rows = rows.filter(subscription__reseller_id=context.reseller_id)
    return rows


def _entries(connection_id: int) -> QuerySet[ContractEntry]:
    return ContractEntry.objects.filter(connection_id=connection_id)


def _first(rows: Rows, connection_id: int, *, after: Place | None, limit: int) -> list[Place]:
    """The contracts of these rows, in the order of the list; without an end, or unknown: last."""
    entries = _entries(connection_id)
    known = entries.filter(ref__in=rows.values("contract_id")).annotate(
        ends=Coalesce("ends_on", Value(NEVER), output_field=DateField())
    )
    unknown = rows.exclude(contract_id__in=entries.values("ref"))
    if after is not None:
        day, contract_id = after
        known = known.filter(Q(ends__gt=day) | Q(ends=day, ref__gt=contract_id))
        if day == NEVER:
            unknown = unknown.filter(contract_id__gt=contract_id)
    found = list(known.order_by("ends", "ref").values_list("ends", "ref")[:limit])
    ids = unknown.order_by("contract_id").values_list("contract_id", flat=True).distinct()
    return sorted([*found, *((NEVER, one) for one in ids[:limit])])[:limit]


def _needing_a_person(rows: Rows, connection_id: int, *, today: date) -> Rows:
    entries = _entries(connection_id)
    stopping = entries.filter(Q(ends_on__lte=today + SOON) | Q(active=False))
    moved = entries.filter(ref=OuterRef("contract_id")).exclude(company_ref=OuterRef("company_id"))
    return rows.filter(
        Q(contract_id__in=stopping.values("ref"))
        | ~Q(contract_id__in=entries.values("ref"))
        | Exists(moved)
    )


def _views(rows: Rows, connection_id: int, ids: Sequence[int], today: date) -> list[Billing]:
    billed = {
        row["contract_id"]: row
        for row in rows.filter(contract_id__in=ids)
        .values("contract_id")
        .annotate(
            number=Count("pk"),
            name=Max("contract_name"),
            company=Max("company_id"),
            called=Max("company_name"),
        )
    }
    contracts = contracts_by_id(connection_id, ids)
    siblings = contracts_of(connection_id, {int(row["company"]) for row in billed.values()})
    continuing = dict(
        SubscriptionMapping.objects.filter(
            connection_id=connection_id,
            contract_id__in=ids,
            subscription__in=NextPlace.objects.values("subscription"),
        )
        .values_list("contract_id")
        .annotate(number=Count("pk"))
    )
    views = []
    for contract_id, row in ((one, billed[one]) for one in ids if one in billed):
        company_id = int(row["company"])
        contract = contracts.get(contract_id)
        views.append(
            Billing(
                contract_id=contract_id,
                name=str(row["name"]) or str(contract_id),
                company_id=company_id,
                company_name=str(row["called"]),
                contract=contract,
                subscriptions=int(str(row["number"])),
                continuing=continuing.get(contract_id, 0),
                watch=watch_contract(contract, company_id=company_id, today=today),
                successor=_successor(contract, siblings.get(company_id, ())),
            )
        )
    return views


def _successor(contract: Contract | None, others: Sequence[Contract]) -> Contract | None:
    """The only one that begins when this one has ended, with its period, and goes on longer."""
    if contract is None or contract.ends_on is None:
        return None
    next_day = contract.ends_on + timedelta(days=1)
    fitting = [
        other
        for other in others
        if other.id != contract.id
        and other.active
        and other.period_months == contract.period_months
        and (other.starts_on is None or other.starts_on <= next_day)
        and (other.ends_on is None or other.ends_on > next_day)
    ]
    return fitting[0] if len(fitting) == 1 else None


def billed_by(context: Context, connection_id: int, contract_id: int, *, limit: int) -> list[int]:
    """The subscriptions a contract bills that are not to go on elsewhere yet, by customer."""
    rows = SubscriptionMapping.objects.filter(
        connection_id=connection_id, contract_id=contract_id, subscription__in=visible(context)
    ).exclude(subscription__in=NextPlace.objects.values("subscription"))
    rows = rows.order_by("subscription__customer__name", "subscription_id")
    return list(rows.values_list("subscription_id", flat=True)[:limit])
