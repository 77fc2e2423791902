"""The contracts that bill mapped subscriptions: which need a person, and what could follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, DateField, Exists, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from tallystick.connections.queries import get_connection
from tallystick.directory.models import ContractEntry
from tallystick.directory.port import Contract
from tallystick.directory.queries import contracts_by_id, contracts_of
from tallystick.identity.context import Context
from tallystick.kit.days import parse_day
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
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
    rows = _billing(context, connection.id)
    if attention:
        rows = _needing_attention(rows, connection.id, today)
    for word in search.replace("\x00", "").split():
        rows = rows.filter(Q(contract_name__icontains=word) | Q(company_name__icontains=word))
    if cursor:
        ends, contract_id = decode_cursor(cursor, length=2)
        day = parse_day(str(ends))
        rows = rows.filter(Q(ends__gt=day) | Q(ends=day, contract_id__gt=contract_id))
    found = list(
        rows.values("contract_id", "ends")
        .annotate(
            number=Count("pk"),
            name=Max("contract_name"),
            company=Max("company_id"),
            called=Max("company_name"),
        )
        .order_by("ends", "contract_id")[: limit + 1]
    )
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = encode_cursor([last["ends"].isoformat(), last["contract_id"]])
    return Page(_views(connection.id, found[:limit], today), more)


def count_needing_attention(context: Context, connection_id: int, *, today: date) -> int:
    """How many contracts that list has. Raises NotFound."""
    connection = get_connection(context, connection_id)
    rows = _needing_attention(_mapped(context, connection.id), connection.id, today)
    return rows.values("contract_id").distinct().count()


def _needing_attention(
    rows: QuerySet[SubscriptionMapping], connection_id: int, today: date
) -> QuerySet[SubscriptionMapping]:
    """Those whose contract is not there, not active, another company's, or ends soon or has."""
    sound = ContractEntry.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gt=today + SOON),
        connection_id=connection_id,
        ref=OuterRef("contract_id"),
        company_ref=OuterRef("company_id"),
        active=True,
    )
    return rows.exclude(Exists(sound))


def _mapped(context: Context, connection_id: int) -> QuerySet[SubscriptionMapping]:
    return SubscriptionMapping.objects.filter(
        connection_id=connection_id, subscription__in=visible(context)
    )


def _billing(context: Context, connection_id: int) -> Any:  # a QuerySet with its annotations
    entry = ContractEntry.objects.filter(connection_id=connection_id, ref=OuterRef("contract_id"))
    ends = Coalesce(Subquery(entry.values("ends_on")[:1]), Value(NEVER), output_field=DateField())
    return _mapped(context, connection_id).annotate(ends=ends)


def _views(connection_id: int, found: Sequence[Mapping[str, object]], today: date) -> list[Billing]:
    ids = [int(str(row["contract_id"])) for row in found]
    contracts = contracts_by_id(connection_id, ids)
    siblings = contracts_of(connection_id, {int(str(row["company"])) for row in found})
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
    for row in found:
        contract_id, company_id = int(str(row["contract_id"])), int(str(row["company"]))
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
