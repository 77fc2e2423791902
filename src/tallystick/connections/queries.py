"""Questions about connections. Secrets are never among the answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from tallystick.audit.record import Subject
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.budget import Budget, budget_of
from tallystick.connections.models import Connection
from tallystick.connections.policies import (
    BackDated,
    CancelRule,
    ChangeDay,
    InvoiceName,
    Mode,
    PostedQuantity,
    PriceDay,
    SameDay,
    SameDayPolicy,
    SuspendRule,
)
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """A connection as the doors and the engine see it."""

    id: int
    tenant_id: int
    reseller_id: int | None
    name: str
    connector: str
    price_currency: str
    cost_currency: str
    time_zone: str
    user_name: str
    web_url: str
    quiet_seconds: int
    same_day: SameDay
    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule
    increase_day: ChangeDay
    decrease_day: ChangeDay
    posted_quantity: PostedQuantity
    price_day: PriceDay
    suspend_nce: SuspendRule
    suspend_other: SuspendRule
    azure_amounts: AzureAmounts
    mode: Mode
    charge_code: int | None
    invoice_name: InvoiceName
    paused_at: datetime | None
    paused_because: str
    resume_at: datetime | None
    last_read_at: datetime | None
    last_write_at: datetime | None
    last_swept_at: datetime | None
    sweep_begun_at: datetime | None = None
    sweep_stopped_because: str = ""

    def is_paused(self, now: datetime) -> bool:
        return self.paused_at is not None and (self.resume_at is None or self.resume_at > now)


def view_of(row: Connection) -> ConnectionView:
    return ConnectionView(
        id=row.pk,
        tenant_id=row.tenant_id,
        reseller_id=row.reseller_id,
        name=row.name,
        connector=row.connector,
        price_currency=row.price_currency,
        cost_currency=row.cost_currency,
        time_zone=row.time_zone,
        user_name=row.user_name,
        web_url=row.web_url,
        quiet_seconds=row.quiet_seconds,
        same_day=SameDay(row.same_day),
        same_day_policy=SameDayPolicy(row.same_day_policy),
        back_dated=BackDated(row.back_dated),
        cancel_rule=CancelRule(row.cancel_rule),
        increase_day=ChangeDay(row.increase_day),
        decrease_day=ChangeDay(row.decrease_day),
        posted_quantity=PostedQuantity(row.posted_quantity),
        price_day=PriceDay(row.price_day),
        suspend_nce=SuspendRule(row.suspend_nce),
        suspend_other=SuspendRule(row.suspend_other),
        azure_amounts=AzureAmounts(row.azure_amounts),
        mode=Mode(row.mode),
        charge_code=row.charge_code,
        invoice_name=InvoiceName(row.invoice_name),
        paused_at=row.paused_at,
        paused_because=row.paused_because,
        resume_at=row.resume_at,
        last_read_at=row.last_read_at,
        last_write_at=row.last_write_at,
        last_swept_at=row.last_swept_at,
        sweep_begun_at=row.sweep_begun_at,
        sweep_stopped_because=row.sweep_stopped_because,
    )


def load(connection_id: int) -> ConnectionView:
    """For the engine, which was given the connection by the ledger."""
    return view_of(Connection.objects.get(pk=connection_id))


def get_connection(context: Context, connection_id: int) -> ConnectionView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = living(context).filter(pk=connection_id).first()
    if row is None:
        raise NotFound("There is no such connection.")
    return view_of(row)


def list_connections(context: Context) -> list[ConnectionView]:
    return [view_of(row) for row in living(context).order_by("name")]


def page_connections(context: Context, *, cursor: str | None, limit: int) -> Page[ConnectionView]:
    """By name. Raises InvalidInput naming ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    rows = living(context)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([last.name, last.pk]) if last else None
    return Page([view_of(row) for row in found[:limit]], more)


def told_of(context: Context) -> Collection[int] | None:
    """The connections, deleted ones too, of which this context may be told; None: all.

    A reseller's subscription may be billed by its CSP: where and how is the CSP's.
    """
    if context.reseller_id is None:
        return None
    return set(Connection.objects.filter(**context.scope()).values_list("pk", flat=True))


def subject_on(subject: Subject, connection: ConnectionView) -> Subject:
    """What is done on a connection is told in the context of that connection."""
    return replace(
        subject,
        reseller_id=connection.reseller_id,
        connection_id=connection.id,
        connection_name=connection.name,
    )


def living(context: Context) -> QuerySet[Connection]:
    """Those of this context that nobody has deleted."""
    return Connection.objects.filter(**context.scope(), deleted_at__isnull=True)


def budget(context: Context, connection_id: int, *, now: datetime) -> Budget:
    """The hour's calls of one connection. Raises NotFound."""
    return budget_of(get_connection(context, connection_id).id, now=now)
