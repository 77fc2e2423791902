"""Administration > Audit Logs: what happened, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from tallystick.audit.events import Event, Status
from tallystick.audit.filters import AuditFilter
from tallystick.audit.queries import AuditView, get_audit, list_audit, place_in_chain
from tallystick.bootstrap.audit_export import FILES, export_audit_logs, file_name
from tallystick.connections.queries import list_connections
from tallystick.identity.people import resellers_of
from tallystick.identity.reach import keep_reach
from tallystick.kit.days import parse_day
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.web.addresses import Address, Chip
from tallystick.web.audit_details import details_of
from tallystick.web.views.subscriptions import id_in
from tallystick.web.visit import Visit, screen

FILTERS = (
    "text",
    "from",
    "to",
    "operation",
    "status",
    "reseller",
    "connection",
    "actor",
    "customer",
    "subscription",
    "correlation_id",
)
PER_PAGE = 50
OF_ONE_ACT = 50


@screen("GET")
def audit_logs(visit: Visit) -> HttpResponse:
    """Every filter stands in the address; a wrong one is said, and nothing is listed."""
    address = Address.read(visit.request.GET, FILTERS)
    errors: tuple[FieldError, ...] = ()
    records: list[AuditView] = []
    more = None
    try:
        page = list_audit(
            tenant_id=visit.context.tenant_id,
            reseller_id=visit.context.reseller_id,
            filter=_filter(address),
            cursor=address.cursor or None,
            limit=PER_PAGE,
            zone=visit.zone.key,
        )
        records, more = list(page.items), page.next_cursor
    except InvalidInput as problem:
        errors = problem.errors
    connections = list_connections(visit.context)
    resellers = resellers_of(visit.context)
    names = {
        "connection": {str(one.id): one.name for one in connections},
        "reseller": {str(pk): name for pk, name in resellers},
    }
    return visit.render(
        "web/audit_logs/_results.html" if visit.wants_part else "web/audit_logs/page.html",
        rail="audit-logs",
        status=400 if errors else 200,
        errors=errors,
        records=records,
        address=address,
        filters=address.filters,
        events=sorted(Event, key=lambda event: event.label),
        statuses=Status,
        connections=connections,
        resellers=resellers,
        chips=_chips(address, records, names),
        filtered=address.without(),
        next=address.next(more),
        previous=address.previous(),
    )


@screen("GET")
def export(visit: Visit) -> HttpResponseBase:
    """As a file, with the filters of the page; ``format`` csv or json."""
    kind = visit.request.GET.get("format", "csv")
    if kind not in FILES:
        raise InvalidInput.one("format", "must be csv or json")
    address = Address.read(visit.request.GET, FILTERS)
    pieces = export_audit_logs(_filter(address), kind=kind, **visit.asking())
    name = file_name(kind, now=visit.now)
    return StreamingHttpResponse(
        keep_reach(pieces),
        content_type=FILES[kind][1],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@screen("GET")
def audit_log(visit: Visit, audit_id: int) -> HttpResponse:
    """One record: before, after, sent, answered, proved, and the others of the same act."""
    tenant_id, reseller_id = visit.context.tenant_id, visit.context.reseller_id
    record = get_audit(audit_id=audit_id, tenant_id=tenant_id, reseller_id=reseller_id)
    same_act = list_audit(
        tenant_id=tenant_id,
        reseller_id=reseller_id,
        filter=_filter(Address({"correlation_id": record.correlation_id})),
        cursor=None,
        limit=OF_ONE_ACT,
    )
    return visit.render(
        "web/audit_logs/record.html",
        rail="audit-logs",
        record=record,
        reseller=dict(resellers_of(visit.context)).get(record.reseller_id or 0, ""),
        link=place_in_chain(tenant_id=tenant_id, audit_id=record.id),
        details=details_of(record.details),
        others=[one for one in same_act.items if one.id != record.id],
    )


def _filter(address: Address) -> AuditFilter:
    """Raises InvalidInput naming the filter."""
    return AuditFilter(
        day_from=_day(address, "from"),
        day_to=_day(address, "to"),
        event=address.value("operation"),
        status=address.value("status"),
        reseller_id=id_in(address, "reseller"),
        customer_id=id_in(address, "customer"),
        subscription_id=id_in(address, "subscription"),
        connection_id=id_in(address, "connection"),
        actor=address.value("actor"),
        correlation_id=address.value("correlation_id"),
        text=address.value("text"),
    )


def _day(address: Address, name: str) -> date | None:
    text = address.value(name)
    if not text:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise InvalidInput.one(name, str(error)) from None


def _chips(
    address: Address, records: list[AuditView], named: Mapping[str, Mapping[str, str]]
) -> list[Chip]:
    """What is set, each with the way to take it off; in names, where a record tells the name."""
    first = records[0] if records else None
    names = {
        "from": "From",
        "to": "To",
        "operation": "Operation",
        "status": "Status",
        "reseller": "Reseller",
        "connection": "Connection",
        "actor": "Who",
        "customer": "Customer",
        "subscription": "Subscription",
        "correlation_id": "Same act",
        "text": "Text",
    }
    shown = {
        "operation": {event.value: event.label for event in Event},
        "status": {status.value: status.label for status in Status},
        **named,
        "customer": {address.value("customer"): first.customer_name if first else ""},
        "subscription": {address.value("subscription"): first.subscription_name if first else ""},
        "correlation_id": {address.value("correlation_id"): address.value("correlation_id")[:8]},
    }
    return [
        Chip(
            f"{names[name]}: {shown.get(name, {}).get(value) or value}",
            address.without(name),
            on=True,
        )
        for name, value in address.filters.items()
    ]
